"""Sending goods back: the shop issues a label for the confirmed lines."""

from pydantic import Field
from temporalio import activity

from activities.heartbeat import beating
from activities.ownership import own_order
from activities.ports import Caller, LineQuantity, Shop
from policies.facts import ReasonCode, ReturnRecord
from policies.frozen import Fact
from policies.permissions import Effect


class InitiateReturn(Fact):
    """Propose that the customer sends goods of an order back and gets a label for it."""

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")
    reason_code: ReasonCode = Field(
        description="why: WRONG_ITEM another article came, DAMAGED_ITEM it came broken or faulty, CUSTOMER_REQUEST it "
        "is not wanted; the others are for goods that did not arrive"
    )


class ConfirmedReturn(Fact):
    """The lines the customer confirmed, with the key that makes it happen once."""

    caller: Caller
    order_id: str
    order_version: int
    lines: tuple[LineQuantity, ...]
    reason_code: ReasonCode
    key: str


class ReturnDesk:
    effect = Effect.CHANGE

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def initiate_return(self, confirmed: ConfirmedReturn) -> ReturnRecord:
        """Open the return that was confirmed. Unknown means: ask whether the write landed."""
        tenant, order_id = confirmed.caller.tenant, confirmed.order_id
        async with beating():
            await own_order(self._shop, confirmed.caller, order_id)
            return await self._shop.open_return(
                tenant, order_id, confirmed.order_version, confirmed.lines, confirmed.reason_code, confirmed.key
            )
