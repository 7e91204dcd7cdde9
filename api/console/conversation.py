"""The page of one conversation: what was said and why, who has it, what may be done, and whom it is about."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote
from uuid import uuid4

from fastapi import Form, Path, Request, Response

from activities.desk_ports import Member
from activities.errors import OutsideError, Rejected, Unavailable
from api import lessons
from api.auth import Role, Visitor
from api.bodies import ConversationId
from api.console import pages, words
from api.console.sessions import Colleague
from api.console.timeline import timeline
from api.lessons import MeantIn, MessageId
from api.problems import Problem
from api.shopping import Awb, show_delivery
from api.wiring import Parts, PartsDep
from policies.canned import fill
from policies.inbox import Row
from workflows.messages import Transcript, conversation_workflow_id

router = pages.room()

PhotoId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
OrderId = Annotated[str, Path(min_length=1, max_length=64)]
# Forms that stay in the page while it is open: each carries the id of the next act.
KEPT_FORMS = ("tell", "note", "hand_back", "resolve")


@router.get("/c/{conversation_id}")
async def show_conversation(
    request: Request, conversation_id: ConversationId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Show a conversation; customer and order are fetched by the page itself, for the shop may take its time."""
    transcript = await parts.line.transcript(visitor, conversation_id)
    row = await _row(parts, visitor, conversation_id)
    # The shop keeps names to itself, so that of the customer stays a gap for the person to fill.
    gaps = {
        "order": row.order_id if row else "",
        "agent": visitor.shown,
        "tenant": visitor.tenant.title(),
    }
    replies = parts.canned.of(visitor.tenant, row.language if row else "en")
    return pages.render(
        request,
        "conversation.html",
        **await standing(parts, visitor, transcript),
        acts={kind: new_act() for kind in KEPT_FORMS},
        canned=[(reply.name, reply.title, fill(reply.text, gaps)) for reply in replies],
        order_id=gaps["order"],
    )


@router.get("/c/{conversation_id}/standing")
async def show_standing(
    request: Request, conversation_id: ConversationId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Bring an open page up to date; what somebody is writing stays."""
    transcript = await parts.line.transcript(visitor, conversation_id)
    return pages.render(request, "standing.html", acts={}, **await standing(parts, visitor, transcript))


@router.get("/c/{conversation_id}/about")
async def show_about(
    request: Request, conversation_id: ConversationId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Show the customer and their orders as the shop knows them; a shop that does not answer is said so."""
    transcript = await parts.line.transcript(visitor, conversation_id)
    row = await _row(parts, visitor, conversation_id)
    customer, order, away = None, None, False
    try:
        customer = await parts.shop.customer(visitor.tenant, transcript.customer_id)
        meant = row.order_id if row and row.order_id else next((each.order_id for each in customer.orders), "")
        order = await parts.shop.order(visitor.tenant, meant) if meant else None
    except Rejected:
        pass
    except OutsideError:
        away = True
    if order and order.customer_id != transcript.customer_id:
        order = None
    known = {"transcript": transcript, "customer": customer, "order": order, "away": away}
    return pages.render(request, "about.html", now=datetime.now(UTC), **known)


@router.get("/c/{conversation_id}/orders/{order_id}")
async def show_order(
    request: Request, conversation_id: ConversationId, order_id: OrderId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Show another order of the same customer."""
    transcript = await parts.line.transcript(visitor, conversation_id)
    order = None
    with suppress(OutsideError):
        order = await parts.shop.order(visitor.tenant, order_id)
    if order is None or order.customer_id != transcript.customer_id:
        raise Problem("route-not-found", "The shop did not give this order.")
    return pages.render(request, "order.html", order=order, now=datetime.now(UTC))


@router.get("/c/{conversation_id}/photos/{photo_id}")
async def show_photo(
    conversation_id: ConversationId, photo_id: PhotoId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Give a picture the customer sent."""
    try:
        picture = await parts.photos.read(visitor.tenant, conversation_id, photo_id)
    except Rejected:
        raise Problem("route-not-found", "There is no such picture.") from None
    return Response(picture, media_type="image/jpeg")


@router.get("/c/{conversation_id}/parcels/{awb}/photo")
async def show_parcel(conversation_id: ConversationId, awb: Awb, visitor: Colleague, parts: PartsDep) -> Response:
    """Give the courier's picture of a delivery."""
    return await show_delivery(conversation_id, awb, visitor, parts)


@router.get("/c/{conversation_id}/typing")
async def show_typing(
    request: Request, conversation_id: ConversationId, visitor: Colleague, parts: PartsDep
) -> Response:
    """Name colleagues who type into this conversation right now."""
    typers = await parts.desk.typers(visitor.tenant, conversation_id)
    names = [name for subject, name in typers.items() if subject != visitor.subject]
    return pages.render(request, "typing.html", conversation_id=conversation_id, names=names)


@router.post("/c/{conversation_id}/typing")
async def say_typing(conversation_id: ConversationId, visitor: Colleague, parts: PartsDep) -> Response:
    """Let colleagues know that somebody types."""
    with suppress(Unavailable):
        await parts.desk.typing(visitor.tenant, conversation_id, visitor.subject, visitor.shown)
    return Response(status_code=204)


@router.post("/c/{conversation_id}/messages/{message_id}/intent")
async def correct(
    request: Request,
    conversation_id: ConversationId,
    message_id: MessageId,
    intent: Annotated[str, Form(min_length=1, max_length=100)],
    visitor: Colleague,
    parts: PartsDep,
) -> Response:
    """Say what a message meant, for the next version of the intents to learn from."""
    lesson = await lessons.correct(conversation_id, message_id, MeantIn(intent=intent), visitor, parts)
    return pages.render(request, "corrected.html", intent=lesson.intent)


async def standing(parts: Parts, visitor: Visitor, transcript: Transcript) -> dict[str, object]:
    """Gather what the changing parts of the page show."""
    desk = transcript.desk
    case = desk.case if desk else None
    return {
        "now": datetime.now(UTC),
        "transcript": transcript,
        "conversation_id": transcript.conversation_id,
        "desk": desk,
        "case": case,
        "mine": bool(case and case.claimed and case.assignee == visitor.subject),
        "theirs": bool(case and case.claimed and case.assignee != visitor.subject),
        "supervises": visitor.role is Role.SUPERVISOR,
        "entries": timeline(transcript),
        "colleagues": await _colleagues(parts, visitor),
        "intents": sorted(parts.intents.of(visitor.tenant)),
        "priorities": words.PRIORITIES,
        "why": words.WHY,
        "temporal": _temporal(parts, transcript),
        "new_act": new_act,
    }


def new_act() -> str:
    """Choose the id of an act when its form is made, so that a double click is one act."""
    return uuid4().hex


def _temporal(parts: Parts, transcript: Transcript) -> str:
    settings = parts.settings
    workflow_id = quote(conversation_workflow_id(transcript.tenant, transcript.conversation_id), safe="")
    return f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows/{workflow_id}"


async def _colleagues(parts: Parts, visitor: Visitor) -> tuple[Member, ...]:
    try:
        return await parts.desk.members(visitor.tenant, datetime.now(UTC))
    except Unavailable:
        return ()


async def _row(parts: Parts, visitor: Visitor, conversation_id: str) -> Row | None:
    try:
        return await parts.desk.find(visitor.tenant, conversation_id)
    except Unavailable:
        return None
