"""A pulse in the background, so that a killed worker is noticed by its silence within seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

PULSE_SECONDS = 0.5


@asynccontextmanager
async def beating(every: float = PULSE_SECONDS) -> AsyncIterator[None]:
    """Heartbeat for as long as the block runs; it stops with the block, also when the block fails."""
    pulse = asyncio.create_task(_beat(every))
    try:
        yield
    finally:
        pulse.cancel()
        # Not `await pulse`: that would have to swallow CancelledError, and with it our own cancellation.
        await asyncio.wait([pulse])


async def _beat(every: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every)
