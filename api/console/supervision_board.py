"""What the supervisors' page reads: late conversations, queues, money spent on models, and whether messages changed."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from activities.errors import OutsideError
from api.auth import Visitor
from api.console import words
from api.costs import Cost, add_up
from api.wiring import Parts
from policies.drift import compare, week_before, week_of
from policies.frozen import Fact
from policies.inbox import Row, View

LATE_SHOWN = 25
TASKS_SHOWN = 4
# What hurts first.
QUEUES = (View.BREACHED, View.UNASSIGNED, View.APPROVAL, View.CUSTOMER, View.AI, View.SNOOZED)


class Queue(Fact):
    view: View
    called: str
    length: int


class Board(Fact):
    """How conversations stand now; `late` are the first of those whose clock has run out."""

    queues: tuple[Queue, ...]
    late: tuple[Row, ...]
    late_in_all: int


class Spent(Fact):
    """What calls of models cost; `usd` as people read it."""

    name: str
    usd: str
    calls: int


class Spending(Fact):
    """What models cost today and in this month so far, in UTC days; `dearest` are the month's tasks."""

    today: Spent
    month: Spent
    dearest: tuple[Spent, ...]


class Shift(Fact):
    """Whether this week's messages are like last week's; `moved` names the intents that grew or shrank."""

    verdict: Literal["stable", "watch", "drifted", "too few"]
    count: int
    count_before: int
    moved: tuple[str, ...]


async def board(parts: Parts, visitor: Visitor, now: datetime) -> Board:
    """Read the queues; raises Unavailable."""
    counts, late = await asyncio.gather(
        parts.desk.counts(visitor.tenant, visitor.subject, now),
        parts.desk.page(visitor.tenant, View.BREACHED, visitor.subject, now, most=LATE_SHOWN),
    )
    return Board(queues=_queues(counts), late=late.rows, late_in_all=late.total)


async def spending(parts: Parts, tenant: str, now: datetime) -> Spending | None:
    """Add up the ledger; None while it cannot be read."""
    today = now.date()
    first = today.replace(day=1)
    try:
        booked = await parts.ledger.read(tenant, first, today)
    except OutsideError:
        return None
    month = add_up(booked, first, today)
    dearest = sorted(month.by_task, key=lambda task: task.usd, reverse=True)
    return Spending(
        today=_spent("today", month.by_day[-1]),
        month=_spent("month", month.total),
        dearest=tuple(_spent(task.name, task) for task in dearest[:TASKS_SHOWN]),
    )


async def drift(parts: Parts, tenant: str, now: datetime) -> Shift | None:
    """Compare this week's messages with last week's; None while the tallies cannot be read."""
    week = week_of(now)
    try:
        tallies = await asyncio.gather(
            parts.lessons.counts(tenant, week), parts.lessons.counts(tenant, week_before(week))
        )
    except OutsideError:
        return None
    found = compare(*tallies)
    if not found:
        return Shift(verdict="too few", count=0, count_before=0, moved=())
    overall = found[0]
    moved = tuple(one.of for one in found[1:] if one.verdict in ("watch", "drifted"))
    return Shift(verdict=overall.verdict, count=overall.count, count_before=overall.count_before, moved=moved)


def _spent(name: str, cost: Cost) -> Spent:
    return Spent(name=name, usd=words.cost(round(cost.usd * words.NANO)), calls=cost.calls)


def _queues(counts: Mapping[View, int]) -> tuple[Queue, ...]:
    return tuple(Queue(view=view, called=words.VIEWS[view], length=counts.get(view, 0)) for view in QUEUES)
