"""A model's words from its server to the customer, through every process of the stack, with some of them killed."""

import asyncio
from dataclasses import dataclass

import pytest

from tests.fakes.model_server import Body, Status, Step, Wire
from tests.streaming.conftest import Model
from tests.streaming.watching import Browser, browsing, bubble, drafts, replies, truthful
from workers.embedded import EmbeddedStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Halting(Step):
    """Say the first sentence, then nothing until the gate opens or the client hangs up, then the rest."""

    text: str
    gate: asyncio.Event

    async def play(self, wire: Wire) -> None:
        first, dot, rest = self.text.partition(". ")
        await wire.begin()
        await wire.choice({"content": f"{first}{dot}"})
        # A sentence is certain to have ended once the next one has begun.
        await wire.choice({"content": rest[:4]})
        await self.gate.wait()
        await wire.choice({"content": rest[4:]})
        await wire.end("stop", None)


async def until_the_first_sentence(browser: Browser, attempt: int = 1) -> str:
    """Wait for the first words of an attempt; returns the place behind them."""
    seen = await browser.until(
        lambda seen: any(line["kind"] == "delta" and line["attempt"] == attempt for line in drafts(seen))
    )
    return seen[-1].place


async def test_the_bubble_grows_sentence_by_sentence_into_the_reply(stack: EmbeddedStack, model: Model) -> None:
    async with browsing(stack.settings, "grows") as browser:
        await browser.say("m1")
        async with browser.following():
            reply = await browser.say("m2")
            await browser.until(lambda seen: len(replies(seen)) == 2)
        lines = drafts(browser.seen)
        assert [line["kind"] for line in lines] == ["begin", "delta", "delta", "delta"]
        assert bubble(lines) == reply["text"] == replies(browser.seen)[1]
        assert (await browser.decision("m2"))["tier"] == "S"


async def test_a_client_that_comes_back_goes_on_behind_what_it_had(stack: EmbeddedStack, model: Model) -> None:
    gate = asyncio.Event()
    async with browsing(stack.settings, "resumes") as browser, browsing(stack.settings, "resumes") as later:
        await browser.say("m1")
        model.answer = lambda body: Halting(truthful(body), gate)
        async with browser.following():
            saying = asyncio.create_task(browser.say("m2"))
            place = await until_the_first_sentence(browser)
        had = bubble(drafts(browser.seen))
        async with later.following(behind=place):
            await asyncio.sleep(0.3)
            gate.set()
            reply = await saying
            await later.until(lambda seen: replies(seen) == [reply["text"]])
        rest = drafts(later.seen)
        assert {line["kind"] for line in rest} == {"delta"}
        assert had + bubble(rest) == reply["text"]


async def test_a_worker_killed_in_mid_sentence_restarts_the_bubble_and_answers_once(
    stack: EmbeddedStack, model: Model
) -> None:
    gate = asyncio.Event()
    async with browsing(stack.settings, "killed") as browser:
        await browser.say("m1")
        async with browser.following():
            model.answer = lambda body: Halting(truthful(body), gate)
            saying = asyncio.create_task(browser.say("m2"))
            await until_the_first_sentence(browser)
            model.answer = truthful
            await stack.kill("inference")
            await stack.restart("inference")
            reply = await saying
            await browser.until(lambda seen: len(replies(seen)) == 2)
        lines = drafts(browser.seen)
        assert [line["attempt"] for line in lines if line["kind"] == "begin"] == [1, 2]
        assert bubble(lines) == reply["text"]
        calls = (await browser.decision("m2"))["calls"]
        assert [(call["outcome"], call["attempt"]) for call in calls] == [("lost", 1), ("ok", 2)]


async def test_a_new_message_ends_the_generation_and_no_word_of_it_follows(stack: EmbeddedStack, model: Model) -> None:
    async with browsing(stack.settings, "superseded") as browser:
        await browser.say("m1")
        async with browser.following():
            model.answer = lambda body: Halting(truthful(body), asyncio.Event())
            first = asyncio.create_task(browser.say("m2"))
            await until_the_first_sentence(browser)
            asked = model.server.requests[-1]
            model.answer = truthful
            second = await browser.say("m3", "and the photo of it?")
            await asyncio.wait_for(asked.hung_up.wait(), 10)
            assert (await first)["offset"] == second["offset"]
            await browser.until(lambda seen: len(replies(seen)) == 2)
        epochs = [line["epoch"] for line in drafts(browser.seen)]
        assert epochs == sorted(epochs)
        assert set(second["answers"]) == {"m2", "m3"}


async def test_a_lie_is_cleared_away_and_the_template_is_told(stack: EmbeddedStack, model: Model) -> None:
    def lying(body: Body) -> str:
        return truthful(body).replace("on its way", "delivered")

    async with browsing(stack.settings, "lies") as browser:
        honest = await browser.say("m1", within_ms=0)
        async with browser.following():
            model.answer = lying
            reply = await browser.say("m2")
            await browser.until(lambda seen: len(replies(seen)) == 2)
        assert reply["text"] == honest["text"]
        assert "delivered" not in bubble(drafts(browser.seen))
        assert drafts(browser.seen)[-1]["kind"] == "drop"
        decision = await browser.decision("m2")
        assert decision["calls"][0]["outcome"] == "cancelled"
        assert decision["verdicts"][-1]["rule"] == "reply.status"


async def test_a_model_that_is_down_costs_nobody_an_answer(stack: EmbeddedStack, model: Model) -> None:
    async with browsing(stack.settings, "down") as browser:
        honest = await browser.say("m1", within_ms=0)
        model.answer = lambda body: Status(500)
        reply = await browser.say("m2")
        assert reply["text"] == honest["text"]
        decision = await browser.decision("m2")
        assert (decision["tier"], decision["calls"][0]["outcome"]) == ("deterministic", "unavailable")
