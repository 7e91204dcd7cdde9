"""The activities of the queue "inference": every task over a real gateway and HTTP, and none without a model."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment

import policies
from activities.inference import Inference
from activities.inference_asks import Asking, Inferred, ProposeTools, RewriteQuery, RouteIntent, WriteAnswer
from activities.inference_ports import Generator
from activities.intent_files import read_intents
from policies.clauses import Clause
from tests.activities.asks import ORDERS, PROMPTS, asking
from tests.fakes.generator import ScriptedGenerator
from tests.fakes.model_fleet import fleet, outcomes, place
from tests.fakes.model_server import Say, Status

SETS = read_intents(Path(policies.__file__).parent / "intents")
WINDOW = Clause(
    clause_id="returns.general",
    title="Return window",
    text="The return window is 30 days after delivery for most items.",
    document="northwind-returns",
    version="1",
    effective_from="2026-01-01",
)
REFUND = {"tool": "initiate_refund", "arguments": {"order_id": "NW-10023", "reason_code": "DAMAGED_ITEM"}}
ASKS: dict[str, tuple[Asking, str]] = {
    "route_intent": (
        RouteIntent(**asking("that thing with my money"), intents=("refund_request",)),
        json.dumps({"choice": "refund_request"}),
    ),
    "propose_tools": (
        ProposeTools(**asking("the lamp is broken", *ORDERS), tools=("initiate_refund",)),
        json.dumps({"proposals": [REFUND]}),
    ),
    "rewrite_query": (RewriteQuery(**asking("can I give it back?")), json.dumps({"query": "return window"})),
    "write_policy_answer": (
        WriteAnswer(**asking("how long can I send it back?"), clauses=(WINDOW,)),
        json.dumps({"answer": "You can return most items within 30 days after delivery.", "clauses": [1]}),
    ),
}
every_task = pytest.mark.parametrize("name", ASKS)


async def run(name: str, generator: Generator | None, environment: ActivityEnvironment | None = None) -> Any:
    tasks: Callable[..., Any] = getattr(Inference(generator, PROMPTS, SETS), name)
    return await (environment or ActivityEnvironment()).run(tasks, ASKS[name][0])


@every_task
async def test_a_task_is_answered_through_the_gateway_by_the_second_model_where_the_first_fails(name: str) -> None:
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    async with fleet(place("one", Status(500)), place("two", Say(ASKS[name][1]))) as field:
        answer = await run(name, field.gateway, environment)
    assert answer.reasons == ()
    assert outcomes(answer.calls) == [("one", "unavailable"), ("two", "ok")]
    assert beats, "a killed worker is noticed by its silence"
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


@every_task
async def test_a_server_that_answers_in_prose_leaves_a_reason_and_the_call(name: str) -> None:
    async with fleet(place("one", Say("Certainly! Here you are."))) as field:
        answer = await run(name, field.gateway)
    assert answer == type(answer)(reasons=("malformed",), calls=answer.calls)
    assert outcomes(answer.calls) == [("one", "malformed")]


@every_task
async def test_without_a_generator_every_task_says_so(name: str) -> None:
    answer = await run(name, None)
    assert isinstance(answer, Inferred)
    assert answer == type(answer)(reasons=("no_model",))


@every_task
async def test_a_schema_goes_with_every_task_and_so_do_the_attempt_and_those_lost_before_it(name: str) -> None:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=2)
    with ScriptedGenerator(ASKS[name][1]) as model:
        answer = await run(name, model, environment)
    assert (model.work.attempt, model.work.allowance.calls) == (2, 1)
    assert [(call.outcome, call.attempt) for call in answer.calls] == [("lost", 1), ("ok", 1)]
    assert model.work.prompt == f"{model.work.task}/1"
    assert model.work.request.schema
    assert model.work.request.most_tokens <= 500


def test_every_task_is_an_activity_under_the_name_conversations_use() -> None:
    inference = Inference(None, PROMPTS, SETS)
    found = {activity._Definition.must_from_callable(getattr(inference, name)).name for name in ASKS}
    assert found == set(ASKS)
