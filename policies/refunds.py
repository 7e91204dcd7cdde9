"""Judge a refund: what could be paid back, whether it may be, and who has to agree."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from policies.bundle import Bundle
from policies.facts import (
    AskedAmount,
    FraudFacts,
    Money,
    OrderFacts,
    OrderStatus,
    Payment,
    ReasonCode,
)
from policies.frozen import Fact
from policies.verdict import Number, Outcome, Verdict

UNSHIPPED = (OrderStatus.PENDING, OrderStatus.PROCESSED)


class QuotedLine(Fact):
    line_id: str
    quantity: int


class Quote(Fact):
    """Exactly what would be paid back: to whom it is offered, nothing here may change afterwards."""

    tenant: str
    order_id: str
    order_version: int
    lines: tuple[QuotedLine, ...]
    amount: Money
    payment_id: str
    method_label: str
    reason_code: ReasonCode
    refunded_before_minor: int
    policy_version: str


class Cleared(Fact):
    """A quote after its fraud check. Only `clear` makes one, and an offer can be made from nothing else."""

    quote: Quote
    fraud: FraudFacts
    verdict: Verdict


def reason_for(intents: Sequence[str], order: OrderFacts, given: Sequence[ReasonCode] = ()) -> ReasonCode:
    """Name the reason from what was understood and what the carrier says; the customer's wording is not evidence.

    `given` are the reasons their words name: they only tell a wrong item from a damaged one.
    """
    if "damaged_or_wrong_item" in intents:
        wrong = ReasonCode.WRONG_ITEM in given and ReasonCode.DAMAGED_ITEM not in given
        return ReasonCode.WRONG_ITEM if wrong else ReasonCode.DAMAGED_ITEM
    arrived = order.status in (OrderStatus.DELIVERED, OrderStatus.RETURNED)
    if not arrived:
        return ReasonCode.DELIVERY_FAILED
    return ReasonCode.DELIVERY_DISPUTE if "delivery_dispute" in intents else ReasonCode.CUSTOMER_REQUEST


def quote(
    tenant: str, order: OrderFacts, reason: ReasonCode, asked: AskedAmount | None, now: datetime, bundle: Bundle
) -> Quote | Verdict:
    """Work out what can be paid back, or say by which rule nothing can. `asked` None means: all that is left."""
    left = order.paid_minor - order.refunded_minor
    amount = asked.minor if asked else left

    def deny(rule: str, **numbers: Number) -> Verdict:
        seen: dict[str, Number] = {"paid": order.paid_minor, "refunded": order.refunded_minor, **numbers}
        return Verdict(outcome=Outcome.DENY, rule=rule, policy_version=bundle.version, numbers=seen)

    if order.status is OrderStatus.CANCELLED:
        return deny("refund.order_cancelled")
    if left <= 0:
        return deny("refund.already_refunded")
    if order.status in UNSHIPPED:
        return deny("refund.not_shipped")
    if asked and asked.currency and asked.currency != order.currency:
        return deny("refund.foreign_currency", asked=asked.currency, paid_in=order.currency)
    if amount <= 0:
        return deny("refund.amount_not_positive", asked=amount)
    if amount > left:
        return deny("refund.above_refundable", asked=amount, left=left)
    if order.status is OrderStatus.IN_TRANSIT and (due := overdue_after(order, bundle)) > now:
        return deny("refund.still_in_transit", due=due.isoformat())
    if reason is ReasonCode.CUSTOMER_REQUEST and bundle.rules.refunds.return_first_for_change_of_mind:
        arrived_back = order.status is OrderStatus.RETURNED
        if not arrived_back:
            return deny("refund.return_first")
    payment = _payment_for(order, amount)
    if payment is None:
        return deny("refund.split_payment", payments=len(order.payments))
    return Quote(
        tenant=tenant,
        order_id=order.order_id,
        order_version=order.version,
        lines=_lines_for(order, whole=amount == left),
        amount=Money(minor=amount, currency=order.currency),
        payment_id=payment.payment_id,
        method_label=payment.label,
        reason_code=reason,
        refunded_before_minor=order.refunded_minor,
        policy_version=bundle.version,
    )


def clear(quote: Quote, order: OrderFacts, tier: str, fraud: FraudFacts, now: datetime, bundle: Bundle) -> Cleared:
    """Judge a quote with its fraud check: allowed at once, or a person (or two) has to approve."""
    rules = bundle.rules.refunds
    window = rules.window(tier)
    since = order.delivered_at or order.placed_at
    age = (now - since).days
    limit = rules.auto_limit.get(quote.amount.currency)
    numbers: dict[str, Number] = {
        "amount": quote.amount.minor,
        "currency": quote.amount.currency,
        "limit": limit if limit is not None else -1,
        "age_days": age,
        "window_days": window,
        "fraud_score": fraud.score,
    }
    if fraud.band in rules.bands_for_people:
        rule = f"refund.fraud_{fraud.band}"
    elif age > window:
        rule = "refund.window_closed"
    elif limit is None:
        rule = "refund.currency_without_limit"
    elif quote.amount.minor > limit:
        rule = "refund.above_auto_limit"
    else:
        rule = "refund.within_limits"
    outcome = Outcome.ALLOW if rule == "refund.within_limits" else Outcome.ASK_HUMAN
    verdict = Verdict(outcome=outcome, rule=rule, policy_version=bundle.version, numbers=numbers)
    return Cleared(quote=quote, fraud=fraud, verdict=verdict)


def overdue_after(order: OrderFacts, bundle: Bundle) -> datetime:
    """When a parcel still under way counts as not delivered: some days after its last promised arrival."""
    promised = max((shipment.eta for shipment in order.shipments if shipment.eta), default=order.placed_at)
    return promised + timedelta(days=bundle.rules.refunds.late_after_days)


def _payment_for(order: OrderFacts, amount: int) -> Payment | None:
    room = [payment for payment in order.payments if payment.paid_minor - payment.refunded_minor >= amount]
    return room[0] if room else None


def _lines_for(order: OrderFacts, whole: bool) -> tuple[QuotedLine, ...]:
    """All lines still unrefunded for a refund of everything; none for a goodwill part, which takes back no goods."""
    if not whole:
        return ()
    open_lines = ((line.line_id, line.quantity - line.refunded_quantity) for line in order.lines)
    return tuple(QuotedLine(line_id=line_id, quantity=left) for line_id, left in open_lines if left > 0)
