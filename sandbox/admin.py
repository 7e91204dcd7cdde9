"""Routes for testers and operators: faults, the ledger, the outbox, orders made on demand."""

import sqlite3
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from sandbox import faults, refunds
from sandbox.contract import Contract, Customer, Order, Refund, Return, Score, Text
from sandbox.orders import find_order
from sandbox.problems import Problem
from sandbox.shop import OpenShop
from sandbox.stocking import put_customer, put_order

router = APIRouter(prefix="/admin")

Tenant = Annotated[str | None, Query()]
Rows = list[dict[str, object]]


class Failure(Contract):
    failure: Text = "The bank refused the transfer."


class NewOrder(Order):
    """An Order as tests make it; the other fields describe its customer, who is made if absent."""

    refunds: tuple[Refund, ...] = Field(default=(), max_length=0)
    returns: tuple[Return, ...] = Field(default=(), max_length=0)
    name: Text = "Test Customer"
    tier: Text = "standard"
    region: str = "US"
    language: str = "en"
    fraud_score: Score | None = None

    @model_validator(mode="after")
    def untouched(self) -> Self:
        """Refuse counts without the refunds they count: the ledger would not add up."""
        if any(line.refunded_quantity for line in self.lines) or any(paid.refunded_minor for paid in self.payments):
            raise ValueError("a new order has nothing refunded yet")
        return self

    def customer(self) -> Customer:
        return Customer(
            customer_id=self.customer_id,
            name=self.name,
            email=f"{self.customer_id.lower()}@example.com",
            tier=self.tier,
            region=self.region,
            language=self.language,
            address=self.address,
        )


@router.post("/faults", status_code=201)
def order_fault(fault: faults.Fault, shop: OpenShop) -> faults.FaultStanding:
    return faults.order_fault(shop.database, fault)


@router.get("/faults")
def list_faults(shop: OpenShop) -> dict[str, list[faults.FaultStanding]]:
    return {"faults": faults.list_faults(shop.database)}


@router.delete("/faults")
def clear_faults(shop: OpenShop) -> dict[str, int]:
    return {"cleared": faults.clear_faults(shop.database)}


@router.get("/ledger")
def ledger(shop: OpenShop, tenant: Tenant = None, order_id: Tenant = None) -> dict[str, Rows]:
    """List every movement of money: payments in, refunds out."""
    wanted = "(? IS NULL OR tenant = ?) AND (? IS NULL OR order_id = ?)"
    having = (tenant, tenant, order_id, order_id)
    with shop.reading() as db:
        return {
            "payments": _rows(
                db,
                "SELECT tenant, order_id, payment_id, method, label, currency, paid_minor, refunded_minor, paid_at"
                f" FROM payments JOIN orders USING (tenant, order_id) WHERE {wanted}"
                " ORDER BY paid_at, order_id, position",
                having,
            ),
            "refunds": _rows(
                db,
                "SELECT refund_id, tenant, order_id, payment_id, refunds.status, amount_minor, currency, reason_code,"
                " idempotency_key, created_at, approved_at, settled_at, failure"
                f" FROM refunds JOIN orders USING (tenant, order_id) WHERE {wanted} ORDER BY number",
                having,
            ),
        }


@router.get("/outbox")
def outbox(shop: OpenShop, tenant: Tenant = None, customer_id: Tenant = None) -> dict[str, Rows]:
    return {"notifications": _said(shop, "notifications", "'NOTE-' || number AS notification_id", tenant, customer_id)}


@router.get("/tickets")
def tickets(shop: OpenShop, tenant: Tenant = None, customer_id: Tenant = None) -> dict[str, Rows]:
    return {"tickets": _said(shop, "tickets", "'TICKET-' || number AS ticket_id", tenant, customer_id)}


@router.get("/writes")
def writes(shop: OpenShop, tenant: Tenant = None) -> dict[str, Rows]:
    sql = (
        "SELECT tenant, idempotency_key, method, path, status, committed_at FROM writes"
        " WHERE ? IS NULL OR tenant = ? ORDER BY committed_at"
    )
    with shop.database.reading() as db:
        return {"writes": _rows(db, sql, (tenant, tenant))}


@router.post("/refunds/{refund_id}/fail")
def fail_refund(refund_id: str, shop: OpenShop, why: Failure | None = None) -> Refund:
    """Let a refund fail on the bank's side; one that has settled is final."""
    with shop.database.writing() as db:
        refunds.let_time_pass(db, shop.clock(), shop.settle_after)
        return refunds.fail(db, refund_id, (why or Failure()).failure)


@router.post("/orders", status_code=201)
def make_order(order: NewOrder, tenant: Annotated[str, Query(pattern=r"^[a-z0-9-]{1,40}$")], shop: OpenShop) -> Order:
    """Insert an order for a test customer; a `fraud_score` sent for a known customer replaces theirs."""
    with shop.database.writing() as db:
        who = (tenant, order.customer_id)
        if db.execute("SELECT 1 FROM customers WHERE tenant = ? AND customer_id = ?", who).fetchone() is None:
            put_customer(db, tenant, order.customer(), order.fraud_score or 0.0, ())
        elif order.fraud_score is not None:
            db.execute(
                "UPDATE customers SET fraud_score = ? WHERE tenant = ? AND customer_id = ?", (order.fraud_score, *who)
            )
        if db.execute("SELECT 1 FROM orders WHERE tenant = ? AND order_id = ?", (tenant, order.order_id)).fetchone():
            raise Problem(409, "order_exists", "There is an order with this id.")
        awbs = [parcel.awb for parcel in order.shipments]
        for awb in awbs:
            taken = db.execute("SELECT 1 FROM shipments WHERE tenant = ? AND awb = ?", (tenant, awb)).fetchone()
            if taken or awbs.count(awb) > 1:
                raise Problem(409, "shipment_exists", "There is a shipment with this AWB.")
        put_order(db, tenant, order)
        return find_order(db, tenant, order.order_id)


def _said(shop: OpenShop, table: str, number: str, tenant: str | None, customer_id: str | None) -> Rows:
    sql = (
        f"SELECT {number}, * FROM {table}"
        " WHERE (? IS NULL OR tenant = ?) AND (? IS NULL OR customer_id = ?) ORDER BY number"
    )
    with shop.database.reading() as db:
        return _rows(db, sql, (tenant, tenant, customer_id, customer_id))


def _rows(db: sqlite3.Connection, sql: str, values: tuple[str | None, ...]) -> Rows:
    return [dict(row) for row in db.execute(sql, values)]
