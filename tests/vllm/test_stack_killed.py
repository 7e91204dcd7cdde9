"""A real model's words through the whole stack, while workers and the server are killed.

The tiny model's words are never true, so the truth check ends it with its first sentence: the customer sees a bubble
begin, and is told the templates.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.streaming.watching import Browser, browsing, bubble, drafts, replies
from tests.vllm.conftest import Keeper
from tests.vllm.serve import Vllm, write_fleet
from workers.embedded import EmbeddedStack, on_free_ports
from workers.settings import read_settings


@pytest.fixture(scope="module")
async def stack(keeper: Keeper, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    folder = tmp_path_factory.mktemp("stack")
    fleet = write_fleet(folder / "fleet.yaml", [keeper.server().deployment()])
    async with EmbeddedStack(on_free_ports(read_settings(data=folder / "data", fleet=fleet)), say=print) as running:
        yield running


async def until_it_decodes(vllm: Vllm, decodes: bool = True) -> None:
    for _ in range(2_000):
        if bool(await asyncio.to_thread(vllm.metric, "vllm:num_requests_running")) is decodes:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the server never got there")


async def told(browser: Browser, count: int) -> None:
    await browser.until(lambda seen: len(replies(seen)) == count, seconds=60)


async def test_a_bubble_begins_and_the_templates_are_told_instead_of_words_that_are_not_true(
    vllm: Vllm, stack: EmbeddedStack
) -> None:
    async with browsing(stack.settings, "untrue") as browser:
        honest = await browser.say("m1", within_ms=0)
        async with browsing(stack.settings, "untrue") as later, browser.following():
            saying = asyncio.create_task(browser.say("m2"))
            seen = await browser.until(lambda seen: bool(drafts(seen)), seconds=60)
            async with later.following(behind=seen[-1].place):
                reply = await saying
                await told(browser, 2)
                await told(later, 1)
        assert reply["text"] == honest["text"]
        # A second client that came in behind the beginning got what followed it, and nothing twice.
        assert "begin" not in [line["kind"] for line in drafts(later.seen)]
        lines = drafts(browser.seen)
        assert (lines[0]["kind"], bubble(lines)) == ("begin", "")
        (call,) = (await browser.decision("m2"))["calls"]
        assert call["usage"]["completion"] > 0
        assert call["outcome"] in ("cancelled", "malformed")


async def test_a_worker_killed_while_the_model_writes_begins_again_and_answers_once(
    vllm: Vllm, stack: EmbeddedStack
) -> None:
    async with browsing(stack.settings, "worker") as browser:
        honest = await browser.say("m1", within_ms=0)
        async with browser.following():
            saying = asyncio.create_task(browser.say("m2"))
            await until_it_decodes(vllm)
            await stack.kill("inference")
            await stack.restart("inference")
            reply = await saying
            await told(browser, 2)
        assert reply["text"] == honest["text"]
        calls = (await browser.decision("m2"))["calls"]
        assert [call["attempt"] for call in calls] == [1, 2]
        assert calls[0]["outcome"] == "lost"
        # Nobody is left for whom the first attempt's tokens would be decoded.
        await until_it_decodes(vllm, decodes=False)


async def test_a_server_killed_while_it_writes_costs_nobody_an_answer(vllm: Vllm, stack: EmbeddedStack) -> None:
    async with browsing(stack.settings, "server") as browser:
        honest = await browser.say("m1", within_ms=0)
        saying = asyncio.create_task(browser.say("m2"))
        await until_it_decodes(vllm)
        vllm.kill()
        assert (await saying)["text"] == honest["text"]
        decision = await browser.decision("m2")
        assert decision["calls"][0]["outcome"] == "unavailable"
        assert decision["tier"] == "deterministic"
