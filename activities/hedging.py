"""Two requests for one answer: when the first is slow to begin a second is sent, and whichever begins first leads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from activities.flight import Flight
from activities.inference_ports import ModelFailed
from policies.inference import CallOutcome


class Land(Protocol):
    """Whoever takes in a flight that is over."""

    def __call__(self, flight: Flight, outcome: CallOutcome, retry_after: float | None = None) -> None: ...


async def lead(
    flight: Flight, patience: float | None, second: Callable[[], Awaitable[Flight | None]], land: Land
) -> Flight | None:
    """Return the flight whose first text came first, None when none began; all others have landed.

    After `patience` seconds without a text `second` may send another request; None means never.
    """
    racing = [flight]
    while racing:
        firsts = [each.first for each in racing]
        done, _ = await asyncio.wait(firsts, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            patience = None
            if other := await second():
                racing.append(other)
        for each in [each for each in racing if each.first in done]:
            if failed := _failure(each):
                racing.remove(each)
                land(each, failed.outcome, failed.retry_after)
        begun = [each for each in racing if each.first in done]
        if begun:
            for each in racing:
                if each is not begun[0]:
                    land(each, "overtaken")
            return begun[0]
    return None


def _failure(flight: Flight) -> ModelFailed | None:
    error = flight.first.exception()
    if error is not None and not isinstance(error, ModelFailed):
        raise error
    return error
