"""What a conversation does when nobody writes: offers run out, hand-overs are tried again, silence closes it."""

from datetime import datetime, timedelta

from activities.tools.escalate_to_human import Ticket
from activities.tools.send_notification import Notified
from policies import casework, wording
from policies.bundle import Bundle
from policies.cases import Case
from policies.casework import breached_now, due_at
from workflows import metrics
from workflows.closing_deal import ask_again
from workflows.handing_over import find_person
from workflows.messages import EventKind
from workflows.publishing import raise_fence
from workflows.talk import Owed, Talk
from workflows.toolbox import Outage, Refused, fetch
from workflows.turn import Turn

# Nothing is due: look again tomorrow. A timer needs an end, and this one costs nothing.
NOTHING_DUE = timedelta(days=1)
MAIL_AGAIN = timedelta(minutes=1)
# Whoever was told twice that it takes longer is told no more; people still see it.
TOLD_LATE = 2
SHOWN_LATE = 10
UNSENT_HOURS = 72


def next_deadline(talk: Talk, bundle: Bundle, now: datetime) -> tuple[str, datetime]:
    """Say what is due next and when."""
    due = [("nothing due", now + NOTHING_DUE)]
    if talk.closed_at:
        due.append(("feedback window", talk.closed_at + timedelta(hours=bundle.rules.talk.feedback_hours)))
    elif _may_close(talk):
        due.append(("customer silence", talk.last_heard + _silence(talk, bundle)))
    if talk.desk.case and (answer_due := due_at(talk.desk.case, bundle.rules.service)):
        due.append(("answer of a person", answer_due))
    if talk.desk.unsent:
        due.append(("e-mail", talk.desk.mail_again_at or now))
    if talk.offer:
        due.append(("offer expiry", talk.offer.expires_at))
    if talk.handoff:
        due.append(("hand-over again", now + timedelta(seconds=bundle.rules.talk.handoff_retry_seconds)))
    due += [("refund's news", _ask_again_at(talk, debt, bundle)) for debt in talk.owed]
    return min(due, key=lambda entry: entry[1])


async def on_deadline(turn: Turn) -> EventKind | None:
    """Do what is due now; says under which kind of event the turn's words belong, None when nothing was."""
    talk, now = turn.talk, turn.now
    if let_offer_expire(turn):
        return EventKind.OFFER_CLOSED
    for debt in talk.owed:
        if _ask_again_at(talk, debt, turn.bundle) <= now:
            await ask_again(turn, debt)
            return EventKind.REFUND
    if talk.desk.unsent and (talk.desk.mail_again_at or now) <= now:
        await _mail(turn)
        return None
    if talk.desk.case and breached_now(talk.desk.case, now, turn.bundle.rules.service):
        return await _call_somebody_else(turn, talk.desk.case)
    if _may_close(talk) and talk.last_heard + _silence(talk, turn.bundle) <= now:
        if talk.held:
            await raise_fence(talk, held=False)
        desk = talk.desk.with_(case=None, snoozed_until=None)
        turn.talk = talk.with_(closed_at=now, stage="closed", question=None, desk=desk, handoff=None).note(
            "closed after silence"
        )
        turn.say("closing")
        return EventKind.CLOSED
    if talk.handoff:
        return await _hand_over_again(turn)
    return None


def _ask_again_at(talk: Talk, debt: Owed, bundle: Bundle) -> datetime:
    """A refund tells its end by itself, unless an operator ended it: then only asking brings that to light."""
    return (debt.asked_at or talk.last_heard) + timedelta(minutes=bundle.rules.refunds.ask_again_minutes)


def let_offer_expire(turn: Turn) -> bool:
    """End an offer whose time is over and say so; a message may be taken up before the timer has fired."""
    offer = turn.talk.offer
    if offer is None or offer.expires_at > turn.now:
        return False
    turn.talk = turn.talk.end_offer("expired").with_(waiting=()).rest().note("offer expired")
    turn.say("offer_expired")
    return True


def over(talk: Talk, bundle: Bundle, now: datetime) -> bool:
    """Whether a closed conversation may end; an outbox that is down for days does not keep it for ever."""
    hours = bundle.rules.talk.feedback_hours + (UNSENT_HOURS if talk.desk.unsent else 0)
    return talk.closed_at is not None and now >= talk.closed_at + timedelta(hours=hours)


def _may_close(talk: Talk) -> bool:
    """A conversation never closes while an offer is open, a refund's end is owed, or a person is to answer."""
    if talk.closed or talk.offer or talk.owed or talk.desk.unsent:
        return False
    return talk.desk.case is None or talk.desk.case.waits_for_customer


def _silence(talk: Talk, bundle: Bundle) -> timedelta:
    """Whoever talked to a person may take their time."""
    return timedelta(hours=bundle.rules.talk.person_silence_hours) if talk.desk.case else bundle.rules.talk.silence


async def _hand_over_again(turn: Turn) -> EventKind | None:
    if turn.talk.handoff is None:
        return None
    try:
        opened = await fetch("escalate_to_human", Ticket, turn.talk.handoff, note="hand over again", bundle=turn.bundle)
    except Outage:
        return None
    except Refused:
        desk = turn.talk.desk.write("system", turn.now, "the shop's helpdesk refused the ticket")
        turn.talk = turn.talk.with_(handoff=None, desk=desk)
        return None
    turn.talk = turn.talk.with_(ticket=opened.ticket_id, handoff=None)
    turn.say("handed_over", ticket=opened.ticket_id)
    return EventKind.REPLY


async def _call_somebody_else(turn: Turn, case: Case) -> EventKind | None:
    """Nobody answered in time: the case goes to somebody else, then to a supervisor, and the customer hears so."""
    rules, desk = turn.bundle.rules.service, turn.talk.desk
    clock = breached_now(case, turn.now, rules)
    late = casework.escalated(case, turn.now, desk.priority, rules)
    by = late.promised_at or turn.now
    desk = desk.with_(case=late)
    if late.escalations <= SHOWN_LATE:
        desk = desk.write("system", turn.now, f"{clock} time is over")
    turn.talk = turn.talk.with_(desk=desk)
    metrics.count_breach(turn.caller.tenant, str(clock))
    if late.escalations == case.escalations:
        return None
    turn.talk = turn.talk.with_(desk=turn.talk.desk.with_(snoozed_until=None))
    if case.claimed:
        await raise_fence(turn.talk, held=False)
    await find_person(turn)
    if late.escalations > TOLD_LATE:
        return None
    told = turn.words.say("person_late", time=wording.instant(by, turn.language, rules.hours.timezone))
    turn.talk = turn.talk.log(EventKind.DELAYED, turn.now, told)
    return None


async def _mail(turn: Turn) -> None:
    """Send what a person wrote to a customer who may be gone; an outbox that is down is asked again."""
    desk = turn.talk.desk
    mail = desk.unsent[0]
    try:
        await turn.tools.tell("negotiation", "send_notification", Notified, mail, note="a person's answer by e-mail")
    except Outage:
        turn.talk = turn.talk.with_(desk=desk.with_(mail_again_at=turn.now + MAIL_AGAIN))
        return
    except Refused:
        told = "the shop refused the e-mail with the last answer"
    else:
        told = "sent by e-mail, too"
    desk = desk.with_(unsent=desk.unsent[1:], mail_again_at=None).write("system", turn.now, told)
    turn.talk = turn.talk.with_(desk=desk)
