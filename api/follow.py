"""Follow a conversation's events: Redis wakes us up, the workflow fills every hole, each offset is sent once."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from api.auth import Visitor
from api.line import Line
from api.problems import Problem
from api.stream import AWAY, EventStream
from workflows.messages import Event, EventKind, Refusal, Transcript, event_stream

# How long one wait lasts: also how soon a wiped Redis is noticed and a shutdown is obeyed.
WAIT_MS = 1_000
POLL_SECONDS = 1.0

log = structlog.get_logger("api.follow")


class Follower:
    """One client's place in one conversation; `start` raises problems, `events` only ends."""

    def __init__(self, line: Line, stream: EventStream, closing: asyncio.Event, visitor: Visitor, conversation: str):
        self._line = line
        self._stream = stream
        self._closing = closing
        self._visitor = visitor
        self._conversation = conversation
        self._name = event_stream(visitor.tenant, conversation)
        self._at = 0
        self._opening: Transcript | None = None

    async def start(self, after: int) -> None:
        """Catch up with the workflow, which also checks that the visitor may read and that `after` exists."""
        self._at = after
        self._opening = await self._from_workflow()
        if after > self._opening.last_offset:
            raise Problem("event-id-malformed", f"The last event of this conversation is {self._opening.last_offset}.")

    async def events(self) -> AsyncIterator[Event]:
        """Yield every event behind `after` in order until the conversation closes, the token ends or we shut down."""
        assert self._opening is not None
        fresh, ended = list(self._opening.events), self._opening.closed
        while True:
            for event in fresh:
                if event.offset <= self._at:
                    continue
                self._at = event.offset
                yield event
                ended = ended or event.kind is EventKind.CLOSED
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

    async def _next(self) -> list[Event]:
        try:
            fresh = await self._stream.wait(self._name, self._at, WAIT_MS)
            if fresh and fresh[0].offset == self._at + 1:
                return _unbroken(fresh)
            # Silence is normal as long as Redis still holds what we have already sent.
            if not fresh and await self._stream.last_offset(self._name) >= max(self._at, 1):
                return []
        except (*AWAY, ValueError) as error:
            log.warning("stream.unavailable", error=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
        return list((await self._from_workflow()).events)

    async def _from_workflow(self) -> Transcript:
        transcript = await self._line.transcript(self._visitor, self._conversation, after=self._at)
        # Nobody waits on a closed conversation, and restoring it could bring back what is being erased.
        if transcript.closed:
            return transcript
        try:
            if await self._stream.restore(self._name, transcript.events):
                log.info("stream.restored", events=len(transcript.events))
        except AWAY as error:
            log.warning("stream.unavailable", error=type(error).__name__)
        return transcript


def _unbroken(events: list[Event]) -> list[Event]:
    """Keep the leading events whose offsets follow each other; the rest is read again."""
    return [event for place, event in enumerate(events) if event.offset == events[0].offset + place]
