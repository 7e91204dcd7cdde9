"""The picture a courier took at the door."""

from pydantic import Field
from temporalio import activity

from activities.ownership import own_parcel
from activities.ports import Caller, Shop
from policies.facts import DeliveryPhoto
from policies.frozen import Fact
from policies.permissions import Effect


class GetDeliveryPhoto(Fact):
    """Find the photo the courier took when a parcel of the customer was delivered."""

    awb: str = Field(description="the number of one of the customer's parcels, as the context lists it")


class PhotoLookup:
    effect = Effect.READ

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def get_delivery_photo(self, ask: GetDeliveryPhoto, caller: Caller) -> DeliveryPhoto:
        """Report the photo's address, None when none was taken; a foreign parcel is Rejected with `shipment_absent`."""
        await own_parcel(self._shop, caller, ask.awb)
        return DeliveryPhoto(awb=ask.awb, url=await self._shop.photo_url(caller.tenant, ask.awb))
