"""Messages that come faster than answers: one turn at a time, one answer for a burst, nothing said or done twice."""

import asyncio
from pathlib import Path

from temporalio.client import WorkflowUpdateStage

from tests.fakes.shop import order
from tests.workflows.conftest import Customer, Here
from tests.workflows.desk import Desk
from workflows.messages import CustomerMessage, EventKind, Reply

DISPUTE = "I want a refund on order #12345, it never arrived"


async def offered(desk: Desk) -> tuple[Customer, Reply]:
    customer = desk.customer()
    reply = await customer.say(DISPUTE)
    assert reply.offer
    return customer, reply


async def post(customer: Customer, *texts: str) -> list[asyncio.Task[Reply]]:
    """Send texts so that each has been taken in before the next one goes out."""
    tasks = []
    for number, text in enumerate(texts):
        message = CustomerMessage(message_id=f"burst{number}-{text[:9]}", customer_id=customer.customer_id, text=text)
        update = await customer.handle.start_update(
            "say", message, wait_for_stage=WorkflowUpdateStage.ACCEPTED, result_type=Reply
        )
        tasks.append(asyncio.create_task(update.result()))
    return tasks


async def kinds(customer: Customer) -> list[EventKind]:
    return [event.kind for event in (await customer.transcript()).events]


async def test_a_burst_gets_one_answer_that_names_every_message_in_order(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("understand") as understanding:
        waiting = await post(customer, "where is")
        await understanding.reached()
        waiting += await post(customer, "my order", "12345?")
        await understanding.reached()
    replies = await asyncio.gather(*waiting)
    assert replies[0] == replies[1] == replies[2]
    assert "building staff" in replies[0].text
    assert replies[0].answers == ("burst0-where is", "burst0-my order", "burst1-12345?")
    said = (await customer.transcript()).events[2:]
    assert [event.text for event in said][:3] == ["where is", "my order", "12345?"]
    assert [event.kind for event in said][3:] == [EventKind.REPLY]


async def test_a_message_supersedes_a_reply_in_progress(here: Here) -> None:
    desk = here(order(), order("22222"))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("order") as reading:
        first = await post(customer, "where is order 12345")
        await reading.reached()
        second = await post(customer, "sorry: I want a refund for it, it never arrived")
        await reading.reached()
    replies = await asyncio.gather(*first, *second)
    assert replies[0] == replies[1]
    assert replies[0].offer
    assert (await kinds(customer)).count(EventKind.REPLY) == 2
    assert replies[0].text.count("I can refund") == 1


async def test_yes_taken_back_before_the_seal_moves_no_money(here: Here) -> None:
    desk = here(order())
    customer, _ = await offered(desk)
    with desk.held("understand") as understanding:
        yes = await post(customer, "Yes")
        await understanding.reached()
        no = await post(customer, "wait, no!")
        await understanding.reached()
    replies = await asyncio.gather(*yes, *no)
    assert replies[0] == replies[1]
    assert replies[0].refund is None
    assert desk.shop.count("refund") == 0


async def test_yes_and_a_plain_no_in_one_burst_decline_the_offer(here: Here) -> None:
    desk = here(order())
    customer, _ = await offered(desk)
    with desk.held("understand") as understanding:
        waiting = await post(customer, "Yes")
        await understanding.reached()
        waiting += await post(customer, "No")
        await understanding.reached()
    replies = await asyncio.gather(*waiting)
    assert replies[0].text.startswith("All right. I have not changed anything")
    assert desk.shop.count("refund") == 0


async def test_no_after_the_seal_hears_what_really_happened(here: Here, impatient: Path) -> None:
    desk = here(order(), policies=impatient)
    desk.shop.ledger.moves = False
    customer, _ = await offered(desk)
    with desk.held("refund") as paying:
        yes = await post(customer, "Yes")
        await paying.reached()
        no = await post(customer, "No")
    paid, late = await asyncio.gather(*yes, *no)
    assert desk.shop.count("refund") == 1
    assert late.turn > paid.turn
    assert late.text.startswith("A refund for order #12345 is already under way")


async def test_a_second_yes_while_the_first_is_carried_out_pays_nothing_more(here: Here, impatient: Path) -> None:
    desk = here(order(), policies=impatient)
    desk.shop.ledger.moves = False
    customer, reply = await offered(desk)
    assert reply.offer
    with desk.held("refund") as paying:
        waiting = await post(customer, "Yes")
        await paying.reached()
        waiting += await post(customer, "Yes")
    await asyncio.gather(*waiting)
    assert len(desk.shop.refunds) == 1


async def test_messages_during_a_long_payment_are_answered_after_it_and_together(here: Here) -> None:
    desk = here(order())
    customer, _ = await offered(desk)
    with desk.held("refund") as paying:
        yes = await post(customer, "Yes")
        await paying.reached()
        more = await post(customer, "hello", "where is order 12345")
    paid, *later = await asyncio.gather(*yes, *more)
    assert paid.refund
    assert later[0] == later[1]
    assert later[0].turn > paid.turn
    assert "building staff" in later[0].text


async def test_a_message_during_a_hand_over_opens_no_second_ticket(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("open_ticket") as helpdesk:
        first = await post(customer, "I want to talk to a person")
        await helpdesk.reached()
        second = await post(customer, "it is about order 12345")
        helpdesk.open()
        handed, after = await asyncio.gather(*first, *second)
    assert [ticket.id for ticket in desk.shop.tickets] == ["TICKET-1"]
    assert "ticket TICKET-1" in handed.text
    assert after.text.startswith("A colleague has your case (ticket TICKET-1)")


async def test_turns_of_different_conversations_do_not_wait_for_each_other(here: Here) -> None:
    desk, other = here(order()), here(order())
    with desk.held("understand") as gate:
        slow = asyncio.create_task(desk.customer().say("hello"))
        await gate.reached()
        assert (await other.customer().say("hello")).text.startswith("Hello!")
        assert not slow.done()
    assert (await slow).text.startswith("Hello!")


async def test_everything_said_at_once_is_answered_and_logged_once(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    replies = await asyncio.gather(*(customer.say("hello", f"h{number}") for number in range(8)))
    assert {message for reply in replies for message in reply.answers} == {f"h{number}" for number in range(8)}
    logged = [event for event in (await customer.transcript()).events if event.kind is EventKind.REPLY]
    answered = [message for event in logged if event.reply for message in event.reply.answers]
    assert len(answered) == len(set(answered)) == 9
