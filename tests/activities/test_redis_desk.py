"""Pauses, presence and the wire between open consoles, on a real Redis and on one that is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from activities.clients.redis_desk import RedisDesk
from activities.clients.redis_presence import RedisPresence
from activities.desk_ports import EVERYWHERE, Changed, Inbox, Member, Pause, Pauses, Presence, Roster
from activities.errors import Unavailable
from policies.inbox import View
from tests.activities.inbox_rows import NOON, row
from workers.binaries import locate
from workers.ports import free_ports

AWAY = "redis://127.0.0.1:1/0"


class Server:
    """A Redis that a test may stop."""

    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self._process = process

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[Server]:
    (port,) = free_ports(1)
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    process = await asyncio.create_subprocess_exec(locate("redis-server"), *options, stdout=asyncio.subprocess.DEVNULL)
    server = Server(f"redis://127.0.0.1:{port}/0", process)
    patient = Retry(ConstantBackoff(0.02), 500)
    async with Redis.from_url(server.url, retry=patient) as redis:
        await redis.ping()
    yield server
    await server.stop()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture
async def desk(redis_url: str) -> AsyncIterator[RedisDesk]:
    desk = RedisDesk.at(redis_url)
    yield desk
    await desk.close()


def pause(tenant: str, intent: str = "refund_status") -> Pause:
    return Pause(tenant=tenant, intent=intent, by="boss", at=NOON, reason="the carrier is down")


async def test_one_object_is_all_four_ports(desk: RedisDesk) -> None:
    inbox: Inbox = desk
    roster: Roster = desk
    pauses: Pauses = desk
    presence: Presence = desk
    assert {inbox, roster, pauses, presence} == {desk}


# -- pauses --------------------------------------------------------------------------------------------------------


async def test_a_pause_holds_for_its_tenant_until_it_is_ended(desk: RedisDesk, tenant: str) -> None:
    one, all_of_it = pause(tenant), pause(tenant, EVERYWHERE)
    await desk.pause(one)
    await desk.pause(all_of_it)
    assert set(await desk.paused(tenant)) == {one, all_of_it}
    assert await desk.paused(f"{tenant}-too") == ()
    assert await desk.resume(tenant, EVERYWHERE)
    assert not await desk.resume(tenant, EVERYWHERE)
    assert await desk.paused(tenant) == (one,)


async def test_a_pause_of_everywhere_is_every_tenants_and_only_ended_everywhere(desk: RedisDesk, tenant: str) -> None:
    everywhere = pause(EVERYWHERE, f"intent-{tenant}")
    await desk.pause(everywhere)
    assert everywhere in await desk.paused(tenant)
    assert not await desk.resume(tenant, everywhere.intent)
    assert await desk.resume(EVERYWHERE, everywhere.intent)
    assert await desk.paused(tenant) == ()


async def test_a_pause_does_not_end_because_redis_is_away(own_server: Server, tenant: str) -> None:
    desk = RedisDesk.at(own_server.url)
    await desk.paused(tenant)
    await desk.pause(pause(tenant))
    await own_server.stop()
    assert await desk.paused(tenant) == (pause(tenant),)
    with pytest.raises(Unavailable, match="nobody can say"):
        await desk.paused(f"{tenant}-too")
    with pytest.raises(Unavailable):
        await desk.resume(tenant, "refund_status")
    assert await desk.paused(tenant) == (pause(tenant),)
    await desk.close()


async def test_a_pause_of_everywhere_holds_for_shops_nobody_asked_about(own_server: Server, tenant: str) -> None:
    desk = RedisDesk.at(own_server.url)
    await desk.pause(pause(EVERYWHERE))
    await own_server.stop()
    assert await desk.paused(tenant) == (pause(EVERYWHERE),)
    await desk.close()


async def test_a_redis_that_never_answers_is_hardly_waited_for(tenant: str) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        desk = RedisDesk.at(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        with pytest.raises(Unavailable):
            async with asyncio.timeout(2):
                await desk.paused(tenant)
        await desk.close()


# -- who types, and the wire -----------------------------------------------------------------------------------------


async def test_who_types_is_known_to_all_for_a_while(desk: RedisDesk, redis_url: str, tenant: str) -> None:
    await desk.typing(tenant, "c-1", "ann", "Ann Müller")
    await desk.typing(tenant, "c-1", "bob", "")
    async with Redis.from_url(redis_url) as redis:
        quick = RedisPresence(redis, typing_ms=30)
        assert await quick.typers(tenant, "c-1") == {"ann": "Ann Müller", "bob": ""}
        assert await quick.typers(tenant, "c-2") == {}
        await quick.typing(tenant, "c-1", "ann", "Ann Müller")
        await asyncio.sleep(0.1)
        assert "ann" not in await desk.typers(tenant, "c-1")


async def follow(desk: RedisDesk, tenant: str) -> AsyncIterator[Changed]:
    """Follow a tenant's wire from when it is listened to."""
    changes = desk.changes(tenant)
    assert await anext(changes) == Changed(what="row")
    return changes


