"""Routes of a conversation: say something, answer an offer, read, follow."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.bodies import AnswerIn, ConversationId, Digest, EscalationIn, FeedbackIn, MessageIn
from api.disclosure import event_for, reply_for, transcript_for
from api.follow import Follower
from api.problems import Problem, responses
from api.wiring import AnyVisitor, Customer, PartsDep
from workflows.messages import CustomerMessage, Feedback, OfferAnswer, PersonWanted, Refusal, Reply, Transcript

router = APIRouter(prefix="/v1/conversations/{conversation_id}", tags=["conversations"])

BODY = ("body-too-large", "body-unreadable", "message-binary", Refusal.ROLE)
DELIVERY = (*BODY, Refusal.NOT_YOURS, Refusal.CLOSED, Refusal.ANSWERED, Refusal.BUSY, "still-working")
OFFER = (*DELIVERY, Refusal.NO_OFFER, Refusal.OFFER_CHANGED, Refusal.OFFER_EXPIRED, Refusal.OFFER_USED)


@router.post("/messages", responses=responses(*DELIVERY, Refusal.BLANK, Refusal.TOO_LONG))
async def say(conversation_id: ConversationId, body: MessageIn, visitor: Customer, parts: PartsDep) -> Reply:
    """Say something; the first message starts the conversation. A repeated message id gets the first answer."""
    said = CustomerMessage(message_id=body.message_id, customer_id=visitor.subject, text=body.text)
    return reply_for(visitor, await parts.line.send(visitor, conversation_id, said))


@router.post("/offers/{digest}/confirm", responses=responses(*OFFER))
async def confirm(
    conversation_id: ConversationId, digest: Digest, body: AnswerIn, visitor: Customer, parts: PartsDep
) -> Reply:
    """Confirm exactly the offer with this digest."""
    said = OfferAnswer(message_id=body.message_id, customer_id=visitor.subject, digest=digest, accept=True)
    return reply_for(visitor, await parts.line.send(visitor, conversation_id, said))


@router.post("/offers/{digest}/decline", responses=responses(*OFFER))
async def decline(
    conversation_id: ConversationId, digest: Digest, body: AnswerIn, visitor: Customer, parts: PartsDep
) -> Reply:
    """Decline the offer with this digest."""
    said = OfferAnswer(message_id=body.message_id, customer_id=visitor.subject, digest=digest, accept=False)
    return reply_for(visitor, await parts.line.send(visitor, conversation_id, said))


@router.post("/escalate", responses=responses(*DELIVERY))
async def escalate(conversation_id: ConversationId, body: EscalationIn, visitor: Customer, parts: PartsDep) -> Reply:
    """Ask for a person."""
    said = PersonWanted(message_id=body.message_id, customer_id=visitor.subject, reason=body.reason)
    return reply_for(visitor, await parts.line.send(visitor, conversation_id, said))


@router.post("/feedback", responses=responses(*DELIVERY))
async def give_feedback(conversation_id: ConversationId, body: FeedbackIn, visitor: Customer, parts: PartsDep) -> Reply:
    """Say how it went."""
    said = Feedback(message_id=body.message_id, customer_id=visitor.subject, rating=body.rating, comment=body.comment)
    return reply_for(visitor, await parts.line.send(visitor, conversation_id, said))


@router.get("", responses=responses(Refusal.NOT_YOURS))
async def read(conversation_id: ConversationId, visitor: AnyVisitor, parts: PartsDep) -> Transcript:
    """Read the transcript: customers their own, staff any of their tenant with the decision record of each turn."""
    return transcript_for(visitor, await parts.line.transcript(visitor, conversation_id))


async def begin_to_follow(
    conversation_id: ConversationId,
    visitor: AnyVisitor,
    parts: PartsDep,
    last_event_id: Annotated[str | None, Header(description="Offset of the last event seen; wins over `after`")] = None,
    after: Annotated[str | None, Query(description="Offset to continue behind")] = None,
) -> Follower:
    """Do everything that can fail before the stream's status line is sent."""
    place = last_event_id if last_event_id is not None else after or "0"
    if not re.fullmatch("[0-9]{1,9}", place):
        raise Problem("event-id-malformed")
    follower = Follower(parts.line, parts.stream, parts.closing, visitor, conversation_id)
    await follower.start(int(place))
    return follower


@router.get("/events", response_class=EventSourceResponse, responses=responses(Refusal.NOT_YOURS, "event-id-malformed"))
async def follow(
    follower: Annotated[Follower, Depends(begin_to_follow)], visitor: AnyVisitor
) -> AsyncIterator[ServerSentEvent]:
    """Follow events as they happen; `id` is the offset, `event` the kind, `data` the Event as JSON.

    Reconnect with Last-Event-ID: no event is missed or sent twice. The stream ends after `conversation.closed`.
    """
    async for event in follower.events():
        event = event_for(visitor, event)
        yield ServerSentEvent(raw_data=event.model_dump_json(), event=event.kind.value, id=str(event.offset))
