"""The route of people who look after money: what a shop's calls of language models cost, and where it went."""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from activities.clients.redis_ledger import Booked, Sums
from activities.errors import Unavailable
from api.auth import Role, Visitor
from api.problems import Problem, responses
from api.wiring import PartsDep, only
from policies.frozen import Fact
from policies.inference import NANO
from workflows.messages import Refusal

router = APIRouter(prefix="/v1", tags=["costs"])

MOST_DAYS = 92


def _day(given: str) -> str:
    # Left to itself, pydantic takes a number for seconds since 1970, and a moment at midnight for its day.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        raise PydanticCustomError("day_malformed", "Write a day as YYYY-MM-DD, such as 2026-11-01")
    return given


Accountant = Annotated[Visitor, only(Role.SUPERVISOR, Role.OPS)]
FirstDay = Annotated[
    date, BeforeValidator(_day), Query(alias="from", description="First day, in UTC", examples=["2026-11-01"])
]
LastDay = Annotated[
    date, BeforeValidator(_day), Query(alias="to", description=f"Last day, in UTC; at most {MOST_DAYS} days in all")
]


class Cost(Fact):
    """What some calls took together."""

    calls: int
    usd: float = Field(description="As reckoned from the prices of the fleet's configuration")
    prompt_tokens: int
    cached_tokens: int = Field(description="The part of the prompt tokens that a prefix cache held")
    completion_tokens: int
    cached_share: float | None = Field(description="Cached by prompt tokens; null where there were none")
    mean_queue_ms: float | None = Field(description="Waiting for a free token of the deployment, per call")
    mean_first_token_ms: float | None = Field(description="From sending to the first token, where one came")


class DayCost(Cost):
    day: date


class NamedCost(Cost):
    name: str


class Costs(Fact):
    """Every grouping adds up to `total`; `by_outcome` also shows the calls that failed or were stopped."""

    total: Cost
    by_day: list[DayCost]
    by_tier: list[NamedCost]
    by_task: list[NamedCost]
    by_deployment: list[NamedCost]
    by_outcome: list[NamedCost]


@router.get("/costs", responses=responses(Refusal.ROLE, "redis-unavailable"))
async def read_costs(visitor: Accountant, parts: PartsDep, first: FirstDay, last: LastDay) -> Costs:
    """Add up what language models cost your tenant: in all, by day, tier, task, deployment and outcome."""
    _check(first, last)
    try:
        spent = await parts.ledger.read(visitor.tenant, first, last)
    except Unavailable:
        raise Problem("redis-unavailable") from None
    return add_up(spent, first, last)


def add_up(spent: Iterable[Booked], first: date, last: date) -> Costs:
    """Group what was spent; days without a call are listed with zeros."""
    lines = tuple(spent)
    days = [first + timedelta(days=more) for more in range((last - first).days + 1)]
    return Costs(
        total=Cost.model_validate(_reckon(line.sums for line in lines)),
        by_day=[
            DayCost.model_validate({"day": day, **_reckon(line.sums for line in lines if line.day == day)})
            for day in days
        ],
        by_tier=_grouped(lines, lambda line: line.tier),
        by_task=_grouped(lines, lambda line: line.task),
        by_deployment=_grouped(lines, lambda line: line.deployment),
        by_outcome=_grouped(lines, lambda line: line.outcome),
    )


def _grouped(lines: tuple[Booked, ...], by: Callable[[Booked], str]) -> list[NamedCost]:
    return [
        NamedCost.model_validate({"name": name, **_reckon(line.sums for line in lines if by(line) == name)})
        for name in sorted({by(line) for line in lines})
    ]


def _reckon(parts: Iterable[Sums]) -> dict[str, int | float | None]:
    sums = sum(parts, Sums())
    return {
        "calls": sums.calls,
        "usd": sums.nano_usd / NANO,
        "prompt_tokens": sums.prompt,
        "cached_tokens": sums.cached,
        "completion_tokens": sums.completion,
        "cached_share": _share(sums.cached, sums.prompt),
        "mean_queue_ms": _share(sums.queued_ms, sums.calls),
        "mean_first_token_ms": _share(sums.first_token_ms, sums.first_tokens),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _check(first: date, last: date) -> None:
    if first > last:
        raise Problem("request-invalid", errors=[{"where": "query/from", "why": "this day is after the day in `to`"}])
    if (last - first).days >= MOST_DAYS:
        why = f"more than {MOST_DAYS} days from the day in `from`; ask for them in parts"
        raise Problem("request-invalid", errors=[{"where": "query/to", "why": why}])
