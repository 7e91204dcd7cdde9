"""What is known of a customer before the first word is answered."""

from temporalio import activity

from activities.ports import Caller, Shop
from policies.facts import CustomerFacts


class Hydration:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def hydrate(self, caller: Caller) -> CustomerFacts:
        """Report tier, region, language and recent orders, newest first; no name, e-mail or address."""
        return await self._shop.customer(caller.tenant, caller.customer_id)
