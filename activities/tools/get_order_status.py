"""Where an order stands: its lines, parcels, payments, refunds and returns."""

from pydantic import Field
from temporalio import activity

from activities.ownership import own_order
from activities.ports import Caller, Shop
from policies.facts import OrderFacts
from policies.frozen import Fact
from policies.permissions import Effect


class GetOrderStatus(Fact):
    """Say where one of the customer's orders is now and what has been refunded or sent back."""

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")


class OrderLookup:
    effect = Effect.READ

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def get_order_status(self, ask: GetOrderStatus, caller: Caller) -> OrderFacts:
        """Report the order; an unknown or foreign one is Rejected with `order_absent`."""
        return await own_order(self._shop, caller, ask.order_id)
