"""The lessons page: naming what was not understood, one message at a time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from policies.facts import IntentGuess, Understanding
from policies.lessons import Lesson, unsure
from tests.api.conftest import OwnRedis
from tests.fakes.queues import HTMX, Queues, queues, signed_in

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def console(own_redis: OwnRedis) -> AsyncIterator[Queues]:
    async with queues(own_redis.url) as console:
        yield console


async def keep(console: Queues, text: str, *guesses: str) -> Lesson:
    understood = Understanding(
        redacted=text, unsure=tuple(IntentGuess(id=guess, confidence=0.4) for guess in guesses), language="en"
    )
    lesson = unsure(console.tenant, understood, NOW)
    assert lesson
    await console.parts.lessons.keep(lesson)
    return lesson


async def test_guesses_come_first_each_with_a_key(console: Queues) -> None:
    await keep(console, "where has it gone to", "refund_status", "delivery_dispute")
    html = (await signed_in(console).get("/console/lessons")).text
    assert "where has it gone to" in html
    first = html.split('data-key="1"')[0].rsplit("<button", 1)[1]
    assert 'value="refund_status"' in first
    assert 'value="delivery_dispute" data-key="2"' in html
    assert '<option value="invoice">invoice</option>' in html


async def test_a_message_is_named_by_whoever_is_signed_in(console: Queues) -> None:
    lesson = await keep(console, "where has it gone to")
    async with signed_in(console) as ana:
        answer = await ana.post(f"/console/lessons/{lesson.id}", data={"intent": "track_order"}, headers=HTMX)
        assert "means <b>track order</b>" in answer.text
        assert "where has it gone to" not in (await ana.get("/console/lessons")).text
    (named,) = await console.parts.lessons.labelled(console.tenant, 10)
    assert (named.intent, named.labelled_by) == ("track_order", "ana")


async def test_a_message_is_deleted_for_good(console: Queues) -> None:
    lesson = await keep(console, "asdf asdf")
    async with signed_in(console) as ana:
        answer = await ana.post(f"/console/lessons/{lesson.id}/delete", headers=HTMX)
    assert "Deleted." in answer.text
    assert await console.parts.lessons.find(console.tenant, lesson.id) is None


async def test_without_scripts_one_comes_back_to_the_list(console: Queues) -> None:
    lesson = await keep(console, "where has it gone to")
    async with signed_in(console) as ana:
        form = {"intent": "track_order"}
        answer = await ana.post(f"/console/lessons/{lesson.id}", data=form, headers={"X-Holdfast": "console"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/lessons")


@pytest.mark.parametrize("intent", ["", "nonsense", "x" * 200])
async def test_an_intent_there_is_none_of_is_refused(console: Queues, intent: str) -> None:
    lesson = await keep(console, "where has it gone to")
    async with signed_in(console) as ana:
        answer = await ana.post(f"/console/lessons/{lesson.id}", data={"intent": intent}, headers=HTMX)
    assert answer.status_code == 422
    assert await console.parts.lessons.labelled(console.tenant, 10) == ()


async def test_another_shops_messages_are_neither_shown_nor_named(console: Queues) -> None:
    lesson = await keep(console, "where has it gone to")
    async with signed_in(console, "eve", "supervisor") as eve:
        assert "where has it gone to" in (await eve.get("/console/lessons")).text
    console.tenant += "-b"
    async with signed_in(console, "eve", "supervisor") as eve:
        assert "where has it gone to" not in (await eve.get("/console/lessons")).text
        answer = await eve.post(f"/console/lessons/{lesson.id}", data={"intent": "track_order"}, headers=HTMX)
        assert answer.status_code == 404


async def test_customers_words_are_escaped(console: Queues) -> None:
    await keep(console, "<script>alert(1)</script> </blockquote>")
    html = (await signed_in(console).get("/console/lessons")).text
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
