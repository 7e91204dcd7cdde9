"""Changing where an order goes, while it still can be changed."""

from pydantic import Field
from temporalio import activity

from activities.heartbeat import beating
from activities.ownership import own_order
from activities.ports import Caller, Shop
from policies.addresses import PostalAddress
from policies.facts import OrderFacts
from policies.frozen import Fact
from policies.permissions import Effect


class ChangeAddress(Fact):
    """Propose a new delivery address for one of the customer's orders that has not been shipped."""

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")
    address: PostalAddress = Field(
        description="the full new address in the customer's own words; line2 and region empty where not given"
    )


class ConfirmedAddress(Fact):
    """The address the customer confirmed, with the key that makes it happen once."""

    caller: Caller
    order_id: str
    order_version: int
    address: PostalAddress
    key: str


class AddressDesk:
    effect = Effect.CHANGE

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def change_address(self, confirmed: ConfirmedAddress) -> OrderFacts:
        """Change the address as confirmed. Unknown means: ask whether the write landed."""
        tenant, order_id = confirmed.caller.tenant, confirmed.order_id
        async with beating():
            await own_order(self._shop, confirmed.caller, order_id)
            return await self._shop.change_address(
                tenant, order_id, confirmed.order_version, confirmed.address, confirmed.key
            )
