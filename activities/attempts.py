"""What an attempt at a task knows of those before it: they died with their worker, and their time is gone."""

from datetime import UTC, datetime
from typing import NamedTuple

from temporalio import activity

from policies.inference import Allowance, ModelCall, Task

# Left for settling and for the answer's way back.
SPARE_S = 0.5
SHORTEST_S = 0.1


class Attempt(NamedTuple):
    """One attempt with what it may still use; `lost` records the calls of those before it."""

    number: int
    allowance: Allowance
    lost: tuple[ModelCall, ...]


def attempt_at(task: Task, prompt: str, allowance: Allowance) -> Attempt:
    """Give the attempt under way; that a lost one made its call is all that is known of it."""
    if not activity.in_activity():
        return Attempt(1, allowance, ())
    info = activity.info()
    lost = tuple(
        ModelCall(task=task, deployment="", tier=allowance.tiers[0], prompt=prompt, outcome="lost", attempt=number)
        for number in range(1, info.attempt)
    )
    if not lost:
        return Attempt(1, allowance, ())
    seconds = allowance.seconds
    if info.schedule_to_close_timeout:
        left = info.scheduled_time + info.schedule_to_close_timeout - datetime.now(UTC)
        seconds = max(min(seconds, left.total_seconds() - SPARE_S), SHORTEST_S)
    # How many of its calls the lost attempt made is not known, so this one has a single call.
    return Attempt(info.attempt, allowance.model_copy(update={"seconds": seconds, "calls": 1}), lost)
