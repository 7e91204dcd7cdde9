"""What really happened to a write whose answer was lost, asked of the shop itself."""

from temporalio import activity

from activities.ports import Caller, Shop
from policies.facts import RefundRecord
from policies.frozen import Fact


class ReadRefund(Fact):
    caller: Caller
    order_id: str
    key: str


class FoundRefund(Fact):
    """The ledger's record under a key; None means that the shop holds no such refund."""

    refund: RefundRecord | None


class ReadWrite(Fact):
    tenant: str
    key: str


class Landed(Fact):
    landed: bool


class Readback:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def read_back_refund(self, ask: ReadRefund) -> FoundRefund:
        """Report the refund that a key left in the shop's ledger, with its present status."""
        return FoundRefund(refund=await self._shop.find_refund(ask.caller.tenant, ask.order_id, ask.key))

    @activity.defn
    async def did_write_land(self, ask: ReadWrite) -> Landed:
        """Report whether a write with this key was committed."""
        return Landed(landed=await self._shop.write_landed(ask.tenant, ask.key))
