"""The row of a conversation in people's inbox: what it shows, and that it is filed when something changed."""

from datetime import timedelta
from itertools import pairwise

from policies.cases import Priority
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, Policies
from tests.workflows.people_scenes import DISPUTE, WHERE, opened, row_until
from tests.workflows.test_renewal import renewed


async def test_a_row_shows_what_it_is_about_and_who_has_it(here: Here) -> None:
    customer = await opened(here(order()))
    await customer.say(DISPUTE)
    row = await row_until(customer, stage="offered")
    assert (row.tenant, row.conversation_id) == (customer.tenant, customer.conversation_id)
    assert (row.customer_id, row.order_id, row.intent) == ("U789", "12345", "delivery_dispute")
    assert (row.owner, row.turns, row.priority, row.why) == ("ai", 2, Priority.NORMAL, "")
    assert (row.due_at, row.waiting_since) == (None, None)
    assert row.preview.endswith("…")
    assert len(row.preview) == 120
    first, *_, last = (await customer.transcript()).events
    assert (row.opened_at, row.updated_at) == (first.at, last.at)


async def test_a_row_follows_tags_priority_assignee_and_who_waits_for_whom(here: Here) -> None:
    customer = await opened(here(order()))
    ann = Colleague(customer)
    view = await ann.assign("ann")
    queued = await row_until(customer, owner="person")
    assert view.case
    assert (queued.assignee, queued.assignee_name, queued.claimed) == ("ann", "Ann", False)
    assert (queued.due_at, queued.waiting_since) == (view.due_at, view.case.opened_at)
    await ann.tag("vip")
    await ann.prioritise(Priority.HIGH)
    high = await row_until(customer, priority=Priority.HIGH)
    assert high.tags == ("vip",)
    assert queued.due_at
    assert high.due_at
    assert abs(queued.due_at - high.due_at - timedelta(minutes=15)) < timedelta(seconds=1)
    assert high.waiting_since == queued.waiting_since, "whoever waits does not wait less long for being more urgent"
    await ann.tell("Hello!")
    answered = await row_until(customer, waits_for_customer=True)
    assert (answered.claimed, answered.due_at, answered.waiting_since) == (True, None, None)
    await customer.say("hello to you")
    await customer.say(WHERE)
    waiting = await row_until(customer, preview=WHERE)
    asked = [event.at for event in (await customer.transcript()).events if event.text == "hello to you"]
    assert (waiting.waits_for_customer, [waiting.waiting_since]) == (False, asked)


async def test_each_row_is_a_newer_version_and_none_is_filed_twice(here: Here) -> None:
    customer = await opened(here(order()))
    ann = Colleague(customer)
    await ann.claim()
    await ann.note("nothing that a row shows")
    await ann.note("nor this")
    await ann.hand_back()
    await row_until(customer, owner="ai", turns=1)
    await customer.rests()
    rows = customer.log.rows[customer.stream]
    versions = [row.version for row in rows]
    assert versions == sorted(set(versions))
    shown = [row.model_copy(update={"version": 0}) for row in rows]
    assert all(one != other for one, other in pairwise(shown))


async def test_notes_alone_file_no_row(here: Here) -> None:
    customer = await opened(here(order()))
    await customer.rests()
    filed = len(customer.log.rows[customer.stream])
    await Colleague(customer).note("for colleagues")
    await customer.rests()
    assert len(customer.log.rows[customer.stream]) == filed


async def test_rows_count_on_in_a_later_run(here: Here, policies: Policies) -> None:
    customer = await opened(here(order(), policies=policies(history_limit=50)))
    ann = Colleague(customer)
    await ann.claim()
    await renewed(customer)
    await ann.tag("late")
    row = await row_until(customer, claimed=True)
    await customer.rests()
    versions = [each.version for each in customer.log.rows[customer.stream]]
    assert versions == sorted(set(versions))
    assert customer.log.rows[customer.stream][-1].tags == ("late",)
    assert row.version <= versions[-1]
