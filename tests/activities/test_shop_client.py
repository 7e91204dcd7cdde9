"""What HttpShop sends, and what it makes of answers that do not fit."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from activities.clients.shop import HttpShop
from activities.errors import Malformed, Rejected, Unknown
from policies.addresses import PostalAddress
from policies.facts import OrderStatus, RefundStatus
from tests.fakes.orders import full_refund, order

TOKEN = "a-very-secret-token"
AT = "2026-11-18T09:30:00Z"
PARCEL = {
    "awb": "12345",
    "carrier": "Parcelway",
    "status": "delivered",
    "line_ids": ["1"],
    "eta": None,
    "delivered_at": AT,
    "signed_by": "building staff",
    "has_photo": True,
    "events": [{"at": AT, "code": "DELIVERED", "text": "Handed over", "place": "Denver"}],
}
REFUND = {
    "refund_id": "REF-1",
    "order_id": "12345",
    "status": "pending",
    "amount_minor": 8999,
    "currency": "USD",
    "payment_id": "PAY-1",
    "method_label": "Visa ending 4242",
    "reason_code": "DELIVERY_DISPUTE",
    "lines": [{"line_id": "1", "quantity": 1}],
    "idempotency_key": "key-1",
    "created_at": AT,
    "settled_at": None,
    "failure": "",
}
ORDER = {
    "order_id": "12345",
    "version": 3,
    "customer_id": "U789",
    "status": "delivered",
    "currency": "USD",
    "placed_at": AT,
    "lines": [
        {
            "line_id": "1",
            "sku": "SKU-1001-A",
            "title": "Nimbus Runner Shoes",
            "category": "footwear",
            "quantity": 1,
            "unit_minor": 8999,
            "refunded_quantity": 0,
        }
    ],
    "payments": [
        {"payment_id": "PAY-1", "method": "card", "label": "Visa ending 4242", "paid_minor": 8999, "refunded_minor": 0}
    ],
    "shipments": [PARCEL],
    "refunds": [REFUND],
    "returns": [],
    "address": {"line1": "1 Jane's Way", "city": "Denver", "postal_code": "80014", "country": "US"},
}


def shop(answer: Callable[[httpx.Request], httpx.Response]) -> HttpShop:
    return HttpShop("http://shop.test", TOKEN, transport=httpx.MockTransport(answer))


def always(status: int, body: Any) -> HttpShop:
    return shop(lambda _: httpx.Response(status, json=body))


async def test_an_order_becomes_facts_and_nothing_else() -> None:
    async with always(200, {**ORDER, "loyalty_points": 12}) as client:
        facts = await client.order("acme", "12345")
    assert (facts.version, facts.status, facts.paid_minor) == (3, OrderStatus.DELIVERED, 8999)
    assert facts.delivered_at == datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
    assert facts.shipments[0].events[0].place == "Denver"
    assert (facts.refunds[0].amount.minor, facts.refunds[0].status) == (8999, RefundStatus.PENDING)
    assert "Jane" not in facts.model_dump_json()


async def test_a_customer_arrives_without_name_or_address() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/orders"):
            return httpx.Response(200, json={"orders": [ORDER]})
        person = {"customer_id": "U789", "tier": "gold", "region": "US", "language": "en"}
        return httpx.Response(200, json={**person, "name": "Jane Doe", "email": "jane@example.com", "address": {}})

    async with shop(answer) as client:
        facts = await client.customer("acme", "U789")
    assert (facts.tier, facts.orders[0].order_id, facts.orders[0].awbs) == ("gold", "12345", ("12345",))
    assert not any(secret in facts.model_dump_json() for secret in ("Jane", "jane@example.com"))


async def test_a_write_carries_its_key_its_version_and_the_confirmed_arguments() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, json=REFUND)

    async with shop(answer) as client:
        await client.refund("acme", full_refund(order()), "key-1")
    (request,) = sent
    assert (request.method, request.url.path) == ("POST", "/v1/acme/orders/12345/refunds")
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["If-Match"] == '"3"'
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(request.content) == {
        "lines": [{"line_id": "1", "quantity": 1}],
        "amount_minor": 8999,
        "currency": "USD",
        "payment_id": "PAY-1",
        "reason_code": "DELIVERY_DISPUTE",
    }


@pytest.mark.parametrize(
    ("order_id", "path"),
    [
        ("#W123", "/v1/acme/orders/%23W123"),
        ("..", "/v1/acme/orders/%2E%2E"),
        ("1/refunds", "/v1/acme/orders/1%2Frefunds"),
        ("1?limit=2", "/v1/acme/orders/1%3Flimit%3D2"),
        ("ordre é", "/v1/acme/orders/ordre%20%C3%A9"),
    ],
)
async def test_an_id_stays_one_part_of_the_path(order_id: str, path: str) -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200, json=ORDER)

    async with shop(answer) as client:
        await client.order("acme", order_id)
    assert asked == [path.encode()]


async def test_a_blank_id_is_refused_before_anything_is_sent() -> None:
    async with always(500, {}) as client:
        with pytest.raises(Rejected, match="blank"):
            await client.order("acme", "  ")


MISFITS: list[tuple[str, bytes]] = [
    ("not JSON", b"<html>jane@example.com</html>"),
    ("empty", b""),
    ("a list", b"[]"),
    ("a field gone", json.dumps({k: v for k, v in REFUND.items() if k != "status"}).encode()),
    ("an amount as text", json.dumps({**REFUND, "amount_minor": "jane@example.com"}).encode()),
    ("an amount in dollars", json.dumps({**REFUND, "amount_minor": 89.99}).encode()),
    ("a negative amount", json.dumps({**REFUND, "amount_minor": -1}).encode()),
    ("a status nobody knows", json.dumps({**REFUND, "status": "maybe"}).encode()),
    ("a time without a zone", json.dumps({**REFUND, "created_at": "2026-11-18T09:30:00"}).encode()),
]


@pytest.mark.parametrize("body", [row[1] for row in MISFITS], ids=[row[0] for row in MISFITS])
async def test_an_answer_that_does_not_fit_is_malformed_when_read_and_unknown_when_written(body: bytes) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        listed = b'{"refunds": [' + (body or b"nothing") + b"]}"
        return httpx.Response(200, content=listed if request.method == "GET" else body)

    async with shop(answer) as client:
        with pytest.raises(Malformed) as on_read:
            await client.find_refund("acme", "12345", "key-1")
        with pytest.raises(Unknown) as on_write:
            await client.refund("acme", full_refund(order()), "key-1")
    for caught in (on_read, on_write):
        assert "jane" not in repr(caught.value)
        # A validation error quotes the values it refused, and Temporal stores a cause in history.
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


async def test_a_redirect_is_never_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/"})

    async with shop(answer) as client:
        with pytest.raises(Malformed):
            await client.order("acme", "12345")
        with pytest.raises(Unknown):
            await client.cancel("acme", "12345", 3, "no longer wanted", "key-1")
    assert asked == ["shop.test", "shop.test"]


async def test_a_lost_answer_is_asked_for_once_only() -> None:
    attempts = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        raise httpx.ReadTimeout("lost")

    async with shop(answer) as client:
        address = PostalAddress(line1="1 Main St", city="Denver", postal_code="80014", country="US")
        with pytest.raises(Unknown):
            await client.change_address("acme", "12345", 3, address, "key-1")
    assert attempts == 1


async def test_errors_name_neither_the_token_nor_the_customer() -> None:
    async with always(422, {"code": "request_invalid", "detail": "jane@example.com"}) as client:
        with pytest.raises(Rejected) as caught:
            await client.notify("acme", "U789", "About your refund", "Dear Jane", "key-1")
    told = repr(caught.value) + str(caught.value.details)
    assert not any(secret in told for secret in (TOKEN, "U789", "ane"))


@pytest.mark.parametrize(
    ("answer", "url"),
    [
        (
            httpx.Response(200, content=b"png", headers={"Content-Type": "image/png"}),
            "http://shop.test/v1/acme/shipments/7/photo",
        ),
        (httpx.Response(404, json={"code": "photo_absent"}), None),
    ],
    ids=["taken", "not taken"],
)
async def test_a_photo_is_named_only_when_it_is_there(answer: httpx.Response, url: str | None) -> None:
    async with shop(lambda _: answer) as client:
        assert await client.photo_url("acme", "7") == url
