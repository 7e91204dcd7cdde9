"""A conversation's event log as a Redis stream: the entry id is the offset, its field `event` is the event's JSON.

Behind the last event may stand drafts of the reply under way, which `activities/clients/redis_drafts.py` writes.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Self, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from activities.errors import Unavailable

KEPT = timedelta(days=30)
# Longer than a worker that does not know of it goes on drafting a reply of an erased conversation.
REFUSED_AFTERWARDS = timedelta(minutes=2)
EVERY_EPOCH = 2**53 - 1
# The client refuses the hundred-and-first call at a time by itself; what bounds us is Redis.
MOST_CONNECTIONS = 5_000

# What both kinds of entry need. Drafts stand behind one event at a time, so that they are the stream's tail or absent.
ENTRIES = """
local function place(id)
  local offset, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(offset), tonumber(number)
end
local function newest(log, upto)
  local entry = redis.call('XREVRANGE', log, upto, '-', 'COUNT', 1)[1]
  if entry then return place(entry[1]) end
  return 0, 0
end
local function void_drafts(log, after)
  for _, entry in ipairs(redis.call('XRANGE', log, after .. '-1', after)) do redis.call('XDEL', log, entry[1]) end
end
"""

# One script, so that two workers appending the same offsets, or a rebuild racing a live turn, end in one log
# without doubles. Events that come late (a stream Redis lost, refilled from the workflow; one whose drafts were
# quicker) are merged in order, which a stream allows only by writing it anew.
APPEND = f"""{ENTRIES}
local log, ttl = KEYS[1], ARGV[1]
local last, draft = newest(log, '+')
local merged = {{}}
for at = 2, #ARGV, 2 do
  local offset, id = tonumber(ARGV[at]), ARGV[at] .. '-0'
  if offset > last then
    redis.call('XADD', log, id, 'event', ARGV[at + 1])
    if draft > 0 then void_drafts(log, last) end
    last, draft = offset, 0
  elseif #redis.call('XRANGE', log, id, id) == 0 then
    merged[#merged + 1] = {{offset, 0, 'event', ARGV[at + 1]}}
  end
end
if #merged > 0 then
  for _, entry in ipairs(redis.call('XRANGE', log, '-', '+')) do
    local offset, number = place(entry[1])
    merged[#merged + 1] = {{offset, number, entry[2][1], entry[2][2]}}
  end
  table.sort(merged, function(one, other)
    return one[1] < other[1] or one[1] == other[1] and one[2] < other[2]
  end)
  redis.call('DEL', log)
  for _, entry in ipairs(merged) do
    redis.call('XADD', log, string.format('%d-%d', entry[1], entry[2]), entry[3], entry[4])
  end
end
redis.call('EXPIRE', log, ttl)
return (newest(log, last .. '-0'))
"""

FORGET = """
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'attempt', 0)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return redis.call('DEL', KEYS[1])
"""


def fence_of(stream: str) -> str:
    """Name the key that holds the highest epoch, and attempt of it, that drafted a reply in this stream."""
    return f"{stream}:fence"


class RedisEventLog:
    """Implement the EventLog port; a log lives `keep` after its last event."""

    def __init__(self, redis: Redis, keep: timedelta = KEPT) -> None:
        self._redis = redis
        self._seconds = int(keep.total_seconds())
        self._append = redis.register_script(APPEND)
        self._forget = redis.register_script(FORGET)

    @classmethod
    def at(cls, url: str, keep: timedelta = KEPT) -> Self:
        """Connect without the client's own retries: Temporal is the only retrier."""
        return cls(connect(url), keep)

    async def append(self, stream: str, events: Sequence[tuple[int, str]]) -> int:
        """Add (offset, JSON) pairs, and end the drafts that stood before them; returns the last offset held."""
        pairs = [part for offset, event in sorted(dict(events).items()) for part in (offset, event)]
        try:
            return cast(int, await self._append(keys=[stream], args=[self._seconds, *pairs]))
        except (RedisError, OSError) as error:
            raise Unavailable(f"the event log is away: {type(error).__name__}") from None

    async def forget(self, stream: str) -> None:
        await self.forget_all([stream])

    async def forget_all(self, streams: Iterable[str]) -> int:
        """Delete streams, and refuse drafts of turns still under way in them; returns how many there were."""
        args = [EVERY_EPOCH, int(REFUSED_AFTERWARDS.total_seconds())]
        try:
            return sum([await self._forget(keys=[stream, fence_of(stream)], args=args) for stream in streams])
        except (RedisError, OSError) as error:
            raise Unavailable(f"the event log is away: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._redis.aclose()


def connect(url: str, patience: float = 3, retries: int = 1) -> Redis:
    """Connect; an answer is waited for `patience` seconds, a connection no longer than one.

    One retry replaces a connection that a restart of Redis has closed; 0 is for what may not be sent twice.
    """
    retry = Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,))
    return Redis.from_url(
        url,
        retry=retry,
        socket_connect_timeout=min(patience, 1),
        socket_timeout=patience,
        max_connections=MOST_CONNECTIONS,
    )
