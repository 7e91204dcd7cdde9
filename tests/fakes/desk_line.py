"""Conversations in memory for pages of people: acts are judged by the real rules, and rows go to a real inbox."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from activities.desk_ports import Inbox
from api.auth import Visitor
from api.bodies import WaitingApproval
from api.problems import Problem
from policies.cases import Case, Clock, Decided
from policies.handling import may_act, tag_of
from policies.inbox import Row
from workflows.messages import Event, EventKind, Refusal, Transcript
from workflows.people import (
    Act,
    Assign,
    Claim,
    DeskView,
    HandBack,
    Note,
    Prioritise,
    Resolve,
    Snooze,
    StaffLine,
    Tag,
    Tell,
)

REFUSALS: Mapping[str, Refusal] = {
    "case.taken": Refusal.CASE_TAKEN,
    "case.not_yours": Refusal.NOT_YOUR_CASE,
    "case.absent": Refusal.NOT_YOUR_CASE,
    "case.closed": Refusal.CLOSED,
    "case.role": Refusal.ROLE,
}


class DeskLine:
    """Stands where api.line.Line stands. `acts` holds what was done, in order, and by whom."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._talks: dict[tuple[str, str], Transcript] = {}
        self._done: dict[str, DeskView] = {}
        self._versions = 0
        self.acts: list[tuple[str, Act]] = []
        self.orders: dict[str, str] = {}
        self.languages: dict[str, str] = {}

    async def begin(self, transcript: Transcript, order_id: str = "", language: str = "en") -> None:
        """Put a conversation there as it stands."""
        self.orders[transcript.conversation_id] = order_id
        self.languages[transcript.conversation_id] = language
        await self._keep(transcript)

    async def hear(self, tenant: str, conversation_id: str, text: str) -> None:
        """Let the customer write."""
        talk = self._talks[tenant, conversation_id]
        await self._keep(_logged(talk, EventKind.CUSTOMER, text))

    async def transcript(self, visitor: Visitor, conversation_id: str, after: int | None = None) -> Transcript:
        talk = self._talks.get((visitor.tenant, conversation_id))
        if talk is None or not visitor.may_read(talk.customer_id):
            raise Problem(Refusal.NOT_YOURS)
        return talk

    async def approvals(self, visitor: Visitor) -> list[WaitingApproval]:
        return []

    async def healthy(self) -> bool:
        return True

    async def act(self, visitor: Visitor, conversation_id: str, act_id: str, act: Act) -> DeskView:
        if act_id in self._done:
            return self._done[act_id]
        talk = await self.transcript(visitor, conversation_id)
        desk = talk.desk or DeskView()
        force = isinstance(act, Claim) and act.force
        verdict = may_act(
            act.kind, visitor.subject, visitor.role.value, desk.case, "test", force=force, closed=talk.closed
        )
        if not verdict.allowed:
            raise Problem(REFUSALS[verdict.rule])
        talk = _done(talk, visitor, act)
        self.acts.append((visitor.subject, act))
        await self._keep(talk)
        assert talk.desk is not None
        self._done[act_id] = talk.desk
        return talk.desk

    async def _keep(self, talk: Transcript) -> None:
        self._talks[talk.tenant, talk.conversation_id] = talk
        self._versions += 1
        order, language = self.orders.get(talk.conversation_id, ""), self.languages.get(talk.conversation_id, "en")
        await self._inbox.file(row_of(talk, self._versions, order, language))


