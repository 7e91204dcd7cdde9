"""Scenes with people in them: who is asked, when they are at work, and what customers were told meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

from policies.inbox import Row
from policies.opening_hours import DAYS
from tests.workflows.colleague import Colleague
from tests.workflows.customer import Customer
from tests.workflows.desk import Desk
from workflows.messages import Event, EventKind

DISPUTE = "I want a refund on order #12345, it never arrived"
WHERE = "where is order 12345?"
HALF_AN_HOUR = timedelta(minutes=30, seconds=1)


def closed_now(opens_in_days: int = 3) -> dict[str, Any]:
    """Rules of people who are at work again only for one day, so many days from today."""
    opens = DAYS[(datetime.now(UTC) + timedelta(days=opens_in_days)).weekday()]
    week = {day: ["09:00-17:00"] if day == opens else [] for day in DAYS}
    return {"hours": {"timezone": "UTC", "week": week, "holidays": []}}


async def opened(desk: Desk) -> Customer:
    """A customer who has said hello."""
    customer = desk.customer()
    await customer.say("hello")
    return customer


async def claimed(desk: Desk, by: str = "ann") -> tuple[Customer, Colleague]:
    """A conversation that a person has taken over from the AI."""
    customer = await opened(desk)
    colleague = Colleague(customer, by)
    await colleague.claim()
    return customer, colleague


async def events(customer: Customer) -> tuple[Event, ...]:
    return (await customer.transcript()).events


async def kinds(customer: Customer) -> list[EventKind]:
    return [event.kind for event in await events(customer)]


async def row_until(customer: Customer, **stands: object) -> Row:
    """Wait until the inbox was given a row that stands like this; returns the newest."""
    rows = customer.log.rows[customer.stream]
    await customer.log.until(
        customer.stream, lambda _: bool(rows) and stands.items() <= rows[-1].model_dump(exclude={"tags"}).items()
    )
    return rows[-1]


def spoken_between(said: tuple[Event, ...], first: EventKind, last: EventKind) -> list[Event]:
    """What the AI said after each event of one kind and before the next of another."""
    held, words = False, []
    for event in said:
        held = event.kind is first or (held and event.kind is not last)
        words += [event] if held and event.kind is EventKind.REPLY else []
    return words
