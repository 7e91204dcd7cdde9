"""Handing over: said only once the helpdesk has the case, tried again until it does, and then left to the person."""

from datetime import timedelta
from pathlib import Path

import pytest

from activities.errors import Unknown
from tests.fakes.shop import order
from tests.workflows.conftest import Here, Skip
from workflows.messages import EventKind

WISHES = ["in words", "by the button"]


@pytest.mark.parametrize("wish", WISHES)
async def test_a_wish_for_a_person_opens_a_ticket_and_the_person_has_it_from_then(here: Here, wish: str) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("where is order 12345?")
    if wish == "in words":
        handed = await customer.say("I want to talk to a person")
    else:
        handed = await customer.ask_for_person("this goes in circles")
    (ticket,) = desk.shop.tickets
    assert f"ticket {ticket.id}" in handed.text
    assert "order #12345" in ticket.body
    later = await customer.say("where is order 12345?")
    assert later.text.startswith(f"A colleague has your case (ticket {ticket.id})")
    assert (later.stage, len(desk.shop.tickets)) == ("with_person", 1)
    assert (await customer.transcript()).owner == "person"


async def test_a_helpdesk_that_is_down_is_tried_again_and_never_claimed_to_have_it(
    here: Here, skip: Skip, impatient: Path
) -> None:
    desk = here(order(), policies=impatient)
    customer = desk.customer()
    await customer.say("hello")
    desk.down = {"open_ticket"}
    pending = await customer.ask_for_person()
    assert "the helpdesk can't be reached right now" in pending.text
    still = await customer.say("where is it?")
    assert "the helpdesk can't be reached right now" in still.text
    assert "has your case" not in still.text
    assert not desk.shop.tickets
    desk.down = set()
    await skip(customer, timedelta(seconds=31))
    await customer.hears(EventKind.REPLY, times=4)
    handed = (await customer.transcript()).events[-1]
    assert "ticket TICKET-1" in handed.text
    assert (await customer.say("hello")).text.startswith("A colleague has your case (ticket TICKET-1)")
    assert len(desk.shop.tickets) == 1


async def test_a_ticket_whose_answer_was_lost_is_opened_once(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    desk.shop.fail_next("open_ticket", Unknown("the answer was lost"), after_commit=True)
    handed = await customer.ask_for_person()
    assert handed.text.startswith("I have passed this to a colleague")
    assert len(desk.shop.tickets) == 1


async def test_an_offer_made_before_can_still_be_confirmed_while_a_person_has_the_case(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    offer = (await customer.say("I want a refund on order #12345, it never arrived")).offer
    assert offer
    await customer.ask_for_person()
    assert (await customer.press(offer.digest)).refund
    assert len(desk.shop.refunds) == 1
