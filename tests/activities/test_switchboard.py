"""Circuit breakers and concurrency tokens on a real Redis: what one worker learns of a deployment, all of them heed."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import nan
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from structlog.testing import capture_logs

from activities.clients.redis_switchboard import LONGEST_WAIT, RedisSwitchboard
from activities.inference_ports import Admission
from policies.fleet import Breaker, Deployment, Timeouts
from policies.inference import CallOutcome

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def one(redis_url: str) -> AsyncIterator[RedisSwitchboard]:
    switchboard = RedisSwitchboard(Redis.from_url(redis_url))
    yield switchboard
    await switchboard.close()


@pytest.fixture
async def other(redis_url: str) -> AsyncIterator[RedisSwitchboard]:
    """The switchboard of another worker."""
    switchboard = RedisSwitchboard(Redis.from_url(redis_url))
    yield switchboard
    await switchboard.close()


@pytest.fixture
async def slow(redis_url: str) -> AsyncIterator[RedisSwitchboard]:
    """A switchboard whose waiters are due in a minute, so that none is by chance."""
    switchboard = RedisSwitchboard(Redis.from_url(redis_url), pause=60)
    yield switchboard
    await switchboard.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


def deployment(**given: Any) -> Deployment:
    """A deployment nobody called before."""
    made = {"name": f"d-{uuid4().hex[:12]}", "tier": "S", "base_url": "http://127.0.0.1:1/v1", "model": "m", **given}
    return Deployment.model_validate(made)


def frail(failures: int = 1, open_seconds: float = 30, **given: Any) -> Deployment:
    """A deployment that is left alone after few failures."""
    return deployment(breaker=Breaker(failures=failures, open_seconds=open_seconds), **given)


@asynccontextmanager
async def mute(redis_url: str) -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """Lead to the Redis, but drop its answers while the first event is set, and set the second at each of them."""
    to, silent, dropped = urlsplit(redis_url), asyncio.Event(), asyncio.Event()

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool) -> None:
        while some := await source.read(65536):
            if answers and silent.is_set():
                dropped.set()
            else:
                target.write(some)
        target.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(to.hostname, to.port)
        await asyncio.gather(carry(reader, forth, False), carry(back, writer, True))

    async with await asyncio.start_server(lead, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", silent, dropped


async def admitted(switchboard: RedisSwitchboard, to: Deployment) -> str:
    admission = await switchboard.admit(to)
    assert admission.state == "admitted"
    return admission.lease


async def call(switchboard: RedisSwitchboard, to: Deployment, outcome: CallOutcome, wait: float | None = None) -> None:
    await switchboard.release(to, await admitted(switchboard, to), outcome, wait)


async def half_open(switchboard: RedisSwitchboard, redis: Any, to: Deployment) -> None:
    """Open the breaker, and let the time pass after which one call may try."""
    await call(switchboard, to, "unavailable")
    assert (await switchboard.admit(to)).state == "open"
    await redis.hset(key(to, "breaker"), "until", 0)


def key(to: Deployment, name: str) -> str:
    return f"holdfast:switchboard:{{{to.name}}}:{name}"


# -- concurrency tokens ------------------------------------------------------------------------------------------


async def test_workers_share_the_tokens_of_a_deployment(one: RedisSwitchboard, other: RedisSwitchboard) -> None:
    to = deployment(concurrency=2)
    first = await admitted(one, to)
    await admitted(other, to)
    assert {(await one.admit(to)).state, (await other.admit(to)).state} == {"busy"}
    await other.release(to, first, "ok")
    await admitted(one, to)


async def test_deployments_do_not_share_theirs(one: RedisSwitchboard) -> None:
    await admitted(one, deployment(concurrency=1))
    await admitted(one, deployment(concurrency=1))


async def test_the_token_of_a_worker_that_was_killed_comes_back(one: RedisSwitchboard, other: RedisSwitchboard) -> None:
    times = Timeouts(**dict.fromkeys(Timeouts.model_fields, 0.01))
    to = deployment(concurrency=1, wait_seconds=0.01, timeouts=times)
    await admitted(one, to)
    assert (await other.admit(to)).state == "busy"
    await asyncio.sleep(2.05)
    await admitted(other, to)


async def test_a_call_that_is_cancelled_while_it_asks_leaves_no_token_behind(redis_url: str, redis: Any) -> None:
    to = deployment()
    async with mute(redis_url) as (url, silent, dropped):
        switchboard = RedisSwitchboard.at(url)
        await call(switchboard, to, "ok")
        silent.set()
        asking = asyncio.create_task(switchboard.admit(to))
        await dropped.wait()
        assert await redis.zcard(key(to, "leases")) == 1
        silent.clear()
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        await switchboard.close()
    assert not await redis.zcard(key(to, "leases"))


async def test_a_token_given_back_twice_is_one_token(one: RedisSwitchboard) -> None:
    to = deployment(concurrency=2)
    lease = await admitted(one, to)
    await admitted(one, to)
    await one.release(to, lease, "ok")
    await one.release(to, lease, "ok")
    await admitted(one, to)
    assert (await one.admit(to)).state == "busy"


async def test_only_so_many_wait_and_the_others_are_told_not_to(slow: RedisSwitchboard) -> None:
    to = deployment(concurrency=1, waiting=3)
    await admitted(slow, to)
    answers = await asyncio.gather(*(slow.admit(to) for _ in range(10)))
    assert Counter(answer.wait for answer in answers) == {60: 3, 0: 7}
    assert {answer.state for answer in answers} == {"busy"}


async def test_who_asks_again_when_due_keeps_a_place_among_those_who_wait(slow: RedisSwitchboard, redis: Any) -> None:
    to = deployment(concurrency=1, waiting=2)
    lease = await admitted(slow, to)
    for _ in range(3):
        assert [(await slow.admit(to)).wait for _ in range(3)] == [60, 60, 0]
        due = dict.fromkeys(await redis.zrange(key(to, "waiters"), 0, -1), 1000 * time.time() - 1)
        await redis.zadd(key(to, "waiters"), due)
    await slow.release(to, lease, "ok")
    await admitted(slow, to)


@pytest.mark.parametrize("patience", [{"waiting": 0}, {"wait_seconds": 0}])
async def test_nobody_waits_where_nobody_should(one: RedisSwitchboard, patience: dict[str, float]) -> None:
    to = deployment(concurrency=1, **patience)
    await admitted(one, to)
    assert await one.admit(to) == Admission("busy")


STEPS = st.lists(
    st.one_of(
        st.integers(1, 6),  # so many ask at once
        st.tuples(st.integers(0, 20), st.sampled_from(["ok", "malformed", "timeout", "cancelled", "rate_limited"])),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tokens=st.integers(1, 4), steps=STEPS)
async def test_whatever_happens_no_more_calls_run_than_there_are_tokens(
    one: RedisSwitchboard, other: RedisSwitchboard, tokens: int, steps: list[Any]
) -> None:
    to = frail(failures=2, open_seconds=0.002, concurrency=tokens, waiting=2)
    out: list[str] = []
    for step in steps:
        if isinstance(step, int):
            answers = await asyncio.gather(*((one, other)[at % 2].admit(to) for at in range(step)))
            out += [answer.lease for answer in answers if answer.state == "admitted"]
            assert len(out) <= tokens
            assert len(out) == tokens or "busy" not in {answer.state for answer in answers}
            assert sum(answer.state == "busy" and answer.wait > 0 for answer in answers) <= to.waiting
        elif out:
            await one.release(to, out.pop(step[0] % len(out)), step[1])


# -- circuit breakers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["unavailable", "timeout", "rate_limited"])
async def test_a_deployment_that_fails_too_often_is_left_alone_by_all_workers(
    one: RedisSwitchboard, other: RedisSwitchboard, outcome: CallOutcome
) -> None:
    to = frail(failures=3, open_seconds=30)
    for _ in range(3):
        await call(one, to, outcome)
    admission = await other.admit(to)
    assert admission.state == "open"
    assert 0 < admission.wait <= 30


async def test_failures_count_only_within_their_window(one: RedisSwitchboard) -> None:
    to = deployment(breaker=Breaker(failures=2, within_seconds=0.05, open_seconds=30))
    await call(one, to, "timeout")
    await asyncio.sleep(0.06)
    await call(one, to, "timeout")
    await admitted(one, to)


async def test_a_success_forgets_the_failures_before_it(one: RedisSwitchboard) -> None:
    to = frail(failures=2)
    for outcome in ("timeout", "ok", "timeout"):
        await call(one, to, outcome)
    await admitted(one, to)


@pytest.mark.parametrize("outcome", ["malformed", "rejected", "cancelled", "overtaken"])
async def test_what_says_nothing_about_the_server_neither_opens_nor_mends(
    one: RedisSwitchboard, outcome: CallOutcome
) -> None:
    to = frail(failures=2, open_seconds=30)
    await call(one, to, "timeout")
    for _ in range(4):
        await call(one, to, outcome)
    await call(one, to, "timeout")
    assert (await one.admit(to)).state == "open"


async def test_of_twenty_that_ask_a_half_open_deployment_one_may_try(
    one: RedisSwitchboard, other: RedisSwitchboard, redis: Any
) -> None:
    to = frail()
    await half_open(one, redis, to)
    answers = await asyncio.gather(*((one, other)[at % 2].admit(to) for at in range(20)))
    assert Counter(answer.state for answer in answers) == {"admitted": 1, "open": 19}


@pytest.mark.parametrize("outcome", ["ok", "malformed", "rejected"])
async def test_a_try_that_is_answered_at_all_lets_everybody_through(
    one: RedisSwitchboard, other: RedisSwitchboard, redis: Any, outcome: CallOutcome
) -> None:
    to = frail()
    await half_open(one, redis, to)
    await call(one, to, outcome)
    answers = await asyncio.gather(*(other.admit(to) for _ in range(5)))
    assert {answer.state for answer in answers} == {"admitted"}


async def test_a_try_that_fails_shuts_the_door_again_however_many_failures_are_allowed(
    one: RedisSwitchboard, redis: Any
) -> None:
    to = frail(failures=2)
    await call(one, to, "unavailable")
    await half_open(one, redis, to)
    await call(one, to, "timeout")
    assert (await one.admit(to)).state == "open"


@pytest.mark.parametrize("outcome", ["cancelled", "overtaken"])
async def test_a_try_that_told_nothing_makes_room_for_the_next_one(
    one: RedisSwitchboard, redis: Any, outcome: CallOutcome
) -> None:
    to = frail()
    await half_open(one, redis, to)
    await call(one, to, outcome)
    await admitted(one, to)
    assert (await one.admit(to)).state == "open"


async def test_a_try_whose_worker_was_killed_makes_room_for_the_next_one(one: RedisSwitchboard, redis: Any) -> None:
    to = frail()
    await half_open(one, redis, to)
    lost = await admitted(one, to)
    assert (await one.admit(to)).state == "open"
    await redis.zadd(key(to, "leases"), {lost: 0})
    await admitted(one, to)


async def test_calls_sent_before_it_opened_do_not_decide_about_the_try(one: RedisSwitchboard, redis: Any) -> None:
    to = frail()
    early = [await admitted(one, to) for _ in range(2)]
    await half_open(one, redis, to)
    probe = await admitted(one, to)
    await one.release(to, early[0], "ok")
    await one.release(to, early[1], "timeout")
    assert (await one.admit(to)).state == "open"
    await one.release(to, probe, "ok")
    await admitted(one, to)


async def test_a_server_that_asks_for_patience_gets_it_from_all_workers(
    one: RedisSwitchboard, other: RedisSwitchboard
) -> None:
    to = deployment()
    await call(one, to, "rate_limited", wait=20)
    admission = await other.admit(to)
    assert admission.state == "open"
    assert 10 < admission.wait <= 20


@pytest.mark.parametrize(("asked", "most"), [(10.0**12, LONGEST_WAIT), (-5.0, 0.0), (nan, 0.0)])
async def test_patience_has_its_limits(one: RedisSwitchboard, asked: float, most: float) -> None:
    to = deployment()
    await call(one, to, "rate_limited", wait=asked)
    assert most / 2 <= (await one.admit(to)).wait <= most


async def test_a_shorter_wish_for_patience_does_not_shorten_a_longer_one(one: RedisSwitchboard) -> None:
    to = deployment()
    leases = [await admitted(one, to) for _ in range(2)]
    await one.release(to, leases[0], "rate_limited", 60)
    await one.release(to, leases[1], "rate_limited", 1)
    assert (await one.admit(to)).wait > 50


# -- the Redis behind it -----------------------------------------------------------------------------------------


async def test_nothing_stays_in_redis_for_ever(slow: RedisSwitchboard, redis: Any) -> None:
    to = deployment(concurrency=1)
    await call(slow, to, "timeout")
    await admitted(slow, to)
    await slow.admit(to)
    names = {"leases", "waiters", "failures"}
    assert {await redis.pttl(key(to, name)) > 0 for name in names} == {True}
    await call(slow, other := deployment(), "rate_limited", 1)
    assert 0 < await redis.pttl(key(other, "breaker")) <= 3_601_000


async def test_without_redis_every_call_is_admitted_and_that_is_said_once_a_minute() -> None:
    seconds = 0.0
    client = Redis.from_url(AWAY)
    switchboard = RedisSwitchboard(client, clock=lambda: seconds)
    to = deployment(concurrency=1)
    with capture_logs() as logs:
        for _ in range(3):
            await call(switchboard, to, "timeout")
        seconds = 61
        await admitted(switchboard, to)
    await switchboard.close()
    assert [entry["event"] for entry in logs] == ["switchboard.away"] * 2


async def test_a_redis_that_answers_nonsense_admits_as_well(redis_url: str, redis: Any) -> None:
    to = deployment()
    await redis.set(f"holdfast:switchboard:{{{to.name}}}:leases", "not a sorted set", ex=60)
    switchboard = RedisSwitchboard.at(redis_url)
    await call(switchboard, to, "ok")
    await switchboard.close()
