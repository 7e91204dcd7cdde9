"""Clocks of people: who does not answer in time is passed over, the customer hears of it, and silence closes."""

import asyncio
from datetime import UTC, datetime, timedelta

from policies import wording
from policies.bundle import Bundle
from policies.cases import Priority
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Customer, Here, Policies, Skip
from tests.workflows.desk import Desk
from tests.workflows.people_scenes import HALF_AN_HOUR, closed_now, events, opened, row_until
from tests.workflows.test_renewal import renewed
from workflows.messages import EventKind
from workflows.people import DeskView


async def handed_over(desk: Desk) -> Customer:
    customer = await opened(desk)
    await customer.ask_for_person()
    return customer


async def view(customer: Customer) -> DeskView:
    seen = (await customer.transcript()).desk
    assert seen
    return seen


async def test_who_does_not_answer_in_time_is_passed_over_until_a_supervisor_has_it(
    here: Here, skip: Skip, bundle: Bundle
) -> None:
    desk = here(order())
    desk.at_work = {"agent": ["ann", "ben"], "supervisor": ["sue"]}
    customer = await handed_over(desk)
    await skip(customer, HALF_AN_HOUR)
    told = await customer.hears(EventKind.DELAYED)
    seen = await customer.transcript()
    assert seen.person
    assert seen.person.promised_at
    late = bundle.words("en").say("person_late", time=wording.instant(seen.person.promised_at, "en"))
    assert (told.text, seen.person.name) == (late, "Ben")
    row = await row_until(customer, assignee="ben")
    assert (row.breached, row.supervisor) == (True, False)
    assert row.waiting_since
    assert row.waiting_since < told.at - timedelta(minutes=29)
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.DELAYED, 2)
    assert (await row_until(customer, assignee="sue")).supervisor
    await skip(customer, HALF_AN_HOUR)
    await row_until(customer, assignee="")
    assert [event.kind for event in await events(customer)].count(EventKind.DELAYED) == 2
    asked = [(ask.role, ask.except_for) for ask in desk.asked_for]
    assert asked == [
        ("agent", ()),
        ("agent", ("ann",)),
        ("supervisor", ("ann", "ben")),
        ("supervisor", ("ann", "ben", "sue")),
    ]
    assert not (await customer.transcript()).closed


async def test_a_claim_without_an_answer_does_not_stop_the_clock(here: Here, skip: Skip) -> None:
    customer = await handed_over(here(order()))
    ann = Colleague(customer)
    await ann.claim()
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.DELAYED)
    case = (await view(customer)).case
    assert case
    assert (case.claimed, case.passed_over) == (False, ("ann",))
    assert "will answer you here by" in (await customer.say("hello?")).text
    assert (await ann.tell("I am sorry, here I am.")).due_at is None


async def test_an_answer_in_time_lets_the_clocks_stand_until_the_customer_writes(here: Here, skip: Skip) -> None:
    customer = await handed_over(here(order()))
    ann = Colleague(customer)
    answered = await ann.tell("Which of the two shoes?")
    assert answered.case
    assert answered.due_at is None
    assert answered.case.resolution
    left = answered.case.resolution.left
    await skip(customer, timedelta(hours=40))
    standing = (await view(customer)).case
    assert standing
    assert standing.resolution
    assert (standing.resolution.left, standing.breached) == (left, False)
    await customer.say("the left one")
    running = await view(customer)
    assert running.due_at
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.DELAYED)
    assert (await row_until(customer, assignee="")).breached


async def test_a_matter_that_takes_too_long_is_marked_and_stays(here: Here, policies: Policies, skip: Skip) -> None:
    soon = {priority.value: 0.25 for priority in Priority}
    desk = here(order(), policies=policies(service={"resolution_hours": soon}))
    customer = await handed_over(desk)
    ann = Colleague(customer)
    await ann.claim()
    await skip(customer, timedelta(minutes=16))
    assert (await row_until(customer, breached=True)).assignee == "ann"
    assert EventKind.DELAYED not in [event.kind for event in await events(customer)]


