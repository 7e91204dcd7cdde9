"""Scripted models for evaluations: one that gets every shipped case right, one that says as little as it may."""

import json
from collections.abc import Callable
from typing import Any

from activities.prompt_files import read_prompts
from evals.inference import Cases, Evaluation, Instructions, evaluate, read_cases
from evals.inference_cases import CARDS
from policies.fleet import Deployment
from policies.inference import InferenceRules
from policies.prompts import quoted
from tests.fakes.model_server import Body, ModelServerScript, Step, answering
from workers.settings import read_settings

CASES = read_cases()
INSTRUCTIONS = Instructions(read_prompts(read_settings({}).prompt_folder), InferenceRules().prompts)
Answer = Callable[[str, Body], str | Step]
EMPTY = json.dumps({"proposals": []})
NO_ANSWER = json.dumps({"answer": "", "clauses": []})


async def measured(answer: Answer, cases: Cases = CASES, **more: Any) -> Evaluation:
    async with answering(lambda body: answer(task_of(body), body)) as server:
        return await evaluate(deployment_at(server, **more), None, cases, INSTRUCTIONS)


def deployment_at(server: ModelServerScript, **more: Any) -> Deployment:
    return Deployment.model_validate(
        {"name": "judged", "tier": "S", "base_url": server.base_url, "model": "judged"} | more
    )


def task_of(body: Body) -> str:
    said = body["messages"][0]["content"]
    return next(task for task in ("propose", "phrase", "answer") if said.startswith(_opening(task)))


def _opening(task: str) -> str:
    return INSTRUCTIONS.prompts.get(f"{task}/1").text[:40]


def perfect(task: str, body: Body) -> str:
    return {"propose": _propose_well, "phrase": _phrase_well, "answer": _answer_well}[task](body)


def case_of(body: Body, cases: Any, field: str) -> Any:
    """Find the case of a request by its last message and its context."""
    first, last = body["messages"][0]["content"], body["messages"][-1]["content"]
    return next(
        case
        for case in cases
        if last.startswith(quoted(getattr(case, field)))
        and all(order.order_id in first for order in case.orders)
        and all(getattr(each, "text", "") in last for each in getattr(case, "clauses", ()))
        and all(sentence in last for sentence in getattr(case, "sentences", ()))
    )


def _propose_well(body: Body) -> str:
    case = case_of(body, CASES.proposals, "message")
    return json.dumps({"proposals": [proposal(each.tool, dict(each.arguments)) for each in case.expect]})


def proposal(tool: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Add what every decoded proposal has, though the case does not look at it."""
    filled = {name: wanted.get(name, "" if name == "sku" else "a few words") for name in CARDS[tool].fields}
    if "address" in filled:
        filled["address"] = {"line2": "", "region": "", **wanted["address"]}
    return {"tool": tool, "arguments": filled}


def _phrase_well(body: Body) -> str:
    case = case_of(body, CASES.phrases, "message")
    return f"<thought>status first</thought><response>{' '.join(case.sentences)}</response>"


def _answer_well(body: Body) -> str:
    case = case_of(body, CASES.answers, "question")
    if not case.answerable:
        return NO_ANSWER
    text = " ".join(clause.text for clause in case.clauses)
    return json.dumps({"answer": text, "clauses": list(range(1, len(case.clauses) + 1))})


def silent(task: str, body: Body) -> str:
    """Say as little as the form allows."""
    return {"propose": EMPTY, "phrase": "<response> </response>", "answer": NO_ANSWER}[task]
