"""Rate limits per tenant and per customer, counted in Redis so that every API process counts together."""

from dataclasses import dataclass
from time import time

import structlog
from limits import RateLimitItem, RateLimitItemPerHour, parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from api.auth import Visitor
from api.problems import Problem
from api.settings import Settings
from policies.photos import MOST_IN_HOUR

log = structlog.get_logger("api.rates")


@dataclass(frozen=True)
class Budget:
    name: str
    item: RateLimitItem
    key: tuple[str, ...]


class Rates:
    """Counts requests; says which budget is spent and when it refills."""

    def __init__(self, settings: Settings) -> None:
        store = RedisStorage(
            f"async+{settings.redis_url}",
            implementation="redispy",
            key_prefix="holdfast:rates",
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
        )
        self._counter = SlidingWindowCounterRateLimiter(store)
        self._customer = parse(settings.rate_customer)
        self._tenant = parse(settings.rate_tenant)
        self._photos = RateLimitItemPerHour(MOST_IN_HOUR)

    async def take(self, visitor: Visitor) -> dict[str, str]:
        """Spend one request of each budget; returns RateLimit headers, raises the problem rate-limited."""
        return await self._spend(
            Budget("customer", self._customer, ("customer", visitor.tenant, visitor.subject)),
            Budget("tenant", self._tenant, ("tenant", visitor.tenant)),
        )

    async def take_photo(self, visitor: Visitor) -> None:
        """Spend one upload of a picture; raises the problem rate-limited."""
        await self._spend(Budget("photos", self._photos, ("photos", visitor.tenant, visitor.subject)))

    async def _spend(self, *budgets: Budget) -> dict[str, str]:
        headers: dict[str, str] = {}
        try:
            for budget in budgets:
                allowed = await self._counter.hit(budget.item, *budget.key)
                shown = await self._headers(budget)
                headers = headers or shown
                if not allowed:
                    wait = shown["RateLimit"].rpartition("=")[2]
                    raise Problem(
                        "rate-limited", f"The {budget.name} budget is spent.", headers={**shown, "Retry-After": wait}
                    )
        except (RedisError, OSError) as error:
            # Fail open: the limit protects capacity, not money, and a customer with a dispute must not be
            # turned away because a counter is down.
            log.warning("rates.unavailable", error=type(error).__name__)
        return headers

    async def _headers(self, budget: Budget) -> dict[str, str]:
        window = await self._counter.get_window_stats(budget.item, *budget.key)
        reset = max(1, round(window.reset_time - time()))
        return {
            "RateLimit-Policy": f'"{budget.name}";q={budget.item.amount};w={budget.item.get_expiry()}',
            "RateLimit": f'"{budget.name}";r={window.remaining};t={reset}',
        }
