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

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")
    reason_code: ReasonCode = Field(
        description="what happened: DELIVERY_FAILED it never came, DELIVERY_DISPUTE it is marked as delivered but did "
        "not arrive, WRONG_ITEM another article came, DAMAGED_ITEM it came broken or faulty, CUSTOMER_REQUEST anything "
        "else"
    )


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
