"""Giving money back: a model proposes the order and the reason, a confirmation brings everything else."""

from pydantic import Field
from temporalio import activity

from activities.heartbeat import beating
from activities.ownership import own_order
from activities.ports import Caller, RefundOrder, Shop
from policies.facts import ReasonCode, RefundRecord
from policies.frozen import Fact
from policies.permissions import Effect


class InitiateRefund(Fact):
    """Propose a refund for one of the customer's orders; the amount comes from facts and policy."""

    order_id: str = Field(description="the customer's own order number")
    reason_code: ReasonCode = Field(description="why the money should go back")


class ConfirmedRefund(Fact):
    """What the customer confirmed, with the key that makes it happen once."""

    caller: Caller
    order: RefundOrder
    key: str


class RefundDesk:
    effect = Effect.MONEY

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def initiate_refund(self, confirmed: ConfirmedRefund) -> RefundRecord:
        """Pay exactly what was confirmed. Unknown means: read back by `key` before anything else."""
        async with beating():
            await own_order(self._shop, confirmed.caller, confirmed.order.order_id)
            return await self._shop.refund(confirmed.caller.tenant, confirmed.order, confirmed.key)
