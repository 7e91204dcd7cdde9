"""What people of the shop do to a conversation: each act is done whole, is shown, and leaves a line for colleagues."""

from activities.tools.send_notification import Notify
from policies import casework, wording
from policies.cases import Decided
from policies.handling import tag_of
from workflows.handing_over import promise, put_in_queue
from workflows.messages import EventKind
from workflows.people import (
    Assign,
    Claim,
    HandBack,
    Note,
    Prioritise,
    Resolve,
    Snooze,
    StaffAct,
    Tag,
    Tell,
)
from workflows.publishing import raise_fence
from workflows.summing_up import summary
from workflows.turn import Turn

MAILS_KEPT = 20


async def perform(turn: Turn, staff: StaffAct) -> None:
    """Do one act that was found permitted."""
    match staff.act:
        case Claim():
            await _take_the_word(turn, staff)
        case Tell() as tell:
            await _tell(turn, staff, tell)
        case Assign() as assign:
            await _assign(turn, staff, assign)
        case HandBack() as back:
            await _hand_back(turn, staff, back)
        case Resolve() as resolve:
            _resolve(turn, staff, resolve)
            await raise_fence(turn.talk, held=False)
        case Note() as note:
            _write(turn, staff, note.text)
        case Tag() as tag:
            _tag(turn, staff, tag)
        case Prioritise() as prioritise:
            _prioritise(turn, staff, prioritise)
        case Snooze() as snooze:
            turn.talk = turn.talk.with_(desk=turn.talk.desk.with_(snoozed_until=snooze.until))
            _write(turn, staff, wording.instant(snooze.until, "en") if snooze.until else "no longer")
    turn.talk = turn.talk.with_(desk=turn.talk.desk.did(staff.key))


async def _take_the_word(turn: Turn, staff: StaffAct) -> None:
    """From here on not a word of the AI reaches the customer, and nothing it offered can be accepted any more."""
    desk = turn.talk.desk
    if turn.talk.held and desk.case and desk.case.assignee == staff.by:
        _write(turn, staff, "again")
        return
    case = desk.case or casework.opened(
        desk.cases + 1,
        "taken_over",
        turn.now,
        desk.priority,
        turn.bundle.rules.service,
        summary(turn.talk, "taken over by a person"),
    )
    claimed = casework.claimed(case, staff.by, staff.name, turn.now)
    turn.talk = turn.talk.with_(
        desk=desk.with_(case=claimed, cases=claimed.number, snoozed_until=None).handled(staff.by),
        stage="with_person",
        question=None,
        waiting=(),
    )
    await raise_fence(turn.talk, held=True)
    if turn.talk.offer:
        turn.talk = turn.talk.end_offer("withdrawn").note("offer withdrawn: a person took over")
        turn.talk = turn.talk.log(EventKind.OFFER_CLOSED, turn.now)
    joined = turn.words.say("person_joined", name=staff.name)
    turn.talk = turn.talk.log(EventKind.CLAIMED, turn.now, joined, by=staff.name).note(f"{staff.name} took over")
    _write(turn, staff, "", kind="claim")


async def _tell(turn: Turn, staff: StaffAct, tell: Tell) -> None:
    if not turn.talk.held:
        await _take_the_word(turn, staff)
    case = turn.talk.desk.case
    assert case is not None
    turn.talk = turn.talk.log(EventKind.PERSON, turn.now, tell.text, by=staff.name)
    desk = turn.talk.desk.with_(case=casework.person_spoke(case, turn.now, turn.bundle.rules.service))
    if case.by_email:
        mail = Notify(
            caller=turn.caller,
            subject=turn.words.say("person_mail_subject", tenant=turn.caller.tenant.title()),
            body=f"{tell.text}\n\n{staff.name}",
            key=f"mail-{turn.talk.opening.conversation_id}-{turn.talk.last_offset}",
        )
        desk = desk.with_(unsent=(*desk.unsent, mail)[-MAILS_KEPT:])
    turn.talk = turn.talk.with_(desk=desk, last_heard=turn.now)


async def _assign(turn: Turn, staff: StaffAct, assign: Assign) -> None:
    fresh = turn.talk.desk.case is None
    if fresh:
        put_in_queue(turn, "taken_over", f"{staff.name} handed the conversation to people")
    desk, held = turn.talk.desk, turn.talk.held
    assert desk.case is not None
    name = assign.to_name or assign.to
    case = desk.case
    if case.waits_for_customer:
        case = casework.customer_spoke(case, turn.now, desk.priority, turn.bundle.rules.service)
    desk = desk.with_(case=casework.assigned(case, assign.to, name), snoozed_until=None)
    turn.talk = turn.talk.with_(desk=desk)
    if held:
        await raise_fence(turn.talk, held=False)
    if fresh:
        promise(turn)
        turn.talk = turn.talk.log(EventKind.HANDOFF, turn.now, "\n".join(turn.parts))
        turn.parts.clear()
    _write(turn, staff, f"to {name}" if name else "back to the queue")


async def _hand_back(turn: Turn, staff: StaffAct, back: HandBack) -> None:
    """Let the AI speak again; it is bound by what was decided."""
    decided = [Decided(**ruling.model_dump(), by_name=staff.name, at=turn.now) for ruling in back.decisions]
    desk = turn.talk.desk.with_(case=None, snoozed_until=None).decide(decided).handled(staff.by)
    turn.talk = turn.talk.with_(desk=desk, ticket=None, handoff=None, unclear=0).rest()
    await raise_fence(turn.talk, held=False)
    left = turn.words.say("person_left", name=staff.name)
    turn.talk = turn.talk.log(EventKind.RETURNED, turn.now, left, by=staff.name)
    turn.talk = turn.talk.with_(last_heard=turn.now).note(
        f"{staff.name} handed back",
        *(f"{staff.name} decided on {each.matter} {each.order_id}: {each.words}" for each in decided),
    )
    _write(turn, staff, back.note)


def _resolve(turn: Turn, staff: StaffAct, resolve: Resolve) -> None:
    desk = turn.talk.desk.with_(case=None, snoozed_until=None)
    turn.talk = turn.talk.with_(desk=desk, ticket=None, handoff=None, closed_at=turn.now, stage="closed", question=None)
    turn.talk = turn.talk.log(EventKind.CLOSED, turn.now, turn.words.person_resolved, by=staff.name)
    turn.talk = turn.talk.note(f"closed by {staff.name}")
    _write(turn, staff, resolve.note)


def _tag(turn: Turn, staff: StaffAct, tag: Tag) -> None:
    add, remove = [tag_of(each) for each in tag.add], [tag_of(each) for each in tag.remove]
    turn.talk = turn.talk.with_(desk=turn.talk.desk.tag(add, remove))
    _write(turn, staff, " ".join([*(f"+{each}" for each in add), *(f"-{each}" for each in remove)]))


def _prioritise(turn: Turn, staff: StaffAct, prioritise: Prioritise) -> None:
    desk, new = turn.talk.desk, prioritise.priority
    case = desk.case
    if case:
        case = casework.reprioritised(case, desk.priority, turn.now, new, turn.bundle.rules.service)
    turn.talk = turn.talk.with_(desk=desk.with_(priority=new, case=case))
    _write(turn, staff, new.value)


def _write(turn: Turn, staff: StaffAct, text: str, kind: str = "") -> None:
    desk = turn.talk.desk.write(kind or staff.act.kind, turn.now, text, by=staff.by, name=staff.name)
    turn.talk = turn.talk.with_(desk=desk)
