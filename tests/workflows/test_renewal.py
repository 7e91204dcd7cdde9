"""Continue-as-new: a long conversation begins a new run and forgets nothing that anybody was promised."""

import asyncio
from pathlib import Path

import pytest

from policies.facts import CustomerFacts
from tests.fakes.shop import order
from tests.workflows.conftest import CUSTOMER, Customer, Here, Policies, refusal_of
from tests.workflows.test_case_file import attributes_of, page_of
from workflows.messages import EventKind, Refusal, Reply

DISPUTE = "I want a refund on order #12345, it never arrived"


@pytest.fixture(scope="session")
def short(policies: Policies) -> Path:
    return policies(history_limit=50)


async def run_of(customer: Customer) -> str:
    return str((await customer.handle.describe()).run_id)


async def renewed(customer: Customer) -> list[Reply]:
    """Talk until the conversation is in another run; returns what was answered meanwhile."""
    first, replies = await run_of(customer), []
    for number in range(30):
        replies.append(await customer.say("hello", f"filler{customer.said}-{number}"))
        if await run_of(customer) != first:
            return replies
    raise AssertionError("the conversation never continued as new")


async def test_an_offer_is_still_confirmable_by_its_digest_after_a_renewal(here: Here, short: Path) -> None:
    desk = here(order(), policies=short)
    customer = desk.customer()
    offered = await customer.say(DISPUTE)
    assert offered.offer
    await renewed(customer)
    assert (await customer.transcript()).offer == offered.offer
    paid = await customer.press(offered.offer.digest)
    assert paid.refund
    assert len(desk.shop.refunds) == 1


async def test_a_message_of_an_earlier_run_still_gets_its_first_answer(here: Here, short: Path) -> None:
    desk = here(order(), policies=short)
    customer = desk.customer()
    first = await customer.say("where is order 12345?", "m-first")
    await renewed(customer)
    asked = len(desk.understanding.asked)
    assert await customer.say("where is order 12345?", "m-first") == first
    assert len(desk.understanding.asked) == asked


async def test_a_new_run_knows_orders_promises_actions_decisions_and_ended_offers(here: Here, short: Path) -> None:
    desk = here(order(), order("22222"), policies=short)
    customer = desk.customer()
    declined = (await customer.say(DISPUTE)).offer
    await customer.say("no")
    used = (await customer.say("I want a refund, it never arrived, order 22222")).offer
    await customer.say("yes")
    await customer.hears(EventKind.REPLY, 4)
    assert declined
    assert used
    before = await customer.transcript()
    await renewed(customer)
    now = await customer.transcript()
    assert now.summary.startswith(before.summary)
    assert "offered refund of $89.99 on #22222" in now.summary
    assert "customer confirmed refund on #22222" in now.summary
    assert now.events[: len(before.events)] == before.events
    assert [event.reply.decision for event in before.events if event.reply]
    assert await refusal_of(customer.press(declined.digest)) == Refusal.OFFER_USED
    assert await refusal_of(customer.press(used.digest)) == Refusal.OFFER_USED
    assert "#22222" in (await customer.say("where is my order?")).text


async def test_a_new_run_keeps_the_day_that_was_promised_and_knows_what_was_quoted(here: Here, short: Path) -> None:
    desk = here(order(age_days=45, delivered_days_ago=40), policies=short)
    gold = CustomerFacts(customer_id=CUSTOMER, tier="gold", region="US")
    desk.shop.customers[CUSTOMER] = gold
    customer = desk.customer()
    told = await customer.say("how long can I keep it, order 12345?")
    assert "60 days after delivery" in told.text
    await renewed(customer)
    desk.shop.customers[CUSTOMER] = gold.model_copy(update={"tier": "standard"})
    offered = await customer.say("I want to send back order 12345")
    assert offered.offer
    assert offered.decision
    assert [verdict.rule for verdict in offered.decision.verdicts] == ["return.promised"]
    await customer.say("no")
    await customer.ask_for_person()
    assert "(c-returns-general)" in desk.shop.tickets[0].body


async def test_the_log_has_no_gap_and_no_repeat_across_runs(here: Here, short: Path) -> None:
    desk = here(order(), policies=short)
    customer = desk.customer()
    await customer.say("hello")
    await renewed(customer)
    await renewed(customer)
    last = (await customer.transcript()).last_offset
    events = await desk.log.until(customer.stream, lambda held: bool(held) and held[-1].offset == last)
    assert [event.offset for event in events] == list(range(1, last + 1))
    assert list(events) == list((await customer.transcript()).events)


async def test_messages_that_come_during_a_renewal_are_all_answered(here: Here, short: Path) -> None:
    desk = here(order(), policies=short)
    customers = [desk.customer() for _ in range(3)]

    async def chat(customer: Customer) -> list[str]:
        replies = []
        for round_ in range(6):
            burst = [customer.say("hello", f"{round_}-{number}") for number in range(4)]
            replies += await asyncio.gather(*burst)
        return [message for reply in replies for message in reply.answers]

    for customer, answered in zip(customers, await asyncio.gather(*map(chat, customers)), strict=True):
        assert len(set(answered)) == 24
        events = (await customer.transcript()).events
        texts = [event.reply.answers for event in events if event.reply]
        assert sum(map(len, texts)) == 24


async def test_a_renewed_conversation_keeps_its_face_for_operators(here: Here, short: Path) -> None:
    desk = here(order(), policies=short)
    customer = desk.customer()
    await customer.say("hello")
    before, shown = await run_of(customer), await attributes_of(customer)
    await renewed(customer)
    assert await run_of(customer) != before
    assert await attributes_of(customer) == shown
    assert f"Conversation {customer.conversation_id}: open" in await page_of(customer)


async def test_refund_news_reaches_the_run_that_lives(here: Here, policies: Policies) -> None:
    desk = here(order(), policies=policies(history_limit=50, answer_within_seconds=0.2))
    customer = desk.customer()
    await customer.say(DISPUTE)
    with desk.held("refund"):
        assert "I don't know yet" in (await customer.say("yes")).text
        await renewed(customer)
    told = await customer.hears(EventKind.REFUND, 2)
    assert told.refund
    assert told.refund.status == "settled"
    assert len(desk.shop.refunds) == 1