async def test_open_consoles_hear_what_changes_in_their_shop(desk: RedisDesk, redis_url: str, tenant: str) -> None:
    other = RedisDesk.at(redis_url)
    here, there = await follow(desk, tenant), await follow(other, tenant)
    stranger = await follow(other, f"{tenant}-too")
    await desk.file(row(tenant))
    await desk.typing(tenant, "c-1", "ann", "Ann")
    await desk.set(tenant, "ann", away=True)
    await desk.pause(pause(tenant))
    await desk.forget(tenant, ["c-1"])
    wanted = [
        Changed(what="row", conversation_id="c-1"),
        Changed(what="typing", conversation_id="c-1", by="ann"),
        Changed(what="roster", by="ann"),
        Changed(what="pause", by="boss"),
        Changed(what="row", conversation_id="c-1"),
    ]
    for changes in (here, there):
        async with asyncio.timeout(10):
            assert [await anext(changes) for _ in wanted] == wanted
    await desk.file(row(f"{tenant}-too", "c-2"))
    assert await anext(stranger) == Changed(what="row", conversation_id="c-2"), "the first thing they hear"
    for changes in (here, there, stranger):
        await changes.aclose()  # type: ignore[attr-defined]
    await other.close()


async def test_a_pause_of_everywhere_is_told_to_every_shop(desk: RedisDesk, tenant: str) -> None:
    changes = await follow(desk, tenant)
    await desk.pause(pause(EVERYWHERE, f"intent-{tenant}"))
    assert await anext(changes) == Changed(what="pause", by="boss")
    await desk.resume(EVERYWHERE, f"intent-{tenant}")


async def test_a_heartbeat_is_told_only_when_somebody_comes_to_work(desk: RedisDesk, tenant: str) -> None:
    changes = await follow(desk, tenant)
    ann = Member(subject="ann", name="Ann", until=NOON + timedelta(days=36_500))
    for _ in range(3):
        await desk.seen(tenant, ann)
    await desk.file(row(tenant))
    assert [(await anext(changes)).what for _ in range(2)] == ["roster", "row"]


async def test_a_version_that_was_refused_is_not_told(desk: RedisDesk, tenant: str) -> None:
    changes = await follow(desk, tenant)
    await desk.file(row(tenant, version=2))
    await desk.file(row(tenant, version=1))
    await desk.file(row(tenant, "c-2"))
    assert [(await anext(changes)).conversation_id for _ in range(2)] == ["c-1", "c-2"]


async def test_a_hundred_and_fifty_consoles_listen_through_one_process(desk: RedisDesk, tenant: str) -> None:
    consoles = [await follow(desk, tenant) for _ in range(150)]
    await desk.file(row(tenant))
    heard = await asyncio.gather(*(anext(console) for console in consoles))
    assert heard == [Changed(what="row", conversation_id="c-1")] * 150
    for console in consoles:
        await console.aclose()  # type: ignore[attr-defined]


async def test_following_ends_with_the_connection(own_server: Server, tenant: str) -> None:
    desk = RedisDesk.at(own_server.url)
    changes = await follow(desk, tenant)
    waiting = asyncio.ensure_future(anext(changes))
    await own_server.stop()
    with pytest.raises(Unavailable):
        await waiting
    await desk.close()


async def test_an_absent_redis_is_unavailable_to_whoever_asks(tenant: str) -> None:
    desk = RedisDesk.at(AWAY)
    asked: list[Any] = [
        desk.file(row(tenant)),
        desk.page(tenant, View.ALL, "sue", NOON),
        desk.counts(tenant, "sue", NOON),
        desk.search(tenant, "ann"),
        desk.find(tenant, "c-1"),
        desk.place(tenant, "c-1"),
        desk.forget(tenant, ["c-1"]),
        desk.seen(tenant, Member(subject="ann", name="Ann", until=NOON)),
        desk.set(tenant, "ann", away=True),
        desk.members(tenant, NOON),
        desk.choose(tenant, "c-1", "agent", (), NOON),
        desk.paused(tenant),
        desk.pause(pause(tenant)),
        desk.resume(tenant, "refund_status"),
        desk.typing(tenant, "c-1", "ann", "Ann"),
        desk.typers(tenant, "c-1"),
        anext(desk.changes(tenant)),
    ]
    for question in asked:
        with pytest.raises(Unavailable):
            await question
    await desk.close()
