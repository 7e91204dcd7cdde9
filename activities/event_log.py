"""Writing to the log that clients follow."""

from temporalio import activity

from activities.inference_ports import Drafts
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


class RaiseFence(Fact):
    """From here on only drafts of this epoch or a later one may be shown."""

    stream: str
    epoch: int


class Events:
    """Writes events, and ends drafts of them; without `drafts` there are none to end."""

    def __init__(self, log: EventLog, drafts: Drafts | None = None) -> None:
        self._log = log
        self._drafts = drafts

    @activity.defn
    async def append_events(self, ask: AppendEvents) -> LogEnd:
        """Add events at their offsets; those already there are skipped, so repeating it changes nothing."""
        pairs = [(event.offset, event.line) for event in ask.events]
        return LogEnd(last_offset=await self._log.append(ask.stream, pairs))

    @activity.defn
    async def raise_fence(self, ask: RaiseFence) -> None:
        """Void the draft of a turn that was superseded, and let none of its words through any more."""
        if self._drafts:
            await self._drafts.raise_fence(ask.stream, ask.epoch)
