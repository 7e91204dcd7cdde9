"""The ledger on a real Redis: nothing is counted twice, lost between workers, or mixed between shops and days."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from activities.clients.redis_ledger import Booked, RedisLedger, Sums
from activities.errors import Unavailable
from policies.inference import ModelCall, Usage

DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def ledger(redis: Any, clock: Clock) -> RedisLedger:
    return RedisLedger(redis, now=clock)


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


def call(**given: Any) -> ModelCall:
    usual = {
        "task": "phrase",
        "deployment": "small-a",
        "tier": "S",
        "outcome": "ok",
        "usage": Usage(prompt=1200, cached=1000, completion=40),
        "nano_usd": 70_000,
        "queued_ms": 5,
        "first_token_ms": 80,
        "decode_ms": 200,
    }
    return ModelCall.model_validate({**usual, **given})


async def test_calls_alike_are_added_up(ledger: RedisLedger, tenant: str) -> None:
    for _ in range(3):
        await ledger.enter(tenant, call())
    sums = Sums(
        calls=3,
        prompt=3600,
        cached=3000,
        completion=120,
        nano_usd=210_000,
        queued_ms=15,
        first_token_ms=240,
        first_tokens=3,
        decode_ms=600,
    )
    line = Booked(day=DAY, tier="S", task="phrase", deployment="small-a", outcome="ok", sums=sums)
    assert await ledger.read(tenant, DAY, DAY) == (line,)


@pytest.mark.parametrize("other", [{"tier": "M"}, {"task": "route"}, {"deployment": "b"}, {"outcome": "timeout"}])
async def test_calls_that_differ_are_kept_apart(ledger: RedisLedger, tenant: str, other: dict[str, str]) -> None:
    await ledger.enter(tenant, call())
    await ledger.enter(tenant, call(**other))
    lines = await ledger.read(tenant, DAY, DAY)
    assert [line.sums.calls for line in lines] == [1, 1]
    assert {tuple(other.values()), tuple(getattr(call(), name) for name in other)} == {
        tuple(getattr(line, name) for name in other) for line in lines
    }


async def test_a_call_that_brought_nothing_is_still_a_call(ledger: RedisLedger, tenant: str) -> None:
    await ledger.enter(tenant, call(outcome="timeout", usage=Usage(), nano_usd=0, first_token_ms=3000, decode_ms=0))
    (line,) = await ledger.read(tenant, DAY, DAY)
    assert line.sums == Sums(calls=1, queued_ms=5)


async def test_workers_that_write_at_once_lose_nothing(redis_url: str, clock: Clock, tenant: str) -> None:
    workers = [RedisLedger(Redis.from_url(redis_url), now=clock) for _ in range(4)]
    await asyncio.gather(*(worker.enter(tenant, call()) for worker in workers for _ in range(25)))
    (line,) = await workers[0].read(tenant, DAY, DAY)
    assert (line.sums.calls, line.sums.nano_usd) == (100, 7_000_000)
    await asyncio.gather(*(worker.close() for worker in workers))


async def test_a_day_is_one_of_utc(ledger: RedisLedger, clock: Clock, tenant: str) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    for clock.now in (datetime(2026, 11, 22, 5, 29, tzinfo=india), datetime(2026, 11, 22, 5, 30, tzinfo=india)):
        await ledger.enter(tenant, call())
    lines = await ledger.read(tenant, date(2026, 11, 1), date(2026, 11, 30))
    assert [line.day for line in lines] == [DAY, DAY + timedelta(days=1)]


async def test_days_outside_and_other_shops_are_left_out(ledger: RedisLedger, clock: Clock, tenant: str) -> None:
    await ledger.enter(f"{tenant}-too", call())
    for more in range(4):
        clock.now = NOON + timedelta(days=more)
        await ledger.enter(tenant, call())
    lines = await ledger.read(tenant, DAY + timedelta(days=1), DAY + timedelta(days=2))
    assert [line.day.day for line in lines] == [22, 23]
    assert await ledger.read(tenant, DAY, DAY - timedelta(days=1)) == ()


async def test_a_day_is_kept_for_over_a_year(ledger: RedisLedger, redis: Any, tenant: str) -> None:
    await ledger.enter(tenant, call())
    (key,) = [key async for key in redis.scan_iter(f"holdfast:costs:{tenant}:*")]
    assert timedelta(days=399) < timedelta(seconds=await redis.ttl(key)) <= timedelta(days=400)


async def test_without_redis_an_entry_is_logged_and_reading_is_unavailable(clock: Clock) -> None:
    ledger = RedisLedger.at("redis://127.0.0.1:1/0")
    with capture_logs() as logs:
        await ledger.enter("acme", call())
    (entry,) = logs
    assert entry["event"] == "ledger.dropped"
    assert (entry["tenant"], entry["call"]["nano_usd"]) == ("acme", 70_000)
    with pytest.raises(Unavailable, match="ConnectionError"):
        await ledger.read("acme", DAY, DAY)
    await ledger.close()
