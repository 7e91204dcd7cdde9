"""How a conversation stands in people's inbox, worked out from all that it remembers."""

from datetime import datetime

from policies.bundle import Bundle
from policies.casework import due_at
from policies.inbox import Row
from workflows.messages import EventKind, RefundStage
from workflows.talk import Talk

PREVIEW = 120


def row_of(talk: Talk, bundle: Bundle, now: datetime) -> Row:
    """Make the row, with the `version` of the row before; what changes it counts on."""
    opening, desk = talk.opening, talk.desk
    case = desk.case
    return Row(
        tenant=opening.tenant,
        conversation_id=opening.conversation_id,
        version=talk.row_version,
        customer_id=opening.customer_id,
        language=talk.language or opening.language,
        order_id=talk.focus or "",
        intent=talk.intent,
        stage=_stage(talk),
        owner=talk.owner,
        claimed=talk.held,
        assignee=case.assignee if case else "",
        assignee_name=case.assignee_name if case else "",
        supervisor=case.supervisor if case else False,
        priority=desk.priority,
        tags=desk.tags,
        why=case.why if case else "",
        preview=_preview(talk),
        turns=talk.turn,
        opened_at=talk.events[0].at if talk.events else now,
        updated_at=talk.events[-1].at if talk.events else now,
        waiting_since=_waiting_since(talk),
        waits_for_customer=case.waits_for_customer if case else False,
        due_at=due_at(case, bundle.rules.service) if case else None,
        breached=case.breached if case else False,
        snoozed_until=desk.snoozed_until,
        closed=talk.closed,
        rating=desk.rating,
    )


def _stage(talk: Talk) -> str:
    """A refund that waits for approval waits, whoever has the word meanwhile."""
    waits = any(debt.told == RefundStage.WAITING_APPROVAL for debt in talk.owed)
    return RefundStage.WAITING_APPROVAL.value if waits and not talk.closed else talk.stage


def _preview(talk: Talk) -> str:
    words = next((event.text for event in reversed(talk.events) if event.text), "")
    line = " ".join(words.split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1] + "…"


def _waiting_since(talk: Talk) -> datetime | None:
    """Tell since when a customer waits for a person: the first of their words that nobody has answered."""
    case = talk.desk.case
    if case is None or case.waits_for_customer:
        return None
    since = case.opened_at
    # Clocks begin anew when a case goes on to somebody else; the customer has waited all the while.
    for event in () if case.first else reversed(talk.events):
        if event.kind is EventKind.PERSON:
            break
        if event.kind is EventKind.CUSTOMER:
            since = event.at
    return since
