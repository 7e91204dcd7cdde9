"""A question to the written policy without hits is searched once more, by words a model has for it."""

import pytest

from tests.fakes.shop import order
from tests.workflows.conftest import Here
from tests.workflows.model_scenes import only, tasks_of, with_model

ASKED = "how long is the guarantee?"


async def test_a_question_without_hits_is_searched_once_more_by_a_models_words(here: Here) -> None:
    desk = with_model(here(order()), only("rewrite", '{"query": "warranty period"}'))
    desk.by_word, desk.clauses = {"warranty": desk.clauses}, ()
    reply = await desk.customer().say(ASKED)
    assert [query for query, _ in desk.searches] == [ASKED, "warranty period"]
    assert "You can send things back for 30 days." in reply.text
    assert "warranty period" not in reply.text
    assert "Source: Returns policy" in reply.text


async def test_a_question_asked_after_an_order_was_talked_about_is_searched_once_more_too(here: Here) -> None:
    desk = with_model(here(order()), only("rewrite", '{"query": "warranty period"}'))
    desk.by_word, desk.clauses = {"warranty": desk.clauses}, ()
    customer = desk.customer()
    await customer.say("where is order 12345?")
    reply = await customer.say(ASKED)
    assert [query for query, _ in desk.searches] == [ASKED, "warranty period"]
    assert "You can send things back for 30 days." in reply.text
    assert "#12345" not in reply.text
    assert tasks_of(desk).count("rewrite") == 1


@pytest.mark.parametrize("query", ['{"query": "nothing there"}', "no form", None])
async def test_it_is_searched_again_once_at_most(here: Here, query: str | None) -> None:
    desk = with_model(here(order()), lambda work: query if work.task == "rewrite" else None)
    desk.clauses = ()
    reply = await desk.customer().say(ASKED)
    assert reply.text.startswith("I could not find this in our policies")
    assert len(desk.searches) == (2 if query and query.startswith("{") else 1)
    assert tasks_of(desk).count("rewrite") == 1


async def test_hits_of_the_question_itself_are_never_replaced(here: Here) -> None:
    desk = with_model(here(order()), only("rewrite", '{"query": "warranty period"}'))
    desk.by_word = {"warranty": ()}
    reply = await desk.customer().say(ASKED)
    assert "You can send things back for 30 days." in reply.text
    assert [query for query, _ in desk.searches] == [ASKED]
    assert "rewrite" not in tasks_of(desk)
