"""The shop's back door, as chaos needs it: orders on demand, faults for one tenant, and the books to judge by."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from workers.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One conversation's own small world: a tenant, a customer and an order that nobody else touches."""

    number: int
    tenant: str
    customer_id: str
    order_id: str
    paid_minor: int
    split: bool = False

    @property
    def amount_text(self) -> str:
        return f"${self.paid_minor / 100:,.2f}"


class Books:
    def __init__(self, settings: Settings) -> None:
        assert settings.shop_admin_token is not None
        self._http = httpx.AsyncClient(
            base_url=f"{settings.shop_url}/admin",
            headers={"Authorization": f"Bearer {settings.shop_admin_token.get_secret_value()}"},
            timeout=10,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def stock(self, case: Case) -> None:
        """Put the case's order on the shelf: delivered yesterday, disputed by nobody so far, low risk."""
        (await self._http.post("/orders", params={"tenant": case.tenant}, json=_order(case))).raise_for_status()

    async def order_fault(self, tenant: str, **fault: Any) -> int:
        """Order a fault that strikes this tenant's calls only; return its number."""
        answer = await self._http.post("/faults", json={"tenant": tenant, **fault})
        number: int = answer.raise_for_status().json()["fault_id"]
        return number

    async def struck(self, fault_id: int, patience: float) -> bool:
        """Wait until a call has met this fault; False when none has within `patience` seconds."""
        deadline = asyncio.get_running_loop().time() + patience
        while asyncio.get_running_loop().time() < deadline:
            try:
                faults = (await self._read("/faults"))["faults"]
            except httpx.TransportError:
                faults = []
            if any(fault["hits"] for fault in faults if fault["fault_id"] == fault_id):
                return True
            await asyncio.sleep(0.1)
        return False

    async def clear_faults(self) -> None:
        (await self._http.delete("/faults")).raise_for_status()

    async def ledger(self, tenant: str) -> tuple[list[Row], list[Row]]:
        """List payments and refunds of one tenant."""
        books = await self._read("/ledger", tenant=tenant)
        return books["payments"], books["refunds"]

    async def letters(self, tenant: str) -> list[Row]:
        rows: list[Row] = (await self._read("/outbox", tenant=tenant))["notifications"]
        return rows

    async def tickets(self, tenant: str) -> list[Row]:
        rows: list[Row] = (await self._read("/tickets", tenant=tenant))["tickets"]
        return rows

    async def _read(self, path: str, **query: str) -> Any:
        return (await self._http.get(path, params=query)).raise_for_status().json()


def _order(case: Case) -> dict[str, Any]:
    arrived = datetime.now(UTC) - timedelta(days=1)
    parts = (case.paid_minor // 3, case.paid_minor - case.paid_minor // 3) if case.split else (case.paid_minor,)
    return {
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "status": "delivered",
        "currency": "USD",
        "placed_at": (arrived - timedelta(days=4)).isoformat(),
        "lines": [
            {
                **{"line_id": "1", "sku": "SKU-9-A", "title": "Nimbus Runner Shoes", "category": "footwear"},
                **{"quantity": 1, "unit_minor": case.paid_minor},
            }
        ],
        "payments": [
            {"payment_id": f"PAY-{at}", "method": "card", "label": f"Visa ending 424{at}", "paid_minor": minor}
            for at, minor in enumerate(parts, 1)
        ],
        "shipments": [
            {
                **{"awb": f"AWB{case.order_id}", "carrier": "Harbor Parcel", "status": "delivered"},
                **{"line_ids": ["1"], "delivered_at": arrived.isoformat(), "signed_by": "building staff"},
            }
        ],
        "address": {"line1": "1 Test Way", "city": "Portland", "postal_code": "97201", "country": "US"},
        "fraud_score": 0.03,
    }
