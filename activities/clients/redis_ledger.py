"""What calls of models cost, summed up in Redis: one hash for a tenant's day, which expires on its own."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Self, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from activities.errors import Unavailable
from policies.frozen import Fact
from policies.inference import ModelCall

KEPT = timedelta(days=400)

log = structlog.get_logger("inference.ledger")


class Sums(Fact):
    """Calls, tokens, billionths of a dollar and milliseconds added up.

    `first_tokens` counts the calls that brought any token; `first_token_ms` is the wait of those alone.
    """

    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    nano_usd: int = 0
    queued_ms: int = 0
    first_token_ms: int = 0
    first_tokens: int = 0
    decode_ms: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in Sums.model_fields})


class Booked(Fact):
    """The sums of one day's calls that have tier, task, deployment and outcome in common."""

    day: date
    tier: str
    task: str
    deployment: str
    outcome: str
    sums: Sums


class RedisLedger:
    """Implement the Ledger port, and read what it holds; days are those of UTC and live `keep`."""

    def __init__(
        self, redis: Redis, keep: timedelta = KEPT, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._redis = redis
        self._keep = keep
        self._now = now

    @classmethod
    def at(cls, url: str) -> Self:
        """Connect without the client's own retries: an entry is rather lost than waited for."""
        patience = Retry(NoBackoff(), 0)
        return cls(Redis.from_url(url, retry=patience, socket_connect_timeout=0.5, socket_timeout=1))

    async def enter(self, tenant: str, call: ModelCall) -> None:
        """Add a call to today's sums. One that cannot be written is logged with what it cost."""
        day = self._now().astimezone(UTC).date()
        labels = "|".join((call.tier, call.task, call.deployment, call.outcome))
        try:
            async with self._redis.pipeline(transaction=True) as steps:
                for measure, more in _of(call).model_dump(exclude_defaults=True).items():
                    steps.hincrby(_key(tenant, day), f"{labels}|{measure}", more)
                steps.expire(_key(tenant, day), self._keep)
                await steps.execute()
        except (RedisError, OSError) as error:
            log.warning("ledger.dropped", error=type(error).__name__, tenant=tenant, call=call.model_dump())

    async def read(self, tenant: str, first_day: date, last_day: date) -> tuple[Booked, ...]:
        """List what a tenant spent from one day to another, both included, in that order. Raises Unavailable."""
        days = [first_day + timedelta(days=more) for more in range((last_day - first_day).days + 1)]
        try:
            async with self._redis.pipeline(transaction=False) as steps:
                for day in days:
                    steps.hgetall(_key(tenant, day))
                held = await cast(Awaitable[list[dict[bytes, bytes]]], steps.execute())
        except (RedisError, OSError) as error:
            raise Unavailable(f"the ledger is away: {type(error).__name__}") from None
        return tuple(line for day, fields in zip(days, held, strict=True) for line in _booked(day, fields))

    async def close(self) -> None:
        await self._redis.aclose()


def _of(call: ModelCall) -> Sums:
    begun = call.usage.completion > 0
    return Sums(
        calls=1,
        nano_usd=call.nano_usd,
        queued_ms=call.queued_ms,
        first_token_ms=call.first_token_ms if begun else 0,
        first_tokens=int(begun),
        decode_ms=call.decode_ms,
        **call.usage.model_dump(),
    )


def _booked(day: date, fields: dict[bytes, bytes]) -> list[Booked]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for field, count in fields.items():
        labels, _, measure = field.decode().rpartition("|")
        found[labels][measure] = int(count)
    return [_line(day, labels, found[labels]) for labels in sorted(found)]


def _line(day: date, labels: str, measures: dict[str, int]) -> Booked:
    tier, task, deployment, outcome = labels.split("|")
    return Booked(
        day=day, tier=tier, task=task, deployment=deployment, outcome=outcome, sums=Sums.model_validate(measures)
    )


def _key(tenant: str, day: date) -> str:
    return f"holdfast:costs:{tenant}:{day}"
