"""What a customer was told they may count on, kept for as long as the conversation, whatever the rules become."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from policies.codes import canonical
from policies.facts import ReturnWindow
from policies.frozen import Fact
from policies.offers import ReturnTerms
from policies.verdict import Outcome, Verdict

# One for each item of an order that was spoken of; nobody asks about more in one conversation.
PROMISES_KEPT = 100


class Promise(Fact):
    """How long the customer was told that an item of an order may be sent back, and from which clause.

    `closes_at` is None where only the `days` from its arrival were told; `version` is that of the rules.
    """

    kind: Literal["return_window"] = "return_window"
    order_id: str
    sku: str
    days: int
    closes_at: datetime | None
    clause_id: str
    version: str
    chunk_id: str = ""
    said_at: datetime

    def until(self, window: ReturnWindow) -> datetime | None:
        """Say when it ends: with the day that was named, for a day is all a customer was told."""
        closes = self.closes_at
        if closes is None and window.closes_at and window.days is not None:
            closes = window.closes_at + timedelta(days=self.days - window.days)
        return datetime.combine(_day(closes), time.max, UTC) if closes else None


def honour(window: ReturnWindow, order_id: str, promises: Sequence[Promise]) -> ReturnWindow:
    """Keep a window open as long as was promised for this item of this order; never shorten it."""
    if window.closes_at is None:
        days = max((each.days for each in promises if _is_about(each, order_id, window.sku)), default=0)
        return window.model_copy(update={"days": max(days, window.days or 0) or window.days})
    latest, promise = window.closes_at, None
    for each in promises:
        until = each.until(window) if _is_about(each, order_id, window.sku) else None
        if until and until > latest:
            latest, promise = until, each
    if promise is None:
        return window
    return window.model_copy(update={"closes_at": latest, "days": promise.days, "clause_id": promise.clause_id})


def kept(ruled: ReturnTerms | Verdict, honoured: ReturnTerms | Verdict, version: str) -> Verdict | None:
    """Name the reason where a promise changed what can be sent back, or until which day; None where it did not."""
    if isinstance(honoured, Verdict):
        return None
    if isinstance(ruled, Verdict):
        by_rule = str(ruled.numbers.get("closed", ""))
    elif ruled.lines == honoured.lines and _day(ruled.send_back_by) == _day(honoured.send_back_by):
        return None
    else:
        by_rule = ruled.send_back_by.isoformat()
    numbers = {"order": honoured.order_id, "by_rule": by_rule, "promised": honoured.send_back_by.isoformat()}
    return Verdict(outcome=Outcome.ALLOW, rule="return.promised", policy_version=version, numbers=numbers)


def remember(held: Sequence[Promise], new: Promise) -> tuple[Promise, ...]:
    """Add a promise, unless as much was promised before; it stands for what was less."""
    if any(_covers(each, new) for each in held):
        return tuple(held)
    return (*(each for each in held if not _covers(new, each)), new)[-PROMISES_KEPT:]


def _covers(one: Promise, other: Promise) -> bool:
    if not _is_about(one, other.order_id, other.sku) or (one.closes_at is None) != (other.closes_at is None):
        return False
    if one.closes_at and other.closes_at:
        return _day(one.closes_at) >= _day(other.closes_at)
    return one.days >= other.days


def _is_about(promise: Promise, order_id: str, sku: str) -> bool:
    return canonical(promise.order_id) == canonical(order_id) and promise.sku.casefold() == sku.casefold()


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
