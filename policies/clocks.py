"""Clocks that count opening hours: they start, stand while somebody else has to act, and run out."""

from datetime import datetime

from policies.cases import Clock
from policies.opening_hours import OpeningHours


def start(seconds: float, now: datetime) -> Clock:
    """Begin a clock that runs."""
    return Clock(left=seconds, running_since=now)


def stopped(clock: Clock, now: datetime, hours: OpeningHours) -> Clock:
    """Let a clock stand with what is left of it."""
    return Clock(left=left(clock, now, hours))


def resumed(clock: Clock, now: datetime) -> Clock:
    """Let a clock that stands run on."""
    return clock if clock.running_since else Clock(left=clock.left, running_since=now)


def left(clock: Clock, now: datetime, hours: OpeningHours) -> float:
    """Count the open seconds a clock has left; below 0 for as long as it has been over."""
    return clock.left - (hours.between(clock.running_since, now) if clock.running_since else 0)


def due(clock: Clock, hours: OpeningHours) -> datetime | None:
    """Say when a clock runs out; None while it stands."""
    return hours.add(clock.running_since, clock.left) if clock.running_since else None
