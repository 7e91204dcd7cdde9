"""The AI's silence while a person has the word: what customers write waits for them, what it would say is not told."""

from collections.abc import Sequence
from datetime import datetime

from policies import casework
from policies.bundle import Bundle
from workflows.messages import EventKind
from workflows.said import Said
from workflows.talk import Talk
from workflows.turn import Turn


def hear(talk: Talk, batch: Sequence[Said], bundle: Bundle, now: datetime) -> Talk:
    """Put what customers did on the log; where people have the case, their clocks hear it."""
    for said in batch:
        if said.again:
            continue
        talk = talk.log(said.kind, now, said.shown, photos=said.photos)
    desk = talk.desk
    if rated := next((said.feedback for said in reversed(batch) if said.feedback), ""):
        desk = desk.with_(rating=rated)
    if desk.case and not all(said.feedback for said in batch):
        case = casework.customer_spoke(desk.case, now, desk.priority, bundle.rules.service)
        desk = desk.with_(case=case, snoozed_until=None)
    return talk.with_(desk=desk)


def receive(talk: Talk, batch: Sequence[Said], bundle: Bundle, now: datetime) -> Talk:
    """Take messages that a person will answer: each gets a receipt without words."""
    message_ids = tuple(said.message_id for said in batch)
    return hear(talk, batch, bundle, now).receive(message_ids, now).with_(last_heard=now)


def withhold(talk: Talk, turn: Turn, answers: tuple[str, ...], kind: EventKind) -> Talk:
    """Keep from the customer what a turn would have said, and show it to the person who has the word.

    What the ledger holds is no word of ours, and is shown as it is.
    """
    if turn.record:
        talk = talk.log(EventKind.REFUND, turn.now, record=turn.record)
    if kind is EventKind.OFFER_CLOSED:
        talk = talk.log(kind, turn.now)
    if turn.parts:
        text = turn.reply(answers).text
        desk = talk.desk.write("system", turn.now, f"not told to the customer: {text}")
        if desk.case:
            # Nobody else tells the customer: whoever has the word owes them an answer.
            case = casework.customer_spoke(desk.case, turn.now, desk.priority, turn.bundle.rules.service)
            desk = desk.with_(case=case, snoozed_until=None)
        talk = talk.with_(desk=desk)
    if talk.offer:
        talk = talk.end_offer("withdrawn").rest().log(EventKind.OFFER_CLOSED, turn.now)
    return talk.receive(answers, turn.now) if answers else talk


def mark_stages(talk: Talk, turn: Turn, stage_before: str) -> Talk:
    """Log what others want to know of by itself: that people are needed, and what for."""
    if turn.handed:
        talk = talk.log(EventKind.HANDOFF, turn.now)
    if talk.stage == "waiting_approval" and stage_before != talk.stage:
        talk = talk.log(EventKind.APPROVAL, turn.now)
    return talk
