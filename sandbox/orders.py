"""Reading customers, orders and parcels from the tables."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from sandbox.contract import Customer, Fraud, Order, Product, Refund, Return, Shipment
from sandbox.problems import Problem

LOW_BELOW = 0.3
MEDIUM_BELOW = 0.7
STRANGER_SCORE = 0.9

Row = sqlite3.Row


def find_customer(db: sqlite3.Connection, tenant: str, customer_id: str) -> Customer:
    row = db.execute(
        "SELECT profile FROM customers WHERE tenant = ? AND customer_id = ?", (tenant, customer_id)
    ).fetchone()
    if row is None:
        raise Problem(404, "customer_absent", "There is no such customer.")
    return Customer.model_validate_json(row["profile"])


def find_product(db: sqlite3.Connection, tenant: str, product_id: str) -> Product:
    row = db.execute(
        "SELECT product FROM products WHERE tenant = ? AND product_id = ?", (tenant, product_id)
    ).fetchone()
    if row is None:
        raise Problem(404, "product_absent", "There is no such product.")
    return Product.model_validate_json(row["product"])


def find_order(db: sqlite3.Connection, tenant: str, order_id: str) -> Order:
    found = load_orders(db, tenant, [order_id])
    if not found:
        raise Problem(404, "order_absent", "There is no such order.")
    return found[0]


def newest_orders(db: sqlite3.Connection, tenant: str, customer_id: str, limit: int) -> list[Order]:
    find_customer(db, tenant, customer_id)
    rows = db.execute(
        "SELECT order_id FROM orders WHERE tenant = ? AND customer_id = ? ORDER BY placed_at DESC, order_id LIMIT ?",
        (tenant, customer_id, limit),
    )
    return load_orders(db, tenant, [row["order_id"] for row in rows])


def find_shipment(db: sqlite3.Connection, tenant: str, awb: str) -> Shipment:
    row = db.execute("SELECT shipment FROM shipments WHERE tenant = ? AND awb = ?", (tenant, awb)).fetchone()
    if row is None:
        raise Problem(404, "shipment_absent", "There is no such shipment.")
    return Shipment.model_validate_json(row["shipment"])


def score_fraud(db: sqlite3.Connection, tenant: str, order_id: str, customer_id: str) -> Fraud:
    """Score the customer who asks about an order; somebody else's order is a risk of its own."""
    order = db.execute(
        "SELECT customer_id FROM orders WHERE tenant = ? AND order_id = ?", (tenant, order_id)
    ).fetchone()
    if order is None:
        raise Problem(404, "order_absent", "There is no such order.")
    row = db.execute(
        "SELECT fraud_score, fraud_reasons FROM customers WHERE tenant = ? AND customer_id = ?", (tenant, customer_id)
    ).fetchone()
    if row is None:
        raise Problem(404, "customer_absent", "There is no such customer.")
    score, reasons = float(row["fraud_score"]), tuple(json.loads(row["fraud_reasons"]))
    if order["customer_id"] != customer_id:
        score, reasons = max(score, STRANGER_SCORE), (*reasons, "asked by someone who did not place the order")
    band = "low" if score < LOW_BELOW else "medium" if score < MEDIUM_BELOW else "high"
    return Fraud(score=score, band=band, reasons=reasons)


def load_orders(db: sqlite3.Connection, tenant: str, order_ids: Sequence[str]) -> list[Order]:
    """Load orders with everything that hangs on them, in the order asked; absent ids are left out."""
    wanted = json.dumps(list(order_ids))

    def rows_of(table: str, sort: str) -> dict[str, list[Row]]:
        grouped: dict[str, list[Row]] = defaultdict(list)
        for row in db.execute(
            f"SELECT * FROM {table} WHERE tenant = ? AND order_id IN (SELECT value FROM json_each(?)) ORDER BY {sort}",
            (tenant, wanted),
        ):
            grouped[row["order_id"]].append(row)
        return grouped

    heads = rows_of("orders", "order_id")
    lines, payments = rows_of("lines", "position"), rows_of("payments", "position")
    shipments, returns = rows_of("shipments", "position"), rows_of("returns", "number")
    refunds = rows_of("refunds", "number")

    def assemble(head: Row) -> Order:
        order_id = head["order_id"]
        labels = {row["payment_id"]: row["label"] for row in payments[order_id]}
        return Order(
            **_only(head, "order_id", "version", "customer_id", "status", "currency", "placed_at"),
            address=json.loads(head["address"]),
            lines=tuple(_only(row, *_LINE) for row in lines[order_id]),
            payments=tuple(_only(row, *_PAYMENT) for row in payments[order_id]),
            shipments=tuple(json.loads(row["shipment"]) for row in shipments[order_id]),
            refunds=tuple(as_refund(row, head["currency"], labels[row["payment_id"]]) for row in refunds[order_id]),
            returns=tuple(Return(**_only(row, *_RETURN), lines=json.loads(row["lines"])) for row in returns[order_id]),
        )

    return [assemble(heads[order_id][0]) for order_id in dict.fromkeys(order_ids) if order_id in heads]


def as_refund(row: Row, currency: str, method_label: str) -> Refund:
    return Refund(**_only(row, *_REFUND), currency=currency, method_label=method_label, lines=json.loads(row["lines"]))


_LINE = ("line_id", "sku", "title", "category", "quantity", "unit_minor", "refunded_quantity")
_PAYMENT = ("payment_id", "method", "label", "paid_minor", "refunded_minor")
_RETURN = ("return_id", "order_id", "status", "reason_code", "label_url", "send_back_by", "idempotency_key")
_REFUND = (
    "refund_id", "order_id", "status", "amount_minor", "payment_id", "reason_code", "idempotency_key",
    "created_at", "settled_at", "failure",
)  # fmt: skip


def _only(row: Row, *columns: str) -> dict[str, object]:
    return {column: row[column] for column in columns}
