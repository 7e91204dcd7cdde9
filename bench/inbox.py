"""Time people's inbox in a real Redis of its own: `python -m bench.inbox [--open 500 5000 50000 --times N]`.

A page is 50 rows, as the console asks for it: one question to Redis and 50 rows read. `pings` says how many bare round
trips (PING) to the same Redis it took in the median, one between any two questions: a busy machine changes that less.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from activities.clients.redis_desk import RedisDesk
from activities.desk_ports import Member
from policies.cases import Priority
from policies.inbox import Row, View
from workers.binaries import locate
from workers.ports import free_ports

TENANT, ME = "northwind", "agent-1"
AGENTS = 40
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PREVIEW = "I ordered three weeks ago and the parcel has not moved since Monday. Can somebody tell me where it is?"

Question = Callable[[], Awaitable[Any]]


def main() -> None:
    """Print one table for each number of open conversations."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--open", type=int, nargs="+", default=[500, 5_000, 50_000])
    options.add_argument("--times", type=int, default=300)
    given = options.parse_args()
    for rows in given.open:
        asyncio.run(measure(rows, given.times))


async def measure(rows: int, times: int) -> None:
    """Fill an empty Redis, then ask each question `times` over."""
    chance = Random(6)
    async with redis_server() as url:
        desk = RedisDesk.at(url)
        began = time.perf_counter()
        for number in range(rows):
            await desk.file(made_up(number, chance))
        filled = time.perf_counter() - began
        async with Redis.from_url(url) as redis:
            memory = (await redis.info("memory"))["used_memory"] / rows / 1024
            print(f"\n{rows} open conversations, filed in {filled:.1f} s, {memory:.1f} kB each")
            print(f"{'':24}{'p50 ms':>8}{'p95 ms':>8}{'pings':>7}")
            for name, question in (await questions(desk, rows, chance)).items():
                await _line(name, question, redis.ping, times)
        await desk.close()


async def questions(desk: RedisDesk, rows: int, chance: Random) -> dict[str, Question]:
    """Name what a console, a customer and a publisher ask of the inbox."""
    deep = await _cursor(desk, rows // 100)
    for agent in range(AGENTS):
        until = NOW + timedelta(minutes=2)
        await desk.seen(TENANT, Member(subject=f"agent-{agent}", name="", capacity=rows, until=until))
    waiting = iter(count(rows))
    asked: dict[str, Question] = {f"page {view}": _page(desk, view) for view in View}
    asked["page all, in the middle"] = _page(desk, View.ALL, deep)
    asked["counts"] = lambda: desk.counts(TENANT, ME, NOW)
    for words in ("in-100042", "#1000", "u", "u lost", "agent-1 urgent-x"):
        asked[f"search {words}"] = lambda words=words: desk.search(TENANT, words)
    asked["place"] = lambda: desk.place(TENANT, f"c-{chance.randrange(rows)}")
    asked["file, changed"] = lambda: desk.file(made_up(chance.randrange(rows), chance, next(waiting)))
    asked["choose a person"] = lambda: desk.choose(TENANT, f"n-{next(waiting)}", "agent", (), NOW)
    return asked


def made_up(number: int, chance: Random, version: int = 1) -> Row:
    """Make up a conversation: two in five with people, one in thirty snoozed, one in twenty with an approval."""
    person = chance.random() < 0.4
    assignee = f"agent-{chance.randrange(AGENTS)}" if person and chance.random() < 0.7 else ""
    return Row(
        tenant=TENANT,
        conversation_id=f"c-{number}",
        version=version,
        customer_id=f"U{number % 7_000}",
        order_id=f"IN-{100_000 + number}",
        intent="track_order",
        stage="waiting_approval" if chance.random() < 0.05 else "open",
        owner="person" if person else "ai",
        claimed=assignee != "" and chance.random() < 0.8,
        assignee=assignee,
        assignee_name=assignee.title(),
        priority=chance.choice([*Priority]),
        tags=("lost",) if chance.random() < 0.2 else (),
        preview=PREVIEW,
        opened_at=NOW - timedelta(days=1),
        updated_at=NOW - timedelta(seconds=chance.randrange(80_000)),
        waiting_since=NOW - timedelta(seconds=chance.randrange(8_000)) if person else None,
        waits_for_customer=assignee != "" and chance.random() < 0.4,
        due_at=NOW + timedelta(seconds=chance.randrange(-4_000, 20_000)) if person else None,
        snoozed_until=NOW + timedelta(hours=3) if chance.random() < 0.03 else None,
    )


@asynccontextmanager
async def redis_server() -> AsyncIterator[str]:
    """Run an empty Redis on a free port."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", folder, "--save", ""]
        quiet = asyncio.subprocess.DEVNULL
        server = await asyncio.create_subprocess_exec(locate("redis-server"), *options, stdout=quiet)
        try:
            url = f"redis://127.0.0.1:{port}/0"
            async with Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 200)) as redis:
                await redis.ping()
            yield url
        finally:
            server.terminate()
            await server.wait()


def _page(desk: RedisDesk, view: View, cursor: str = "") -> Question:
    return lambda: desk.page(TENANT, view, ME, NOW, cursor)


async def _cursor(desk: RedisDesk, pages: int) -> str:
    cursor = ""
    for _ in range(pages):
        cursor = (await desk.page(TENANT, View.ALL, ME, NOW, cursor)).cursor or cursor
    return cursor


async def _line(name: str, question: Question, ping: Question, times: int) -> None:
    pairs = [(await _timed(ping), await _timed(question)) for _ in range(times)]
    pings, took = (sorted(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(took) / statistics.median(pings)
    print(f"{name:24}{statistics.median(took):8.2f}{took[int(0.95 * times)]:8.2f}{ratio:7.1f}", flush=True)


async def _timed(question: Question) -> float:
    began = time.perf_counter()
    await question()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
