"""What of the AI is paused, in Redis, and in this process for when Redis is away."""

import asyncio
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from activities.clients.redis_desk_keys import desk_of, store, wire_of
from activities.desk_ports import EVERYWHERE, Changed, Pause
from activities.errors import Unavailable

# Every turn asks, and the last answer is nearly always still true: a store that hangs is not waited for.
PATIENCE = 0.5


class RedisPauses:
    """Implement the Pauses port: a pause does not end because Redis is away, as far as this process has heard of it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known: dict[str, tuple[Pause, ...]] = {}

    async def paused(self, tenant: str) -> tuple[Pause, ...]:
        """Read what is paused; without Redis the pauses last heard of, and Unavailable where that says nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                of_tenant, of_all = await asyncio.gather(self._read(tenant), self._read(EVERYWHERE))
        except (Unavailable, TimeoutError):
            known = self._known.get(tenant, ()) + self._known.get(EVERYWHERE, ())
            if not known and not self._known.keys() >= {tenant, EVERYWHERE}:
                raise Unavailable("nobody can say what is paused") from None
            return known
        return of_tenant + of_all

    async def pause(self, pause: Pause) -> None:
        with store():
            await self._redis.hset(_paused(pause.tenant), pause.intent, pause.model_dump_json())
        await self._heard(pause.tenant, pause.by)

    async def resume(self, tenant: str, intent: str) -> bool:
        """End a pause of one tenant, or of `EVERYWHERE`; False where there was none."""
        with store():
            found: int = await self._redis.hdel(_paused(tenant), intent)
        await self._heard(tenant, "")
        return bool(found)

    async def _read(self, tenant: str) -> tuple[Pause, ...]:
        with store():
            held: Any = await self._redis.hvals(_paused(tenant))
        pauses = (Pause.model_validate_json(pause) for pause in held)
        self._known[tenant] = tuple(sorted(pauses, key=_since))
        return self._known[tenant]

    async def _heard(self, tenant: str, by: str) -> None:
        """Know it here too, before Redis may be away, and tell open consoles."""
        await self._read(tenant)
        with store():
            await self._redis.publish(wire_of(tenant), Changed(what="pause", by=by).model_dump_json())


def _paused(tenant: str) -> str:
    return f"{desk_of(tenant)}paused"


def _since(pause: Pause) -> tuple[datetime, str]:
    return pause.at, pause.intent