def row_of(talk: Transcript, version: int, order_id: str, language: str) -> Row:
    desk = talk.desk or DeskView()
    case = desk.case
    now = datetime.now(UTC)
    waits = case.first or case.next if case else None
    return Row(
        tenant=talk.tenant,
        conversation_id=talk.conversation_id,
        version=version,
        customer_id=talk.customer_id,
        language=language,
        order_id=order_id,
        stage=talk.stage,
        owner="person" if case else "ai",
        claimed=bool(case and case.claimed),
        assignee=case.assignee if case else "",
        assignee_name=case.assignee_name if case else "",
        supervisor=case.supervisor if case else False,
        priority=desk.priority,
        tags=desk.tags,
        why=case.why if case else "",
        preview=(talk.events[-1].text if talk.events else "")[:120],
        opened_at=talk.events[0].at if talk.events else now,
        updated_at=talk.events[-1].at if talk.events else now,
        waiting_since=waits.running_since if waits else None,
        waits_for_customer=case.waits_for_customer if case else False,
        due_at=desk.due_at,
        breached=case.breached if case else False,
        snoozed_until=desk.snoozed_until,
        closed=talk.closed,
    )


def opened(why: str = "policy", *summary: str, waits_minutes: int = 3, **more: object) -> Case:
    """Make a case that began a few minutes ago and waits for its first answer."""
    since = datetime.now(UTC) - timedelta(minutes=waits_minutes)
    clock = Clock(left=900, running_since=since)
    return Case.model_validate(
        {"number": 1, "why": why, "summary": summary, "opened_at": since, "first": clock, **more}
    )


def _logged(talk: Transcript, kind: EventKind, text: str, by: str = "") -> Transcript:
    event = Event(offset=talk.last_offset + 1, kind=kind, at=datetime.now(UTC), text=text, by=by)
    return talk.model_copy(update={"events": (*talk.events, event), "last_offset": event.offset})


def _done(talk: Transcript, visitor: Visitor, act: Act) -> Transcript:
    """Do one act roughly as a conversation does it."""
    now, desk, name = datetime.now(UTC), talk.desk or DeskView(), visitor.shown
    claimed = (desk.case or opened("taken_over")).model_copy(
        update={"assignee": visitor.subject, "assignee_name": name, "claimed_at": now}
    )
    text = ""
    match act:
        case Claim():
            desk = desk.model_copy(update={"case": claimed})
            talk = _logged(talk, EventKind.CLAIMED, f"{name} has joined.", name)
        case Tell(text=words):
            answered = claimed.model_copy(update={"first": None, "next": None})
            desk = desk.model_copy(update={"case": answered, "due_at": None})
            talk = _logged(talk, EventKind.PERSON, words, name)
        case Note(text=words):
            text = words
        case Assign():
            given = {"assignee": act.to, "assignee_name": act.to_name, "claimed_at": None}
            desk = desk.model_copy(update={"case": (desk.case or opened("taken_over")).model_copy(update=given)})
            text = f"to {act.to_name}" if act.to else "back to the queue"
        case HandBack():
            decided = tuple(Decided(**each.model_dump(), by_name=name, at=now) for each in act.decisions)
            desk = desk.model_copy(update={"case": None, "decisions": (*desk.decisions, *decided)})
            talk, text = _logged(talk, EventKind.RETURNED, f"{name} has left.", name), act.note
        case Resolve():
            desk = desk.model_copy(update={"case": None})
            talk = _logged(talk, EventKind.CLOSED, "Goodbye.", name).model_copy(update={"closed": True})
            text = act.note
        case Tag():
            kept = [tag for tag in (*desk.tags, *map(tag_of, act.add)) if tag and tag not in act.remove]
            desk = desk.model_copy(update={"tags": tuple(dict.fromkeys(kept))})
            text = " ".join([*(f"+{tag}" for tag in act.add), *(f"-{tag}" for tag in act.remove)])
        case Prioritise():
            desk, text = desk.model_copy(update={"priority": act.priority}), act.priority.value
        case Snooze():
            desk, text = desk.model_copy(update={"snoozed_until": act.until}), str(act.until or "no longer")
    line = StaffLine(number=len(desk.lines) + 1, at=now, kind=act.kind, by=visitor.subject, name=name, text=text)
    owner = "person" if desk.case else "ai"
    return talk.model_copy(update={"desk": desk.model_copy(update={"lines": (*desk.lines, line)}), "owner": owner})
