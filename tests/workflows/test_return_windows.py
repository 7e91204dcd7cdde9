"""Until when things can be sent back, as customers are told, and that what they were told holds."""

import pytest

from policies.facts import CustomerFacts, ReturnRecord
from tests.fakes.shop import order
from tests.workflows.conftest import CUSTOMER, Here
from tests.workflows.desk import RETURNS
from tests.workflows.policy_scenes import ELECTRONICS, HOW_LONG, INVOICES, a_day, scope_of, with_lines
from tests.workflows.test_conversation import rules_of, tools_of

WINDOWS = {
    "open": (order(delivered_days_ago=2), f"Yes, you can send back Nimbus Runner Shoes until {a_day(28)}: 30 days"),
    "over": (order(delivered_days_ago=40, age_days=45), f"the 30 days for Nimbus Runner Shoes ended on {a_day(-10)}."),
    "under way": (order(status="in_transit"), "For Nimbus Runner Shoes you have 30 days from the day of delivery"),
}  # fmt: skip


@pytest.mark.parametrize("case", WINDOWS)
async def test_a_window_is_told_for_the_order_with_the_clause_as_its_reason(here: Here, case: str) -> None:
    facts, sentence = WINDOWS[case]
    reply = await here(facts).customer().say(HOW_LONG)
    window, clause = reply.text.index(sentence), reply.text.index("You can send things back for 30 days.")
    assert window < clause
    assert "(Source: Returns policy, “Returns”, version 3" in reply.text[clause:]


async def test_without_an_order_the_window_of_the_customers_tier_is_told(here: Here) -> None:
    desk = here()
    desk.shop.customers[CUSTOMER] = CustomerFacts(customer_id=CUSTOMER, tier="gold", region="US")
    reply = await desk.customer().say("how long can I keep things?")
    assert reply.text.startswith("In general you have 60 days from delivery to send something back.")


async def test_a_clause_that_sets_no_window_is_told_without_one(here: Here) -> None:
    desk = here(order())
    desk.clauses = (INVOICES, RETURNS)
    reply = await desk.customer().say(HOW_LONG)
    assert reply.text.startswith("Invoices come by e-mail.")
    assert "30 days" not in reply.text
    assert tools_of(reply) == ["get_order_status", "search_policy"]


async def test_the_window_of_other_articles_is_never_told(here: Here) -> None:
    desk = here(with_lines("electronics"))
    desk.clauses = (RETURNS, ELECTRONICS)
    reply = await desk.customer().say(HOW_LONG)
    assert "15 days after delivery" in reply.text
    assert "30 days" not in reply.text
    desk.clauses = (RETURNS,)
    assert "I could not find this in our policies" in (await desk.customer().say(HOW_LONG)).text


async def test_an_order_of_two_kinds_is_told_both_windows_with_both_sources(here: Here) -> None:
    desk = here(with_lines("footwear", "electronics"))
    desk.clauses = (RETURNS, ELECTRONICS)
    reply = await desk.customer().say(HOW_LONG)
    assert f"Footwear Thing until {a_day(28)}" in reply.text
    assert f"Electronics Thing until {a_day(13)}" in reply.text
    assert [citation.chunk_id for citation in reply.citations] == ["c-returns-general", "c-electronics"]


async def test_window_and_source_are_told_in_the_customers_language(here: Here) -> None:
    desk = here(order())
    reply = await desk.customer().say("how long can I keep it bitte, order 12345?")
    assert reply.text.startswith("Ja, Sie können Nimbus Runner Shoes bis zum ")
    assert "(Quelle: Returns policy, „Returns“, Fassung 3" in reply.text
    assert scope_of(desk)["language"] == "de"


async def test_a_part_that_is_on_its_way_back_is_not_called_returnable(here: Here) -> None:
    facts = with_lines("footwear", "electronics")
    back = ReturnRecord(return_id="R", order_id="12345", status="label_issued", line_ids=("1",), label_url="")
    desk = here(facts.model_copy(update={"returns": (back,)}))
    desk.clauses = (RETURNS, ELECTRONICS)
    reply = await desk.customer().say(HOW_LONG)
    assert "Electronics Thing until" in reply.text
    assert "Footwear Thing" not in reply.text
    assert "30 days" not in reply.text


@pytest.mark.parametrize("status", ["cancelled", "returned"])
async def test_what_is_over_has_no_window(here: Here, status: str) -> None:
    reply = await here(order(status=status)).customer().say(HOW_LONG)
    assert "until" not in reply.text
    assert "Source: Returns policy" in reply.text


# -- promises ----------------------------------------------------------------------------------------------------------


async def test_a_day_that_was_promised_holds_when_the_rules_answer_became_shorter(here: Here) -> None:
    desk = here(order(age_days=45, delivered_days_ago=40))
    gold = CustomerFacts(customer_id=CUSTOMER, tier="gold", region="US")
    desk.shop.customers[CUSTOMER] = gold
    customer = desk.customer()
    assert f"until {a_day(20)}: 60 days" in (await customer.say(HOW_LONG)).text
    desk.shop.customers[CUSTOMER] = gold.model_copy(update={"tier": "standard"})
    again = await customer.say(HOW_LONG)
    assert f"until {a_day(20)}: 60 days" in again.text
    assert (await customer.transcript()).summary.count("promised that") == 1
    offered = await customer.say("I want to send back order 12345")
    assert offered.offer
    assert offered.offer.kind == "return"
    assert a_day(20) in offered.offer.text
    assert rules_of(offered) == ["return.promised"]
    assert "RET-1" in (await customer.say("yes")).text


async def test_another_conversation_has_promised_nothing(here: Here) -> None:
    desk = here(order(age_days=45, delivered_days_ago=40))
    desk.shop.customers[CUSTOMER] = CustomerFacts(customer_id=CUSTOMER, tier="gold", region="US")
    await desk.customer().say(HOW_LONG)
    desk.shop.customers[CUSTOMER] = CustomerFacts(customer_id=CUSTOMER, tier="standard", region="US")
    refused = await desk.customer().say("I want to send back order 12345")
    assert refused.offer is None
    assert rules_of(refused) == ["return.window_closed"]
