"""Tool: say until when an item of an order can be sent back."""

from pydantic import Field
from temporalio import activity

from activities.errors import Rejected
from activities.ports import Caller, Shop
from policies.bundle import ReturnWindowRule
from policies.facts import ReturnWindow
from policies.frozen import Fact
from policies.permissions import Effect
from policies.returns import window


class GetReturnWindow(Fact):
    """Say how many days an item can be sent back, and until when."""

    order_id: str = Field(description="one of the customer's own orders, as the context lists it")
    sku: str = Field(default="", description="the item's SKU where the customer wrote it, else empty")


class WindowTerms(Fact):
    """What the pinned policy says about windows, and the customer's tier and region."""

    tier: str
    region: str = ""
    rules: tuple[ReturnWindowRule, ...]


class ReturnWindowLookup:
    effect = Effect.READ

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    @activity.defn(name="get_return_window")
    async def get_return_window(self, ask: GetReturnWindow, caller: Caller, terms: WindowTerms) -> ReturnWindow:
        """Answer from structured policy facts; Rejected for an order or item that is not the caller's."""
        order = await self.shop.order(caller.tenant, ask.order_id)
        if order.customer_id != caller.customer_id:
            raise Rejected("no such order", reason="order_absent")
        for line in order.lines:
            if line.sku.casefold() == ask.sku.casefold():
                return window(order, line, terms.tier, terms.region, terms.rules)
        raise Rejected("no such item in this order", reason="item_absent")
