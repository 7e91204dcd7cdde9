"""Routes of what a chat shows beside the talk: one's orders, the photo of a delivery, the place in the queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response

from activities.errors import Malformed, Rejected, Unavailable
from activities.ownership import own_parcel
from activities.ports import Caller
from api.bodies import ConversationId
from api.photos import BEYOND_EVERY_EVENT, Picture, shown
from api.problems import Problem, responses
from api.wiring import AnyVisitor, Customer, Parts, PartsDep
from policies.facts import OrderFacts, OrderStatus
from policies.frozen import Fact
from workflows.messages import Refusal, Transcript

router = APIRouter(prefix="/v1", tags=["conversations"])

Awb = Annotated[str, Path(min_length=1, max_length=64, description="Number of the parcel")]


class OrderShown(Fact):
    """One order as its customer picks it; `total_minor` is what was paid, `items` are titles."""

    order_id: str
    status: OrderStatus
    placed_at: datetime
    items: tuple[str, ...]
    total_minor: int
    currency: str

    @classmethod
    def of(cls, order: OrderFacts) -> "OrderShown":
        items = tuple(line.title for line in order.lines)
        return cls(**vars(order), items=items, total_minor=order.paid_minor)


class OrdersShown(Fact):
    orders: tuple[OrderShown, ...]


class QueuePlace(Fact):
    """Whether a person is awaited or here; `place` counts who comes before, None where that is not known."""

    state: Literal["none", "waiting", "talking"] = "none"
    name: str = ""
    promised_at: datetime | None = None
    place: int | None = None


@router.get("/me/orders", responses=responses(Refusal.ROLE, "shop-unavailable"))
async def list_orders(visitor: Customer, parts: PartsDep) -> OrdersShown:
    """List your latest orders, newest first, at most 20."""
    with _shop():
        try:
            orders = await parts.shop.orders(visitor.tenant, visitor.subject)
        except Rejected:
            # Somebody the shop does not know has ordered nothing.
            orders = ()
    return OrdersShown(orders=tuple(OrderShown.of(order) for order in orders))


@router.get(
    "/conversations/{conversation_id}/parcels/{awb}/photo",
    response_class=Picture,
    responses=responses(Refusal.NOT_YOURS, "parcel-photo-not-found", "shop-unavailable"),
)
async def show_delivery(conversation_id: ConversationId, awb: Awb, visitor: AnyVisitor, parts: PartsDep) -> Response:
    """Show the photo of a delivery to whoever may read the conversation, for parcels of its customer only."""
    transcript = await parts.line.transcript(visitor, conversation_id, after=BEYOND_EVERY_EVENT)
    with _shop():
        await own_parcel(parts.shop, Caller(tenant=visitor.tenant, customer_id=transcript.customer_id), awb)
        content, media_type = await parts.shop.photo(visitor.tenant, awb)
    return shown(content, media_type)


@router.get("/conversations/{conversation_id}/queue", responses=responses(Refusal.NOT_YOURS))
async def show_queue(conversation_id: ConversationId, visitor: AnyVisitor, parts: PartsDep) -> QueuePlace:
    """Say whether a person is awaited, until when, and how many conversations wait before this one."""
    transcript = await parts.line.transcript(visitor, conversation_id, after=BEYOND_EVERY_EVENT)
    if transcript.person is None:
        return QueuePlace()
    return QueuePlace(**vars(transcript.person), place=await _place(parts, transcript))


async def _place(parts: Parts, transcript: Transcript) -> int | None:
    if transcript.person is None or transcript.person.state != "waiting":
        return None
    try:
        return await parts.desk.place(transcript.tenant, transcript.conversation_id)
    except Unavailable:
        return None


@contextmanager
def _shop() -> Iterator[None]:
    """Turn what the shop's client raises into problems."""
    try:
        yield
    except Rejected:
        raise Problem("parcel-photo-not-found") from None
    except (Unavailable, Malformed):
        raise Problem("shop-unavailable") from None
