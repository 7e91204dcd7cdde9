"""Importing a shop in the retail form: users.json, products.json and orders.json, all of it or nothing.

The form knows no times, tiers or languages: an order counts as placed 7 days and delivered 2 days before its import,
a customer as "standard" and English. The original record is kept word for word beside what was made of it.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from sandbox.contract import Contract, Order
from sandbox.database import Database
from sandbox.orders import find_order
from sandbox.refunds import let_time_pass, record
from sandbox.retail_form import (
    RetailOrder,
    RetailProduct,
    RetailUser,
    cents,
    to_customer,
    to_order,
    to_product,
    to_refunds,
)
from sandbox.stocking import put_customer, put_order, put_product

UNKNOWN_RISK = 0.1
PLACED_BEFORE, DELIVERED_BEFORE = timedelta(days=7), timedelta(days=2)

USERS, PRODUCTS, ORDERS = "users.json", "products.json", "orders.json"

Record = TypeVar("Record", RetailUser, RetailProduct, RetailOrder)
Records: TypeAlias = dict[str, tuple[Record, str]]


class MalformedRetail(Exception):
    """A record that cannot be imported; the message names file, record and field."""

    def __init__(self, file: str, record_id: str, field: str, why: str) -> None:
        super().__init__(f"{file}, record {record_id!r}, field {field!r}: {why}")


class ImportReport(Contract):
    """Counts and sums of source and shop; amounts in minor units. `new_records` is 0 when all was there already."""

    tenant: str
    new_records: int
    users_in_source: int
    users_in_shop: int
    products_in_source: int
    products_in_shop: int
    orders_in_source: int
    orders_in_shop: int
    paid_minor_in_source: int
    paid_minor_in_ledger: int
    refunded_minor_in_source: int
    refunded_minor_in_ledger: int
    verified: bool


def import_folder(database: Database, folder: Path, tenant: str, now: datetime) -> ImportReport:
    """Load the folder in one transaction. Records already imported unchanged are skipped; changed ones are refused."""
    users = _read(folder / USERS, RetailUser)
    products = _read(folder / PRODUCTS, RetailProduct)
    orders = _read(folder / ORDERS, RetailOrder)
    _check_references(users, products, orders)
    categories = {product_id: product.name.lower() for product_id, (product, _) in products.items()}
    new = 0
    with database.writing() as db:
        for user_id, (user, source) in users.items():
            with _blaming(USERS, user_id):
                if _remember(db, tenant, "user", user_id, source):
                    new += 1
                    put_customer(db, tenant, to_customer(user_id, user), UNKNOWN_RISK, ("imported without history",))
        for product_id, (product, source) in products.items():
            with _blaming(PRODUCTS, product_id):
                if _remember(db, tenant, "product", product_id, source):
                    new += 1
                    put_product(db, tenant, to_product(product))
        for order_id, (order, source) in orders.items():
            with _blaming(ORDERS, order_id):
                if _remember(db, tenant, "order", order_id, source):
                    new += 1
                    made = to_order(
                        order, users[order.user_id][0], categories, now - PLACED_BEFORE, now - DELIVERED_BEFORE
                    )
                    put_order(db, tenant, made)
                    _put_refunds(db, tenant, order, made, now - DELIVERED_BEFORE)
        let_time_pass(db, now, timedelta())
        return _verify(db, tenant, new, users, products, orders)


def _put_refunds(db: sqlite3.Connection, tenant: str, order: RetailOrder, made: Order, at: datetime) -> None:
    for number, past in enumerate(to_refunds(order, made), start=1):
        current = find_order(db, tenant, made.order_id)
        payment = next((p for p in current.payments if p.payment_id == past.payment_id), None)
        if payment is None or past.amount_minor > payment.paid_minor - payment.refunded_minor:
            raise MalformedRetail(ORDERS, made.order_id, "payment_history", "a refund exceeds what was paid")
        key = f"import:{made.order_id}:{number}"
        record(db, tenant, current, payment, past.amount_minor, past.lines, past.reason, key, at)


def _read(path: Path, form: type[Record]) -> Records[Record]:
    try:
        records: Any = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_refuse_twins)
    except OSError as error:
        raise MalformedRetail(path.name, "-", "-", f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise MalformedRetail(path.name, "-", "-", f"is not JSON: {error}") from error
    if not isinstance(records, dict):
        raise MalformedRetail(path.name, "-", "-", "must be an object of records by id")
    read: Records[Record] = {}
    for record_id, source in records.items():
        try:
            read[record_id] = (form.model_validate(source), json.dumps(source, ensure_ascii=False))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "-"
            raise MalformedRetail(path.name, record_id, field, first["msg"]) from error
    return read


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Python would keep the last of two equal keys and lose the first."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError(f"a key appears twice among {sorted(read)[:3]}")
    return read


def _check_references(
    users: Records[RetailUser], products: Records[RetailProduct], orders: Records[RetailOrder]
) -> None:
    for user_id, (user, _) in users.items():
        for order_id in user.orders:
            if order_id not in orders:
                raise MalformedRetail(USERS, user_id, "orders", f"there is no order {order_id!r}")
    for product_id, (product, _) in products.items():
        if product.product_id != product_id:
            raise MalformedRetail(PRODUCTS, product_id, "product_id", "differs from the record's key")
    tracked: set[str] = set()
    for order_id, (order, _) in orders.items():
        if order.order_id != order_id:
            raise MalformedRetail(ORDERS, order_id, "order_id", "differs from the record's key")
        if order.user_id not in users:
            raise MalformedRetail(ORDERS, order_id, "user_id", f"there is no user {order.user_id!r}")
        for number, item in enumerate(order.items):
            if item.product_id not in products:
                raise MalformedRetail(ORDERS, order_id, f"items.{number}.product_id", "there is no such product")
        for number, movement in enumerate(order.payment_history):
            if movement.payment_method_id not in users[order.user_id][0].payment_methods:
                field = f"payment_history.{number}.payment_method_id"
                raise MalformedRetail(ORDERS, order_id, field, "the user has no such payment method")
        bought = {item.item_id for item in order.items}
        for number, fulfillment in enumerate(order.fulfillments):
            if not bought.issuperset(fulfillment.item_ids):
                raise MalformedRetail(
                    ORDERS, order_id, f"fulfillments.{number}.item_ids", "names an item the order does not have"
                )
        for awb in (awb for fulfillment in order.fulfillments for awb in fulfillment.tracking_id):
            if awb in tracked:
                raise MalformedRetail(ORDERS, order_id, "fulfillments.tracking_id", f"{awb!r} appears twice")
            tracked.add(awb)


@contextmanager
def _blaming(file: str, record_id: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise MalformedRetail(file, record_id, "-", f"does not fit beside what the shop holds: {error}") from error


def _remember(db: sqlite3.Connection, tenant: str, kind: str, record_id: str, source: str) -> bool:
    """Keep the original record; False when the very same one is there already."""
    row = db.execute(
        "SELECT record FROM sources WHERE tenant = ? AND kind = ? AND record_id = ?", (tenant, kind, record_id)
    ).fetchone()
    if row is None:
        db.execute("INSERT INTO sources VALUES (?, ?, ?, ?)", (tenant, kind, record_id, source))
        return True
    if json.loads(row["record"]) != json.loads(source):
        raise MalformedRetail(f"{kind}s.json", record_id, "-", "was imported before with other content")
    return False


def _verify(
    db: sqlite3.Connection,
    tenant: str,
    new: int,
    users: Records[RetailUser],
    products: Records[RetailProduct],
    orders: Records[RetailOrder],
) -> ImportReport:
    movements = [m for order, _ in orders.values() for m in order.payment_history]
    moved = {
        kind: sum(cents(m.amount) for m in movements if m.transaction_type == kind) for kind in ("payment", "refund")
    }

    def shop(sql: str) -> int:
        return int(db.execute(sql, {"tenant": tenant}).fetchone()[0])

    imported = "(SELECT record_id FROM sources WHERE tenant = :tenant AND kind = '{}')"
    of_orders = f"WHERE tenant = :tenant AND order_id IN {imported.format('order')}"
    in_source = (len(users), len(products), len(orders), moved["payment"], moved["refund"])
    in_shop = (
        shop(f"SELECT count(*) FROM customers WHERE tenant = :tenant AND customer_id IN {imported.format('user')}"),
        shop(f"SELECT count(*) FROM products WHERE tenant = :tenant AND product_id IN {imported.format('product')}"),
        shop(f"SELECT count(*) FROM orders {of_orders}"),
        shop(f"SELECT coalesce(sum(paid_minor), 0) FROM payments {of_orders}"),
        # Only what came with the import: refunds given since then are the shop's own.
        shop(f"SELECT coalesce(sum(amount_minor), 0) FROM refunds {of_orders} AND idempotency_key LIKE 'import:%'"),
    )
    names = ("users", "products", "orders", "paid_minor", "refunded_minor")
    figures = {f"{name}_in_source": count for name, count in zip(names, in_source, strict=True)}
    figures |= {
        f"{name}_in_{'ledger' if name.endswith('minor') else 'shop'}": count
        for name, count in zip(names, in_shop, strict=True)
    }
    return ImportReport(tenant=tenant, new_records=new, verified=in_source == in_shop, **figures)
