"""Everything work among people needs of Redis, in one object: inbox, roster, pauses, presence."""

from datetime import timedelta
from typing import Self

from redis.asyncio import Redis

from activities.clients.redis_inbox import CLOSED_KEPT, RedisInbox
from activities.clients.redis_log import connect
from activities.clients.redis_pauses import RedisPauses
from activities.clients.redis_presence import RedisPresence
from activities.clients.redis_roster import RedisRoster

# Each open console listens on a connection of its own, and the library would stop at a hundred.
MOST_CONNECTIONS = 5_000


class RedisDesk(RedisInbox, RedisRoster, RedisPauses, RedisPresence):
    """Implement Inbox, Roster, Pauses and Presence; all keys of a tenant lie in one slot of a cluster."""

    def __init__(self, redis: Redis, closed_kept: timedelta = CLOSED_KEPT) -> None:
        RedisInbox.__init__(self, redis, closed_kept)
        RedisRoster.__init__(self, redis)
        RedisPauses.__init__(self, redis)
        RedisPresence.__init__(self, redis)

    @classmethod
    def at(cls, url: str, closed_kept: timedelta = CLOSED_KEPT) -> Self:
        """Connect without the client's own retries: Temporal, or the person at the console, tries again."""
        redis = connect(url)
        redis.connection_pool.max_connections = MOST_CONNECTIONS
        return cls(redis, closed_kept)

    async def close(self) -> None:
        await self._redis.aclose()
