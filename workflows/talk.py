"""The one serialisable state of a conversation, and every way it may change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from activities.tools.escalate_to_human import OpenTicket
from policies.clauses import Citation
from policies.facts import AskedAmount, PersonalDatum, ReasonCode, RefundRecord, Understanding
from policies.frozen import Fact
from policies.inference import ModelCall
from policies.offers import Offer
from policies.promises import Promise, remember
from policies.prompts import Turned
from policies.routing import Choice
from workflows.desk import Desk
from workflows.messages import Event, EventKind, OfferCard, Opening, Photo, Reply, Transcript
from workflows.people import WithPerson
from workflows.record import Spent

# Temporal takes 2 MiB in one payload, and a state above that could not be continued as new: long messages that
# customers send by the hundred must not bring a conversation to a stop.
EVENTS_KEPT = 400
BYTES_KEPT = 800_000
ANSWERS_KEPT = 400
RECEIPTS_KEPT = 100
NOTES_KEPT = 100
QUOTES_KEPT = 20
# Heard beyond these is forgotten half at a time, so that prompts share their beginning for as long as they can.
HEARD_KEPT = 24
LONGEST_HEARD = 1_000

Ending = Literal["accepted", "declined", "expired", "replaced", "withdrawn"]


class Question(Fact):
    """What we asked last: the next message may answer it without naming its intent again."""

    intent: str
    about: Literal["order", "address", "intent"]
    order_id: str | None = None
    candidates: tuple[str, ...] = ()


class Waiting(Fact):
    """A matter of an earlier message that waits until the offer before it is answered."""

    choice: Choice
    understood: Understanding
    texts: tuple[str, ...]


class Owed(Fact):
    """A refund whose end the customer has not heard yet; a conversation never closes while something is owed.

    `part` is the amount asked for, None for all that is left; `asked_at` is when the refund was last asked for news.
    """

    refund_workflow_id: str
    order_id: str
    reason_code: ReasonCode
    part: AskedAmount | None = None
    told: str = ""
    asked_at: datetime | None = None


class Talk(Fact):
    """All that a conversation remembers. Transitions return a new one; nothing else travels to the next run.

    `heard` is what both sides wrote, redacted, for models that go on from it; `names` of people are kept from them.
    `epoch` counts whoever had the word: each turn begun, each person who took over; drafts of an earlier one are void.
    `offered_for` is the intent that the last offer answers. While models rest, none is asked. `received` are messages a
    person was there to answer, `desk` is what only people see, and `row_version` counts the changes of the row in their
    inbox.
    """

    opening: Opening
    policy_version: str
    turn: int = 0
    last_offset: int = 0
    published: int = 0
    events: tuple[Event, ...] = ()
    events_size: int = 0
    answered: Mapping[str, int] = Field(default_factory=dict)
    offer: Offer | None = None
    offered_for: str = ""
    ended_offers: Mapping[str, Ending] = Field(default_factory=dict)
    question: Question | None = None
    waiting: tuple[Waiting, ...] = ()
    personal: tuple[PersonalDatum, ...] = ()
    unclear: int = 0
    focus: str | None = None
    language: str = ""
    intent: str = ""
    stage: str = "open"
    ticket: str | None = None
    handoff: OpenTicket | None = None
    owed: tuple[Owed, ...] = ()
    promises: tuple[Promise, ...] = ()
    quoted: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    heard: tuple[Turned, ...] = ()
    names: tuple[str, ...] = ()
    spent: Spent = Spent()
    epoch: int = 0
    models_rest_until: datetime | None = None
    received: Mapping[str, Reply] = Field(default_factory=dict)
    desk: Desk = Desk()
    row_version: int = 0
    last_heard: datetime
    closed_at: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.closed_at is not None

    @property
    def owner(self) -> str:
        return "person" if self.desk.case is not None else "ai"

    @property
    def held(self) -> bool:
        """Whether a person has the word: until they hand back, the AI is silent."""
        return self.desk.case is not None and self.desk.case.claimed

    def with_(self, **changes: Any) -> "Talk":
        return self.model_copy(update=changes)

    def log(
        self,
        kind: EventKind,
        at: datetime,
        text: str = "",
        record: RefundRecord | None = None,
        by: str = "",
        photos: tuple[Photo, ...] = (),
    ) -> "Talk":
        """Add one event at the next offset."""
        offset = self.last_offset + 1
        return self._append(Event(offset=offset, kind=kind, at=at, text=text, refund=record, by=by, photos=photos))

    def answer(self, reply: Reply, kind: EventKind = EventKind.REPLY) -> "Talk":
        """Add a reply at the next offset and remember which messages it answers."""
        offset = self.last_offset + 1
        placed = reply.model_copy(update={"offset": offset})
        answered = {**self.answered, **dict.fromkeys(reply.answers, offset)}
        event = Event(
            offset=offset,
            kind=kind,
            at=reply.at,
            text=reply.text,
            reply=placed,
            refund=reply.refund,
            citations=reply.citations,
        )
        return self._append(event).with_(answered=_newest(answered, ANSWERS_KEPT), turn=reply.turn)

    def receive(self, message_ids: tuple[str, ...], at: datetime) -> "Talk":
        """Take messages without an answer of ours: a person has the word."""
        receipt = Reply(offset=self.last_offset, turn=self.turn, answers=message_ids, text="", at=at, stage=self.stage)
        received = {**self.received, **dict.fromkeys(message_ids, receipt)}
        return self.with_(received=_newest(received, RECEIPTS_KEPT))

    def reply_to(self, message_id: str) -> Reply | None:
        """The first answer this message got, or None when it got none yet or one too long ago to be kept."""
        if receipt := self.received.get(message_id):
            return receipt
        offset = self.answered.get(message_id)
        found = [event.reply for event in self.events if event.offset == offset and event.reply]
        return found[0] if found else None

    def put_offer(self, offer: Offer) -> "Talk":
        """Make this the open offer; one still open before it is replaced."""
        before = self.end_offer("replaced") if self.offer and self.offer.digest != offer.digest else self
        return before.with_(offer=offer)

    def end_offer(self, how: Ending) -> "Talk":
        """Close the open offer for good: its digest is never valid again."""
        if self.offer is None:
            return self
        ended = _newest({**self.ended_offers, self.offer.digest: how}, ANSWERS_KEPT)
        return self.with_(offer=None, ended_offers=ended)

    def rest(self) -> "Talk":
        """Go back to the stage in which nothing is under way."""
        return self.with_(stage="with_person" if self.owner == "person" else "open")

    def owe(self, debt: Owed) -> "Talk":
        others = tuple(entry for entry in self.owed if entry.refund_workflow_id != debt.refund_workflow_id)
        return self.with_(owed=(*others, debt))

    def debt(self, refund_workflow_id: str) -> Owed | None:
        return next((entry for entry in self.owed if entry.refund_workflow_id == refund_workflow_id), None)

    def settle(self, refund_workflow_id: str) -> "Talk":
        return self.with_(owed=tuple(entry for entry in self.owed if entry.refund_workflow_id != refund_workflow_id))

    def note(self, *lines: str) -> "Talk":
        """Remember promises, actions and decisions in a line each; they outlive the events."""
        return self.with_(notes=(*self.notes, *lines)[-NOTES_KEPT:])

    def promise(self, made: Promise) -> "Talk":
        """Remember a promise for as long as the conversation lasts."""
        return self.with_(promises=remember(self.promises, made))

    def hear(self, *lines: Turned) -> "Talk":
        """Remember what was written, for prompts of later turns."""
        cut = (line.model_copy(update={"text": line.text[:LONGEST_HEARD]}) for line in lines)
        heard = (*self.heard, *cut)
        return self.with_(heard=heard[HEARD_KEPT // 2 :] if len(heard) > HEARD_KEPT else heard)

    def spend(self, calls: Sequence[ModelCall]) -> "Talk":
        return self.with_(spent=self.spent.and_(calls))

    def quote(self, citation: Citation) -> "Talk":
        """Remember which passages were told, the newest last."""
        others = [each for each in self.quoted if each != citation]
        return self.with_(quoted=(*others, citation)[-QUOTES_KEPT:])

    def transcript(self, after: int = 0) -> Transcript:
        return Transcript(
            tenant=self.opening.tenant,
            conversation_id=self.opening.conversation_id,
            customer_id=self.opening.customer_id,
            policy_version=self.policy_version,
            stage=self.stage,
            owner=self.owner,
            closed=self.closed,
            offer=card_of(self.offer) if self.offer else None,
            summary="\n".join(self.notes),
            events=tuple(event for event in self.events if event.offset > after),
            last_offset=self.last_offset,
            spent=self.spent,
            person=self._with_person(),
        )

    def _with_person(self) -> WithPerson | None:
        case = self.desk.case
        if case is None:
            return None
        state: Literal["talking", "waiting"] = "talking" if case.claimed else "waiting"
        return WithPerson(state=state, name=case.assignee_name, promised_at=case.promised_at)

    def _append(self, event: Event) -> "Talk":
        kept, size = [*self.events, event], self.events_size + _size(event)
        while len(kept) > EVENTS_KEPT or size > BYTES_KEPT:
            size -= _size(kept.pop(0))
        return self.with_(events=tuple(kept), events_size=size, last_offset=event.offset)


class Beginning(Opening):
    """What a run begins with: an opening from outside, or what the run before it remembered."""

    talk: Talk | None = None


def card_of(offer: Offer) -> OfferCard:
    """Show an offer as frontends need it."""
    quote = offer.refund.quote if offer.refund else None
    return OfferCard(
        digest=offer.digest,
        kind=offer.kind.value,
        order_id=offer.order_id,
        text=offer.text,
        amount=quote.amount if quote else None,
        method_label=quote.method_label if quote else "",
        expires_at=offer.expires_at,
    )


def _newest(entries: Mapping[str, Any], keep: int) -> dict[str, Any]:
    return dict(list(entries.items())[-keep:])


def _size(event: Event) -> int:
    return len(event.model_dump_json().encode())
