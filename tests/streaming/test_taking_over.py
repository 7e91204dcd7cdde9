"""A person takes over while a model's words are on their way to a customer's screen."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.chatting import Chat
from tests.streaming.conftest import Model
from tests.streaming.test_drafts import Halting
from tests.streaming.watching import browsing, truthful
from workers.embedded import EmbeddedStack

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.timeout(180)]

WHERE = "where is order 67890?"
HERE = "I am looking for your parcel myself."


async def test_a_person_takes_over_in_mid_stream_answers_and_hands_back(
    stack: EmbeddedStack, model: Model, page: Page
) -> None:
    chat, gate = Chat(page, stack.settings.api_url), asyncio.Event()
    bubble = page.locator("[aria-hidden=true].bubble")
    async with browsing(stack.settings, chat.conversation) as line:
        acts = f"/v1/conversations/{chat.conversation}/acts"

        async def act(act_id: str, **fields: object) -> None:
            answer = await line.staff.post(acts, json={"act_id": act_id, "act": fields})
            assert answer.status_code == 200, answer.text

        await chat.open()
        await chat.say("hello")
        await expect(chat.log.locator(".theirs")).not_to_have_count(0, timeout=30_000)
        model.answer = lambda body: Halting(truthful(body), gate)
        await chat.say(WHERE)
        await expect(bubble).to_contain_text("67890", timeout=30_000)
        await act("a-1", kind="claim")
        await expect(bubble).to_be_hidden()
        gate.set()
        await act("a-2", kind="tell", text=HERE)
        await chat.hears(HERE)
        async with page.expect_response("**/messages"):
            await chat.say("are you there?")
        await act("a-3", kind="hand_back", note="found it")
        model.answer = truthful
        await chat.say(WHERE)
        await chat.hears("on its way")
        kinds = [
            event["kind"] for event in (await line.staff.get(f"/v1/conversations/{chat.conversation}")).json()["events"]
        ]
    held = kinds[kinds.index("handoff.claimed") : kinds.index("handoff.returned")]
    assert held == ["handoff.claimed", "message.customer", "message.person", "message.customer"]
    assert kinds[-1] == "message.assistant"
    assert chat.faults == []
