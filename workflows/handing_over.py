"""From the AI to people: the case is opened, somebody is found for it, and the customer hears who comes and when."""

from datetime import timedelta
from typing import TYPE_CHECKING

from activities.desk import ChoosePerson, Chosen
from policies import casework, pausing, wording
from policies.cases import Case, Why
from workflows.messages import EventKind
from workflows.summing_up import summary
from workflows.toolbox import Outage, Refused, fetch

if TYPE_CHECKING:
    from workflows.turn import Turn

# The queue has the case already; nobody waits long to hear whose it is.
FINDING_PATIENCE = timedelta(seconds=3)


def put_in_queue(turn: "Turn", why: Why, reason: str) -> Case:
    """Open a case: from here on clocks run, and the conversation does not close by itself."""
    desk, service = turn.talk.desk, turn.bundle.rules.service
    case = casework.opened(desk.cases + 1, why, turn.now, desk.priority, service, summary(turn.talk, reason))
    desk = desk.with_(case=case, cases=case.number, snoozed_until=None).write(
        "system", turn.now, f"handed over: {reason}"
    )
    turn.talk = turn.talk.with_(desk=desk, stage="with_person").note(f"handed over: {reason}")
    return case


def wake(turn: "Turn", reason: str) -> None:
    """Have people look at a case that they have already, even one that only waited for the customer."""
    desk = turn.talk.desk
    if desk.case:
        case = casework.customer_spoke(desk.case, turn.now, desk.priority, turn.bundle.rules.service)
        desk = desk.with_(case=case, snoozed_until=None).write("system", turn.now, reason)
        turn.talk = turn.talk.with_(desk=desk).note(reason)


async def stop_if_paused(turn: "Turn", intent: str) -> bool:
    """Hand over a matter that the AI is paused for, and say so; an open offer is withdrawn first."""
    paused = pausing.stopped(intent, turn.who.paused if turn.who else (), turn.bundle)
    if paused is None or (turn.talk.owner == "person" and not turn.talk.offer):
        return False
    turn.judge(paused)
    if turn.talk.offer:
        turn.talk = turn.talk.end_offer("withdrawn").log(EventKind.OFFER_CLOSED, turn.now)
        turn.say("offer_replaced")
    turn.talk = turn.talk.with_(waiting=(), question=None)
    turn.say("ai_paused")
    await turn.hand_over("the AI is paused for this", "paused")
    return True


async def find_person(turn: "Turn") -> None:
    """Give the case to somebody at work, in turns; where nobody is free it waits in the queue."""
    desk = turn.talk.desk
    case = desk.case
    if case is None or case.assignee:
        return
    ask = ChoosePerson(
        tenant=turn.caller.tenant,
        conversation_id=turn.talk.opening.conversation_id,
        role="supervisor" if case.supervisor else "agent",
        except_for=case.passed_over,
    )
    try:
        chosen = await fetch(
            "choose_person", Chosen, ask, note="who takes it", bundle=turn.bundle, patience=FINDING_PATIENCE
        )
    except (Outage, Refused):
        return
    if chosen.subject:
        case = casework.assigned(case, chosen.subject, chosen.name)
        desk = desk.with_(case=case).write("system", turn.now, f"given to {chosen.name}")
        turn.talk = turn.talk.with_(desk=desk)


def promise(turn: "Turn") -> None:
    """Say who answers and until when; outside opening hours, when people are back."""
    desk, service = turn.talk.desk, turn.bundle.rules.service
    case, hours = desk.case, service.hours
    by = (case.promised_at or casework.answer_due(case, service)) if case else None
    if case is None or by is None:
        return
    # What is told is kept to, whatever priority the case has later.
    case = case.model_copy(update={"promised_at": by, "by_email": case.by_email or not hours.open_at(turn.now)})
    turn.talk = turn.talk.with_(desk=desk.with_(case=case))
    time = wording.instant(by, turn.language, hours.timezone)
    if not hours.open_at(turn.now):
        opens = wording.instant(hours.opens_next(turn.now), turn.language, hours.timezone)
        turn.say("person_closed", opens=opens, time=time)
    elif case.assignee_name:
        turn.say("person_named_by", name=case.assignee_name, time=time)
    else:
        turn.say("person_by", time=time)
