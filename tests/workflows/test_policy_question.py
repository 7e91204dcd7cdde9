"""What a question to the policy is about: the order, the day, the category and the codes it is searched for."""

from datetime import UTC, datetime

import pytest

from policies.facts import CustomerFacts
from policies.gist import essence
from tests.fakes.shop import order
from tests.workflows.conftest import CUSTOMER, Here
from tests.workflows.desk import RETURNS
from tests.workflows.policy_scenes import ELECTRONICS, HOW_LONG, INVOICES, scope_of
from tests.workflows.test_conversation import tools_of


async def test_the_policy_of_the_day_an_order_was_placed_governs_it(here: Here) -> None:
    desk = here(order(age_days=90, delivered_days_ago=80))
    desk.shop.customers[CUSTOMER] = CustomerFacts(customer_id=CUSTOMER, tier="gold", region="CA")
    reply = await desk.customer().say(HOW_LONG)
    scope = scope_of(desk)
    assert scope["on"] == desk.shop.orders["12345"].placed_at.date().isoformat()
    assert (scope["region"], scope["tier"], scope["category"]) == ("CA", "gold", "footwear")
    assert scope["path"] == "accurate"
    assert reply.decision
    (consulted,) = reply.decision.consulted
    assert consulted.on.isoformat() == scope["on"]
    assert (consulted.clauses, consulted.confidence) == (("returns.general",), 0.9)


async def test_a_question_about_no_order_is_answered_by_todays_policy(here: Here) -> None:
    desk = here(order(age_days=90))
    await desk.customer().say("how long can I keep things?")
    scope = scope_of(desk)
    assert (scope["on"], scope["category"]) == (datetime.now(UTC).date().isoformat(), None)


async def test_an_order_spoken_of_before_is_the_one_in_question(here: Here) -> None:
    desk = here(order(age_days=40), order("777", age_days=9))
    customer = desk.customer()
    await customer.say("where is order 12345?")
    await customer.say("how long can I keep it?")
    assert scope_of(desk)["on"] == desk.shop.orders["12345"].placed_at.date().isoformat()


async def test_an_article_named_says_which_order_and_which_category_is_meant(here: Here) -> None:
    desk = here(
        order(age_days=40),
        order("777", age_days=9, title="Aurora Headphones", category="electronics", sku="SKU-7"),
    )
    await desk.customer().say("how long can I keep the headphones?")
    scope = scope_of(desk)
    assert scope["category"] == "electronics"
    assert scope["on"] == desk.shop.orders["777"].placed_at.date().isoformat()


async def test_a_category_named_without_an_order_narrows_the_search(here: Here) -> None:
    desk = here(order())
    desk.clauses = (RETURNS, ELECTRONICS)
    reply = await desk.customer().say("how long can I keep electronics?")
    assert scope_of(desk)["category"] == "electronics"
    assert "For articles of this kind you have 15 days from delivery" in reply.text
    assert "Electronics go back within 15 days." in reply.text
    assert [citation.clause_id for citation in reply.citations] == ["returns.electronics"]


async def test_a_question_is_searched_for_with_the_codes_it_names(here: Here) -> None:
    """What recognition calls a matter's own words has no codes, and policies speak of articles by theirs."""
    desk = here(order())
    desk.understanding.said = essence
    await desk.customer().say("how long can I keep SKU-9942-B. I need an invoice for SKU-1-A")
    assert [query for query, _ in desk.searches] == [
        "how long can I keep SKU-9942-B.",
        "I need an invoice for SKU-1-A",
    ]


async def test_an_article_no_policy_names_is_answered_by_what_holds_for_its_kind(here: Here) -> None:
    desk = here(order())
    other = ELECTRONICS.model_copy(update={"clause_id": "hats", "text": "SKU-1001-B cannot be returned."})
    desk.by_word = {"SKU-1001-A": (), "item": (RETURNS, other)}
    reply = await desk.customer().say("how long can I keep SKU-1001-A of order 12345?")
    assert "Yes, you can send back Nimbus Runner Shoes" in reply.text
    assert [citation.clause_id for citation in reply.citations] == ["returns.general"]
    assert tools_of(reply) == ["get_order_status", "search_policy", "search_policy", "get_return_window"]


@pytest.mark.parametrize("found", ["at once", "among articles of its kind"])
async def test_what_holds_for_another_article_is_not_told_nor_what_comes_after_it(here: Here, found: str) -> None:
    desk = here(order())
    other = ELECTRONICS.model_copy(update={"clause_id": "hats", "text": "SKU-1001-B cannot be returned."})
    hits = {"SKU-1001-A": (other, RETURNS)} if found == "at once" else {"SKU-1001-A": (), "item": (other, RETURNS)}
    desk.by_word = {"item": (), **hits}
    reply = await desk.customer().say("how long can I keep SKU-1001-A of order 12345?")
    assert reply.text.startswith("I could not find this in our policies")
    assert reply.citations == ()


async def test_a_question_asked_after_an_order_is_about_it_only_where_its_window_answers(here: Here) -> None:
    desk = here(order(age_days=90))
    customer = desk.customer()
    await customer.say("where is order 12345?")
    desk.clauses = (INVOICES,)
    await customer.say("how do I get an invoice")
    assert scope_of(desk)["on"] == datetime.now(UTC).date().isoformat()
    desk.clauses = (RETURNS,)
    await customer.say("how long can I keep it?")
    assert scope_of(desk)["on"] != datetime.now(UTC).date().isoformat()


async def test_an_article_that_is_not_the_customers_gets_no_answer_for_another(here: Here) -> None:
    desk = here(order())
    desk.by_word = {"SKU-9942-B": ()}
    reply = await desk.customer().say("how long can I keep SKU-9942-B of order 12345?")
    assert reply.text.startswith("I could not find this in our policies")
    assert len(desk.searches) == 1


async def test_somebody_elses_order_lends_a_question_nothing(here: Here) -> None:
    desk = here(order(), order("777", customer_id="U1", age_days=200, category="electronics"))
    reply = await desk.customer().say("how long can I keep it, order 777?")
    assert "I can't find order #777" in reply.text
    scope = scope_of(desk)
    assert (scope["on"], scope["category"]) == (datetime.now(UTC).date().isoformat(), None)
