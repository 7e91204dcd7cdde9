"""How risky it looks to give money back for an order."""

from pydantic import Field
from temporalio import activity

from activities.ownership import own_order
from activities.ports import Caller, Shop
from policies.facts import FraudFacts
from policies.frozen import Fact
from policies.permissions import Effect


class CheckFraudScore(Fact):
    """Check how risky a refund for one of the customer's orders looks."""

    order_id: str = Field(description="the customer's own order number")


class FraudCheck:
    effect = Effect.READ

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def check_fraud_score(self, ask: CheckFraudScore, caller: Caller) -> FraudFacts:
        """Report score (0..1), band and reasons for the caller's own order."""
        order = await own_order(self._shop, caller, ask.order_id)
        return await self._shop.fraud(caller.tenant, caller.customer_id, order.order_id)
