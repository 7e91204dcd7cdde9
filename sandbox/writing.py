"""Routes that write: each checks the key and the version, then commits once."""

import sqlite3
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel

from sandbox import changes, outbox, refunds
from sandbox.contract import (
    Address,
    CancellationAsk,
    NotificationAsk,
    Order,
    Refund,
    RefundAsk,
    Return,
    ReturnAsk,
    TicketAsk,
)
from sandbox.orders import find_order
from sandbox.problems import Problem
from sandbox.shop import OpenShop, Shop
from sandbox.writes import Write, checked_key, commit_once, require_version

router = APIRouter(prefix="/v1/{tenant}")

Key = Annotated[str | None, Header(alias="Idempotency-Key")]
Version = Annotated[str | None, Header(alias="If-Match")]


@router.post("/orders/{order_id}/refunds", status_code=201, response_model=Refund)
def refund(
    tenant: str,
    order_id: str,
    ask: RefundAsk,
    request: Request,
    shop: OpenShop,
    key: Key = None,
    version: Version = None,
) -> Response:
    def act(db: sqlite3.Connection, order: Order, key: str) -> BaseModel:
        return refunds.issue(db, tenant, order, ask, key, shop.clock())

    return _write_to_order(shop, request, tenant, order_id, ask, key, version, 201, act)


@router.post("/orders/{order_id}/returns", status_code=201, response_model=Return)
def open_return(
    tenant: str,
    order_id: str,
    ask: ReturnAsk,
    request: Request,
    shop: OpenShop,
    key: Key = None,
    version: Version = None,
) -> Response:
    def act(db: sqlite3.Connection, order: Order, key: str) -> BaseModel:
        return changes.open_return(db, tenant, order, ask, key, shop.clock(), str(request.base_url))

    return _write_to_order(shop, request, tenant, order_id, ask, key, version, 201, act)


@router.post("/orders/{order_id}/cancellation", response_model=Order)
def cancel(
    tenant: str,
    order_id: str,
    ask: CancellationAsk,
    request: Request,
    shop: OpenShop,
    key: Key = None,
    version: Version = None,
) -> Response:
    def act(db: sqlite3.Connection, order: Order, key: str) -> BaseModel:
        return changes.cancel(db, tenant, order, ask.reason, key, shop.clock())

    return _write_to_order(shop, request, tenant, order_id, ask, key, version, 200, act)


@router.put("/orders/{order_id}/address", response_model=Order)
def change_address(
    tenant: str, order_id: str, ask: Address, request: Request, shop: OpenShop, key: Key = None, version: Version = None
) -> Response:
    def act(db: sqlite3.Connection, order: Order, _: str) -> BaseModel:
        return changes.change_address(db, tenant, order, ask)

    return _write_to_order(shop, request, tenant, order_id, ask, key, version, 200, act)


@router.post("/notifications", status_code=201, response_model=outbox.NotificationQueued)
def notify(tenant: str, ask: NotificationAsk, request: Request, shop: OpenShop, key: Key = None) -> Response:
    write = _describe(request, tenant, ask, key)
    return commit_once(
        shop.database,
        write,
        201,
        shop.clock(),
        lambda db: outbox.queue_notification(db, tenant, ask, write.key, shop.clock()),
    )


@router.post("/tickets", status_code=201, response_model=outbox.TicketOpened)
def open_ticket(tenant: str, ask: TicketAsk, request: Request, shop: OpenShop, key: Key = None) -> Response:
    write = _describe(request, tenant, ask, key)
    return commit_once(
        shop.database, write, 201, shop.clock(), lambda db: outbox.open_ticket(db, tenant, ask, write.key, shop.clock())
    )


def _write_to_order(
    shop: Shop,
    request: Request,
    tenant: str,
    order_id: str,
    ask: BaseModel,
    key: str | None,
    version: str | None,
    status: int,
    act: Callable[[sqlite3.Connection, Order, str], BaseModel],
) -> Response:
    write = _describe(request, tenant, ask, key)
    if version is None:
        raise Problem(428, "version_missing", "A write to an order needs an If-Match header.")

    def on_the_order(db: sqlite3.Connection) -> BaseModel:
        order = find_order(db, tenant, order_id)
        require_version(version, order)
        return act(db, order, write.key)

    return commit_once(shop.database, write, status, shop.clock(), on_the_order)


def _describe(request: Request, tenant: str, ask: BaseModel, key: str | None) -> Write:
    return Write(tenant, checked_key(key), request.method, request.url.path, ask)
