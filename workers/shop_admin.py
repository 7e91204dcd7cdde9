"""The stand-in shop's back door: ordered faults, the ledger and the outbox, for the demo and for chaos tests."""

from types import TracebackType
from typing import Any, Self

import httpx

from workers.settings import Settings

Row = dict[str, Any]


class ShopAdmin:
    def __init__(self, settings: Settings) -> None:
        if settings.shop_admin_token is None:
            raise ValueError("HOLDFAST_SHOP_ADMIN_TOKEN is not set")
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

    async def order_fault(self, **fault: Any) -> int:
        """Order a fault as docs of the stand-in describe it; return its number."""
        answer = await self._http.post("/faults", json=fault)
        number: int = answer.raise_for_status().json()["fault_id"]
        return number

    async def hits(self, fault_id: int) -> int:
        """Count the calls that met this fault so far; the count rises when a call arrives."""
        faults = (await self._get("/faults"))["faults"]
        return sum(fault["hits"] for fault in faults if fault["fault_id"] == fault_id)

    async def refunds(self, tenant: str, order_id: str) -> list[Row]:
        """List the refunds the ledger holds for one order, oldest first."""
        rows: list[Row] = (await self._get("/ledger", tenant=tenant, order_id=order_id))["refunds"]
        return rows

    async def outbox(self, tenant: str, customer_id: str) -> list[Row]:
        rows: list[Row] = (await self._get("/outbox", tenant=tenant, customer_id=customer_id))["notifications"]
        return rows

    async def _get(self, path: str, **query: str) -> Any:
        return (await self._http.get(path, params=query)).raise_for_status().json()