async def test_72_hours_of_silence_after_a_persons_answer_close(here: Here, policies: Policies, skip: Skip) -> None:
    """Counted from the answer: whoever got it late has as long to read it as anybody."""
    desk = here(order(), policies=policies(service=closed_now(opens_in_days=6)))
    customer = await handed_over(desk)
    await skip(customer, timedelta(hours=80))
    await Colleague(customer).tell("I am sorry it took so long.")
    await skip(customer, timedelta(hours=71))
    assert not (await customer.transcript()).closed
    await skip(customer, timedelta(hours=1, seconds=1))
    closing = await customer.hears(EventKind.CLOSED)
    assert "Was it helpful?" in closing.text
    row = await row_until(customer, closed=True)
    assert (row.owner, row.assignee) == ("ai", "")


async def test_whoever_a_conversation_is_passed_on_to_after_an_answer_is_reminded_of_it(here: Here, skip: Skip) -> None:
    desk = here(order())
    customer = await opened(desk)
    ann = Colleague(customer)
    await ann.tell("Ben will look after you.")
    await ann.assign("ben")
    assert not (await row_until(customer, assignee="ben")).waits_for_customer
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.DELAYED)
    assert desk.asked_for[-1].except_for == ("ben",)


async def due(customer: Customer) -> datetime:
    """Wait until a run knows its rules, and with them when an answer is due."""
    async with asyncio.timeout(30):
        while True:
            if at := (await view(customer)).due_at:
                return at
            await asyncio.sleep(0.02)


async def test_clocks_go_on_in_a_later_run(here: Here, policies: Policies, skip: Skip) -> None:
    customer = await handed_over(here(order(), policies=policies(history_limit=50)))
    await customer.rests()
    before = await due(customer)
    await renewed(customer)
    assert await due(customer) == before
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.DELAYED)


async def test_clocks_go_on_while_no_worker_is_there(apart: Here, policies: Policies) -> None:
    desk = apart(order())
    soon = {priority.value: 0.03 for priority in Priority}
    rules = policies(service={"first_response_minutes": soon})
    async with desk.open(rules):
        customer = await handed_over(desk)
        await customer.rests()
    async with desk.open(rules):
        told = await customer.hears(EventKind.DELAYED)
    assert told.text.startswith("I am sorry: this takes longer than I told you.")


async def test_outside_opening_hours_nothing_is_due_before_people_are_back(
    here: Here, policies: Policies, skip: Skip
) -> None:
    desk = here(order(), policies=policies(service=closed_now()))
    customer = await handed_over(desk)
    due = (await view(customer)).due_at
    assert due
    until = due - datetime.now(UTC)
    await skip(customer, until - timedelta(minutes=1))
    assert EventKind.DELAYED not in [event.kind for event in await events(customer)]
    await skip(customer, timedelta(minutes=2))
    await customer.hears(EventKind.DELAYED)


async def test_whoever_writes_in_opening_hours_is_not_told_that_nobody_is_there(
    here: Here, policies: Policies, skip: Skip
) -> None:
    desk = here(order(), policies=policies(service=closed_now()))
    customer = await handed_over(desk)
    due = (await view(customer)).due_at
    assert due
    await skip(customer, due - datetime.now(UTC) - timedelta(minutes=20))
    said = (await customer.say("good morning")).text
    assert "not at work" not in said
    assert "A colleague will answer you here by" in said


async def test_another_priority_moves_what_is_due(here: Here) -> None:
    customer = await handed_over(here(order()))
    ann = Colleague(customer)
    before = (await view(customer)).due_at
    assert before
    urgent = await ann.prioritise(Priority.URGENT)
    assert urgent.due_at
    assert abs(before - urgent.due_at - timedelta(minutes=25)) < timedelta(seconds=1)
    low = await ann.prioritise(Priority.LOW)
    assert low.due_at
    assert low.due_at <= before + timedelta(seconds=1), "no answer falls behind what was promised"
