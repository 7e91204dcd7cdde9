"""Following events: every offset once, in order, whatever happens to Redis, to the connection or to the process."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.settings import Settings
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import Site, bearer, serving, slug, take
from workflows.messages import event_stream


async def test_events_arrive_while_they_happen_with_offset_and_kind(site: Site, talk: str) -> None:
    await site.say(talk, "one", "m1")
    async with site.follow(talk) as heard:
        assert await take(heard, 2) == [1, 2]
        await site.say(talk, "two", "m2")
        third, fourth = await anext(heard), await anext(heard)
    assert (third.id, third.kind, third.event.text) == (3, "message.customer", "two")
    assert (fourth.id, fourth.kind, fourth.event.offset) == (4, "message.assistant", 4)


async def test_a_client_that_reconnects_continues_behind_its_last_event(site: Site, talk: str) -> None:
    for number in range(3):
        await site.say(talk, "hello", f"m{number}")
    async with site.follow(talk, after=4) as heard:
        assert await take(heard, 2) == [5, 6]


async def test_the_header_wins_over_the_query_and_the_query_alone_works(site: Site, talk: str) -> None:
    await site.say(talk, "close", "m1")
    path = f"/v1/conversations/{talk}/events?after=1"
    both = await site.http.get(path, headers={**bearer(), "Last-Event-ID": "2"})
    alone = await site.http.get(path, headers=bearer())
    assert both.text.count("id: ") == 1
    assert alone.text.count("id: ") == 2


async def test_the_stream_ends_after_the_conversation_closed(site: Site, talk: str) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk) as heard:
        await site.say(talk, "close", "m2")
        async with asyncio.timeout(10):
            assert [event.id async for event in heard] == [1, 2, 3, 4, 5]
    async with site.follow(talk, after=5) as heard, asyncio.timeout(10):
        assert [event async for event in heard] == []


async def test_a_wiped_redis_neither_loses_nor_doubles_an_event(site: Site, talk: str, own_redis: OwnRedis) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk) as heard:
        seen = await take(heard, 2)
        await own_redis.client.flushall()
        await site.say(talk, "hello", "m2")
        seen += await take(heard, 2)
        await own_redis.client.flushall()
    await site.say(talk, "hello", "m3")
    await own_redis.client.flushall()
    async with site.follow(talk, after=seen[-1]) as heard:
        seen += await take(heard, 2)
        await site.say(talk, "hello", "m4")
        seen += await take(heard, 2)
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_events_wiped_before_they_were_read_are_noticed_without_new_ones(
    site: Site, talk: str, own_redis: OwnRedis
) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk) as heard:
        assert await take(heard, 2) == [1, 2]
        # The stream vanishes together with an event nobody has read yet.
        own_redis.stop()
        await site.say(talk, "hello", "m2")
        own_redis.start()
        assert await take(heard, 2) == [3, 4]


async def test_a_lost_stream_is_put_back_into_redis_from_the_workflow(
    site: Site, talk: str, own_redis: OwnRedis
) -> None:
    for number in range(3):
        await site.say(talk, "hello", f"m{number}")
    name = event_stream("acme", talk)
    whole = await own_redis.client.xrange(name)
    await own_redis.client.delete(name)
    # A worker went on writing at the end before anybody noticed.
    await own_redis.client.xadd(name, whole[-1][1], id=whole[-1][0])
    async with site.follow(talk) as heard:
        assert await take(heard, 6) == [1, 2, 3, 4, 5, 6]
    assert [entry for entry, _ in await own_redis.client.xrange(name)] == [f"{offset}-0" for offset in range(1, 7)]


async def test_while_redis_is_down_events_come_from_the_workflow(site: Site, talk: str, own_redis: OwnRedis) -> None:
    own_redis.stop()
    try:
        await site.say(talk, "hello", "m1")
        async with site.follow(talk) as heard:
            assert await take(heard, 2) == [1, 2]
            await site.say(talk, "hello", "m2")
            assert await take(heard, 2) == [3, 4]
    finally:
        own_redis.start()


async def test_two_followers_of_a_wiped_stream_hear_the_same(site: Site, talk: str, own_redis: OwnRedis) -> None:
    await site.say(talk, "hello", "m1")
    async with site.follow(talk) as one, site.follow(talk) as other:
        await own_redis.client.flushall()
        for number in range(2, 5):
            await site.say(talk, "hello", f"m{number}")
        assert await asyncio.gather(take(one, 8), take(other, 8)) == [list(range(1, 9))] * 2


@pytest.mark.parametrize("place", ["abc", "-1", "1.5", "", "9" * 30, "٣", "1-0", "1-", "x-1", "1-x", "1-2-3", "1-01"])
async def test_a_malformed_event_id_is_refused(site: Site, talk: str, place: str) -> None:
    await site.say(talk, "hello")
    headers = {**bearer(), "Last-Event-ID": place.encode()}
    answer = await site.http.get(f"/v1/conversations/{talk}/events", headers=headers)
    assert (answer.status_code, slug(answer)) == (400, "event-id-malformed")


async def test_an_event_id_that_never_was_is_refused(site: Site, talk: str) -> None:
    await site.say(talk, "hello")
    for place in ("3", "3-1"):
        answer = await site.get(f"/v1/conversations/{talk}/events?after={place}")
        assert slug(answer) == "event-id-malformed"


async def test_a_stream_does_not_outlive_its_token(site: Site, talk: str) -> None:
    await site.say(talk, "hello")
    soon = datetime.now(UTC) + timedelta(seconds=2)
    async with site.follow(talk, exp=soon) as heard, asyncio.timeout(10):
        assert [event.id async for event in heard] == [1, 2]


async def test_shutdown_does_not_wait_for_followers(settings: Settings, worker: None, talk: str) -> None:
    async with asyncio.timeout(5), serving(settings) as site:
        await site.say(talk, "hello")
        following = site.follow(talk)
        heard = await following.__aenter__()
        assert await take(heard, 2) == [1, 2]
        site.server.should_exit = True
        with suppress(httpx.RemoteProtocolError):
            assert [event async for event in heard] == []
        await following.__aexit__(None, None, None)
