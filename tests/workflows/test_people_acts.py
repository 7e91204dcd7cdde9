"""Acts of people: with their author, done once, refused to whoever may not."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from policies.cases import Priority
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, Policies, Skip, refusal_of
from tests.workflows.people_scenes import HALF_AN_HOUR, claimed, events, opened, row_until
from tests.workflows.test_renewal import renewed, run_of
from workflows.messages import EventKind, Refusal
from workflows.people import DeskView

Attempt = Callable[[Colleague], Awaitable[DeskView]]

ACTS: dict[str, Attempt] = {
    "claim": lambda who: who.claim(),
    "assign": lambda who: who.assign("ben"),
    "tell": lambda who: who.tell("hello"),
    "note": lambda who: who.note("hello"),
    "hand back": lambda who: who.hand_back(),
    "resolve": lambda who: who.resolve(),
    "tag": lambda who: who.tag("vip"),
    "prioritise": lambda who: who.prioritise(Priority.HIGH),
    "snooze": lambda who: who.snooze(),
}


@pytest.mark.parametrize("role", ["customer", "approver", ""])
async def test_nobody_but_people_of_the_shop_can_do_any_of_it(here: Here, role: str) -> None:
    customer, ann = await claimed(here(order()))
    await ann.note("seen", act_id="known")
    before = await customer.transcript()
    stranger = Colleague(customer, customer.customer_id, role)
    assert [await refusal_of(attempt(stranger)) for attempt in ACTS.values()] == [Refusal.ROLE] * len(ACTS)
    assert await refusal_of(stranger.note("seen", act_id="known")) == Refusal.ROLE
    assert await customer.transcript() == before


async def test_a_repeated_act_changes_nothing_also_in_a_later_run(here: Here, policies: Policies) -> None:
    customer = await opened(here(order(), policies=policies(history_limit=50)))
    ann = Colleague(customer)
    await ann.tell("Let me look.", act_id="t1")
    await ann.tell("Let me look.", act_id="t1")
    await ann.hand_back()
    first, before = await run_of(customer), await events(customer)
    await renewed(customer)
    assert await run_of(customer) != first
    again = await ann.tell("Let me look.", act_id="t1")
    assert again.case is None
    after = await events(customer)
    assert after[: len(before)] == before
    assert [event.kind for event in after].count(EventKind.PERSON) == 1


async def test_two_people_may_number_their_acts_alike(here: Here) -> None:
    customer = await opened(here(order()))
    await Colleague(customer).note("mine", act_id="1")
    view = await Colleague(customer, "ben").note("mine, too", act_id="1")
    assert [(line.by, line.text) for line in view.lines] == [("ann", "mine"), ("ben", "mine, too")]


async def test_a_claimed_conversation_is_still_claimed_in_a_later_run(here: Here, policies: Policies) -> None:
    customer, ann = await claimed(here(order(), policies=policies(history_limit=50)))
    await ann.note("calls back on Monday")
    for reply in await renewed(customer):
        assert reply.text == ""
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.case
    assert seen.desk.case.assignee == "ann"
    assert "calls back on Monday" in [line.text for line in seen.desk.lines]
    await ann.tell("I am still here.")
    assert (await events(customer))[-1].text == "I am still here."


async def test_a_colleague_writes_notes_and_tags_beside_whoever_has_the_word(here: Here) -> None:
    customer, _ = await claimed(here(order()))
    ben = Colleague(customer, "ben")
    await ben.note("she called yesterday")
    view = await ben.tag("Very Important!", "vip")
    assert view.tags == ("very-important", "vip")
    assert (await ben.tag(remove=["VIP"])).tags == ("very-important",)
    lines = [(line.kind, line.by, line.text) for line in (await ben.prioritise(Priority.URGENT)).lines[-4:]]
    assert lines == [
        ("note", "ben", "she called yesterday"),
        ("tag", "ben", "+very-important +vip"),
        ("tag", "ben", "-vip"),
        ("prioritise", "ben", "urgent"),
    ]
    refused = [await refusal_of(ACTS[act](ben)) for act in ("assign", "tell", "hand back", "resolve", "snooze")]
    assert refused == [Refusal.NOT_YOUR_CASE] * 5
    assert "she called" not in str(await events(customer))


async def test_what_nobody_has_cannot_be_handed_back_or_resolved(here: Here) -> None:
    ann = Colleague(await opened(here(order())))
    assert await refusal_of(ann.hand_back()) == Refusal.NOT_YOUR_CASE
    assert await refusal_of(ann.resolve()) == Refusal.NOT_YOUR_CASE


async def test_a_closed_conversation_takes_notes_and_tags_and_nothing_else(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    await ann.resolve("she is happy")
    closed = await customer.hears(EventKind.CLOSED)
    assert "Our team has closed this conversation" in closed.text
    row = await row_until(customer, closed=True)
    assert (row.owner, row.stage, row.due_at) == ("ai", "closed", None)
    for act in ("claim", "assign", "tell", "hand back", "resolve", "prioritise", "snooze"):
        assert await refusal_of(ACTS[act](ann)) == Refusal.CLOSED, act
    assert await refusal_of(customer.say("one more thing")) == Refusal.CLOSED
    await ann.note("called to say thanks")
    assert (await ann.tag("happy")).tags == ("happy",)
    assert (await customer.rate()).text.startswith("Thank you")
    assert (await row_until(customer, rating="up")).tags == ("happy",)


async def test_silence_closes_for_people_as_well(here: Here, skip: Skip) -> None:
    customer = await opened(here(order()))
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.CLOSED)
    assert await refusal_of(Colleague(customer).claim()) == Refusal.CLOSED


async def test_a_snoozed_case_comes_back_when_the_customer_writes(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    view = await ann.snooze(until)
    assert view.snoozed_until == until
    assert (await row_until(customer, snoozed_until=until)).claimed
    await customer.say("any news?")
    assert (await row_until(customer, snoozed_until=None)).claimed
