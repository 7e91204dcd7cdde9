"""A conversation's event stream in Redis: entries `<offset>-0` hold the Event, `<after>-<number>` a DraftLine, as JSON.

Redis is the quick copy, the workflow the truth: whatever event is missing here is put back from there. Drafts are only
here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from activities.clients.redis_log import MOST_CONNECTIONS, RedisEventLog
from activities.errors import Unavailable
from workflows.messages import DraftLine, Event

AWAY = (RedisError, OSError, Unavailable)

StreamLine = Event | DraftLine


class Place(NamedTuple):
    """Behind which line somebody is: an event, or one of the drafts that follow it. As an id "12" or "12-3"."""

    offset: int
    number: int = 0

    @classmethod
    def read(cls, id: str) -> Self | None:
        """Read an id as clients give it; None where it is none."""
        found = re.fullmatch("([0-9]{1,9})(?:-([1-9][0-9]{0,8}))?", id)
        return cls(int(found[1]), int(found[2] or 0)) if found else None

    @classmethod
    def of(cls, line: StreamLine) -> Self:
        return cls(line.offset) if isinstance(line, Event) else cls(line.after, line.number)

    @property
    def id(self) -> str:
        return f"{self.offset}-{self.number}" if self.number else str(self.offset)

    @property
    def entry(self) -> str:
        return f"{self.offset}-{self.number}"


class EventStream:
    """Reads, waits on, restores and forgets event streams; every method may raise one of AWAY."""

    def __init__(self, redis_url: str) -> None:
        # The socket timeout stays above the longest wait; one retry replaces a connection Redis closed on restart.
        self._redis = Redis.from_url(
            redis_url,
            decode_responses=True,
            protocol=2,
            socket_connect_timeout=1,
            socket_timeout=5,
            max_connections=MOST_CONNECTIONS,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self._log = RedisEventLog(self._redis)

    async def ping(self) -> None:
        await self._redis.ping()

    async def wait(self, name: str, after: Place, patience_ms: int) -> list[StreamLine]:
        """Return lines behind a place, waiting for the first; empty when none came in time."""
        answer: Any = await self._redis.xread({name: after.entry}, count=200, block=patience_ms)
        return [_line(fields) for _, entries in answer for _, fields in entries]

    async def newest(self, name: str) -> Place:
        """Return the place of the newest line, 0 when there is none."""
        newest: Any = await self._redis.xrevrange(name, count=1)
        offset, _, number = newest[0][0].partition("-") if newest else ("0", "", "0")
        return Place(int(offset), int(number))

    async def restore(self, name: str, events: Sequence[Event]) -> bool:
        """Put back what the stream lost of these events; returns whether anything was missing."""
        if not events:
            return False
        entries: Any = await self._redis.xrange(name, f"{events[0].offset}-0", f"{events[-1].offset}-0")
        if sum("event" in fields for _, fields in entries) == len(events):
            return False
        await self._log.append(name, [(event.offset, event.model_dump_json()) for event in events])
        return True

    async def forget(self, names: Iterable[str]) -> int:
        """Delete streams; returns how many there were."""
        return await self._log.forget_all(names)

    async def close(self) -> None:
        await self._redis.aclose()


def _line(fields: Mapping[str, str]) -> StreamLine:
    if "event" in fields:
        return Event.model_validate_json(fields["event"])
    if "draft" in fields:
        return DraftLine.model_validate_json(fields["draft"])
    raise ValueError(f"an entry of the event stream holds neither an event nor a draft, but {sorted(fields)}")
