"""What happens when nobody writes: offers run out, silence closes, and nothing that is owed is dropped."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.ports import Caller
from activities.tools.escalate_to_human import OpenTicket
from policies import casework
from policies.bundle import Bundle
from policies.cases import Priority
from policies.facts import ReasonCode
from policies.service import ServiceRules
from tests.fakes.shop import order
from tests.workflows.conftest import Customer, Here, Policies, Skip
from workflows.desk import Desk
from workflows.messages import EventKind, Opening, Transcript
from workflows.standing import next_deadline
from workflows.talk import Owed, Talk

DISPUTE = "I want a refund on order #12345, it never arrived"
HALF_AN_HOUR = timedelta(minutes=30, seconds=1)


async def after(customer: Customer, skip: Skip, by: timedelta) -> Transcript:
    await skip(customer, by)
    return await customer.transcript()


async def test_half_an_hour_of_silence_closes_with_a_question(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    await customer.say("hello")
    await skip(customer, timedelta(minutes=29))
    assert not (await customer.transcript()).closed
    await skip(customer, timedelta(minutes=2))
    closing = await customer.hears(EventKind.CLOSED)
    assert "Was it helpful?" in closing.text
    seen = await customer.transcript()
    assert (seen.closed, seen.stage) == (True, "closed")


async def test_every_message_starts_the_silence_anew(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    await customer.say("hello")
    await skip(customer, timedelta(minutes=20))
    await customer.say("hello")
    assert not (await after(customer, skip, timedelta(minutes=20))).closed


async def test_the_workflow_ends_after_the_feedback_window(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    await customer.say("hello")
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.CLOSED)
    await skip(customer, timedelta(hours=23))
    assert (await customer.rate()).text.startswith("Thank you")
    await skip(customer, timedelta(hours=1, seconds=1))
    assert await customer.handle.result() == "closed"
    kinds = [event.kind for event in (await customer.transcript()).events]
    assert kinds[-2:] == [EventKind.FEEDBACK, EventKind.REPLY]
    assert desk_log(customer) == list(range(1, len(kinds) + 1))


async def test_an_open_offer_keeps_the_conversation_open_until_it_expires(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    await customer.say("hello")
    await skip(customer, timedelta(minutes=25))
    await customer.say(DISPUTE)
    seen = await after(customer, skip, timedelta(minutes=14))
    assert seen.offer
    assert not seen.closed
    await skip(customer, timedelta(minutes=2))
    await customer.hears(EventKind.OFFER_CLOSED)
    assert (await customer.transcript()).stage == "open"
    await skip(customer, timedelta(minutes=15))
    await customer.hears(EventKind.CLOSED)


async def test_a_refund_is_told_to_its_end_before_silence_may_close(here: Here, policies: Policies) -> None:
    silence = timedelta(minutes=0.01)
    desk = here(order(), policies=policies(silence_minutes=0.01, answer_within_seconds=0.5))
    desk.shop.ledger.moves = False
    customer = desk.customer()
    await customer.say(DISPUTE)
    await customer.say("yes")
    await asyncio.sleep(2 * silence.total_seconds())
    assert not (await customer.transcript()).closed
    desk.shop.ledger.moves = True
    closing = await customer.hears(EventKind.CLOSED)
    told = await customer.hears(EventKind.REFUND)
    assert told.refund
    assert told.refund.status == "settled"
    assert closing.at - told.at >= silence, "whoever has just heard of their money may still write"


async def test_a_conversation_with_a_person_does_not_close(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    await customer.say("I want a person")
    seen = await after(customer, skip, timedelta(hours=3))
    assert (seen.closed, seen.owner) == (False, "person")


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENING = Opening(tenant="t", conversation_id="c", customer_id="U1", customer_ref="ref")
DEBT = Owed(refund_workflow_id="refund/t/1/x", order_id="1", reason_code=ReasonCode.DELIVERY_DISPUTE)
CASE = casework.opened(1, "asked", NOW, Priority.NORMAL, ServiceRules())
ANSWERED = casework.person_spoke(casework.claimed(CASE, "ann", "Ann", NOW), NOW, ServiceRules())
TICKET = OpenTicket(caller=Caller(tenant="t", customer_id="U1"), subject="s", body="b", key="k")

DUE: dict[str, tuple[dict[str, Any], str, timedelta]] = {
    "nothing special": ({}, "customer silence", timedelta(minutes=30)),
    "a refund is owed": ({"owed": (DEBT,)}, "refund's news", timedelta(hours=1)),
    "a person has it": ({"desk": Desk(case=CASE)}, "answer of a person", timedelta(minutes=30)),
    "a person has answered": ({"desk": Desk(case=ANSWERED)}, "nothing due", timedelta(days=1)),
    "a hand-over is wanted": ({"handoff": TICKET}, "hand-over again", timedelta(seconds=30)),
    "closed": ({"closed_at": NOW - timedelta(hours=1)}, "feedback window", timedelta(hours=23)),
}


@pytest.mark.parametrize("case", DUE)
def test_what_is_due_next(case: str, bundle: Bundle) -> None:
    state, why, wait = DUE[case]
    talk = Talk(opening=OPENING, policy_version="1", last_heard=NOW).with_(**state)
    assert next_deadline(talk, bundle, NOW) == (why, NOW + wait)


def desk_log(customer: Customer) -> list[int]:
    return customer.log.streams[customer.stream]
