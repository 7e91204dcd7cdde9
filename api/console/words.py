"""How the console puts things for people: refusals, rules, amounts and times in plain words."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from babel.dates import format_datetime

from api.console.rule_words import outcome, sentence
from policies import wording
from policies.cases import Priority
from policies.facts import Money, OrderFacts
from policies.inbox import View
from workflows.messages import Refusal

NANO = 1_000_000_000

VIEWS: Mapping[View, str] = {
    View.MINE: "Mine",
    View.UNASSIGNED: "Unassigned",
    View.APPROVAL: "Waiting for approval",
    View.CUSTOMER: "Waiting for customer",
    View.AI: "With the AI",
    View.BREACHED: "Breached",
    View.SNOOZED: "Snoozed",
    View.CLOSED: "Closed",
    View.ALL: "All",
}
PRIORITIES: Mapping[Priority, str] = {
    Priority.LOW: "Low",
    Priority.NORMAL: "Normal",
    Priority.HIGH: "High",
    Priority.URGENT: "Urgent",
}
WHY: Mapping[str, str] = {
    "asked": "the customer asked for a person",
    "policy": "the rules want a person",
    "outage": "a system of the shop did not answer",
    "paused": "the AI is paused",
    "taken_over": "a colleague took over",
}

# What to do about it; PROBLEMS says what was wrong.
REFUSALS: Mapping[str, str] = {
    Refusal.CASE_TAKEN: "A colleague has the word. Ask them to hand it over, or ask a supervisor to take it.",
    Refusal.NOT_YOUR_CASE: "Claim the conversation first, then try again.",
    Refusal.NOT_OVER: "Money is under way or an offer is open. Wait until it has ended.",
    Refusal.CLOSED: "Nothing can be done in it any more.",
    Refusal.NOT_YOURS: "It may have been erased, or its address is mistyped.",
    Refusal.FOUR_EYES: "Whoever asked for it, or approved it before, cannot approve it.",
    Refusal.ALREADY_DECIDED: "Somebody decided it before you; the page shows how.",
    Refusal.BLANK: "Write something first.",
    Refusal.TOO_LONG: "Shorten it, or send it in two parts.",
    "still-working": "It is not known yet what came of it. Load the page again in a moment.",
    "temporal-unavailable": "Try again in a moment.",
    "redis-unavailable": "Lists may be out of date until it is back. Try again in a moment.",
    "foreign-request": "Open the console in its own tab and try again.",
    "rate-limited": "Wait a few seconds and try again.",
}

# What met one of these may have been done, or may yet be.
LOST = ("still-working", "temporal-unavailable")
UNSURE = "It may not have been done; press again, it counts once."
DONE_UNSEEN = "It was done; load the page again."


def refusal(slug: str, detail: str) -> str:
    """Say what to do about a problem; a detail of its own is said first."""
    advice = REFUSALS.get(slug, "")
    return " ".join(part for part in (detail, advice) if part)


def money(amount: Money) -> str:
    """Put an amount as in $25.00."""
    return wording.money(amount, "en")


def priced(order: OrderFacts, minor: int) -> str:
    """Put an amount in the currency of an order."""
    return money(Money(minor=minor, currency=order.currency))


def cost(nano_usd: int) -> str:
    """Put a model's cost so that small ones stay readable: $0.0123, under a hundredth of a cent as such."""
    if nano_usd == 0:
        return "$0"
    if nano_usd < NANO // 10_000:
        return "under $0.0001"
    return f"${nano_usd / NANO:,.4f}" if nano_usd < NANO else f"${nano_usd / NANO:,.2f}"


def clock(at: datetime) -> str:
    """Put an instant for the reader of a page; the script in the page says it in their own time zone."""
    return str(format_datetime(at.astimezone(UTC), "d MMM, HH:mm 'UTC'", locale="en"))


def span(seconds: float) -> str:
    """Put a length of time in at most two units: 45 s, 12 min, 3 h 10 min, 2 d 4 h."""
    whole = int(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3_600, whole // 86_400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{days} d" + (f" {hours % 24} h" if hours % 24 else "")


def ago(at: datetime, now: datetime) -> str:
    """How long ago an instant was, or how long it is until then."""
    return span((now - at).total_seconds())


def plain(slug: str) -> str:
    """Read an identifier as words: "refund_request" as "refund request"."""
    return slug.replace("_", " ").replace(".", ": ")


def percent(share: float) -> str:
    return f"{round(share * 100)} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": money,
    "cost": cost,
    "clock": clock,
    "span": span,
    "ago": ago,
    "plain": plain,
    "percent": percent,
    "priced": priced,
    "sentence": sentence,
    "outcome": outcome,
}
