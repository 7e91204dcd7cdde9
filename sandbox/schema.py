"""The tables. Money can neither vanish nor multiply: the CHECKs hold even if the code above them is wrong."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS customers (
    tenant TEXT NOT NULL, customer_id TEXT NOT NULL,
    profile TEXT NOT NULL CHECK (json_valid(profile)),
    fraud_score REAL NOT NULL CHECK (fraud_score BETWEEN 0 AND 1),
    fraud_reasons TEXT NOT NULL CHECK (json_valid(fraud_reasons)),
    PRIMARY KEY (tenant, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS products (
    tenant TEXT NOT NULL, product_id TEXT NOT NULL, product TEXT NOT NULL CHECK (json_valid(product)),
    PRIMARY KEY (tenant, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS orders (
    tenant TEXT NOT NULL, order_id TEXT NOT NULL, customer_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    status TEXT NOT NULL CHECK (status IN ('pending','processed','in_transit','delivered','cancelled','returned')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    placed_at TEXT NOT NULL, address TEXT NOT NULL CHECK (json_valid(address)),
    cancel_reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, customer_id) REFERENCES customers
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_of_customer ON orders (tenant, customer_id, placed_at DESC);

CREATE TABLE IF NOT EXISTS lines (
    tenant TEXT NOT NULL, order_id TEXT NOT NULL, line_id TEXT NOT NULL,
    sku TEXT NOT NULL, title TEXT NOT NULL, category TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_minor INTEGER NOT NULL CHECK (unit_minor >= 0),
    refunded_quantity INTEGER NOT NULL DEFAULT 0 CHECK (refunded_quantity BETWEEN 0 AND quantity),
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, line_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS payments (
    tenant TEXT NOT NULL, order_id TEXT NOT NULL, payment_id TEXT NOT NULL,
    method TEXT NOT NULL, label TEXT NOT NULL,
    paid_minor INTEGER NOT NULL CHECK (paid_minor >= 0),
    refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND paid_minor),
    paid_at TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, payment_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS shipments (
    tenant TEXT NOT NULL, awb TEXT NOT NULL, order_id TEXT NOT NULL, position INTEGER NOT NULL,
    shipment TEXT NOT NULL CHECK (json_valid(shipment)),
    PRIMARY KEY (tenant, awb),
    FOREIGN KEY (tenant, order_id) REFERENCES orders
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shipments_of_order ON shipments (tenant, order_id, position);

CREATE TABLE IF NOT EXISTS refunds (
    number INTEGER PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL, order_id TEXT NOT NULL, payment_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending','approved','settled','failed')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    reason_code TEXT NOT NULL, lines TEXT NOT NULL CHECK (json_valid(lines)),
    idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL, approved_at TEXT,
    settled_at TEXT CHECK ((settled_at IS NOT NULL) = (status = 'settled')),
    failure TEXT NOT NULL DEFAULT '' CHECK ((failure <> '') = (status = 'failed')),
    UNIQUE (tenant, idempotency_key, payment_id),
    FOREIGN KEY (tenant, order_id, payment_id) REFERENCES payments
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of_order ON refunds (tenant, order_id, number);
CREATE INDEX IF NOT EXISTS refunds_under_way ON refunds (created_at) WHERE status IN ('pending', 'approved');

CREATE TABLE IF NOT EXISTS returns (
    number INTEGER PRIMARY KEY, return_id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL, reason_code TEXT NOT NULL,
    lines TEXT NOT NULL CHECK (json_valid(lines)), label_url TEXT NOT NULL,
    send_back_by TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    UNIQUE (tenant, idempotency_key),
    FOREIGN KEY (tenant, order_id) REFERENCES orders
) STRICT;
CREATE INDEX IF NOT EXISTS returns_of_order ON returns (tenant, order_id, number);

CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, customer_id TEXT NOT NULL, channel TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (tenant, idempotency_key), FOREIGN KEY (tenant, customer_id) REFERENCES customers
) STRICT;

CREATE TABLE IF NOT EXISTS tickets (
    number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, customer_id TEXT NOT NULL, priority TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (tenant, idempotency_key), FOREIGN KEY (tenant, customer_id) REFERENCES customers
) STRICT;

CREATE TABLE IF NOT EXISTS writes (
    tenant TEXT NOT NULL, idempotency_key TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    fingerprint TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL CHECK (json_valid(answer)),
    committed_at TEXT NOT NULL,
    PRIMARY KEY (tenant, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY, rule TEXT NOT NULL CHECK (json_valid(rule)),
    remaining INTEGER CHECK (remaining >= 0), hits INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS sources (
    tenant TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('user','product','order')), record_id TEXT NOT NULL,
    record TEXT NOT NULL CHECK (json_valid(record)),
    PRIMARY KEY (tenant, kind, record_id)
) STRICT, WITHOUT ROWID;
"""
