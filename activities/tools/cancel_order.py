"""Cancelling an order that has not left; the shop gives the payment back in the same transaction."""

from pydantic import Field
from temporalio import activity

from activities.heartbeat import beating
from activities.ownership import own_order
from activities.ports import Caller, Shop
from policies.facts import OrderFacts
from policies.frozen import Fact
from policies.permissions import Effect


class CancelOrder(Fact):
    """Propose to cancel one of the customer's orders that has not been shipped."""

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")


class ConfirmedCancel(Fact):
    """The order, at the version the customer confirmed, with the key that makes it happen once."""

    caller: Caller
    order_id: str
    order_version: int
    reason: str
    key: str


class CancelDesk:
    # A cancellation moves the whole payment back, so it is guarded like a refund.
    effect = Effect.MONEY

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def cancel_order(self, confirmed: ConfirmedCancel) -> OrderFacts:
        """Cancel the order as confirmed. Unknown means: ask whether the write landed."""
        tenant, order_id = confirmed.caller.tenant, confirmed.order_id
        async with beating():
            await own_order(self._shop, confirmed.caller, order_id)
            return await self._shop.cancel(tenant, order_id, confirmed.order_version, confirmed.reason, confirmed.key)
