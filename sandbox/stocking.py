"""Putting customers, products and orders into the shop: the one way in for seed, import and admin."""

import json
import sqlite3
from collections.abc import Sequence

from sandbox.contract import Customer, Order, Product
from sandbox.moments import write_moment


def put_customer(
    db: sqlite3.Connection, tenant: str, customer: Customer, fraud_score: float, fraud_reasons: Sequence[str]
) -> None:
    db.execute(
        "INSERT INTO customers (tenant, customer_id, profile, fraud_score, fraud_reasons) VALUES (?, ?, ?, ?, ?)",
        (tenant, customer.customer_id, customer.model_dump_json(), fraud_score, json.dumps(list(fraud_reasons))),
    )


def put_product(db: sqlite3.Connection, tenant: str, product: Product) -> None:
    db.execute(
        "INSERT INTO products (tenant, product_id, product) VALUES (?, ?, ?)",
        (tenant, product.product_id, product.model_dump_json()),
    )


def put_order(db: sqlite3.Connection, tenant: str, order: Order) -> None:
    """Insert an order with lines, payments and shipments; its refunds and returns only come about by writes."""
    placed_at = write_moment(order.placed_at)
    db.execute(
        "INSERT INTO orders (tenant, order_id, customer_id, version, status, currency, placed_at, address)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (tenant, order.order_id, order.customer_id, order.version, order.status, order.currency, placed_at,
         order.address.model_dump_json()),
    )  # fmt: skip
    db.executemany(
        "INSERT INTO lines (tenant, order_id, line_id, sku, title, category, quantity, unit_minor, position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (tenant, order.order_id, line.line_id, line.sku, line.title, line.category, line.quantity,
             line.unit_minor, position)
            for position, line in enumerate(order.lines)
        ],
    )  # fmt: skip
    db.executemany(
        "INSERT INTO payments (tenant, order_id, payment_id, method, label, paid_minor, paid_at, position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (tenant, order.order_id, payment.payment_id, payment.method, payment.label, payment.paid_minor, placed_at,
             position)
            for position, payment in enumerate(order.payments)
        ],
    )  # fmt: skip
    db.executemany(
        "INSERT INTO shipments (tenant, awb, order_id, position, shipment) VALUES (?, ?, ?, ?, ?)",
        [
            (tenant, parcel.awb, order.order_id, position, parcel.model_dump_json())
            for position, parcel in enumerate(order.shipments)
        ],
    )
