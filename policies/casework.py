"""What happens to a case: who has it, which clocks run, and what follows when nobody answered in time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from policies import clocks
from policies.cases import Case, Clock, Priority, Why
from policies.opening_hours import OpeningHours
from policies.service import ServiceRules

ClockName = Literal["first", "next", "resolution"]
# At the second time that nobody answered, a supervisor is asked.
SUPERVISOR_FROM = 2


def opened(
    number: int, why: Why, now: datetime, priority: Priority, rules: ServiceRules, summary: tuple[str, ...] = ()
) -> Case:
    """Begin a case: a first answer and an end are due, and the customer is promised when the answer is."""
    first = clocks.start(rules.first_response(priority), now)
    return Case(
        number=number,
        why=why,
        summary=summary,
        opened_at=now,
        promised_at=clocks.due(first, rules.hours),
        by_email=not rules.hours.open_at(now),
        first=first,
        resolution=clocks.start(rules.resolution(priority), now),
    )


def assigned(case: Case, subject: str, name: str) -> Case:
    """Give a case to somebody, or to nobody; its clocks go on, and whoever had the word has it no longer."""
    return case.model_copy(update={"assignee": subject, "assignee_name": name, "claimed_at": None})


def claimed(case: Case, subject: str, name: str, now: datetime) -> Case:
    """Give somebody the word; only an answer ends a clock."""
    return case.model_copy(update={"assignee": subject, "assignee_name": name, "claimed_at": now})


def person_spoke(case: Case, now: datetime, rules: ServiceRules) -> Case:
    """Take a person's answer: what was promised is kept, and the rest waits for the customer."""
    resolution = case.resolution and clocks.stopped(case.resolution, now, rules.hours)
    return case.model_copy(
        update={
            "first": None,
            "next": None,
            "resolution": resolution,
            "promised_at": None,
            "breached": False,
            "escalations": 0,
            "passed_over": (),
        }
    )


def customer_spoke(case: Case, now: datetime, priority: Priority, rules: ServiceRules) -> Case:
    """Take a customer's message: an answer is due from the first one on that has none."""
    if case.first:
        return case
    resolution = case.resolution and clocks.resumed(case.resolution, now)
    answer = case.next or clocks.start(rules.next_response(priority), now)
    return case.model_copy(update={"next": answer, "resolution": resolution})


def reprioritised(case: Case, before: Priority, now: datetime, priority: Priority, rules: ServiceRules) -> Case:
    """Give every clock the limit of another priority, less what has passed; no answer falls behind its promise."""
    moved: dict[str, Clock] = {}
    for name, clock in _clocks(case):
        left = clocks.left(clock, now, rules.hours) + _limit(name, priority, rules) - _limit(name, before, rules)
        if name != "resolution" and case.promised_at:
            left = min(left, rules.hours.between(now, case.promised_at))
        moved[name] = Clock(left=left, running_since=clock.running_since and now)
    return case.model_copy(update=moved)


def due_at(case: Case, rules: ServiceRules) -> datetime | None:
    """Say when the next clock runs out; None while none runs."""
    return min((at for _, at in _dues(case, rules.hours)), default=None)


def answer_due(case: Case, rules: ServiceRules) -> datetime | None:
    """Say when a person has to have answered; None while nobody waits for an answer."""
    return min((at for name, at in _dues(case, rules.hours) if name != "resolution"), default=None)


def breached_now(case: Case, now: datetime, rules: ServiceRules) -> ClockName | None:
    """Name the clock that has run out and whose end nobody has drawn the consequence of yet."""
    return next((name for name, at in _dues(case, rules.hours) if at <= now), None)


def escalated(case: Case, now: datetime, priority: Priority, rules: ServiceRules) -> Case:
    """Draw the consequence of the clock that ran out; a case with none stays as it is.

    Without an answer in time the case goes back to the queue, past whoever had it, and has its time anew; from the
    second time on it is a supervisor's. Over the time to its end it is marked once, and stays with whoever has it.
    """
    name = breached_now(case, now, rules)
    if name is None:
        return case
    if name == "resolution":
        return case.model_copy(update={"breached": True, "resolution": None})
    anew = clocks.start(_limit(name, priority, rules), now)
    escalations = case.escalations + 1
    return case.model_copy(
        update={
            name: anew,
            "promised_at": clocks.due(anew, rules.hours),
            "passed_over": tuple(dict.fromkeys((*case.passed_over, *filter(None, [case.assignee])))),
            "assignee": "",
            "assignee_name": "",
            "claimed_at": None,
            "escalations": escalations,
            "breached": True,
            "supervisor": case.supervisor or escalations >= SUPERVISOR_FROM,
        }
    )


def _clocks(case: Case) -> Iterator[tuple[ClockName, Clock]]:
    names: tuple[ClockName, ...] = ("first", "next", "resolution")
    return ((name, clock) for name in names if (clock := getattr(case, name)))


def _dues(case: Case, hours: OpeningHours) -> Iterator[tuple[ClockName, datetime]]:
    return ((name, at) for name, clock in _clocks(case) if (at := clocks.due(clock, hours)))


def _limit(name: ClockName, priority: Priority, rules: ServiceRules) -> float:
    if name == "first":
        return rules.first_response(priority)
    return rules.next_response(priority) if name == "next" else rules.resolution(priority)
