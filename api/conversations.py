"""Routes of a conversation: say something, answer an offer, read, follow."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.bodies import AnswerIn, ConversationId, Digest, EscalationIn, FeedbackIn, MessageIn
from api.disclosure import event_for, reply_for, transcript_for
from api.follow import Follower
from api.photos import carried
from api.problems import Problem, responses
from api.stream import Place
from api.wiring import AnyVisitor, Customer, PartsDep
from workflows.messages import CustomerMessage, Event, Feedback, OfferAnswer, PersonWanted, Refusal, Reply, Transcript

router = APIRouter(prefix="/v1/conversations/{conversation_id}", tags=["conversations"])

BODY = ("body-too-large", "body-unreadable", "message-binary", Refusal.ROLE)
DELIVERY = (*BODY, Refusal.NOT_YOURS, Refusal.CLOSED, Refusal.ANSWERED, Refusal.BUSY, "still-working")
PICTURES = ("photo-not-found", "photos-unavailable")
OFFER = (*DELIVERY, Refusal.NO_OFFER, Refusal.OFFER_CHANGED, Refusal.OFFER_EXPIRED, Refusal.OFFER_USED)


@router.post("/messages", responses=responses(*DELIVERY, Refusal.BLANK, Refusal.TOO_LONG, *PICTURES))
async def say(conversation_id: ConversationId, body: MessageIn, visitor: Customer, parts: PartsDep) -> Reply:
    """Say something; the first message starts the conversation. A repeated message id gets the first answer."""
    async with carried(parts, visitor, conversation_id, body.photos) as photos:
        said = CustomerMessage(
            message_id=body.message_id, customer_id=visitor.subject, text=body.text, wish=body.wish, photos=photos
        )
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
    last_event_id: Annotated[str | None, Header(description="Id of the last event seen; wins over `after`")] = None,
    after: Annotated[str | None, Query(description="Id of the event or draft to continue behind")] = None,
) -> Follower:
    """Do everything that can fail before the stream's status line is sent."""
    place = Place.read(last_event_id if last_event_id is not None else after or "0")
    if place is None:
        raise Problem("event-id-malformed")
    follower = Follower(parts.line, parts.stream, parts.closing, visitor, conversation_id)
    await follower.start(place)
    return follower


@router.get("/events", response_class=EventSourceResponse, responses=responses(Refusal.NOT_YOURS, "event-id-malformed"))
async def follow(
    follower: Annotated[Follower, Depends(begin_to_follow)],
    visitor: AnyVisitor,
    drafts: Annotated[bool, Query(description="Send drafts of a reply under way, too")] = False,
) -> AsyncIterator[ServerSentEvent]:
    """Follow events as they happen; `id` is the offset, `event` the kind, `data` the Event as JSON.

    Reconnect with Last-Event-ID: no event is missed or sent twice. The stream ends after `conversation.closed`.

    With `drafts=true` there come, while a reply is under way, events named `reply.draft` with ids like `12-3`: the
    third draft behind event 12. Their `data` is `{"after": 12, "number": 3, "epoch": 5, "attempt": 1, "kind": "delta",
    "text": "Your parcel "}`. A draft is for show and never a fact; the reply that follows is.

    | what comes | what to show |
    |---|---|
    | draft of kind `begin` | an empty bubble instead of the one that is there, if any: the draft starts, also anew |
    | draft of kind `delta` | its `text` at the end of the bubble |
    | draft of kind `status` | what is being done right now: its `text` is a word such as `orders` or `checking` |
    | draft of kind `drop` | no bubble: the reply will come as a whole, or somebody else has taken over |
    | any event | no bubble, and the event: drafts end with the next event, `message.assistant` is the reply itself |

    A client that reconnects with `12-3` gets the rest of the draft if it is still under way, a `begin` if it was begun
    anew, and otherwise the events that ended it. Numbers only grow behind an event, but may have holes.
    """
    async for line in follower.lines():
        if isinstance(line, Event):
            line = event_for(visitor, line)
            yield ServerSentEvent(raw_data=line.model_dump_json(), event=line.kind.value, id=Place.of(line).id)
        elif drafts:
            yield ServerSentEvent(raw_data=line.model_dump_json(), event="reply.draft", id=Place.of(line).id)
