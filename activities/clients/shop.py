"""The shop over HTTP, as docs/shop-api.md describes it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import JsonValue, ValidationError

from activities.clients.posture import posture
from activities.clients.shop_answers import (
    Answer,
    CustomerAnswer,
    FraudAnswer,
    NotificationAnswer,
    OrderAnswer,
    OrdersAnswer,
    RefundAnswer,
    RefundsAnswer,
    ReturnAnswer,
    ShipmentAnswer,
    TicketAnswer,
    WriteAnswer,
)
from activities.errors import Malformed, Rejected, Unknown
from activities.ports import LineQuantity, RefundOrder
from policies.addresses import PostalAddress
from policies.facts import CustomerFacts, FraudFacts, OrderFacts, ReasonCode, RefundRecord, ReturnRecord, Shipment

TIMEOUTS = httpx.Timeout(connect=1.0, read=5.0, write=5.0, pool=2.0)
ORDERS_HYDRATED = 20
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})

A = TypeVar("A", bound=Answer)


class HttpShop:
    """Implement the Shop port. It never retries and follows no redirect: Temporal is the only retrier.

    `base_url` is the shop's origin without `/v1`; `transport` is the seam for tests.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        timeouts: httpx.Timeout = TIMEOUTS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeouts,
            transport=transport or httpx.AsyncHTTPTransport(retries=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def customer(self, tenant: str, customer_id: str) -> CustomerFacts:
        path = _path(tenant, "customers", customer_id)
        who, orders = await asyncio.gather(
            self._read(CustomerAnswer, path),
            self._read(OrdersAnswer, f"{path}/orders", limit=str(ORDERS_HYDRATED)),
        )
        return who.fact(orders)

    async def order(self, tenant: str, order_id: str) -> OrderFacts:
        return (await self._read(OrderAnswer, _path(tenant, "orders", order_id))).fact()

    async def orders(self, tenant: str, customer_id: str) -> tuple[OrderFacts, ...]:
        """Read a customer's latest orders, newest first."""
        path = _path(tenant, "customers", customer_id, "orders")
        found = await self._read(OrdersAnswer, path, limit=str(ORDERS_HYDRATED))
        return tuple(order.fact() for order in found.orders)

    async def shipment(self, tenant: str, awb: str) -> Shipment:
        return (await self._read(ShipmentAnswer, _path(tenant, "shipments", awb))).fact()

    async def photo_url(self, tenant: str, awb: str) -> str | None:
        path = _path(tenant, "shipments", awb, "photo")
        try:
            answer = await self._exchange("GET", path, write=False)
        except Rejected as refusal:
            if refusal.reason == "photo_absent":
                return None
            raise
        if not answer.headers.get("Content-Type", "").startswith("image/"):
            raise Malformed("the shop's delivery photo is not an image")
        return str(answer.url)

    async def photo(self, tenant: str, awb: str) -> tuple[bytes, str]:
        """Fetch a delivery's photo and its media type; Rejected as `photo_absent` where none was taken."""
        answer = await self._exchange("GET", _path(tenant, "shipments", awb, "photo"), write=False)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in PICTURES:
            raise Malformed("the shop's delivery photo is no JPEG, PNG or WebP picture")
        return answer.content, media_type

    async def fraud(self, tenant: str, customer_id: str, order_id: str) -> FraudFacts:
        path = _path(tenant, "orders", order_id, "fraud-score")
        return (await self._read(FraudAnswer, path, customer_id=customer_id)).fact()

    async def refund(self, tenant: str, ask: RefundOrder, key: str) -> RefundRecord:
        path = _path(tenant, "orders", ask.order_id, "refunds")
        body = ask.model_dump(mode="json", exclude={"order_id", "order_version"})
        return (await self._write(RefundAnswer, "POST", path, body, key, ask.order_version)).fact()

    async def find_refund(self, tenant: str, order_id: str, key: str) -> RefundRecord | None:
        ledger = await self._read(RefundsAnswer, _path(tenant, "orders", order_id, "refunds"))
        return next((each.fact() for each in ledger.refunds if each.idempotency_key == key), None)

    async def open_return(
        self, tenant: str, order_id: str, version: int, lines: Sequence[LineQuantity], reason: ReasonCode, key: str
    ) -> ReturnRecord:
        path = _path(tenant, "orders", order_id, "returns")
        body: JsonValue = {"lines": [line.model_dump() for line in lines], "reason_code": reason.value}
        return (await self._write(ReturnAnswer, "POST", path, body, key, version)).fact()

    async def cancel(self, tenant: str, order_id: str, version: int, reason: str, key: str) -> OrderFacts:
        path = _path(tenant, "orders", order_id, "cancellation")
        return (await self._write(OrderAnswer, "POST", path, {"reason": reason}, key, version)).fact()

    async def change_address(
        self, tenant: str, order_id: str, version: int, address: PostalAddress, key: str
    ) -> OrderFacts:
        path = _path(tenant, "orders", order_id, "address")
        return (await self._write(OrderAnswer, "PUT", path, address.model_dump(), key, version)).fact()

    async def notify(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        letter: JsonValue = {"customer_id": customer_id, "channel": "email", "subject": subject, "body": body}
        sent = await self._write(NotificationAnswer, "POST", _path(tenant, "notifications"), letter, key)
        return sent.notification_id

    async def open_ticket(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        ticket: JsonValue = {"customer_id": customer_id, "subject": subject, "body": body, "priority": "normal"}
        return (await self._write(TicketAnswer, "POST", _path(tenant, "tickets"), ticket, key)).ticket_id

    async def write_landed(self, tenant: str, key: str) -> bool:
        try:
            await self._read(WriteAnswer, _path(tenant, "writes", key))
        except Rejected as refusal:
            if refusal.reason == "write_absent":
                return False
            raise
        return True

    async def _read(self, shape: type[A], path: str, **query: str) -> A:
        return _decode(shape, await self._exchange("GET", path, write=False, params=query), write=False)

    async def _write(
        self, shape: type[A], method: str, path: str, body: JsonValue, key: str, version: int | None = None
    ) -> A:
        headers = {"Idempotency-Key": key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return _decode(shape, await self._exchange(method, path, write=True, json=body, headers=headers), write=True)

    async def _exchange(self, method: str, path: str, *, write: bool, **parts: Any) -> httpx.Response:
        outcome: httpx.Response | httpx.HTTPError
        try:
            outcome = await self._http.request(method, path, **parts)
        except httpx.HTTPError as error:
            outcome = error
        trouble = posture(outcome, write=write, now=datetime.now(UTC))
        if trouble:
            raise trouble
        assert isinstance(outcome, httpx.Response)
        return outcome


def _decode(shape: type[A], answer: httpx.Response, *, write: bool) -> A:
    try:
        return shape.model_validate_json(answer.content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
    said = f"the shop's {shape.__name__} does not fit at {where or 'its root'}: {first['type']}"
    # A 2xx that cannot be read may well have been done.
    raise Unknown(said) if write else Malformed(said)


def _path(tenant: str, *parts: str) -> str:
    """Encode every part, dots included: an id such as ".." must stay an id."""
    if not all(part.strip() for part in parts):
        raise Rejected("the shop has nothing under a blank id", "id_blank")
    return "/v1/" + "/".join(quote(part, safe="").replace(".", "%2E") for part in (tenant, *parts))
