"""A pulse in the background, so that a killed worker is noticed by its silence within seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from temporalio import activity

PULSE_SECONDS = 0.5


@asynccontextmanager
async def beating(every: float = PULSE_SECONDS, progress: Callable[[], int] | None = None) -> AsyncIterator[None]:
    """Heartbeat for as long as the block runs; it stops with the block, also when the block fails.

    `progress` says how far the work is, in its heartbeat details. Outside an activity nobody listens.
    """
    if not activity.in_activity():
        yield
        return
    pulse = asyncio.create_task(_beat(every, progress))
    try:
        yield
    finally:
        pulse.cancel()
        # Not `await pulse`: that would have to swallow CancelledError, and with it our own cancellation.
        await asyncio.wait([pulse])


async def _beat(every: float, progress: Callable[[], int] | None) -> None:
    while True:
        activity.heartbeat(*([progress()] if progress else []))
        await asyncio.sleep(every)
