"""A conversation's event log as a Redis stream: the entry id is the offset, its one field is the event's JSON."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Self, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from activities.errors import Unavailable

KEPT = timedelta(days=30)

# One script, so that two workers appending the same offsets, or a rebuild racing a live turn, end in one log
# without doubles. Events that come late (a stream Redis lost, refilled from the workflow) are merged in order,
# which a stream allows only by writing it anew.
APPEND = """
local log, ttl = KEYS[1], ARGV[1]
local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
local merged = {}
for at = 2, #ARGV, 2 do
  local offset, id = tonumber(ARGV[at]), ARGV[at] .. '-0'
  if offset > last then
    redis.call('XADD', log, id, 'event', ARGV[at + 1])
    last = offset
  elseif #redis.call('XRANGE', log, id, id) == 0 then
    merged[#merged + 1] = {offset, ARGV[at + 1]}
  end
end
if #merged > 0 then
  for _, entry in ipairs(redis.call('XRANGE', log, '-', '+')) do
    merged[#merged + 1] = {tonumber(string.match(entry[1], '^%d+')), entry[2][2]}
  end
  table.sort(merged, function(one, other) return one[1] < other[1] end)
  redis.call('DEL', log)
  for _, entry in ipairs(merged) do
    redis.call('XADD', log, string.format('%d-0', entry[1]), 'event', entry[2])
  end
end
redis.call('EXPIRE', log, ttl)
return last
"""


class RedisEventLog:
    """Implement the EventLog port; a log lives `keep` after its last event."""

    def __init__(self, redis: Redis, keep: timedelta = KEPT) -> None:
        self._redis = redis
        self._seconds = int(keep.total_seconds())
        self._append = redis.register_script(APPEND)

    @classmethod
    def at(cls, url: str, keep: timedelta = KEPT) -> Self:
        """Connect without the client's own retries: Temporal is the only retrier."""
        patience = Retry(NoBackoff(), 0)
        return cls(Redis.from_url(url, retry=patience, socket_connect_timeout=1, socket_timeout=3), keep)

    async def append(self, stream: str, events: Sequence[tuple[int, str]]) -> int:
        pairs = [part for offset, event in sorted(dict(events).items()) for part in (offset, event)]
        try:
            return cast(int, await self._append(keys=[stream], args=[self._seconds, *pairs]))
        except (RedisError, OSError) as error:
            raise Unavailable(f"the event log is away: {type(error).__name__}") from None

    async def forget(self, stream: str) -> None:
        try:
            await self._redis.delete(stream)
        except (RedisError, OSError) as error:
            raise Unavailable(f"the event log is away: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._redis.aclose()
