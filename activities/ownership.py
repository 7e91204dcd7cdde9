"""Someone else's order or parcel looks exactly like one that does not exist."""

from activities.errors import Rejected
from activities.ports import Caller, Shop
from policies.facts import OrderFacts, Shipment


async def own_order(shop: Shop, caller: Caller, order_id: str) -> OrderFacts:
    """Read an order of the caller's; anybody else's, an unknown and a blank one raise Rejected `order_absent`."""
    absent = Rejected("the customer has no such order", "order_absent")
    if not order_id.strip():
        raise absent
    order = await shop.order(caller.tenant, order_id)
    if order.customer_id != caller.customer_id:
        raise absent
    return order


async def own_parcel(shop: Shop, caller: Caller, awb: str) -> Shipment:
    """Read a parcel of one of the caller's orders; any other raises Rejected `shipment_absent`.

    A shipment does not name its customer, so the caller's recent orders must name the shipment.
    """
    customer = await shop.customer(caller.tenant, caller.customer_id)
    if not any(awb in order.awbs for order in customer.orders):
        raise Rejected("the customer has no such parcel", "shipment_absent")
    return await shop.shipment(caller.tenant, awb)
