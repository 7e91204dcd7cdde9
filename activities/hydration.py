"""What is known of a customer, and whether the AI may answer them, before the first word is answered."""

import asyncio

from temporalio import activity

from activities.desk_ports import Pauses
from activities.errors import Unavailable
from activities.ports import Caller, Shop
from policies.facts import CustomerFacts


class Hydrated(CustomerFacts):
    """Who is asking; `paused` are the intents that the AI does not answer now, "*" for all."""

    paused: tuple[str, ...] = ()


class Hydration:
    """Asks the shop and, where there are `pauses`, what is paused."""

    def __init__(self, shop: Shop, pauses: Pauses | None = None) -> None:
        self._shop = shop
        self._pauses = pauses

    @activity.defn
    async def hydrate(self, caller: Caller) -> Hydrated:
        """Report tier, region, language, recent orders newest first, and pauses; no name, e-mail or address."""
        customer, paused = await asyncio.gather(
            self._shop.customer(caller.tenant, caller.customer_id), self._paused(caller.tenant)
        )
        return Hydrated(**dict(customer), paused=paused)

    async def _paused(self, tenant: str) -> tuple[str, ...]:
        try:
            pauses = await self._pauses.paused(tenant) if self._pauses else ()
        except Unavailable:
            # Nobody ever told this process of a pause: a missing Redis must not silence the AI.
            return ()
        return tuple(sorted({pause.intent for pause in pauses}))
