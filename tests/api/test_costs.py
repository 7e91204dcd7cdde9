"""What models cost, for those who look after a shop's money, and of their own shop only."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from activities.clients.redis_ledger import RedisLedger
from api.settings import Settings
from policies.inference import ModelCall, Usage
from tests.api.fakes.site import Site, serving, slug

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATH = "/v1/costs?from=2026-11-20&to=2026-11-22"


@pytest.fixture
def olga() -> dict[str, str]:
    """Somebody who runs a shop nobody used before."""
    return {"tenant": f"t-{uuid4().hex[:8]}", "sub": "olga", "role": "ops"}


@pytest.fixture
async def spent(settings: Settings, olga: dict[str, str]) -> AsyncIterator[None]:
    """Two days of a shop: one call of each tier and one that failed on the first, one call on the third."""
    days = iter([NOON, NOON, NOON, NOON + timedelta(days=2)])
    async with Redis.from_url(settings.redis_url) as redis:
        ledger = RedisLedger(redis, now=lambda: next(days))
        for call in (
            ModelCall(
                task="propose",
                deployment="large",
                tier="L",
                outcome="ok",
                usage=Usage(prompt=2000, cached=1500, completion=100),
                nano_usd=2_000_000,
                queued_ms=30,
                first_token_ms=300,
            ),
            ModelCall(
                task="phrase",
                deployment="small",
                tier="S",
                outcome="ok",
                usage=Usage(prompt=1000, cached=900, completion=50),
                nano_usd=100_000,
                first_token_ms=100,
            ),
            ModelCall(task="phrase", deployment="small", tier="S", outcome="unavailable", queued_ms=10),
            ModelCall(task="route", deployment="small", tier="S", outcome="ok", nano_usd=1),
        ):
            await ledger.enter(olga["tenant"], call)
        yield


async def test_what_was_spent_is_added_up_in_every_direction(site: Site, spent: None, olga: dict[str, str]) -> None:
    answer = await site.get(PATH, **olga)
    assert answer.status_code == 200
    costs: dict[str, Any] = answer.json()
    assert costs["total"] == {
        "calls": 4,
        "usd": 0.002100001,
        "prompt_tokens": 3000,
        "cached_tokens": 2400,
        "completion_tokens": 150,
        "cached_share": 0.8,
        "mean_queue_ms": 10,
        "mean_first_token_ms": 200,
    }
    groups = {group: rows for group, rows in costs.items() if group != "total"}
    assert {
        group: [(row.get("name") or row["day"], row["calls"]) for row in rows] for group, rows in groups.items()
    } == {
        "by_day": [("2026-11-20", 3), ("2026-11-21", 0), ("2026-11-22", 1)],
        "by_tier": [("L", 1), ("S", 3)],
        "by_task": [("phrase", 2), ("propose", 1), ("route", 1)],
        "by_deployment": [("large", 1), ("small", 3)],
        "by_outcome": [("ok", 3), ("unavailable", 1)],
    }
    for rows in groups.values():
        assert sum(row["usd"] for row in rows) == pytest.approx(costs["total"]["usd"])
    nothing = costs["by_day"][1]
    assert (nothing["cached_share"], nothing["mean_first_token_ms"]) == (None, None)


async def test_another_shop_sees_nothing_of_it(site: Site, spent: None, olga: dict[str, str]) -> None:
    answer = await site.get(PATH, **{**olga, "tenant": f"{olga['tenant']}-too"})
    assert answer.json()["total"]["calls"] == 0
    assert answer.json()["by_tier"] == []


@pytest.mark.parametrize(("role", "status"), [("customer", 403), ("agent", 403), ("supervisor", 200), ("ops", 200)])
async def test_only_who_looks_after_money_sees_costs(site: Site, olga: dict[str, str], role: str, status: int) -> None:
    answer = await site.get(PATH, **{**olga, "role": role})
    assert answer.status_code == status
    assert status == 200 or slug(answer) == "role-not-allowed"


BAD: dict[str, tuple[str, str]] = {
    "no first day": ("to=2026-11-22", "query/from"),
    "no last day": ("from=2026-11-22", "query/to"),
    "no date": ("from=yesterday&to=2026-11-22", "query/from"),
    "seconds since 1970": ("from=0&to=1970-01-02", "query/from"),
    "a moment": ("from=2026-11-20T00:00:00&to=2026-11-22", "query/from"),
    "a week": ("from=2026-11-20&to=2026-W47-7", "query/to"),
    "digits of another script": ("from=2026-11-2٠&to=2026-11-22", "query/from"),
    "no such date": ("from=2026-02-30&to=2026-11-22", "query/from"),
    "the wrong way round": ("from=2026-11-22&to=2026-11-21", "query/from"),
    "too many days": ("from=2026-08-01&to=2026-11-01", "query/to"),
    "all of time": ("from=0001-01-01&to=9999-12-31", "query/to"),
}


@pytest.mark.parametrize(("query", "where"), BAD.values(), ids=BAD)
async def test_a_bad_question_is_told_where_it_is_wrong(
    site: Site, olga: dict[str, str], query: str, where: str
) -> None:
    answer = await site.get(f"/v1/costs?{query}", **olga)
    assert slug(answer) == "request-invalid"
    assert [error["where"] for error in answer.json()["errors"]] == [where]


async def test_what_is_no_day_is_told_how_days_are_written(site: Site, olga: dict[str, str]) -> None:
    answer = await site.get("/v1/costs?from=0&to=1970-01-02", **olga)
    (error,) = answer.json()["errors"]
    assert error == {"where": "query/from", "why": "Write a day as YYYY-MM-DD, such as 2026-11-01"}


async def test_ninety_two_days_can_be_asked_for_at_once(site: Site, olga: dict[str, str]) -> None:
    answer = await site.get("/v1/costs?from=2026-08-01&to=2026-10-31", **olga)
    assert len(answer.json()["by_day"]) == (date(2026, 10, 31) - date(2026, 8, 1)).days + 1 == 92


async def test_a_store_that_is_away_is_said_so(settings: Settings, olga: dict[str, str]) -> None:
    async with serving(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})) as site:
        answer = await site.get(PATH, **olga)
        assert (answer.status_code, slug(answer)) == (503, "redis-unavailable")
