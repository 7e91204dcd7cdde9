"""The tracking agent: says where a parcel is and which refunds the ledger holds. It cannot change anything."""

from activities.tools.get_delivery_photo import GetDeliveryPhoto
from activities.tools.get_eta import GetEta
from activities.tools.get_order_status import GetOrderStatus
from policies import wording
from policies.facts import DeliveryPhoto, Eta, OrderFacts, OrderStatus
from workflows.messages import Link
from workflows.telling import plain
from workflows.turn import Turn

ME = "tracking"


async def read_order(turn: Turn, order_id: str) -> OrderFacts:
    """Read one order, once a turn, as what the conversation is about from here; raises Refused("order_absent")."""
    order = turn.orders.get(order_id)
    if order is None:
        order = turn.orders[order_id] = await turn.tools.read(
            ME,
            "get_order_status",
            OrderFacts,
            GetOrderStatus(order_id=order_id),
            turn.caller,
            note=f"order #{plain(order_id)}",
        )
    turn.talk = turn.talk.with_(focus=order.order_id, question=None)
    return order


async def track(turn: Turn, order_id: str) -> None:
    order = await read_order(turn, order_id)
    _say_status(turn, order)
    if order.status is OrderStatus.IN_TRANSIT:
        await _say_eta(turn, order)
    elif order.status is OrderStatus.DELIVERED:
        await _say_photo(turn, order)


async def refund_status(turn: Turn, order_id: str) -> None:
    list_refunds(turn, await read_order(turn, order_id))


def list_refunds(turn: Turn, order: OrderFacts) -> None:
    """Say what the ledger holds about an order, line by line."""
    if not order.refunds:
        turn.say("no_refunds", order=plain(order.order_id))
        return
    lines = [
        turn.words.say(
            "refund_line",
            amount=wording.money(record.amount, turn.language),
            method=record.method_label,
            status=turn.words.say(f"refund_is_{record.status}"),
            refund=record.refund_id,
            date=turn.day(record.created_at),
        )
        for record in order.refunds
    ]
    turn.say("refunds_listed", order=plain(order.order_id), refunds="\n".join(lines))


def _say_status(turn: Turn, order: OrderFacts) -> None:
    facts = {"order": plain(order.order_id), "items": turn.items(order)}
    signed_by = next((shipment.signed_by for shipment in order.shipments if shipment.signed_by), "")
    arrived = order.delivered_at
    if order.status is OrderStatus.DELIVERED and arrived:
        date = wording.instant(arrived, turn.language)
        if signed_by:
            turn.say("status_delivered_signed", date=date, signed_by=signed_by, **facts)
        else:
            turn.say("status_delivered", date=date, **facts)
    elif order.status is OrderStatus.DELIVERED:
        turn.say("status_delivered_undated", **facts)
    else:
        turn.say(f"status_{order.status}", **facts)


async def _say_eta(turn: Turn, order: OrderFacts) -> None:
    moving = [shipment for shipment in order.shipments if shipment.delivered_at is None]
    if not moving:
        return
    eta = await turn.tools.read(ME, "get_eta", Eta, GetEta(awb=moving[0].awb), turn.caller, note="ETA")
    if eta.eta:
        turn.say("eta", date=turn.day(eta.eta))
    else:
        turn.say("no_eta")
    if moving[0].events:
        last = max(moving[0].events, key=lambda event: event.at)
        # A carrier's scan is text that strangers wrote.
        if await turn.may_quote(last.text, last.place):
            turn.say("last_seen", event=last.text, place=last.place, date=wording.instant(last.at, turn.language))


async def _say_photo(turn: Turn, order: OrderFacts) -> None:
    pictured = [shipment for shipment in order.shipments if shipment.has_photo]
    if not pictured:
        return
    ask = GetDeliveryPhoto(awb=pictured[0].awb)
    photo = await turn.tools.read(ME, "get_delivery_photo", DeliveryPhoto, ask, turn.caller, note="delivery photo")
    if photo.url:
        turn.say("photo_exists")
        turn.links.append(Link(kind="delivery_photo", order_id=order.order_id, awb=photo.awb))
