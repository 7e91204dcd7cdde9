"""A conversation as staff read it: what was said, what people noted and did, in one order of time."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from api.lessons import PRESSED, WRITTEN_BY_CUSTOMERS
from policies.clauses import Citation
from policies.frozen import Fact
from workflows.messages import Event, EventKind, Link, Photo, Transcript
from workflows.people import StaffLine
from workflows.record import Decision

Voice = Literal["customer", "ai", "person", "system", "private"]

SYSTEM: Mapping[EventKind, str] = {
    EventKind.OFFER_CLOSED: "Offer closed",
    EventKind.REFUND: "Refund",
    EventKind.APPROVAL: "Waiting for approval",
    EventKind.HANDOFF: "Handed over to people",
    EventKind.CLAIMED: "Taken by a person",
    EventKind.RETURNED: "Handed back to the AI",
    EventKind.DELAYED: "Nobody answered in time",
    EventKind.CLOSED: "Closed",
}
DONE: Mapping[str, str] = {
    "note": "Private note",
    "claim": "Claimed",
    "assign": "Assigned",
    "hand_back": "Handed back",
    "resolve": "Resolved",
    "tag": "Changed tags",
    "prioritise": "Changed the priority",
    "snooze": "Snoozed",
    "system": "Happened by itself",
}
# Their events say the same, so a line without words of its own would be said twice.
TOLD_BY_EVENTS = frozenset({"claim", "hand_back", "resolve"})


class Entry(Fact):
    """One thing that happened. `label` says what, `message_id` names a message whose matter may be corrected.

    `intent` is what the message was taken for, `decision` why the turn went as it did.
    """

    key: str
    at: datetime
    voice: Voice
    author: str
    label: str = ""
    text: str = ""
    photos: tuple[Photo, ...] = ()
    citations: tuple[Citation, ...] = ()
    links: tuple[Link, ...] = ()
    decision: Decision | None = None
    message_id: str = ""
    intent: str = ""


class _Named(NamedTuple):
    message_id: str
    intent: str


def timeline(transcript: Transcript) -> tuple[Entry, ...]:
    """Merge events and colleagues' lines by time; at the same moment what was said stands first."""
    named = _message_ids(transcript)
    said = [_of_event(event, named.get(event.offset)) for event in transcript.events]
    done = [_of_line(line) for line in (transcript.desk.lines if transcript.desk else ()) if _adds(line)]
    return tuple(sorted([*said, *done], key=lambda entry: entry.at))


def _of_event(event: Event, named: _Named | None) -> Entry:
    voice, author, label = _voice(event)
    reply = event.reply
    return Entry(
        key=f"e{event.offset}",
        at=event.at,
        voice=voice,
        author=author,
        label=label,
        text=event.text or (reply.text if reply else ""),
        photos=event.photos,
        citations=event.citations or (reply.citations if reply else ()),
        links=reply.links if reply else (),
        decision=reply.decision if reply else None,
        message_id=named.message_id if named else "",
        intent=named.intent if named else "",
    )


def _voice(event: Event) -> tuple[Voice, str, str]:
    match event.kind:
        case EventKind.CUSTOMER:
            return "customer", "Customer", ""
        case EventKind.FEEDBACK:
            return "customer", "Customer", "Feedback"
        case EventKind.REPLY:
            return "ai", "AI", ""
        case EventKind.PERSON:
            return "person", event.by or "A colleague", ""
        case _:
            return "system", event.by or "Holdfast", SYSTEM.get(event.kind, event.kind.value)


def _of_line(line: StaffLine) -> Entry:
    label = DONE.get(line.kind, line.kind)
    return Entry(
        key=f"s{line.number}",
        at=line.at,
        voice="private",
        author=line.name or line.by or "Holdfast",
        label=label,
        text=line.text,
    )


def _adds(line: StaffLine) -> bool:
    return line.kind != "tell" and (bool(line.text) or line.kind not in TOLD_BY_EVENTS)


def _message_ids(transcript: Transcript) -> dict[int, _Named]:
    """Name the customer's messages by offset: a reply names those it answers, logged right before it, in order."""
    return dict(_answered(transcript))


def _answered(transcript: Transcript) -> Iterator[tuple[int, _Named]]:
    written: list[Event] = []
    for event in transcript.events:
        if event.kind in WRITTEN_BY_CUSTOMERS:
            written.append(event)
        if event.reply is None or not event.reply.answers or len(written) < len(event.reply.answers):
            continue
        burst = written[-len(event.reply.answers) :]
        intent = event.reply.decision.intent if event.reply.decision else ""
        for message, message_id in zip(burst, event.reply.answers, strict=True):
            if message.kind is EventKind.CUSTOMER and message.text and not message.text.startswith(PRESSED):
                yield message.offset, _Named(message_id, "" if intent == "none" else intent)
