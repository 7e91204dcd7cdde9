"""When a parcel is expected."""

from pydantic import Field
from temporalio import activity

from activities.ownership import own_parcel
from activities.ports import Caller, Shop
from policies.facts import Eta
from policies.frozen import Fact
from policies.permissions import Effect


class GetEta(Fact):
    """Say when one of the customer's parcels is expected."""

    awb: str = Field(description="the number of one of the customer's parcels, as the context lists it")


class EtaLookup:
    effect = Effect.READ

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def get_eta(self, ask: GetEta, caller: Caller) -> Eta:
        """Report the carrier's estimate, None when it gives none; a foreign parcel is Rejected."""
        parcel = await own_parcel(self._shop, caller, ask.awb)
        return Eta(awb=parcel.awb, eta=parcel.eta, status=parcel.status)
