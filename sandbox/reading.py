"""Routes that read: customers, orders, parcels, refunds, and writes that landed."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from sandbox.contract import Contract, Customer, Fraud, Order, Product, Refund, Shipment
from sandbox.label import draw_label
from sandbox.orders import find_customer, find_order, find_product, find_shipment, newest_orders, score_fraud
from sandbox.photo import draw_photo
from sandbox.problems import Problem
from sandbox.refunds import find as find_refund
from sandbox.shop import OpenShop

router = APIRouter()


class OrderList(Contract):
    orders: tuple[Order, ...]


class RefundList(Contract):
    refunds: tuple[Refund, ...]


class CommittedWrite(Contract):
    idempotency_key: str
    method: str
    path: str
    status: int
    body: dict[str, object]
    committed_at: str


@router.get("/healthz")
def healthz(shop: OpenShop) -> dict[str, str]:
    with shop.database.reading() as db:
        db.execute("SELECT 1 FROM meta LIMIT 1")
    return {"status": "ok"}


@router.get("/v1/{tenant}/customers/{customer_id}")
def customer(tenant: str, customer_id: str, shop: OpenShop) -> Customer:
    with shop.database.reading() as db:
        return find_customer(db, tenant, customer_id)


@router.get("/v1/{tenant}/customers/{customer_id}/orders")
def orders_of_customer(
    tenant: str, customer_id: str, shop: OpenShop, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> OrderList:
    with shop.reading() as db:
        return OrderList(orders=tuple(newest_orders(db, tenant, customer_id, limit)))


@router.get("/v1/{tenant}/orders/{order_id}")
def order(tenant: str, order_id: str, shop: OpenShop, response: Response) -> Order:
    with shop.reading() as db:
        found = find_order(db, tenant, order_id)
    response.headers["ETag"] = f'"{found.version}"'
    return found


@router.get("/v1/{tenant}/orders/{order_id}/fraud-score")
def fraud_score(tenant: str, order_id: str, customer_id: str, shop: OpenShop) -> Fraud:
    with shop.database.reading() as db:
        return score_fraud(db, tenant, order_id, customer_id)


@router.get("/v1/{tenant}/orders/{order_id}/refunds")
def refunds_of_order(tenant: str, order_id: str, shop: OpenShop) -> RefundList:
    with shop.reading() as db:
        return RefundList(refunds=find_order(db, tenant, order_id).refunds)


@router.get("/v1/{tenant}/refunds/{refund_id}")
def refund(tenant: str, refund_id: str, shop: OpenShop) -> Refund:
    with shop.reading() as db:
        return find_refund(db, tenant, refund_id)


@router.get("/v1/{tenant}/shipments/{awb}")
def shipment(tenant: str, awb: str, shop: OpenShop) -> Shipment:
    with shop.database.reading() as db:
        return find_shipment(db, tenant, awb)


@router.get("/v1/{tenant}/shipments/{awb}/photo", response_class=Response)
def delivery_photo(tenant: str, awb: str, shop: OpenShop) -> Response:
    with shop.database.reading() as db:
        if not find_shipment(db, tenant, awb).has_photo:
            raise Problem(404, "photo_absent", "The carrier took no photo.")
    return Response(draw_photo(), media_type="image/png")


@router.get("/v1/{tenant}/products/{product_id}")
def product(tenant: str, product_id: str, shop: OpenShop) -> Product:
    with shop.database.reading() as db:
        return find_product(db, tenant, product_id)


@router.get("/v1/{tenant}/writes/{key:path}")
def write_that_landed(tenant: str, key: str, shop: OpenShop) -> CommittedWrite:
    with shop.database.reading() as db:
        row = db.execute("SELECT * FROM writes WHERE tenant = ? AND idempotency_key = ?", (tenant, key)).fetchone()
    if row is None:
        raise Problem(404, "write_absent", "No write with this key was committed.")
    return CommittedWrite(
        idempotency_key=key,
        method=row["method"],
        path=row["path"],
        status=row["status"],
        body=json.loads(row["answer"]),
        committed_at=row["committed_at"],
    )


# A label carries no personal data, so its number may be guessed and its link may be mailed.
@router.get("/labels/{return_id}.pdf", response_class=Response)
def label(return_id: str, shop: OpenShop) -> Response:
    with shop.database.reading() as db:
        known = db.execute("SELECT 1 FROM returns WHERE return_id = ?", (return_id,)).fetchone()
    if known is None:
        raise Problem(404, "label_absent", "There is no such label.")
    return Response(draw_label(return_id), media_type="application/pdf")
