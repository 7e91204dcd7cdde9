"""The layout of our prompts lets the server's prefix cache keep what two turns, and two customers, have in common."""

from collections.abc import Sequence
from typing import NamedTuple

from activities.catalog import CATALOG
from activities.clients.openai_server import OpenAiServer
from activities.inference_ports import ModelRequest
from activities.prompt_files import read_prompts
from activities.proposing import card_of
from policies.inference import Usage
from policies.prompts import Setting, Turned, layout
from policies.proposals import tools_text
from tests.vllm.conftest import INSTRUCTIONS
from tests.vllm.customers import customers
from tests.vllm.serve import Vllm

# On a CPU the cache keeps whole blocks of 128 tokens; on a GPU they have 16.
BLOCK = 128
OPENING, FOLLOWING = "where is my parcel", "and the other one?"


class Turn(NamedTuple):
    answer: str
    usage: Usage


async def test_the_second_turn_of_a_conversation_finds_the_first_in_the_cache(
    vllm: Vllm, model_server: OpenAiServer
) -> None:
    (setting,) = customers(1, seed=17)
    first = await _turn(model_server, setting, (), OPENING)
    hits, asked = vllm.metric("vllm:prefix_cache_hits_total"), vllm.metric("vllm:prefix_cache_queries_total")
    history = (Turned(who="customer", text=OPENING), Turned(who="assistant", text=first.answer))
    second = await _turn(model_server, setting, history, FOLLOWING)
    print(f"{second.usage.cached} of {second.usage.prompt} tokens; turn one had {first.usage.prompt}")
    assert second.usage.prompt > first.usage.prompt > 4 * BLOCK
    assert second.usage.cached >= first.usage.prompt - 2 * BLOCK
    assert vllm.metric("vllm:prefix_cache_hits_total") - hits == second.usage.cached
    assert vllm.metric("vllm:prefix_cache_queries_total") - asked == second.usage.prompt


async def test_two_customers_share_the_instructions(model_server: OpenAiServer) -> None:
    one, other = customers(2, seed=18)
    await _turn(model_server, one, (), OPENING)
    usage = (await _turn(model_server, other, (), OPENING)).usage
    assert BLOCK <= usage.cached < usage.prompt


async def _turn(server: OpenAiServer, setting: Setting, history: Sequence[Turned], message: str) -> Turn:
    tools = tools_text([card_of(tool) for tool in CATALOG if tool.proposable])
    messages = layout(read_prompts(INSTRUCTIONS).get("propose/1"), setting, tools, history, message)
    request = ModelRequest(messages, most_tokens=60, pattern="[a-z ]{60}", temperature=1.0)
    pieces = [piece async for piece in server.stream(request)]
    usage = pieces[-1].usage
    assert usage
    return Turn("".join(piece.text for piece in pieces), usage)
