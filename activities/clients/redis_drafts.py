"""Drafts of a reply among a conversation's events: entries `<after>-<number>` of its Redis stream, field `draft`.

They sort behind event `after` and before the next one. Beside the stream stands a fence, the highest epoch and attempt
seen and whether a person holds the word, which every write is checked against in the same script. All drafts held are
of that one epoch and attempt.
"""

import json
from datetime import timedelta
from typing import Literal, Self

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from activities.clients.redis_log import ENTRIES, EVERY_EPOCH, KEPT, connect, fence_of
from activities.errors import Unavailable
from activities.inference_ports import DraftPlace

WRITTEN, REFUSED = 1, 0

FENCE = f"""{ENTRIES}
local log, fence, ttl = KEYS[1], KEYS[2], ARGV[1]
local epoch, attempt = tonumber(ARGV[2]), tonumber(ARGV[3])
local top = tonumber(redis.call('HGET', fence, 'epoch') or 0)
local begun = tonumber(redis.call('HGET', fence, 'attempt') or 0)
local held = redis.call('HGET', fence, 'held') == '1'
local function keep()
  redis.call('EXPIRE', log, ttl)
  redis.call('EXPIRE', fence, ttl)
  return 1
end
local function say(after, number, rest)
  local line = string.format('{{"after":%d,"number":%d,', after, number) .. string.sub(rest, 2)
  redis.call('XADD', log, string.format('%d-%d', after, number), 'draft', line)
end
"""

# Begin and drop void what is there, and so does a higher epoch: whoever reads by ids from then on meets no text of an
# earlier one. One entry is always left behind as the tail, since the next number is counted from it.
WRITE = f"""{FENCE}
if held or epoch < top or (epoch == top and attempt < begun) then return 0 end
local kind, after, rest = ARGV[4], tonumber(ARGV[5]), ARGV[6]
local last, number = newest(log, '+')
if last > after then return 0 end
if kind == 'delta' then
  -- Begun by nobody, or in a Redis that was wiped since: half a sentence is no draft.
  local open = redis.call('HGET', fence, 'open') == '1' and epoch == top and attempt == begun
  if not open or last < after or number == 0 then return -1 end
else
  redis.call('HSET', fence, 'epoch', ARGV[2], 'attempt', ARGV[3], 'open', kind == 'begin' and 1 or 0)
  if number > 0 then void_drafts(log, last) end
end
if kind ~= 'drop' or number > 0 then say(after, last == after and number + 1 or 1, rest) end
return keep()
"""

# Wherever a draft stands, a higher epoch or a person ends it. What an attempt of this epoch began stays begun, so that
# a worker left over from before does not come back when the person lets go.
RAISE = f"""{FENCE}
if epoch < top then return 0 end
redis.call('HSET', fence, 'held', ARGV[4])
if epoch > top or ARGV[4] == '1' then
  redis.call('HSET', fence, 'epoch', ARGV[2], 'attempt', epoch > top and 0 or begun, 'open', 0)
  local last, number = newest(log, '+')
  if number > 0 then
    void_drafts(log, last)
    say(last, number + 1, ARGV[5])
  end
end
return keep()
"""

# A status voids nothing: somebody who comes back must still read that the draft before it was dropped. Behind an event
# no draft is open any more, whatever the fence says.
STATUS = f"""{FENCE}
if held or top >= {EVERY_EPOCH} then return 0 end
local last, number = newest(log, '+')
if number > 0 and redis.call('HGET', fence, 'open') == '1' then return 0 end
redis.call('HSET', fence, 'epoch', top, 'attempt', begun, 'open', 0)
say(last, number + 1, string.format('{{"epoch":%d,"attempt":%d,', top, begun) .. string.sub(ARGV[4], 2))
return keep()
"""


class RedisDrafts:
    """Implement the Drafts port; drafts end with the next event, or with their log."""

    def __init__(self, redis: Redis, keep: timedelta = KEPT) -> None:
        self._redis = redis
        self._seconds = int(keep.total_seconds())
        self._write = redis.register_script(WRITE)
        self._raise = redis.register_script(RAISE)
        self._status = redis.register_script(STATUS)

    @classmethod
    def at(cls, url: str, keep: timedelta = KEPT) -> Self:
        """Connect with little patience and no retries: the reply itself waits for each draft, and needs none."""
        return cls(connect(url, patience=0.5, retries=0), keep)

    async def begin(self, place: DraftPlace) -> bool:
        return await self._draft(place, "begin")

    async def add(self, place: DraftPlace, text: str) -> bool:
        """Show more text; raises Unavailable also where no draft is begun, as after a Redis was wiped."""
        return await self._draft(place, "delta", text)

    async def drop(self, place: DraftPlace) -> bool:
        return await self._draft(place, "drop")

    async def status(self, stream: str, word: str) -> bool:
        """Say behind the newest event what is being done; in the name of whichever turn is under way."""
        return await self._ask(self._status, stream, 0, 0, _json(kind="status", text=word))

    async def raise_fence(self, stream: str, epoch: int, held: bool = False) -> None:
        """Refuse every draft of a lower epoch from here on, all of them while `held`, and void what is shown."""
        line = _json(epoch=epoch, attempt=0, kind="drop", text="")
        await self._ask(self._raise, stream, epoch, 0, int(held), line)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _draft(self, place: DraftPlace, kind: Literal["begin", "delta", "drop"], text: str = "") -> bool:
        line = _json(epoch=place.epoch, attempt=place.attempt, kind=kind, text=text)
        return await self._ask(self._write, place.stream, place.epoch, place.attempt, kind, place.after, line)

    async def _ask(self, script: AsyncScript, stream: str, *args: str | int) -> bool:
        try:
            answer = await script(keys=[stream, fence_of(stream)], args=[self._seconds, *args])
        except (RedisError, OSError) as error:
            raise Unavailable(f"drafts are away: {type(error).__name__}") from None
        if answer not in (WRITTEN, REFUSED):
            raise Unavailable("no draft is begun, or its beginning was lost")
        return bool(answer == WRITTEN)


def _json(**line: str | int) -> str:
    # Half a surrogate pair, which a model may emit, is no text and would stop every reader.
    return json.dumps(line, ensure_ascii=False).encode(errors="replace").decode()
