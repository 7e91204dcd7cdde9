"""The embedded stack's promises, on Redis alone: it starts in a moment, and the other parts are treated alike."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis.asyncio

from workers.embedded import CannotStart, EmbeddedStack, on_free_ports
from workers.parts import Part, parts
from workers.settings import Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("REDIS_URL", raising=False)
    return on_free_ports(read_settings(data=tmp_path))


def only_redis(settings: Settings) -> list[Part]:
    return [part for part in parts(settings) if part.name == "redis"]


def stack_of(settings: Settings, said: list[str] | None = None) -> EmbeddedStack:
    return EmbeddedStack(settings, say=(said if said is not None else []).append, chosen=only_redis)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to hold within 10 s")


async def test_it_goes_on_where_it_stopped(settings: Settings) -> None:
    async with stack_of(settings), redis.asyncio.Redis.from_url(settings.redis_url) as client:
        await client.set("promise", "kept")
    async with stack_of(settings), redis.asyncio.Redis.from_url(settings.redis_url) as client:
        assert await client.get("promise") == b"kept"


async def test_stopping_leaves_no_process_and_frees_the_folder(settings: Settings) -> None:
    stack = stack_of(settings)
    await stack.start()
    pid = stack.pid("redis")
    await stack.stop()
    assert not alive(pid)
    assert not list((settings.data / "run").iterdir())
    async with stack_of(settings):
        pass


async def test_a_part_that_dies_is_started_again_and_said_so(settings: Settings) -> None:
    said: list[str] = []
    async with stack_of(settings, said) as stack:
        first = stack.pid("redis")
        os.kill(first, signal.SIGKILL)
        await until(lambda: stack.pid("redis") != first)
        assert said == [f"redis ended with -9; starting it again in 0.2 s (see {stack.log('redis')})"]


async def test_a_part_killed_on_purpose_stays_down_until_restarted(settings: Settings) -> None:
    async with stack_of(settings) as stack:
        first = stack.pid("redis")
        await stack.kill("redis")
        await asyncio.sleep(0.5)
        assert stack.pid("redis") == first
        assert not alive(first)
        await stack.restart("redis")
        assert alive(stack.pid("redis"))


async def test_a_second_stack_on_the_same_folder_is_refused_with_the_pid_of_the_first(settings: Settings) -> None:
    async with stack_of(settings):
        with pytest.raises(CannotStart, match=rf"pid {os.getpid()}\).*already runs on {settings.data}"):
            await stack_of(settings).start()


async def test_a_port_in_use_is_refused_with_the_setting_that_moves_it(settings: Settings) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", settings.redis_port))
        somebody.listen()
        with pytest.raises(CannotStart, match=rf"port {settings.redis_port} is in use.*HOLDFAST_REDIS_PORT"):
            await stack_of(settings).start()
    async with stack_of(settings):
        pass


async def test_a_part_that_cannot_start_is_quoted_and_the_others_are_stopped(settings: Settings) -> None:
    def with_a_broken_one(settings: Settings) -> list[Part]:
        (working,) = only_redis(settings)
        broken = replace(
            working, name="broken", command=(sys.executable, "-c", "raise SystemExit('no luck')"), ports={}
        )

        async def never() -> bool:
            return False

        return [working, replace(broken, ready=never)]

    stack = EmbeddedStack(settings, chosen=with_a_broken_one)
    with pytest.raises(CannotStart, match="broken ended with 1 while starting:\nno luck"):
        await stack.start()
    async with stack_of(settings):
        pass


def test_a_service_whose_address_is_given_is_not_started(tmp_path: Path) -> None:
    names = {part.name for part in parts(read_settings(data=tmp_path, redis_url="redis://r", temporal_address="t:1"))}
    assert names == {"shop", "api", "conversation", "understanding"}


def test_models_are_asked_from_a_process_of_their_own_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOLDFAST_FLEET", raising=False)
    assert queues_of(read_settings(data=tmp_path)) == [["conversation", "inference"], ["understanding", "knowledge"]]
    with_fleet = read_settings(data=tmp_path, fleet=Path("deploy/fleet.yaml"))
    assert queues_of(with_fleet) == [["conversation"], ["understanding", "knowledge"], ["inference"]]


def queues_of(settings: Settings) -> list[list[str]]:
    workers = [list(part.command) for part in parts(settings) if "worker" in part.command]
    return [command[command.index("worker") + 1 : command.index("--ready-file")] for command in workers]
