"""`holdfast up` as a person runs it: a process of its own, signals, and conversations that outlive it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from workers.child import Record
from workers.customer_line import CustomerLine
from workers.embedded import on_free_ports
from workers.settings import Settings, read_settings

pytestmark = pytest.mark.timeout(180)

Up = asyncio.subprocess.Process


async def up(settings: Settings) -> Up:
    """Start `holdfast up` with its output in a pipe."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.cli", "up", "--data", str(settings.data)),
        env={**os.environ, **ports_of(settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


def ports_of(settings: Settings) -> dict[str, str]:
    """Give the ports the stack opens itself; Weaviate is somebody else's."""
    named = settings.as_environment().items()
    return {name: value for name, value in named if name.endswith("_PORT") and "WEAVIATE" not in name}


async def hear(process: Up, word: str) -> str:
    """Read lines until one contains `word`; return all that was read."""
    assert process.stdout
    heard = ""
    async with asyncio.timeout(90):
        while line := (await process.stdout.readline()).decode():
            heard += line
            if word in line:
                return heard
    raise AssertionError(f"it ended without saying {word!r}:\n{heard}")


async def end(process: Up, number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


def children(settings: Settings) -> dict[str, Record]:
    files = (settings.data / "run").glob("*.json")
    records = [Record.model_validate_json(file.read_text()) for file in files]
    return {record.name: record for record in records}


@pytest.fixture(scope="module")
async def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return on_free_ports(read_settings(data=tmp_path_factory.mktemp("up")))


@pytest.fixture(scope="module")
async def running(settings: Settings) -> AsyncIterator[list[Up]]:
    """The stack under test in a list of one, so that a test may replace it."""
    held = [await up(settings)]
    try:
        said = await hear(held[0], "Ctrl-C")
        assert "DEVELOPMENT" in said
        for address in (settings.api_url, f"http://127.0.0.1:{settings.temporal_ui_port}", settings.shop_url):
            assert address in said
        yield held
    finally:
        if held[0].returncode is None:
            await end(held[0], signal.SIGTERM)


async def test_a_second_up_on_the_same_folder_is_refused(settings: Settings, running: list[Up]) -> None:
    second = await up(settings)
    said, _ = await asyncio.wait_for(second.communicate(), 30)
    assert second.returncode == 1
    assert f"another stack (pid {running[0].pid}) already runs on" in said.decode()


async def test_an_up_on_taken_ports_names_every_port_and_its_setting(
    settings: Settings, running: list[Up], tmp_path: Path
) -> None:
    second = await up(settings.model_copy(update={"data": tmp_path}))
    said, _ = await asyncio.wait_for(second.communicate(), 30)
    assert second.returncode == 1
    for name, port in ports_of(settings).items():
        assert f"port {port} is in use" in said.decode()
        assert name in said.decode()


async def test_a_conversation_goes_on_after_ctrl_c_and_a_new_start(settings: Settings, running: list[Up]) -> None:
    async with CustomerLine(settings, "northwind", "U789", "outlives") as line:
        first = await line.say("Where is my order #12345?")
        before = children(settings)
        status, said = await end(running[0], signal.SIGINT)
        assert (status, "stopped" in said) == (0, True)
        assert not [record.name for record in before.values() if record.still_runs()]
        assert not children(settings)

        running[0] = await up(settings)
        await hear(running[0], "Ctrl-C")
        second = await line.say("Thank you!")
        spoken = [event.reply for event in (await line.transcript()).events if event.reply]
    assert second.offset > first.offset
    assert [reply.text for reply in spoken if reply.offset == first.offset] == [first.text]


async def test_a_killed_supervisor_takes_its_processes_with_it(settings: Settings, running: list[Up]) -> None:
    before = children(settings)
    assert set(before) >= {"temporal", "redis", "shop", "api", "conversation", "understanding"}
    await end(running[0], signal.SIGKILL)
    for _ in range(400):
        if not (alive := [record.name for record in before.values() if record.still_runs()]):
            break
        await asyncio.sleep(0.05)
    assert not alive
