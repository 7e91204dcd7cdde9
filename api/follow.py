"""Follow a conversation's events: Redis wakes us up, the workflow fills every hole, each offset is sent once.

Drafts come from Redis alone; one that is lost there is not missed, for the reply it leads to is an event.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog

from api.auth import Visitor
from api.line import Line
from api.problems import Problem
from api.stream import AWAY, EventStream, Place, StreamLine
from workflows.messages import Event, EventKind, Refusal, Transcript, event_stream

# How long one wait lasts: also how soon a wiped Redis is noticed and a shutdown is obeyed.
WAIT_MS = 1_000
POLL_SECONDS = 1.0

log = structlog.get_logger("api.follow")


class Follower:
    """One client's place in one conversation; `start` raises problems, `lines` only ends."""

    def __init__(self, line: Line, stream: EventStream, closing: asyncio.Event, visitor: Visitor, conversation: str):
        self._line = line
        self._stream = stream
        self._closing = closing
        self._visitor = visitor
        self._conversation = conversation
        self._name = event_stream(visitor.tenant, conversation)
        self._at = Place(0)
        self._opening: Transcript | None = None

    async def start(self, after: Place) -> None:
        """Catch up with the workflow, which also checks that the visitor may read and that `after` exists."""
        self._at = after
        self._opening = await self._from_workflow()
        if after.offset > self._opening.last_offset:
            raise Problem("event-id-malformed", f"The last event of this conversation is {self._opening.last_offset}.")

    async def lines(self) -> AsyncIterator[StreamLine]:
        """Yield every event behind `after` in order until the conversation closes, the token ends or we shut down.

        Between events come the drafts that Redis still holds.
        """
        assert self._opening is not None
        fresh: Sequence[StreamLine] = self._opening.events
        ended = self._opening.closed
        while True:
            for line in fresh:
                if Place.of(line) <= self._at:
                    continue
                self._at = Place.of(line)
                yield line
                ended = ended or (isinstance(line, Event) and line.kind is EventKind.CLOSED)
            if ended or self._closing.is_set() or self._visitor.expired():
                return
            try:
                fresh = await self._next()
            except Problem as problem:
                if problem.slug == Refusal.NOT_YOURS:
                    return
                # Temporal or its workers are away for a moment; the client keeps its place and we try again.
                await asyncio.sleep(POLL_SECONDS)
                fresh = []

    async def _next(self) -> Sequence[StreamLine]:
        try:
            fresh = await self._stream.wait(self._name, self._at, WAIT_MS)
            if unbroken := _unbroken(self._at, fresh):
                return unbroken
            if not fresh:
                # Silence is normal as long as Redis still holds what we have already sent.
                if await self._stream.newest(self._name) >= max(self._at, Place(1)):
                    return []
                # It was wiped, and counts drafts from one again.
                self._at = Place(self._at.offset)
        except (*AWAY, ValueError) as error:
            log.warning("stream.unavailable", error=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
        return (await self._from_workflow()).events

    async def _from_workflow(self) -> Transcript:
        transcript = await self._line.transcript(self._visitor, self._conversation, after=self._at.offset)
        # Nobody waits on a closed conversation, and restoring it could bring back what is being erased.
        if transcript.closed:
            return transcript
        try:
            if await self._stream.restore(self._name, transcript.events):
                log.info("stream.restored", events=len(transcript.events))
        except AWAY as error:
            log.warning("stream.unavailable", error=type(error).__name__)
        return transcript


def _unbroken(at: Place, lines: Sequence[StreamLine]) -> list[StreamLine]:
    """Keep the leading lines that follow this place without a hole in the offsets; the rest is read again."""
    unbroken = []
    for line in lines:
        if (line.offset - 1 if isinstance(line, Event) else line.after) != at.offset:
            break
        at = Place.of(line)
        unbroken.append(line)
    return unbroken
