"""A model may only pick one of the intents it was shown, and whatever fails picks none."""

from pathlib import Path

import pytest

import policies
from activities.inference_asks import Routed, RouteIntent
from activities.intent_files import read_intents
from activities.routing_intents import IntentRouting
from activities.structured import Structured
from policies.tool_routes import CONFIDENCE
from tests.activities.asks import PROMPTS, asking
from tests.fakes.generator import ScriptedGenerator

SETS = read_intents(Path(policies.__file__).parent / "intents")
ASK = RouteIntent(**asking("that thing with my money"), intents=("refund_request", "track_order"))


async def routed(*texts: str | None) -> tuple[Routed, ScriptedGenerator]:
    with ScriptedGenerator(*texts) as model:
        return await IntentRouting(Structured(model, PROMPTS), SETS).route(ASK), model


async def test_the_model_sees_the_intents_and_can_decode_nothing_else() -> None:
    answer, model = await routed('{"choice": "refund_request"}')
    assert answer.guess
    assert (answer.guess.id, answer.guess.confidence) == ("refund_request", CONFIDENCE)
    request = model.work.request
    assert request.schema
    assert request.schema["properties"] == {
        "choice": {"type": "string", "enum": ["refund_request", "track_order", "none_of_these"]}
    }
    described = {intent.id: intent.description for intent in SETS.shipped}
    assert f"- track_order: {described['track_order']}\n- none_of_these: anything else" in request.messages[0].content
    assert ASK.message in request.messages[-1].content


async def test_none_of_these_is_no_guess() -> None:
    answer, _ = await routed('{"choice": "none_of_these"}')
    assert (answer.guess, answer.reasons, len(answer.calls)) == (None, ("no_intent",), 1)


@pytest.mark.parametrize("text", ['{"choice": "drop_tables"}', "a refund, I think", "[]", '{"choice": 1}', ""])
async def test_what_is_no_choice_is_followed_by_the_next_model(text: str) -> None:
    answer, _ = await routed(text, '{"choice": "track_order"}')
    assert answer.guess
    assert [call.outcome for call in answer.calls] == ["malformed", "ok"]


@pytest.mark.parametrize(("text", "reason"), [("drop_tables", "malformed"), (None, "failed")])
async def test_a_model_that_fails_picks_none(text: str | None, reason: str) -> None:
    answer, _ = await routed(text)
    assert (answer.guess, answer.reasons, len(answer.calls)) == (None, (reason,), 1)


async def test_without_a_model_there_is_no_guess() -> None:
    assert await IntentRouting(Structured(None, PROMPTS), SETS).route(ASK) == Routed(reasons=("no_model",))
