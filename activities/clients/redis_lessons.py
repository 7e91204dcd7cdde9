"""Lessons and weekly tallies in Redis: one key a lesson, so that each expires on its own, and two lists of ids."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal, Self, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from activities.errors import Unavailable
from policies.lessons import Lesson

KEPT = timedelta(days=60)
COUNTED = timedelta(weeks=27)
MOST = 2_000

# Only if: "new" when the lesson is neither held nor dealt with, "held" when it is held still, "any" always. The score
# of a list is the server's own time, so that workers whose clocks differ keep one order.
PLACE = """
local mine, others, prefix = KEYS[1], KEYS[2], KEYS[3]
local id, lesson, only_if, ttl, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local held = redis.call('EXISTS', prefix .. id) == 1
if only_if == 'new' and (held or redis.call('EXISTS', prefix .. 'done:' .. id) == 1) then return 0 end
if only_if == 'held' and not held then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if only_if == 'held' then
  redis.call('SET', prefix .. id, lesson, 'KEEPTTL')
  ttl = redis.call('PTTL', prefix .. id)
else
  redis.call('SET', prefix .. id, lesson, 'PX', ttl)
end
redis.call('ZREM', others, id)
-- Scored by its end: what has expired is the list's head.
redis.call('ZADD', mine, now + ttl, id)
redis.call('ZREMRANGEBYSCORE', mine, '-inf', now)
local over = redis.call('ZCARD', mine) - most
if most > 0 and over > 0 then
  for _, old in ipairs(redis.call('ZPOPMIN', mine, over)) do redis.call('DEL', prefix .. old) end
end
redis.call('PEXPIRE', mine, ARGV[4])
return 1
"""

READ = """
local clock = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', clock[1] * 1000 + math.floor(clock[2] / 1000))
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  found[#found + 1] = redis.call('GET', KEYS[2] .. id) or nil
end
return found
"""


class RedisLessons:
    """Implement the Lessons port. At most `most` lessons of a tenant wait, the oldest go first; each lives `keep`."""

    def __init__(self, redis: Redis, keep: timedelta = KEPT, most: int = MOST) -> None:
        self._redis = redis
        self._ttl = int(keep.total_seconds() * 1000)
        self._most = most
        self._place = redis.register_script(PLACE)
        self._read = redis.register_script(READ)

    @classmethod
    def at(cls, url: str, keep: timedelta = KEPT, most: int = MOST) -> Self:
        """Connect without the client's own retries: who keeps lessons rather loses one than waits."""
        patience = Retry(NoBackoff(), 0)
        return cls(Redis.from_url(url, retry=patience, socket_connect_timeout=1, socket_timeout=3), keep, most)

    async def keep(self, lesson: Lesson) -> bool:
        return await self._put(lesson, "any" if lesson.intent else "new")

    async def waiting(self, tenant: str, limit: int) -> tuple[Lesson, ...]:
        return await self._list(tenant, "waiting", limit)

    async def labelled(self, tenant: str, limit: int) -> tuple[Lesson, ...]:
        return await self._list(tenant, "labelled", limit)

    async def find(self, tenant: str, lesson_id: str) -> Lesson | None:
        with _away():
            held = await self._redis.get(_prefix(tenant) + lesson_id)
        return Lesson.model_validate_json(held) if held else None

    async def label(self, tenant: str, lesson_id: str, intent: str, by: str) -> Lesson | None:
        held = await self.find(tenant, lesson_id)
        if held is None:
            return None
        lesson = held.model_copy(update={"intent": intent, "labelled_by": by})
        # It may have been deleted since it was read: a label never brings it back.
        return lesson if await self._put(lesson, "held") else None

    async def put_away(self, tenant: str, lesson_ids: Sequence[str]) -> int:
        if not lesson_ids:
            return 0
        prefix = _prefix(tenant)
        with _away():
            async with self._redis.pipeline(transaction=True) as steps:
                steps.delete(*(prefix + lesson_id for lesson_id in lesson_ids))
                steps.zrem(prefix + "waiting", *lesson_ids)
                steps.zrem(prefix + "labelled", *lesson_ids)
                for lesson_id in lesson_ids:
                    steps.set(f"{prefix}done:{lesson_id}", "", px=self._ttl)
                return int((await steps.execute())[0])

    async def count(self, tenant: str, week: str, tally: Mapping[str, int]) -> None:
        with _away():
            async with self._redis.pipeline(transaction=True) as steps:
                for field, more in tally.items():
                    steps.hincrby(_week(tenant, week), field, more)
                steps.expire(_week(tenant, week), COUNTED)
                await steps.execute()

    async def counts(self, tenant: str, week: str) -> Mapping[str, int]:
        with _away():
            held: Any = await self._redis.hgetall(_week(tenant, week))
        return {field.decode(): int(count) for field, count in held.items()}

    async def close(self) -> None:
        await self._redis.aclose()

    async def _put(self, lesson: Lesson, only_if: Literal["new", "held", "any"]) -> bool:
        prefix = _prefix(lesson.tenant)
        # What a person has labelled makes room for nothing: it only expires.
        mine, other, most = ("labelled", "waiting", 0) if lesson.intent else ("waiting", "labelled", self._most)
        with _away():
            placed = await self._place(
                keys=[prefix + mine, prefix + other, prefix],
                args=[lesson.id, lesson.model_dump_json(), only_if, self._ttl, most],
            )
        return bool(placed)

    async def _list(self, tenant: str, which: str, limit: int) -> tuple[Lesson, ...]:
        prefix = _prefix(tenant)
        with _away():
            held = cast(list[bytes], await self._read(keys=[prefix + which, prefix], args=[max(limit, 1)]))
        return tuple(Lesson.model_validate_json(lesson) for lesson in held)


def _prefix(tenant: str) -> str:
    """All keys of a tenant in one slot of a cluster, which the scripts need."""
    return f"holdfast:lessons:{{{tenant}}}:"


def _week(tenant: str, week: str) -> str:
    return f"holdfast:drift:{tenant}:{week}"


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"the store of lessons is away: {type(error).__name__}") from None
