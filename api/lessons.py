"""Routes of people who say what a message meant: the next version of the intents learns from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from activities.errors import Unavailable
from api.auth import Role, Visitor
from api.bodies import NAME, ConversationId
from api.problems import Problem, responses
from api.wiring import PartsDep, only
from policies.facts import IntentGuess
from policies.frozen import Fact, Written
from policies.lessons import Lesson, corrected
from workflows.messages import EventKind, Refusal, Transcript
from workflows.record import Decision

router = APIRouter(prefix="/v1", tags=["lessons"])

# What the log writes for a press of a button and for the wish for a person: no words of the customer's own.
PRESSED = ("[confirmed]", "[declined]", "[asks for a person]")
WRITTEN_BY_CUSTOMERS = (EventKind.CUSTOMER, EventKind.FEEDBACK)

Staff = Annotated[Visitor, only(Role.AGENT, Role.SUPERVISOR)]
MessageId = Annotated[str, Path(pattern=NAME, description="As the client chose it when it sent the message")]
LessonId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="As listed by GET /v1/lessons")]
BODY = ("body-too-large", "body-unreadable")
STORE = (Refusal.ROLE, "redis-unavailable")


class MeantIn(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [{"intent": "track_order"}]})

    intent: str = Field(min_length=1, max_length=100, description="The id of an intent your shop knows")


class Deleted(Fact):
    id: str


@router.get("/lessons", responses=responses(*STORE))
async def list_lessons(
    visitor: Staff, parts: PartsDep, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Lesson]:
    """List messages of your tenant that nobody has named the intent of yet, oldest first."""
    with _store():
        return list(await parts.lessons.waiting(visitor.tenant, limit))


@router.put("/lessons/{lesson_id}/intent", responses=responses(*STORE, *BODY, "route-not-found"))
async def label(lesson_id: LessonId, body: MeantIn, visitor: Staff, parts: PartsDep) -> Lesson:
    """Say what a listed message meant."""
    _check(body.intent, parts.intents.of(visitor.tenant))
    with _store():
        lesson = await parts.lessons.label(visitor.tenant, lesson_id, body.intent, visitor.subject)
    if lesson is None:
        raise Problem("route-not-found", "There is no such lesson.")
    return lesson


@router.delete("/lessons/{lesson_id}", responses=responses(*STORE, "route-not-found"))
async def delete(lesson_id: LessonId, visitor: Staff, parts: PartsDep) -> Deleted:
    """Delete a lesson, labelled or not; the same words are not kept again by themselves."""
    with _store():
        found = await parts.lessons.put_away(visitor.tenant, [lesson_id])
    if not found:
        raise Problem("route-not-found", "There is no such lesson.")
    return Deleted(id=lesson_id)


@router.put(
    "/conversations/{conversation_id}/messages/{message_id}/intent",
    responses=responses(*STORE, *BODY, Refusal.NOT_YOURS, "route-not-found"),
)
async def correct(
    conversation_id: ConversationId, message_id: MessageId, body: MeantIn, visitor: Staff, parts: PartsDep
) -> Lesson:
    """Say what a message of a conversation meant; its words are kept redacted, without customer or conversation."""
    _check(body.intent, parts.intents.of(visitor.tenant))
    transcript = await parts.line.transcript(visitor, conversation_id)
    found = said(transcript, message_id)
    if found is None:
        raise Problem("route-not-found", "There is no such message with words of its own in the transcript.")
    lesson = corrected(visitor.tenant, *found, body.intent, visitor.subject, datetime.now(UTC))
    with _store():
        # Understanding may have left the same words, with the language that the transcript does not tell.
        held = await parts.lessons.find(visitor.tenant, lesson.id)
        if held:
            lesson = lesson.model_copy(update={"language": held.language})
        await parts.lessons.keep(lesson)
    return lesson


def said(transcript: Transcript, message_id: str) -> tuple[str, tuple[IntentGuess, ...]] | None:
    """Find a message's words, and what its turn took them for; None when it has none, or the transcript lost them.

    Events carry no message id: a reply names the messages it answers, and those were logged right before it, in order.
    """
    for event in transcript.events:
        reply = event.reply
        if reply is None or message_id not in reply.answers:
            continue
        before = [at for at in transcript.events if at.offset < event.offset and at.kind in WRITTEN_BY_CUSTOMERS]
        burst = before[-len(reply.answers) :]
        if len(burst) < len(reply.answers):
            return None
        message = burst[reply.answers.index(message_id)]
        if message.kind is not EventKind.CUSTOMER or message.text.startswith(PRESSED):
            return None
        return message.text, _guessed(reply.decision)
    return None


def _guessed(decision: Decision | None) -> tuple[IntentGuess, ...]:
    if decision is None or decision.intent == "none":
        return ()
    return (IntentGuess(id=decision.intent, confidence=decision.confidence),)


def _check(intent: str, known: frozenset[str]) -> None:
    if intent not in known:
        there_are = f"no such intent; there are {', '.join(sorted(known))}"
        raise Problem("request-invalid", errors=[{"where": "body/intent", "why": there_are}])


@contextmanager
def _store() -> Iterator[None]:
    try:
        yield
    except Unavailable:
        raise Problem("redis-unavailable") from None
