"""Appending to the log that clients follow."""

from temporalio import activity

from activities.ports import EventLog
from policies.frozen import Fact


class LoggedEvent(Fact):
    """One event, already written as a line of JSON."""

    offset: int
    line: str


class AppendEvents(Fact):
    stream: str
    events: tuple[LoggedEvent, ...]


class LogEnd(Fact):
    last_offset: int


class Events:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    @activity.defn
    async def append_events(self, ask: AppendEvents) -> LogEnd:
        """Add events at their offsets; those already there are skipped, so repeating it changes nothing."""
        pairs = [(event.offset, event.line) for event in ask.events]
        return LogEnd(last_offset=await self._log.append(ask.stream, pairs))
