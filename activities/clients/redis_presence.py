"""Who types, and the wire that tells open consoles what changed: Redis pub/sub, heard by every API process."""

from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis

from activities.clients.redis_desk_keys import desk_of, store, wire_of
from activities.desk_ports import EVERYWHERE, Changed

TYPING_MS = 6_000
# After this long without news the connection is tried, so that a dead one ends.
SILENCE = 20.0

TYPING = """
local clock = redis.call('TIME')
local until_ms = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d ', until_ms) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[2], ARGV[4])
"""

TYPERS = """
local clock = redis.call('TIME')
local now, found, held = clock[1] * 1000 + math.floor(clock[2] / 1000), {}, redis.call('HGETALL', KEYS[1])
for place = 1, #held, 2 do
  local until_ms, name = string.match(held[place + 1], '^(%d+) (.*)$')
  if tonumber(until_ms) > now then
    found[#found + 1], found[#found + 2] = held[place], name
  else
    redis.call('HDEL', KEYS[1], held[place])
  end
end
return found
"""


class RedisPresence:
    """Implement the Presence port; that somebody stopped typing is not told, it is over six seconds later."""

    def __init__(self, redis: Redis, typing_ms: int = TYPING_MS) -> None:
        self._redis = redis
        self._typing_ms = typing_ms
        self._typing = redis.register_script(TYPING)
        self._typers = redis.register_script(TYPERS)

    async def typing(self, tenant: str, conversation_id: str, subject: str, name: str) -> None:
        told = Changed(what="typing", conversation_id=conversation_id, by=subject).model_dump_json()
        keys = [_typing(tenant, conversation_id), wire_of(tenant)]
        with store():
            await self._typing(keys=keys, args=[subject, name, self._typing_ms, told])

    async def typers(self, tenant: str, conversation_id: str) -> dict[str, str]:
        with store():
            found: Any = await self._typers(keys=[_typing(tenant, conversation_id)])
        parts = [part.decode() for part in found]
        return dict(zip(parts[::2], parts[1::2], strict=True))

    async def changes(self, tenant: str) -> AsyncIterator[Changed]:
        """Follow what changes, beginning with a `Changed(what="row")` of no conversation once it is listened to.

        What is fetched after that first one misses nothing. Ends with the connection, by raising Unavailable.
        """
        with store():
            async with self._redis.pubsub() as wire:
                await wire.subscribe(wire_of(tenant), wire_of(EVERYWHERE))
                listened_to = 0
                while True:
                    news: Any = await wire.get_message(timeout=SILENCE)
                    if news is None:
                        await wire.ping()
                    elif news["type"] == "subscribe":
                        listened_to += 1
                        if listened_to == 2:
                            yield Changed(what="row")
                    elif news["type"] == "message":
                        yield Changed.model_validate_json(news["data"])


def _typing(tenant: str, conversation_id: str) -> str:
    return f"{desk_of(tenant)}typing:{conversation_id}"
