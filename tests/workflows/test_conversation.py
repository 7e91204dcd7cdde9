"""A conversation answers from facts, by the playbook policy chose, and says honestly what it could not do."""

from pathlib import Path
from typing import Any

import pytest

from policies.facts import CustomerFacts, FraudBand, FraudFacts
from tests.fakes.shop import order
from tests.workflows.conftest import Here
from workflows.messages import Reply

DISPUTE = "I want a refund on order #12345, it never arrived"


def rules_of(reply: Reply) -> list[str]:
    assert reply.decision
    return [verdict.rule for verdict in reply.decision.verdicts]


def tools_of(reply: Reply) -> list[str]:
    assert reply.decision
    return [use.tool for use in reply.decision.tools]


async def test_a_dispute_goes_from_message_to_money(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    offered = await customer.say(DISPUTE)
    assert offered.offer
    assert offered.offer.amount
    assert offered.offer.amount.minor == 8999
    assert "building staff" in offered.text
    assert "$89.99" in offered.text
    assert tools_of(offered) == ["get_order_status", "check_fraud_score"]
    assert not desk.shop.refunds
    paid = await customer.say("Yes, please.")
    assert [record.amount.minor for record in desk.shop.refunds] == [8999]
    assert paid.refund
    assert paid.refund.refund_id in paid.text
    assert "refund.within_limits" in rules_of(paid)
    assert "initiate_refund" in tools_of(paid)


STATUSES: dict[str, tuple[str, list[str]]] = {
    "pending": ("has been received and not been packed", ["get_order_status"]),
    "processed": ("packed and waits for the carrier", ["get_order_status"]),
    "in_transit": ("is on its way", ["get_order_status", "get_eta"]),
    "delivered": ("signed by building staff", ["get_order_status", "get_delivery_photo"]),
    "cancelled": ("is cancelled", ["get_order_status"]),
    "returned": ("has come back to us", ["get_order_status"]),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_tracking_says_what_the_carrier_says(here: Here, status: str) -> None:
    reply = await here(order(status=status)).customer().say("where is my order 12345?")
    sentence, tools = STATUSES[status]
    assert sentence in reply.text
    assert tools_of(reply) == tools
    assert reply.decision
    assert reply.decision.playbook == "tracking"


REFUNDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "foreign currency": ({}, "it never arrived, refund me 50 EUR for order 12345", "refund.foreign_currency"),
    "negative amount": ({}, "it never arrived, refund me -$50.00 for order 12345", "refund.amount_not_positive"),
    "nothing": ({}, "it never arrived, refund me $0.00 for order 12345", "refund.amount_not_positive"),
    "more than paid": ({}, "it never arrived, refund me $900.00 for order 12345", "refund.above_refundable"),
    "refunded before": ({"refunded_minor": 8999}, DISPUTE, "refund.already_refunded"),
    "cancelled": ({"status": "cancelled"}, DISPUTE, "refund.order_cancelled"),
    "not shipped": ({"status": "pending"}, DISPUTE, "refund.not_shipped"),
    "still under way": ({"status": "in_transit"}, DISPUTE, "refund.still_in_transit"),
    "changed their mind": ({}, "I want a refund for order 12345", "refund.return_first"),
}


@pytest.mark.parametrize("case", REFUNDS)
async def test_a_refund_is_denied_by_a_rule_on_the_record(here: Here, case: str) -> None:
    bent, text, rule = REFUNDS[case]
    desk = here(order(**bent))
    reply = await desk.customer().say(text)
    assert rules_of(reply) == [rule]
    assert reply.offer is None or reply.offer.kind == "return"
    assert desk.shop.count("refund") == 0


async def test_part_of_the_money_is_offered_when_part_is_asked_for(here: Here) -> None:
    reply = await here(order()).customer().say("it never arrived, refund me $20.00 for order 12345")
    assert reply.offer
    assert reply.offer.amount
    assert reply.offer.amount.minor == 2000


async def test_a_risky_refund_says_that_a_colleague_has_to_approve(here: Here) -> None:
    desk = here(order())
    desk.shop.frauds["12345"] = FraudFacts(score=0.9, band=FraudBand.HIGH, reasons=("new address",))
    reply = await desk.customer().say(DISPUTE)
    assert rules_of(reply) == ["refund.fraud_high"]
    assert "A colleague has to approve it first" in reply.text
    assert "fraud" not in reply.text.casefold()


async def test_somebody_elses_order_looks_like_one_that_does_not_exist(here: Here) -> None:
    desk = here(order(), order("777", customer_id="U1"))
    foreign = await desk.customer().say("where is order 777?")
    unknown = await desk.customer().say("where is order 778?")
    assert foreign.text == unknown.text.replace("778", "777")
    assert foreign.text.startswith("I can't find order #777")


async def test_an_unknown_order_does_not_stay_what_the_conversation_is_about(here: Here) -> None:
    customer = here(order()).customer()
    await customer.say("where is order 99999?")
    assert "#12345" in (await customer.say("where is my order?")).text


async def test_which_order_is_answered_by_its_number_alone(here: Here) -> None:
    desk = here(order(), order("22222"))
    customer = desk.customer()
    asked = await customer.say("I want a refund, it never arrived")
    assert asked.text.startswith("Which order")
    assert "#12345" in asked.text
    assert "#22222" in asked.text
    offered = await customer.say("22222")
    assert offered.offer
    assert offered.offer.order_id == "22222"
    assert "delivery dispute" in offered.text


async def test_a_customer_without_orders_hears_so(here: Here) -> None:
    desk = here(order(customer_id="somebody else"))
    assert (await desk.customer("stranger").say("where is it?")).text == "I don't see any orders in your account."
    desk.shop.customers["new"] = CustomerFacts(customer_id="new", tier="standard", region="US")
    assert (await desk.customer("new").say("where is it?")).text == "I don't see any orders in your account."


async def test_a_policy_answer_names_its_source(here: Here) -> None:
    desk = here(order())
    reply = await desk.customer().say("how long do I have to send it back, order 12345?")
    assert "for 30 days" in reply.text
    assert "Source: Returns policy, “Returns”, version 3" in reply.text
    assert tools_of(reply) == ["get_order_status", "search_policy", "get_return_window"]


async def test_a_question_no_policy_answers_gets_no_invented_answer(here: Here) -> None:
    desk = here(order())
    desk.clauses = ()
    reply = await desk.customer().say("how long is the warranty?")
    assert reply.text.startswith("I could not find this in our policies")


@pytest.mark.parametrize("status", ["delivered", "in_transit"])
async def test_two_matters_of_one_message_are_both_answered(here: Here, status: str) -> None:
    """Each playbook counts its own tool calls, and an order is read once, so a second matter does not use them up."""
    desk = here(order(status=status, age_days=30, delivered_days_ago=2))
    reply = await desk.customer().say("where is order 12345 and how long can I keep it?")
    assert "#12345" in reply.text
    assert "Source: Returns policy" in reply.text
    assert reply.stage == "open", reply.text
    assert not desk.shop.tickets


async def test_an_offer_beside_another_matter_is_still_an_offer(here: Here) -> None:
    desk = here(order())
    reply = await desk.customer().say("I want a refund, it never arrived. where is it, order 12345?")
    assert reply.offer
    assert reply.offer.kind == "refund"
    assert "signed by building staff, says the carrier" in reply.text
    assert not desk.shop.tickets


async def test_a_shop_that_is_down_is_said_to_be_and_nothing_is_lost(here: Here, impatient: Path) -> None:
    desk = here(order(), policies=impatient)
    customer = desk.customer()
    desk.down = {"everything"}
    sorry = await customer.say(DISPUTE)
    assert sorry.text.startswith("I can't look into this right now")
    desk.down = set()
    assert (await customer.say(DISPUTE)).offer
    assert (await customer.transcript()).events[0].text == DISPUTE


async def test_an_understanding_that_is_down_moves_nothing_but_leaves_the_buttons(here: Here, impatient: Path) -> None:
    desk = here(order(), policies=impatient)
    customer = desk.customer()
    offered = await customer.say(DISPUTE)
    assert offered.offer
    desk.down = {"understand"}
    sorry = await customer.say("yes")
    assert sorry.text.startswith("I can't look")
    assert not desk.shop.refunds
    assert (await customer.press(offered.offer.digest)).refund
    assert len(desk.shop.refunds) == 1


async def test_what_is_not_understood_is_asked_twice_and_then_a_person_reads_it(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    replies = [await customer.say("zzz") for _ in range(3)]
    assert [reply.stage for reply in replies] == ["open", "open", "with_person"]
    assert [ticket.subject.endswith("not understood several times") for ticket in desk.shop.tickets] == [True]


async def test_a_playbook_that_spends_its_turns_is_stopped_on_the_record(here: Here, policies: Any) -> None:
    desk = here(order(), policies=policies(playbooks={"tracking": {"turns": 1}}))
    reply = await desk.customer().say("where is order 12345?")
    assert rules_of(reply) == ["tool.turns_spent"]
    assert reply.stage == "with_person"
    assert len(desk.shop.tickets) == 1
