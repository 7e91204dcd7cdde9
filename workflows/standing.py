"""What a conversation does when nobody writes: offers run out, hand-overs are tried again, silence closes it."""

from datetime import datetime, timedelta

from activities.tools.escalate_to_human import Ticket
from policies.bundle import Bundle
from workflows.closing_deal import ask_again
from workflows.messages import EventKind
from workflows.talk import Owed, Talk
from workflows.toolbox import Outage, Refused, fetch
from workflows.turn import Turn

# Nothing is due: look again tomorrow. A timer needs an end, and this one costs nothing.
NOTHING_DUE = timedelta(days=1)


def next_deadline(talk: Talk, bundle: Bundle, now: datetime) -> tuple[str, datetime]:
    """Say what is due next and when."""
    due = [("nothing due", now + NOTHING_DUE)]
    if talk.closed_at:
        due.append(("feedback window", talk.closed_at + timedelta(hours=bundle.rules.talk.feedback_hours)))
    elif _may_close(talk):
        due.append(("customer silence", talk.last_heard + bundle.rules.talk.silence))
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
    if talk.handoff:
        return await _hand_over_again(turn)
    if _may_close(talk) and talk.last_heard + turn.bundle.rules.talk.silence <= now:
        turn.talk = talk.with_(closed_at=now, stage="closed", question=None).note("closed after silence")
        turn.say("closing")
        return EventKind.CLOSED
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


def _may_close(talk: Talk) -> bool:
    """A conversation never closes while an offer is open, a refund's end is owed, or a person has it."""
    return not (talk.closed or talk.offer or talk.owed or talk.owner == "person")


async def _hand_over_again(turn: Turn) -> EventKind | None:
    if turn.talk.handoff is None:
        return None
    try:
        opened = await fetch("escalate_to_human", Ticket, turn.talk.handoff, note="hand over again", bundle=turn.bundle)
    except (Outage, Refused):
        return None
    turn.talk = turn.talk.with_(ticket=opened.ticket_id, handoff=None)
    turn.say("handed_over", ticket=opened.ticket_id)
    return EventKind.HANDOFF
