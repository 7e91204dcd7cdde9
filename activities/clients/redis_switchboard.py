"""Circuit breakers and concurrency tokens of deployments in Redis: one script a question, so that all workers agree."""

import asyncio
import time
from collections.abc import Callable
from typing import Literal, Self, cast
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from activities.inference_ports import Admission
from policies.fleet import Deployment
from policies.inference import CallOutcome

# Seconds. A lease outlives the longest call by `SPARE`, so only a dead worker's comes back by itself.
SPARE = 2.0
PAUSE = 0.05
# The most a server can shut itself for by Retry-After, before one call asks it again.
LONGEST_WAIT = 300.0
KEPT = 3600.0
SILENCE = 60.0

FAILED: frozenset[CallOutcome] = frozenset({"unavailable", "timeout", "rate_limited"})
# The server is there, whether its model is weak or our request wrong: no failure, nor a reason to forget failures.
TALKED: frozenset[CallOutcome] = frozenset({"malformed", "rejected"})

# Redis's own clock, so that workers whose clocks differ agree. Milliseconds.
CLOCK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

# A waiter cannot be told from a newcomer, so a place is held until its owner is due to ask again and a little longer;
# whoever asks then takes the one that has been due for longest. Never more than `places` wait.
ADMIT = f"""{CLOCK}
local leases, waiters, breaker, lease = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local tokens, places, life, pause = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
local shut, probe = unpack(redis.call('HMGET', breaker, 'until', 'probe'))
if shut then
  if tonumber(shut) > now then return {{'open', tonumber(shut) - now}} end
  if probe and redis.call('ZSCORE', leases, probe) then return {{'open', pause}} end
end
redis.call('ZREMRANGEBYSCORE', waiters, '-inf', now - pause)
local due = redis.call('ZRANGEBYSCORE', waiters, '-inf', now, 'LIMIT', 0, 1)[1]
if due then redis.call('ZREM', waiters, due) end
if redis.call('ZCARD', leases) < tokens then
  redis.call('ZADD', leases, now + life, lease)
  redis.call('PEXPIRE', leases, math.max(life, redis.call('PTTL', leases)))
  if shut then redis.call('HSET', breaker, 'probe', lease) end
  return {{'admitted', 0}}
end
if redis.call('ZCARD', waiters) >= places then return {{'busy', 0}} end
redis.call('ZADD', waiters, now + pause, lease)
redis.call('PEXPIRE', waiters, 2 * pause)
return {{'busy', pause}}
"""

# While a breaker is not closed only its probe's outcome counts: the others were sent before it opened. Any answer to
# the probe closes it; one that we ended ourselves only makes room for the next.
RELEASE = f"""{CLOCK}
local leases, failures, breaker, lease, how = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local asked, most, within, shut_for, kept = unpack(ARGV, 3)
redis.call('ZREM', leases, lease)
local shut, probe = unpack(redis.call('HMGET', breaker, 'until', 'probe'))
local probing = probe == lease
if probing then redis.call('HDEL', breaker, 'probe') end
local function open(milliseconds)
  redis.call('HSET', breaker, 'until', math.max(now + milliseconds, tonumber(shut or 0)))
  redis.call('PEXPIRE', breaker, milliseconds + kept)
  redis.call('DEL', failures)
end
if how == 'ok' or how == 'talked' then
  if how == 'ok' then redis.call('DEL', failures) end
  if probing then redis.call('DEL', breaker) end
elseif how == 'failed' and tonumber(asked) > 0 then
  open(asked)
elseif how == 'failed' and probing then
  open(shut_for)
elseif how == 'failed' and not shut then
  redis.call('ZREMRANGEBYSCORE', failures, '-inf', now - within)
  redis.call('ZADD', failures, now, lease)
  redis.call('PEXPIRE', failures, within)
  if redis.call('ZCARD', failures) >= tonumber(most) then open(shut_for) end
end
return redis.status_reply('OK')
"""

log = structlog.get_logger("inference.switchboard")


class RedisSwitchboard:
    """Implement the Switchboard port; without Redis every call is admitted, and that is logged once a minute."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic, pause: float = PAUSE) -> None:
        """Whoever waits is told to ask again after `pause` seconds."""
        self._redis = redis
        self._clock = clock
        self._pause = pause
        self._told: float | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._admit = redis.register_script(ADMIT)
        self._release = redis.register_script(RELEASE)

    @classmethod
    def at(cls, url: str) -> Self:
        """Connect with little patience: a customer waits for each of these questions."""
        patience = Retry(NoBackoff(), 0)
        return cls(Redis.from_url(url, retry=patience, socket_connect_timeout=0.5, socket_timeout=1))

    async def admit(self, deployment: Deployment) -> Admission:
        """Take a token. "busy" with a wait of 0: too many wait already, do not ask again."""
        lease = uuid4().hex
        places = deployment.waiting if deployment.wait_seconds else 0
        life = deployment.timeouts.total + SPARE
        try:
            answer = await self._admit(
                keys=_keys(deployment, "leases", "waiters", "breaker"),
                args=[lease, deployment.concurrency, places, _milliseconds(life), _milliseconds(self._pause)],
            )
        except (RedisError, OSError) as error:
            self._tell(error)
            # The script may have run and only its answer be lost: giving the lease back costs nothing.
            return Admission("admitted", lease)
        except asyncio.CancelledError:
            # Neither do we know here, and nobody else has the lease.
            leaving = asyncio.create_task(self.release(deployment, lease, "cancelled"))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            raise
        state = cast(Literal["admitted", "busy", "open"], answer[0].decode())
        return Admission(state, lease if state == "admitted" else "", answer[1] / 1000)

    async def release(
        self, deployment: Deployment, lease: str, outcome: CallOutcome, retry_after: float | None = None
    ) -> None:
        """Give the token back; `retry_after` in seconds shuts the deployment until then, at most five minutes."""
        how = "failed" if outcome in FAILED else "talked" if outcome in TALKED else outcome
        # In this order nan, which a header may hold, becomes 0.
        asked = min(max(0, retry_after or 0), LONGEST_WAIT)
        rules = deployment.breaker
        spans = (rules.within_seconds, rules.open_seconds, KEPT)
        try:
            await self._release(
                keys=_keys(deployment, "leases", "failures", "breaker"),
                args=[lease, how, _milliseconds(asked), rules.failures, *map(_milliseconds, spans)],
            )
        except (RedisError, OSError) as error:
            self._tell(error)

    async def close(self) -> None:
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._redis.aclose()

    def _tell(self, error: Exception) -> None:
        now = self._clock()
        if self._told is None or now - self._told >= SILENCE:
            self._told = now
            log.warning("switchboard.away", error=type(error).__name__, effect="every call is admitted")


def _keys(deployment: Deployment, *names: str) -> list[str]:
    """All keys of a deployment in one slot of a cluster, which the scripts need."""
    return [f"holdfast:switchboard:{{{deployment.name}}}:{name}" for name in names]


def _milliseconds(seconds: float) -> int:
    return max(round(seconds * 1000), 1) if seconds else 0
