"""Judge a return: how long something may be sent back, and what of an order can be."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from policies.bundle import Bundle, ReturnWindowRule
from policies.facts import OrderFacts, OrderLine, OrderStatus, ReasonCode, ReturnWindow
from policies.offers import ReturnTerms
from policies.promises import Promise, honour
from policies.verdict import Number, Outcome, Verdict


def window(
    order: OrderFacts, line: OrderLine, tier: str, region: str, rules: Sequence[ReturnWindowRule]
) -> ReturnWindow:
    """Say until when a line may be sent back; `closes_at` None while it has not arrived."""
    rule = governing(line.category, region, order.placed_at.date(), rules)
    days = rule.days.get(tier, rule.days["standard"])
    arrived = order.delivered_at
    return ReturnWindow(
        sku=line.sku,
        days=days,
        closes_at=arrived + timedelta(days=days) if arrived else None,
        clause_id=rule.clause,
    )


def governing(category: str, region: str, ordered: date, rules: Sequence[ReturnWindowRule]) -> ReturnWindowRule:
    """Pick the narrowest of the rules that govern an order of that day; bundles always have one for everything."""
    return max((rule for rule in rules if rule.governs(category, region, ordered)), key=lambda rule: rule.narrowness)


def not_returned(order: OrderFacts) -> list[OrderLine]:
    """List the lines that are neither in a return nor refunded."""
    returned = {line_id for entry in order.returns for line_id in entry.line_ids}
    return [line for line in order.lines if line.line_id not in returned and line.quantity > line.refunded_quantity]


def terms(
    order: OrderFacts,
    tier: str,
    region: str,
    reason: ReasonCode,
    now: datetime,
    bundle: Bundle,
    promises: Sequence[Promise] = (),
) -> ReturnTerms | Verdict:
    """Work out what can be sent back now, or say by which rule nothing can; a window promised stays open."""
    left = not_returned(order)
    ruled = [(line, window(order, line, tier, region, bundle.rules.returns)) for line in left]
    windows = [(line, honour(until, order.order_id, promises)) for line, until in ruled]
    open_now = [(line, until.closes_at) for line, until in windows if until.closes_at and until.closes_at >= now]
    if order.status is not OrderStatus.DELIVERED or order.delivered_at is None:
        return _deny("return.not_delivered", bundle)
    if not left:
        return _deny("return.already_open", bundle)
    if not open_now:
        latest = max(windows, key=lambda pair: pair[1].days or 0)[1]
        closed = latest.closes_at.isoformat() if latest.closes_at else ""
        return _deny("return.window_closed", bundle, days=latest.days or 0, closed=closed)
    return ReturnTerms(
        order_id=order.order_id,
        order_version=order.version,
        lines=tuple((line.line_id, line.quantity - line.refunded_quantity) for line, _ in open_now),
        reason_code=reason,
        send_back_by=min(closes for _, closes in open_now),
    )


def _deny(rule: str, bundle: Bundle, **numbers: Number) -> Verdict:
    return Verdict(outcome=Outcome.DENY, rule=rule, policy_version=bundle.version, numbers=numbers)
