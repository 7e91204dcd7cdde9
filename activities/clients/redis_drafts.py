"""Drafts of a reply among a conversation's events: entries `<after>-<number>` of its Redis stream, field `draft`.

They sort behind event `after` and before the next one. Beside the stream stands a fence, the highest epoch and attempt
seen, which every write is checked against in the same script. All drafts held are of that one epoch and attempt.
"""

import json
from datetime import timedelta
from typing import Literal, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from activities.clients.redis_log import ENTRIES, KEPT, connect, fence_of
from activities.errors import Unavailable
from activities.inference_ports import DraftPlace

WRITTEN, REFUSED = 1, 0

# Begin and drop void what is there, and so does a higher epoch: whoever reads by ids from then on meets no text of an
# earlier one. One entry is always left behind as the tail, since the next number is counted from it.
WRITE = f"""{ENTRIES}
local log, fence, ttl, kind = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local epoch, attempt = tonumber(ARGV[3]), tonumber(ARGV[4])
local top = tonumber(redis.call('HGET', fence, 'epoch') or 0)
local begun = tonumber(redis.call('HGET', fence, 'attempt') or 0)
if epoch < top or (epoch == top and attempt < begun) then return 0 end
local last, number = newest(log, '+')
local after = tonumber(ARGV[5]) or last
if last > after then return 0 end
if kind == 'delta' then
  -- Begun by nobody, or in a Redis that was wiped since: half a sentence is no draft.
  local open = redis.call('HGET', fence, 'open') == '1' and epoch == top and attempt == begun
  if not open or last < after or number == 0 then return -1 end
else
  redis.call('HSET', fence, 'epoch', ARGV[3], 'attempt', ARGV[4], 'open', kind == 'begin' and 1 or 0)
  if number > 0 then void_drafts(log, last) end
end
if kind ~= 'drop' or number > 0 then
  number = last == after and number + 1 or 1
  local line = string.format('{{"after":%d,"number":%d,', after, number) .. string.sub(ARGV[6], 2)
  redis.call('XADD', log, string.format('%d-%d', after, number), 'draft', line)
end
redis.call('EXPIRE', log, ttl)
redis.call('EXPIRE', fence, ttl)
return 1
"""


class RedisDrafts:
    """Implement the Drafts port; drafts end with the next event, or with their log."""

    def __init__(self, redis: Redis, keep: timedelta = KEPT) -> None:
        self._redis = redis
        self._seconds = int(keep.total_seconds())
        self._script = redis.register_script(WRITE)

    @classmethod
    def at(cls, url: str, keep: timedelta = KEPT) -> Self:
        """Connect with little patience and no retries: the reply itself waits for each draft, and needs none."""
        return cls(connect(url, patience=0.5), keep)

    async def begin(self, place: DraftPlace) -> bool:
        return await self._write(place, "begin")

    async def add(self, place: DraftPlace, text: str) -> bool:
        """Show more text; raises Unavailable also where no draft is begun, as after a Redis was wiped."""
        return await self._write(place, "delta", text)

    async def drop(self, place: DraftPlace) -> bool:
        return await self._write(place, "drop")

    async def raise_fence(self, stream: str, epoch: int) -> None:
        """Refuse every draft of a lower epoch from here on, and void the one that is shown."""
        # A drop in the name of the new epoch, before its first attempt and wherever a draft stands.
        await self._write(DraftPlace(stream, 0, epoch, attempt=0), "drop", anywhere=True)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _write(
        self, place: DraftPlace, kind: Literal["begin", "delta", "drop"], text: str = "", anywhere: bool = False
    ) -> bool:
        # Half a surrogate pair, which a model may emit, is no text and would stop every reader.
        shown = text.encode(errors="replace").decode()
        line = {"epoch": place.epoch, "attempt": place.attempt, "kind": kind, "text": shown}
        after = "" if anywhere else place.after
        args = [self._seconds, kind, place.epoch, place.attempt, after, json.dumps(line, ensure_ascii=False)]
        try:
            answer = await self._script(keys=[place.stream, fence_of(place.stream)], args=args)
        except (RedisError, OSError) as error:
            raise Unavailable(f"drafts are away: {type(error).__name__}") from None
        if answer not in (WRITTEN, REFUSED):
            raise Unavailable("no draft is begun, or its beginning was lost")
        return bool(answer == WRITTEN)
