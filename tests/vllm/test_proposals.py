"""Five hundred proposals of a model that knows nothing: each is a call of ours, for an order of the customer's own."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator

from activities.catalog import CATALOG
from activities.clients.openai_server import OpenAiServer
from activities.gateway import Gateway
from activities.inference_asks import Proposed, ProposeTools
from activities.inference_ports import Ledger, ModelRequest, Piece, Switchboard
from activities.prompt_files import read_prompts
from activities.proposing import Proposing
from activities.structured import Structured
from policies.decoding import plain
from policies.fleet import Deployment
from policies.inference import Allowance
from policies.prompts import Setting
from tests.vllm.conftest import INSTRUCTIONS
from tests.vllm.customers import MESSAGES, customers

ANSWERS, CUSTOMERS, AT_ONCE = 500, 24, 8
# Random words wander where a trained model would stop; the longest answer of three has to fit.
MOST_TOKENS = 3000
ALLOWANCE = Allowance(tenant="northwind", tiers=("S",), rule="tier.light", seconds=240, nano_usd=0)
PROPOSABLE = {tool.name for tool in CATALOG if tool.proposable}
# Grammar knows neither what the customer wrote nor what the model said before.
BEYOND_GRAMMAR = {"not_said", "repeated"}


class Dreaming:
    """The server's port with the temperature turned up, so that no two answers are alike; keeps what was decoded."""

    def __init__(self, server: OpenAiServer) -> None:
        self._server = server
        self.heard: list[tuple[Mapping[str, Any], str]] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        assert request.schema
        text = ""
        async for piece in self._server.stream(replace(request, temperature=1.0, most_tokens=MOST_TOKENS)):
            text += piece.text
            yield piece
        self.heard.append((request.schema, text))

    async def close(self) -> None:
        await self._server.close()


async def test_every_proposal_fits_its_schema_and_the_customers_own_orders(
    deployment: Deployment, model_server: OpenAiServer, switchboard: Switchboard, ledger: Ledger
) -> None:
    server = Dreaming(model_server)
    gateway = Gateway([deployment], {deployment.name: server}, switchboard, ledger)
    proposing = Proposing(Structured(gateway, read_prompts(INSTRUCTIONS)), CATALOG)
    drawn, room = customers(CUSTOMERS, seed=5), asyncio.Semaphore(AT_ONCE)

    async def answer(number: int) -> Proposed:
        """Ask for another customer each time; each has a most of their own, and every message."""
        setting, message = drawn[number % CUSTOMERS], MESSAGES[number // CUSTOMERS % len(MESSAGES)]
        async with room:
            proposed = await proposing.propose(_ask(setting, message, most=1 + number % CUSTOMERS % 3))
        assert all(_is_own(proposal.arguments, setting) for proposal in proposed.proposals), proposed
        return proposed

    answers = await asyncio.gather(*map(answer, range(ANSWERS)))
    decoded = [_decoded(schema, text) for schema, text in server.heard]
    taken = Counter(proposal.tool for answer in answers for proposal in answer.proposals)
    dropped = Counter(reason for answer in answers for reason in answer.dropped)
    named = Counter(proposal["tool"] for proposals in decoded for proposal in proposals)
    assert [answer.calls for answer in answers if answer.reasons] == []
    print(f"{len(decoded)} answers, {len({text for _, text in server.heard})} of them different")
    print(f"decoded: {dict(named)}\ntaken up: {dict(taken)}\ndropped: {dict(dropped)}")
    assert len(decoded) == ANSWERS
    assert {reason.partition(" ")[2] for reason in dropped} <= BEYOND_GRAMMAR
    # A model that always said the same would prove little.
    assert set(named) == PROPOSABLE


def _ask(setting: Setting, message: str, most: int) -> ProposeTools:
    tools = tuple(sorted(PROPOSABLE))
    return ProposeTools(allowance=ALLOWANCE, prompt="1", setting=setting, message=message, tools=tools, most=most)


def _decoded(schema: Mapping[str, Any], text: str) -> list[Mapping[str, Any]]:
    """Read an answer as the product does, and hold it to its schema."""
    answer = json.loads(plain(text))
    Draft202012Validator(schema).validate(answer)
    proposals: list[Mapping[str, Any]] = answer["proposals"]
    return proposals


def _is_own(arguments: Mapping[str, Any], setting: Setting) -> bool:
    order_ids = {order.order_id for order in setting.orders}
    awbs = {awb for order in setting.orders for awb in order.awbs}
    return arguments.get("order_id") in {None, *order_ids} and arguments.get("awb") in {None, *awbs}
