"""From the AI to people: a case with an owner or a queue, a promised time, and one case however often one asks."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from policies import wording
from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, Policies, refusal_of
from tests.workflows.desk import Desk
from tests.workflows.people_scenes import WHERE, closed_now, kinds, opened, row_until
from workflows.messages import EventKind, Refusal
from workflows.people import Claim


async def test_the_customer_hears_who_comes_and_when(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    desk.at_work = {"agent": ["ann"]}
    customer = await opened(desk)
    handed = await customer.ask_for_person()
    seen = await customer.transcript()
    assert seen.person
    assert seen.person.promised_at
    time = wording.instant(seen.person.promised_at, "en")
    assert bundle.words("en").say("person_named_by", name="Ann", time=time) in handed.text
    assert (seen.person.state, seen.person.name) == ("waiting", "Ann")
    assert abs(seen.person.promised_at - handed.at - timedelta(minutes=30)) < timedelta(seconds=10)
    assert (await kinds(customer))[-2:] == [EventKind.REPLY, EventKind.HANDOFF]
    assert seen.desk
    assert seen.desk.case
    assert (seen.desk.case.assignee, seen.desk.case.claimed, seen.desk.case.why) == ("ann", False, "asked")
    assert seen.desk.due_at == seen.person.promised_at
    assert seen.desk.case.summary[0] == "Why: customer asked for a person"
    row = await row_until(customer, owner="person", assignee="ann")
    assert (row.claimed, row.due_at, row.why) == (False, seen.desk.due_at, "asked")


NOBODY: dict[str, Callable[[Desk], None]] = {
    "nobody is at work": lambda desk: None,
    "Redis is away": lambda desk: desk.down.add("choose_person"),
}


@pytest.mark.parametrize("why", NOBODY)
async def test_where_nobody_can_be_found_the_queue_has_it(here: Here, bundle: Bundle, why: str) -> None:
    desk = here(order())
    customer = await opened(desk)
    NOBODY[why](desk)
    handed = await customer.ask_for_person()
    seen = await customer.transcript()
    assert seen.person
    assert seen.person.promised_at
    time = wording.instant(seen.person.promised_at, "en")
    assert bundle.words("en").say("person_by", time=time) in handed.text
    assert seen.person.name == ""
    row = await row_until(customer, owner="person")
    assert (row.assignee, row.due_at) == ("", seen.person.promised_at)


async def test_outside_opening_hours_it_is_said_when_people_are_back(
    here: Here, policies: Policies, bundle: Bundle
) -> None:
    desk = here(order(), policies=policies(service=closed_now()))
    customer = await opened(desk)
    handed = await customer.ask_for_person()
    opens = (datetime.now(UTC) + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    half_past = opens + timedelta(minutes=30)
    said = bundle.words("en").say(
        "person_closed", opens=wording.instant(opens, "en"), time=wording.instant(half_past, "en")
    )
    assert said in handed.text
    seen = await customer.transcript()
    assert seen.person
    assert seen.person.promised_at == half_past


async def test_a_second_wish_opens_no_second_case(here: Here) -> None:
    desk = here(order())
    desk.at_work = {"agent": ["ann", "ben"]}
    customer = await opened(desk)
    await customer.ask_for_person()
    again = await customer.ask_for_person("hello?")
    assert "Ann from our team will answer you here by" in again.text
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.case
    assert (seen.desk.case.number, len(desk.shop.tickets), len(desk.asked_for)) == (1, 1, 1)
    assert [ask.role for ask in desk.asked_for] == ["agent"]
    assert (await kinds(customer)).count(EventKind.HANDOFF) == 1


async def test_handing_over_again_after_a_hand_back_is_a_new_case_with_its_own_ticket(here: Here) -> None:
    """A claim during the hand-over withholds its words, so no turn is counted between the two tickets."""
    desk = here(order())
    customer = await opened(desk)
    ann = Colleague(customer)
    with desk.held("open_ticket") as helpdesk:
        wish = asyncio.create_task(customer.ask_for_person())
        await helpdesk.reached()
        claim = await ann.start(Claim())
    assert (await wish).text == ""
    await claim.result()
    await ann.hand_back()
    again = await customer.ask_for_person()
    assert "ticket TICKET-2" in again.text
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.case
    assert seen.desk.case.number == 2


async def test_somebody_can_send_a_conversation_of_the_ai_to_a_colleague(here: Here, bundle: Bundle) -> None:
    customer = await opened(here(order()))
    view = await Colleague(customer).assign("ben")
    assert view.case
    assert (view.case.assignee, view.case.claimed, view.case.why) == ("ben", False, "taken_over")
    told = await customer.hears(EventKind.HANDOFF)
    assert view.case.promised_at
    time = wording.instant(view.case.promised_at, "en")
    assert told.text == bundle.words("en").say("person_named_by", name="Ben", time=time)
    assert "Ben from our team" in (await customer.say(WHERE)).text
    assert await refusal_of(Colleague(customer, "ben", role="customer").claim()) == Refusal.ROLE


async def test_who_writes_after_a_case_was_passed_on_hears_until_when_it_is_answered(here: Here) -> None:
    """The first answer is given, nobody has the word: silence would leave the customer with no reply at all."""
    customer = await opened(here(order()))
    ann = Colleague(customer)
    await ann.tell("My colleague knows more.")
    view = await ann.assign("ben")
    assert view.case
    reply = await customer.say("and who is that?")
    assert "Ben from our team will answer you here by" in reply.text
    assert (await row_until(customer, waits_for_customer=False)).due_at
