"""What a message left open, an order or an address, may be read out of it by a model; nothing is invented for it."""

from typing import Any

import pytest

from tests.fakes.shop import order
from tests.workflows.conftest import Customer, Here, Policies
from tests.workflows.desk import Desk
from tests.workflows.model_scenes import address, noted, offered_tools, proposing, refund, tasks_of, with_model


async def greeted(desk: Desk) -> Customer:
    customer = desk.customer()
    await customer.say("hello")
    return customer


async def test_which_order_is_meant_is_asked_of_a_model_once_there_is_something_to_go_by(here: Here) -> None:
    desk = with_model(here(order(), order("22222")), proposing(refund("22222", "DAMAGED_ITEM")))
    first = await desk.customer().say("refund me, it never arrived")
    assert first.text.startswith("Which order")
    assert desk.works == []
    customer = await greeted(desk)
    reply = await customer.say("refund me, it never arrived")
    assert reply.offer
    assert (reply.offer.order_id, noted(reply)) == ("22222", ["which order", "initiate_refund"])
    # The customer's own words say why; of a slot that was open, only the order is taken.
    assert "delivery dispute" in reply.offer.text
    assert offered_tools(desk.works[0]) == ["initiate_refund"]
    assert desk.works[0].request.messages[1].role == "user"
    assert "hello" in desk.works[0].request.messages[1].content


NONE_OF_THEM = {
    "a stranger's": refund("777"),
    "one settled long ago": refund("33333"),
    "one for another tool": {"tool": "get_order_status", "arguments": {"order_id": "22222"}},
}


@pytest.mark.parametrize("which", NONE_OF_THEM)
async def test_an_order_that_is_none_of_the_candidates_leaves_the_question(here: Here, which: str) -> None:
    desk = here(order(), order("22222"), order("33333", status="cancelled"), order("777", customer_id="U1"))
    with_model(desk, proposing(NONE_OF_THEM[which]))
    reply = await (await greeted(desk)).say("refund me, it never arrived")
    assert reply.text.startswith("Which order")
    assert reply.offer is None


PROSE = "new address please, it is number 5 Elm Street in London, SW1A 1AA that is, in the UK"


async def test_an_address_no_pattern_reads_is_offered_in_the_customers_own_words(here: Here) -> None:
    desk = with_model(here(order(status="pending")), proposing(address()))
    customer = desk.customer()
    reply = await customer.say(PROSE)
    assert reply.offer
    assert "5 Elm Street, London, SW1A 1AA, UK" in reply.offer.text
    assert not desk.shop.addresses
    await customer.say("yes")
    assert desk.shop.addresses["12345"].line1 == "5 Elm Street"


@pytest.mark.parametrize("made_up", [address(line1="7 Oak Avenue"), address("22222"), refund()])
async def test_an_address_that_nobody_wrote_or_of_another_order_is_asked_for(here: Here, made_up: Any) -> None:
    desk = with_model(here(order(status="pending"), order("22222", status="pending")), proposing(made_up))
    reply = await desk.customer().say(f"{PROSE}, order 12345")
    assert reply.text.startswith("What is the new address for order #12345?")
    assert reply.offer is None


async def test_a_slot_is_filled_by_no_tool_that_the_playbooks_lack(here: Here, policies: Policies) -> None:
    tools = ["get_order_status", "initiate_refund", "check_fraud_score"]
    desk = here(order(status="pending"), policies=policies(playbooks={"negotiation": {"tools": tools}}))
    await with_model(desk, proposing(address())).customer().say(PROSE)
    assert "propose" not in tasks_of(desk)
