"""What may be paid back, and by which rule not."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import refunds
from policies.facts import AskedAmount, OrderFacts, OrderLine, OrderStatus, Payment, ReasonCode, Shipment
from policies.refunds import Quote, quote, reason_for
from policies.verdict import Outcome, Verdict
from tests.fakes.orders import order as order_of
from tests.policies.rule_ids import denials_of
from tests.policies.shipped import NOW, STANDARD, bent, days

DISPUTE = ReasonCode.DELIVERY_DISPUTE


def order(**bends: object) -> OrderFacts:
    return order_of(now=NOW, **bends)  # type: ignore[arg-type]  # the table below bends any field


def asks(minor: int, currency: str | None = None) -> AskedAmount:
    return AskedAmount(minor=minor, currency=currency, text="")


def card(name: str, paid: int, refunded: int = 0) -> Payment:
    return Payment(payment_id=name, method="card", label=name, paid_minor=paid, refunded_minor=refunded)


SPLIT = order().model_copy(update={"payments": (card("A", 5000), card("B", 3999))})

DENIED = {
    "a cancelled order": (order(status="cancelled"), DISPUTE, None, "refund.order_cancelled"),
    "nothing left": (order(refunded_minor=8999), DISPUTE, None, "refund.already_refunded"),
    "more refunded than paid": (order(refunded_minor=9999), DISPUTE, None, "refund.already_refunded"),
    "not packed": (order(status="pending"), DISPUTE, None, "refund.not_shipped"),
    "not shipped": (order(status="processed"), DISPUTE, None, "refund.not_shipped"),
    "another currency": (order(), DISPUTE, asks(100, "EUR"), "refund.foreign_currency"),
    "nothing asked for": (order(), DISPUTE, asks(0), "refund.amount_not_positive"),
    "less than nothing": (order(), DISPUTE, asks(-5, "USD"), "refund.amount_not_positive"),
    "a cent too much": (order(), DISPUTE, asks(9000), "refund.above_refundable"),
    "a cent more than is left": (order(refunded_minor=999), DISPUTE, asks(8001), "refund.above_refundable"),
    "still on its way": (order(status="in_transit"), ReasonCode.DELIVERY_FAILED, None, "refund.still_in_transit"),
    "changed their mind": (order(), ReasonCode.CUSTOMER_REQUEST, None, "refund.return_first"),
    "paid by two cards": (SPLIT, DISPUTE, None, "refund.split_payment"),
}


@pytest.mark.parametrize(("facts", "reason", "asked", "rule"), DENIED.values(), ids=DENIED.keys())
def test_a_refund_is_denied_by_its_rule(
    facts: OrderFacts, reason: ReasonCode, asked: AskedAmount | None, rule: str
) -> None:
    verdict = quote("northwind", facts, reason, asked, NOW, STANDARD)
    assert isinstance(verdict, Verdict)
    assert (verdict.outcome, verdict.rule, verdict.policy_version) == (Outcome.DENY, rule, STANDARD.version)
    assert verdict.numbers["paid"] == facts.paid_minor


def test_every_rule_that_denies_a_refund_has_a_row_above() -> None:
    assert denials_of(refunds) == {rule for *_, rule in DENIED.values()}


@pytest.mark.parametrize(
    ("facts", "reason", "asked", "amount", "lines"),
    [
        pytest.param(order(), DISPUTE, None, 8999, {"1": 1}, id="all of it"),
        pytest.param(order(quantity=3), DISPUTE, None, 8999, {"1": 3}, id="all pieces"),
        pytest.param(order(), DISPUTE, asks(8999, "USD"), 8999, {"1": 1}, id="all of it by its amount"),
        pytest.param(order(), DISPUTE, asks(2000), 2000, {}, id="a part takes back no goods"),
        pytest.param(order(refunded_minor=999), DISPUTE, None, 8000, {"1": 1}, id="all that is left"),
        pytest.param(SPLIT, DISPUTE, asks(3500), 3500, {}, id="a part one card holds"),
        pytest.param(order(status="returned"), ReasonCode.CUSTOMER_REQUEST, None, 8999, {"1": 1}, id="sent back"),
    ],
)
def test_a_quote_names_exactly_what_would_be_paid_back(
    facts: OrderFacts, reason: ReasonCode, asked: AskedAmount | None, amount: int, lines: dict[str, int]
) -> None:
    offered = quote("northwind", facts, reason, asked, NOW, STANDARD)
    assert isinstance(offered, Quote)
    assert offered.amount.minor == amount
    assert {line.line_id: line.quantity for line in offered.lines} == lines
    assert (offered.order_version, offered.refunded_before_minor) == (facts.version, facts.refunded_minor)
    assert offered.policy_version == STANDARD.version


def test_the_payment_with_room_is_refunded_not_the_first() -> None:
    facts = order().model_copy(update={"payments": (card("A", 1000, 900), card("B", 3000))})
    offered = quote("northwind", facts, DISPUTE, asks(2500), NOW, STANDARD)
    assert isinstance(offered, Quote)
    assert offered.payment_id == "B"


def test_a_tenant_may_refund_a_change_of_mind_without_a_return() -> None:
    generous = bent("refunds", return_first_for_change_of_mind=False)
    assert isinstance(quote("northwind", order(), ReasonCode.CUSTOMER_REQUEST, None, NOW, generous), Quote)


@pytest.mark.parametrize(
    ("eta", "overdue"),
    [
        pytest.param(NOW - days(3), True, id="three days late"),
        pytest.param(NOW - days(3) + timedelta(seconds=1), False, id="a second less"),
        pytest.param(NOW + days(1), False, id="not due"),
        pytest.param(None, True, id="no date promised, ordered long ago"),
    ],
)
def test_a_parcel_counts_as_lost_three_days_after_its_promised_arrival(eta: datetime | None, overdue: bool) -> None:
    facts = order(status="in_transit", age_days=9)
    parcel = facts.shipments[0].model_copy(update={"eta": eta})
    late = facts.model_copy(update={"shipments": (parcel,)})
    offered = quote("northwind", late, ReasonCode.DELIVERY_FAILED, None, NOW, STANDARD)
    assert isinstance(offered, Quote) is overdue


def test_the_last_parcel_of_an_order_decides_when_it_is_overdue() -> None:
    facts = order(status="in_transit")
    first, last = (facts.shipments[0].model_copy(update={"eta": NOW + days(day)}) for day in (-9, 1))
    both = facts.model_copy(update={"shipments": (last, first)})
    assert refunds.overdue_after(both, STANDARD) == NOW + days(4)


@pytest.mark.parametrize(
    ("intents", "status", "reason"),
    [
        (("damaged_or_wrong_item",), "delivered", ReasonCode.DAMAGED_ITEM),
        (("refund_request", "damaged_or_wrong_item"), "in_transit", ReasonCode.DAMAGED_ITEM),
        (("delivery_dispute",), "delivered", ReasonCode.DELIVERY_DISPUTE),
        (("delivery_dispute",), "in_transit", ReasonCode.DELIVERY_FAILED),
        (("refund_request",), "in_transit", ReasonCode.DELIVERY_FAILED),
        (("refund_request",), "delivered", ReasonCode.CUSTOMER_REQUEST),
        (("refund_request",), "returned", ReasonCode.CUSTOMER_REQUEST),
        ((), "delivered", ReasonCode.CUSTOMER_REQUEST),
    ],
)
def test_the_reason_comes_from_intent_and_carrier(intents: tuple[str, ...], status: str, reason: ReasonCode) -> None:
    assert reason_for(intents, order(status=status)) is reason


amounts = st.integers(0, 100_000)
payments = st.builds(
    lambda paid, back: card(f"P{paid}", paid, min(paid, back)), amounts, st.sampled_from([0, 1, 500, 100_000])
)
lines = st.builds(
    lambda number, quantity, back: OrderLine(
        line_id=f"{number}", sku="S", title="T", category="c", quantity=quantity, unit_minor=1,
        refunded_quantity=min(quantity, back),
    ),
    st.integers(1, 9), st.integers(1, 4), st.integers(0, 4),
)  # fmt: skip
parcels = st.builds(
    lambda eta: Shipment(awb="A", carrier="C", status=OrderStatus.IN_TRANSIT, eta=eta),
    st.none() | st.integers(-10, 10).map(lambda day: NOW + days(day)),
)
orders = st.builds(
    OrderFacts,
    order_id=st.just("1"), version=st.integers(1, 9), customer_id=st.just("U"),
    status=st.sampled_from(OrderStatus), currency=st.sampled_from(["USD", "EUR", "JPY", "CHF"]),
    placed_at=st.integers(0, 90).map(lambda age: NOW - days(age)),
    lines=st.lists(lines, max_size=3, unique_by=lambda line: line.line_id).map(tuple),
    payments=st.lists(payments, max_size=3, unique_by=lambda payment: payment.payment_id).map(tuple),
    shipments=st.lists(parcels, max_size=2).map(tuple),
)  # fmt: skip
wishes = st.none() | st.builds(asks, st.integers(-100, 120_000), st.sampled_from([None, "USD", "EUR"]))


@given(orders, st.sampled_from(ReasonCode), wishes)
def test_a_quote_never_exceeds_what_was_paid_and_is_left(
    facts: OrderFacts, reason: ReasonCode, asked: AskedAmount | None
) -> None:
    offered = quote("northwind", facts, reason, asked, NOW, STANDARD)
    if isinstance(offered, Verdict):
        assert offered.outcome is Outcome.DENY
        return
    assert 0 < offered.amount.minor <= facts.paid_minor - facts.refunded_minor
    assert offered.amount.currency == facts.currency
    (payment,) = (each for each in facts.payments if each.payment_id == offered.payment_id)
    assert offered.amount.minor <= payment.paid_minor - payment.refunded_minor
    held = {line.line_id: line.quantity - line.refunded_quantity for line in facts.lines}
    assert all(0 < line.quantity <= held[line.line_id] for line in offered.lines)
    assert facts.status not in (OrderStatus.CANCELLED, *refunds.UNSHIPPED)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((ReasonCode.WRONG_ITEM,), ReasonCode.WRONG_ITEM),
        ((ReasonCode.WRONG_ITEM, ReasonCode.DAMAGED_ITEM), ReasonCode.DAMAGED_ITEM),
        ((ReasonCode.DELIVERY_DISPUTE,), ReasonCode.DAMAGED_ITEM),
        ((), ReasonCode.DAMAGED_ITEM),
    ],
)
def test_the_customers_words_only_tell_a_wrong_item_from_a_damaged_one(
    given: tuple[ReasonCode, ...], reason: ReasonCode
) -> None:
    assert reason_for(("damaged_or_wrong_item",), order(status="delivered"), given) is reason
    assert reason_for(("refund_request",), order(status="delivered"), given) is ReasonCode.CUSTOMER_REQUEST
