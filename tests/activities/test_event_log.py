"""The event log on a real Redis: each offset once, in order, whoever appends and however often."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment

from activities.clients.redis_log import RedisEventLog
from activities.errors import Unavailable
from activities.event_log import AppendEvents, Events, LogEnd, LoggedEvent


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[RedisEventLog]:
    log = RedisEventLog.at(redis_url, keep=timedelta(days=2))
    yield log
    await log.close()


@pytest.fixture
def stream() -> str:
    return f"holdfast:events:acme:{uuid4()}"


def events(*offsets: int) -> list[tuple[int, str]]:
    return [(offset, json.dumps({"offset": offset})) for offset in offsets]


async def held(redis: Any, stream: str) -> list[int]:
    entries = await redis.xrange(stream)
    assert all(list(fields) == ["event"] for _, fields in entries)
    assert [int(entry.removesuffix("-0")) for entry, _ in entries] == [
        json.loads(fields["event"])["offset"] for _, fields in entries
    ]
    return [int(entry.removesuffix("-0")) for entry, _ in entries]


APPENDS: dict[str, tuple[list[list[int]], list[int], list[int]]] = {
    # appends, what each answers, what is held in the end
    "one by one": ([[1], [2], [3]], [1, 2, 3], [1, 2, 3]),
    "the same again": ([[1, 2], [1, 2]], [2, 2], [1, 2]),
    "overlapping": ([[1, 2], [2, 3, 4]], [2, 4], [1, 2, 3, 4]),
    "unsorted": ([[3, 1, 2]], [3], [1, 2, 3]),
    "twice in one": ([[1, 1]], [1], [1]),
    "nothing": ([[], [1], []], [0, 1, 1], [1]),
    "late ones are put in their place": ([[4], [1, 2, 3, 4], [5]], [4, 4, 5], [1, 2, 3, 4, 5]),
}


@pytest.mark.parametrize(("appends", "answers", "end"), APPENDS.values(), ids=APPENDS)
async def test_each_offset_is_held_once_and_in_order(
    appends: list[list[int]], answers: list[int], end: list[int], log: RedisEventLog, redis: Any, stream: str
) -> None:
    assert [await log.append(stream, events(*offsets)) for offsets in appends] == answers
    assert await held(redis, stream) == end


async def test_what_stands_in_the_log_is_never_rewritten(log: RedisEventLog, redis: Any, stream: str) -> None:
    await log.append(stream, events(1))
    await log.append(stream, [(1, '{"offset": 1, "text": "another"}')])
    assert await redis.xrange(stream) == [("1-0", {"event": '{"offset": 1}'})]


async def test_many_workers_appending_the_same_offsets_leave_no_duplicates(
    redis_url: str, redis: Any, stream: str
) -> None:
    workers = [RedisEventLog.at(redis_url) for _ in range(8)]
    batches = [events(*range(start, start + 7)) for start in range(1, 60, 3)]
    await asyncio.gather(*(worker.append(stream, batch) for batch in reversed(batches) for worker in workers))
    await asyncio.gather(*(worker.close() for worker in workers))
    assert await held(redis, stream) == list(range(1, 65))


async def test_a_follower_waiting_at_the_end_gets_the_next_event(log: RedisEventLog, redis: Any, stream: str) -> None:
    await log.append(stream, events(1, 2))
    waiting = asyncio.create_task(redis.xread({stream: "2-0"}, block=5000))
    await asyncio.sleep(0.05)
    await log.append(stream, events(2, 3))
    assert await waiting == [[stream, [("3-0", {"event": '{"offset": 3}'})]]]


async def test_a_log_expires_some_time_after_its_last_event(log: RedisEventLog, redis: Any, stream: str) -> None:
    await log.append(stream, events(1))
    await redis.expire(stream, 5)
    await log.append(stream, events(2))
    assert await redis.ttl(stream) > 86_400


async def test_a_forgotten_log_is_gone_and_can_begin_anew(log: RedisEventLog, redis: Any, stream: str) -> None:
    await log.append(stream, events(1, 2, 3))
    await log.forget(stream)
    assert not await redis.exists(stream)
    assert await log.append(stream, events(1)) == 1


async def test_a_redis_that_lost_its_scripts_is_taught_again(log: RedisEventLog, redis: Any, stream: str) -> None:
    await log.append(stream, events(1))
    await redis.script_flush()
    assert await log.append(stream, events(2)) == 2


async def test_an_absent_redis_is_unavailable() -> None:
    log = RedisEventLog.at("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable, match="ConnectionError"):
        await log.append("s", events(1))
    with pytest.raises(Unavailable):
        await log.forget("s")


async def test_the_activity_appends_what_came_through_history(log: RedisEventLog, redis: Any, stream: str) -> None:
    ask = AppendEvents(stream=stream, events=(LoggedEvent(offset=1, line='{"offset": 1}'),))
    payloads = await pydantic_data_converter.encode([ask])
    (decoded,) = await pydantic_data_converter.decode(payloads, [AppendEvents])
    assert await ActivityEnvironment().run(Events(log).append_events, decoded) == LogEnd(last_offset=1)
    assert await held(redis, stream) == [1]
