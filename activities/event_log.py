"""Writing to the log that clients follow."""

from collections.abc import Sequence
from typing import Protocol

from temporalio import activity

from activities.desk_ports import Inbox
from activities.inference_ports import Drafts
from activities.ports import EventLog
from policies.frozen import Fact
from policies.inbox import Row


class LoggedEvent(Fact):
    """One event, already written as a line of JSON."""

    offset: int
    line: str


class AppendEvents(Fact):
    """Events for the log that clients follow, and how the conversation now stands in people's inbox."""

    stream: str
    events: tuple[LoggedEvent, ...]
    row: Row | None = None


class LogEnd(Fact):
    last_offset: int


class RaiseFence(Fact):
    """From here on only drafts of this epoch or a later one may be shown; none at all while `held` by a person."""

    stream: str
    epoch: int
    held: bool = False


class Announcer(Protocol):
    """Tells a tenant's own systems what happened; an event may come again, and is told once."""

    async def announce(self, stream: str, lines: Sequence[str]) -> None:
        """Take events up, as lines of JSON; raises Unavailable."""
        ...


class Events:
    """Writes events, and ends drafts of them; without `drafts` there are none to end.

    `inbox` is where people find conversations, `announcer` tells the tenant's own systems.
    """

    def __init__(
        self,
        log: EventLog,
        drafts: Drafts | None = None,
        inbox: Inbox | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._log = log
        self._drafts = drafts
        self._inbox = inbox
        self._announcer = announcer

    @activity.defn
    async def append_events(self, ask: AppendEvents) -> LogEnd:
        """Add events at their offsets; those already there are skipped, so repeating it changes nothing."""
        pairs = [(event.offset, event.line) for event in ask.events]
        last_offset = await self._log.append(ask.stream, pairs) if pairs else 0
        if self._inbox and ask.row:
            await self._inbox.file(ask.row)
        if self._announcer and pairs:
            await self._announcer.announce(ask.stream, [event.line for event in ask.events])
        return LogEnd(last_offset=last_offset)

    @activity.defn
    async def raise_fence(self, ask: RaiseFence) -> None:
        """Void the draft of a turn that was superseded, and let none of its words through any more."""
        if self._drafts:
            await self._drafts.raise_fence(ask.stream, ask.epoch, ask.held)
