"""A conversation's event stream in Redis: entry ids are `<offset>-0`, one field `event` holds the Event as JSON.

Redis is the quick copy, the workflow the truth: whatever is missing here is put back from there.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from activities.clients.redis_log import RedisEventLog
from activities.errors import Unavailable
from workflows.messages import Event

AWAY = (RedisError, OSError, Unavailable)


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
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self._log = RedisEventLog(self._redis)

    async def ping(self) -> None:
        await self._redis.ping()

    async def wait(self, name: str, after: int, patience_ms: int) -> list[Event]:
        """Return events behind an offset, waiting for the first; empty when none came in time."""
        answer: Any = await self._redis.xread({name: f"{after}-0"}, count=200, block=patience_ms)
        return [Event.model_validate_json(fields["event"]) for _, entries in answer for _, fields in entries]

    async def last_offset(self, name: str) -> int:
        """Return the offset of the newest entry, 0 when there is none."""
        newest: Any = await self._redis.xrevrange(name, count=1)
        return int(newest[0][0].partition("-")[0]) if newest else 0

    async def restore(self, name: str, events: Sequence[Event]) -> bool:
        """Put back what the stream lost of these events; returns whether anything was missing."""
        if not events:
            return False
        held: Any = await self._redis.xrange(name, f"{events[0].offset}-0", f"{events[-1].offset}-0")
        if len(held) == len(events):
            return False
        await self._log.append(name, [(event.offset, event.model_dump_json()) for event in events])
        return True

    async def forget(self, names: Iterable[str]) -> int:
        """Delete streams; returns how many there were."""
        keys = list(names)
        return int(await self._redis.delete(*keys)) if keys else 0

    async def close(self) -> None:
        await self._redis.aclose()
