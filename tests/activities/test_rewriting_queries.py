"""A question may be searched for in a model's words, as long as they add nothing to it."""

import json

import pytest

from activities.inference_asks import RewriteQuery, Rewritten
from activities.rewriting_queries import LONGEST, QueryRewriting
from activities.structured import Structured
from tests.activities.asks import ORDERS, PROMPTS, asking
from tests.fakes.generator import ScriptedGenerator

ASK = RewriteQuery(**asking("can I still give NW-10023 back after 30 days?", *ORDERS))


def says(query: str) -> str:
    return json.dumps({"query": query})


async def rewritten(*texts: str | None) -> tuple[Rewritten, ScriptedGenerator]:
    with ScriptedGenerator(*texts) as model:
        return await QueryRewriting(Structured(model, PROMPTS)).rewrite(ASK), model


async def test_the_words_of_a_policy_take_the_place_of_the_customers() -> None:
    answer, model = await rewritten(says("return  window after 30 days\n"))
    assert (answer.query, answer.reasons) == ("return window after 30 days", ())
    assert model.work.request.schema
    assert model.work.request.schema["properties"] == {
        "query": {"type": "string", "minLength": 1, "maxLength": LONGEST}
    }


@pytest.mark.parametrize("query", ["return of NW-10023", "return window 90 days", "returns for [email_1]"])
async def test_a_query_that_adds_something_is_refused(query: str) -> None:
    answer, _ = await rewritten(says(query))
    assert (answer.query, answer.reasons, len(answer.calls)) == ("", ("adds",), 1)


async def test_no_words_are_no_query() -> None:
    answer, _ = await rewritten(says("  "))
    assert (answer.query, answer.reasons) == ("", ("empty",))


@pytest.mark.parametrize("text", [says("x" * (LONGEST + 1)), "return window", '{"query": 5}', '{"q": "a"}'])
async def test_an_answer_of_another_form_is_followed_by_the_next_model(text: str) -> None:
    answer, _ = await rewritten(text, says("return window"))
    assert answer.query == "return window"
    assert [call.outcome for call in answer.calls] == ["malformed", "ok"]


async def test_a_control_character_does_not_spoil_an_answer() -> None:
    answer, _ = await rewritten('{"query": "return\twindow"}')
    assert answer.query == "return window"


async def test_without_a_model_or_an_answer_there_is_no_query() -> None:
    assert await QueryRewriting(Structured(None, PROMPTS)).rewrite(ASK) == Rewritten(reasons=("no_model",))
    answer, _ = await rewritten(None)
    assert (answer.query, answer.reasons) == ("", ("failed",))
