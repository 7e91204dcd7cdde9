"""The pulse is there while the work runs and gone with it."""

import asyncio

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from activities.heartbeat import beating


@activity.defn
async def works(seconds: float) -> str:
    async with beating(every=0.02):
        await asyncio.sleep(seconds)
    return "done"


@activity.defn
async def breaks() -> None:
    async with beating(every=0.02):
        raise ValueError("broken")


def listening() -> tuple[ActivityEnvironment, list[object]]:
    env = ActivityEnvironment()
    beats: list[object] = []
    env.on_heartbeat = lambda *_: beats.append(True)
    return env, beats


async def test_work_beats_at_once_and_until_it_is_done() -> None:
    env, beats = listening()
    assert await env.run(works, 0.1) == "done"
    heard = len(beats)
    assert heard >= 2
    await asyncio.sleep(0.06)
    assert len(beats) == heard


async def test_a_failure_passes_through_and_stops_the_pulse() -> None:
    env, _ = listening()
    with pytest.raises(ValueError, match="broken"):
        await env.run(breaks)
    assert not [task for task in asyncio.all_tasks() if "_beat" in repr(task.get_coro())]


async def test_cancelled_work_stays_cancelled() -> None:
    env, _ = listening()
    running = asyncio.create_task(env.run(works, 30))
    await asyncio.sleep(0.03)
    env.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
