"""The example tenants: the same every time, with dates relative to the day they are put in."""

import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.contract import Contract, Customer, LineQuantity, Order, Product, Reason
from sandbox.database import Database
from sandbox.orders import find_order
from sandbox.refunds import let_time_pass, record
from sandbox.stocking import put_customer, put_order, put_product

TENANTS = ("northwind", "alpenpost", "kirana")
FOLDER = Path(__file__).parent / "seeds"
RELATIVE_TIME = re.compile(r"([+-]\d+)d (\d\d):(\d\d)")


class Trust(Contract):
    score: float
    reasons: tuple[str, ...]


class SeedCustomer(Customer):
    fraud: Trust


class PastRefund(Contract):
    at: datetime
    payment_id: str
    amount_minor: int
    reason_code: Reason
    lines: tuple[LineQuantity, ...]


class SeedOrder(Order):
    refunded: tuple[PastRefund, ...] = ()


class Assortment(Contract):
    """One tenant's seed file."""

    products: tuple[Product, ...]
    customers: tuple[SeedCustomer, ...]
    orders: tuple[SeedOrder, ...]


def seed_if_empty(database: Database, now: datetime) -> bool:
    """Put the example tenants into a shop that has no customer of theirs; say whether that was done."""
    with database.writing() as db:
        if db.execute("SELECT 1 FROM customers WHERE tenant IN (?, ?, ?) LIMIT 1", TENANTS).fetchone():
            return False
        for tenant in TENANTS:
            _stock(db, tenant, load_assortment(tenant, now), now)
    return True


def load_assortment(tenant: str, now: datetime) -> Assortment:
    written: dict[str, Any] = yaml.safe_load((FOLDER / f"{tenant}.yaml").read_text(encoding="utf-8"))
    homes = {customer["customer_id"]: customer["address"] for customer in written["customers"]}
    for order in written["orders"]:
        order["address"] = homes[order["customer_id"]]
    return Assortment.model_validate(_place_in_time(written, now))


def _stock(db: sqlite3.Connection, tenant: str, assortment: Assortment, now: datetime) -> None:
    for product in assortment.products:
        put_product(db, tenant, product)
    for known in assortment.customers:
        customer = Customer.model_validate(known.model_dump(exclude={"fraud"}))
        put_customer(db, tenant, customer, known.fraud.score, known.fraud.reasons)
    for order in assortment.orders:
        put_order(db, tenant, order)
        for number, past in enumerate(order.refunded, start=1):
            placed = find_order(db, tenant, order.order_id)
            payment = next(p for p in placed.payments if p.payment_id == past.payment_id)
            key = f"seed:{order.order_id}:{number}"
            record(db, tenant, placed, payment, past.amount_minor, past.lines, past.reason_code, key, past.at)
    let_time_pass(db, now, timedelta())


def _place_in_time(value: Any, now: datetime) -> Any:
    if isinstance(value, dict):
        return {key: _place_in_time(inner, now) for key, inner in value.items()}
    if isinstance(value, list):
        return [_place_in_time(inner, now) for inner in value]
    if isinstance(value, str) and (found := RELATIVE_TIME.fullmatch(value)):
        days, hours, minutes = map(int, found.groups())
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=days, hours=hours, minutes=minutes)
    return value
