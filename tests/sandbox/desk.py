"""A customer-service desk's view of one shop: calls with tokens, keys and versions filled in."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

SHOP = {"Authorization": "Bearer dev-shop-token"}
ADMIN = {"Authorization": "Bearer dev-admin-token"}


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    http: httpx.AsyncClient
    clock: Clock
    tenant: str = "northwind"
    keys: "itertools.count[int]" = field(default_factory=itertools.count)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        return await self.http.get(f"/v1/{self.tenant}{path}", params=query, headers=SHOP)

    async def write(
        self, path: str, body: object, key: str | None = None, version: int | None = None, method: str = "POST"
    ) -> httpx.Response:
        headers = {**SHOP, "Idempotency-Key": key or f"key-{next(self.keys)}"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.http.request(method, f"/v1/{self.tenant}{path}", json=body, headers=headers)

    async def refund(self, order_id: str, key: str | None = None, version: int = 3, **other: Any) -> httpx.Response:
        return await self.write(f"/orders/{order_id}/refunds", ask(**other), key, version)

    async def order(self, order_id: str) -> dict[str, Any]:
        answer = await self.get(f"/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def admin(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.http.request(method, f"/admin{path}", headers=ADMIN, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()


def ask(**other: Any) -> dict[str, Any]:
    """The body that refunds the whole of northwind's order 12345."""
    return {
        "lines": [{"line_id": "1", "quantity": 1}],
        "amount_minor": 8999,
        "currency": "USD",
        "payment_id": "PAY-1",
        "reason_code": "DELIVERY_DISPUTE",
        **other,
    }


def new_order(order_id: str, **other: Any) -> dict[str, Any]:
    """An order body for the admin API: two mugs, paid 3000 USD cents by card."""
    return {
        "order_id": order_id,
        "customer_id": "C-TEST",
        "status": "delivered",
        "currency": "USD",
        "placed_at": "2026-01-01T00:00:00Z",
        "lines": [
            {"line_id": "1", "sku": "MUG", "title": "Mug", "category": "kitchen", "quantity": 2, "unit_minor": 1500}
        ],
        "payments": [{"payment_id": "PAY-1", "method": "card", "label": "Visa ending 1111", "paid_minor": 3000}],
        "address": {"line1": "1 Test Way", "city": "Testville", "postal_code": "00000", "country": "US"},
        **other,
    }


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"]
    assert told["title"]
    assert told["detail"]
    return answer.status_code, told["code"]
