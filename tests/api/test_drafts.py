"""Following a reply under way: who asks for drafts gets them between the events, and nobody gets stuck on one."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from activities.clients.redis_drafts import RedisDrafts
from activities.inference_ports import DraftPlace
from api.stream import EventStream, Place
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import Site, bearer, take
from workflows.messages import DraftLine, conversation_workflow_id, event_stream


@pytest.fixture
async def drafts(own_redis: OwnRedis) -> AsyncIterator[RedisDrafts]:
    drafts = RedisDrafts.at(own_redis.url)
    yield drafts
    await drafts.close()


def turn(talk: str, after: int = 2, epoch: int = 1, attempt: int = 1) -> DraftPlace:
    return DraftPlace(event_stream("acme", talk), after, epoch, attempt)


async def draft(drafts: RedisDrafts, place: DraftPlace, *texts: str) -> None:
    assert await drafts.begin(place)
    for text in texts:
        assert await drafts.add(place, text)


async def test_drafts_come_as_they_are_written_and_then_the_reply(site: Site, talk: str, drafts: RedisDrafts) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk, after=2, drafts=True) as heard:
        place = turn(talk, epoch=5)
        await drafts.begin(place)
        begun = await anext(heard)
        await drafts.add(place, "Your parcel ")
        added = await anext(heard)
        await site.say(talk, "hello", "m2")
        assert await take(heard, 2) == [3, 4]
    assert (begun.id, begun.kind) == ("2-1", "reply.draft")
    assert begun.event == DraftLine(after=2, number=1, epoch=5, attempt=1, kind="begin")
    assert (added.id, added.kind) == ("2-2", "reply.draft")
    assert added.event == DraftLine(after=2, number=2, epoch=5, attempt=1, kind="delta", text="Your parcel ")


async def test_who_does_not_ask_for_drafts_gets_none(site: Site, talk: str, drafts: RedisDrafts) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk) as heard:
        assert await take(heard, 2) == [1, 2]
        await draft(drafts, turn(talk), "Your", " parcel")
        await site.say(talk, "close", "m2")
        async with asyncio.timeout(10):
            assert [event.id async for event in heard] == [3, 4, 5]


async def test_a_client_continues_behind_the_draft_it_saw_last(site: Site, talk: str, drafts: RedisDrafts) -> None:
    await site.say(talk, "hello", "m1")
    await draft(drafts, turn(talk), "Your", " parcel", " is")
    async with site.follow(talk, after="2-2", drafts=True) as heard:
        assert await take(heard, 2) == ["2-3", "2-4"]
        await drafts.add(turn(talk), " here")
        assert await take(heard, 1) == ["2-5"]
    path = f"/v1/conversations/{talk}/events?drafts=true&after=2-4"
    async with site.http.stream("GET", path, headers=bearer()) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "event: reply.draft"
        assert DraftLine.model_validate_json((await anext(lines)).removeprefix("data: ")).text == " here"
        assert await anext(lines) == "id: 2-5"


async def test_two_clients_and_their_support_agent_see_the_same_draft(
    site: Site, talk: str, drafts: RedisDrafts
) -> None:
    await site.say(talk, "hello", "m1")
    phone, laptop = site.follow(talk, drafts=True), site.follow(talk, after=1, drafts=True)
    desk = site.follow(talk, after=2, drafts=True, sub="bob", role="agent")
    async with phone as one, laptop as two, desk as three:
        await draft(drafts, turn(talk), "Your", " parcel")
        whole = [1, 2, "2-1", "2-2", "2-3"]
        assert await asyncio.gather(take(one, 5), take(two, 4), take(three, 3)) == [whole, whole[1:], whole[2:]]


async def test_a_client_that_was_away_while_the_reply_came_gets_the_reply(
    site: Site, talk: str, drafts: RedisDrafts
) -> None:
    await site.say(talk, "hello", "m1")
    await draft(drafts, turn(talk), "Your", " parcel")
    await site.say(talk, "hello", "m2")
    async with site.follow(talk, after="2-2", drafts=True) as heard:
        assert await take(heard, 2) == [3, 4]


async def test_a_retried_attempt_begins_the_draft_anew(site: Site, talk: str, drafts: RedisDrafts) -> None:
    await site.say(talk, "hello", "m1")
    await draft(drafts, turn(talk), "Your", " parcel")
    async with site.follow(talk, after=2, drafts=True) as heard:
        assert await take(heard, 3) == ["2-1", "2-2", "2-3"]
        await draft(drafts, turn(talk, attempt=2), "It")
        again, added = (await anext(heard)).event, (await anext(heard)).event
    assert (again.kind, again.attempt, added.attempt, added.text) == ("begin", 2, 2, "It")
    async with site.follow(talk, after="2-2", drafts=True) as heard:
        assert (await anext(heard)).event == again


async def test_what_was_drafted_before_somebody_took_over_is_shown_to_nobody(
    site: Site, talk: str, drafts: RedisDrafts
) -> None:
    await site.say(talk, "hello", "m1")
    await draft(drafts, turn(talk, epoch=1), "I can refund")
    async with site.follow(talk, after="2-1", drafts=True) as watching:
        assert await take(watching, 1) == ["2-2"]
        await drafts.raise_fence(event_stream("acme", talk), 2)
        assert not await drafts.add(turn(talk, epoch=1), " you everything")
        told = (await anext(watching)).event
    assert told == DraftLine(after=2, number=3, epoch=2, attempt=0, kind="drop")
    async with site.follow(talk, after="2-1", drafts=True) as late:
        assert (await anext(late)).event == told


async def test_a_draft_quicker_than_the_event_before_it_comes_after_it(
    site: Site, talk: str, drafts: RedisDrafts, temporal: Client
) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk, after=2, drafts=True) as heard:
        # Event 3, the question, is numbered at once and published together with its answer.
        speaking = asyncio.create_task(site.say(talk, "slow", "m2"))
        handle = temporal.get_workflow_handle(conversation_workflow_id("acme", talk))
        numbered = 2
        while numbered < 3:
            numbered = (await handle.query("transcript"))["last_offset"]
        await draft(drafts, turn(talk, after=3), "Your")
        assert await take(heard, 3) == [3, "3-1", "3-2"]
        await drafts.add(turn(talk, after=3), " parcel")
        assert await take(heard, 1) == ["3-3"]
        await handle.signal("release")
        assert await take(heard, 1) == [4]
        await speaking


async def test_a_redis_wiped_in_mid_draft_costs_nobody_the_next_attempt(
    site: Site, talk: str, drafts: RedisDrafts, own_redis: OwnRedis
) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk, drafts=True) as heard:
        await draft(drafts, turn(talk), "Your", " parcel", " is")
        assert await take(heard, 6) == [1, 2, "2-1", "2-2", "2-3", "2-4"]
        await own_redis.client.flushall()
        await draft(drafts, turn(talk, attempt=2), "It")
        assert await take(heard, 2) == ["2-1", "2-2"]
        await site.say(talk, "hello", "m2")
        assert await take(heard, 2) == [3, 4]


async def test_a_wait_ends_with_the_draft_it_waited_for(talk: str, drafts: RedisDrafts, own_redis: OwnRedis) -> None:
    stream = EventStream(own_redis.url)
    waiting = asyncio.create_task(stream.wait(event_stream("acme", talk), Place(2), patience_ms=4_000))
    await asyncio.sleep(0.05)
    await drafts.begin(turn(talk))
    assert await waiting == [DraftLine(after=2, number=1, epoch=1, attempt=1, kind="begin")]
    await stream.close()


async def test_a_stream_with_drafts_ends_when_the_conversation_is_closed(
    site: Site, talk: str, drafts: RedisDrafts
) -> None:
    await site.say(talk, "hello", "m1")
    await draft(drafts, turn(talk), "Good")
    async with site.follow(talk, after=2, drafts=True) as heard, asyncio.timeout(10):
        assert await take(heard, 2) == ["2-1", "2-2"]
        await site.say(talk, "close", "m2")
        assert [event.id async for event in heard] == [3, 4, 5]
