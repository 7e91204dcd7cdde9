"""Until when something may be sent back, and what of an order can be."""

from datetime import timedelta

import pytest

from policies import returns
from policies.facts import OrderFacts, OrderLine, ReasonCode, ReturnRecord
from policies.offers import ReturnTerms
from policies.verdict import Outcome, Verdict
from tests.fakes.orders import order as order_of
from tests.policies.rule_ids import denials_of
from tests.policies.shipped import BUNDLES, NOW, STANDARD, days

WANTED = ReasonCode.CUSTOMER_REQUEST


def order(**bends: object) -> OrderFacts:
    return order_of(now=NOW, **bends)  # type: ignore[arg-type]  # the tables below bend any field


def line(line_id: str, *, category: str = "footwear", quantity: int = 1, refunded: int = 0) -> OrderLine:
    return OrderLine(
        line_id=line_id,
        sku=f"S{line_id}",
        title=f"T{line_id}",
        category=category,
        quantity=quantity,
        unit_minor=100,
        refunded_quantity=refunded,
    )


def having(*lines: OrderLine, sent_back: tuple[str, ...] = (), **bends: object) -> OrderFacts:
    entry = ReturnRecord(return_id="R", order_id="1", status="label_issued", line_ids=sent_back, label_url="")
    return order(**bends).model_copy(update={"lines": lines, "returns": (entry,) if sent_back else ()})


DENIED = {
    "on its way": (order(status="in_transit"), "standard", "return.not_delivered"),
    "not packed": (order(status="pending"), "standard", "return.not_delivered"),
    "come back already": (order(status="returned"), "standard", "return.not_delivered"),
    "all in a return": (having(line("1"), sent_back=("1",)), "standard", "return.already_open"),
    "all refunded": (having(line("1", refunded=1)), "standard", "return.already_open"),
    "day 31": (order(delivered_days_ago=31), "standard", "return.window_closed"),
    "gold on day 61": (order(delivered_days_ago=61), "gold", "return.window_closed"),
    "electronics on day 16": (order(delivered_days_ago=16, category="electronics"), "standard", "return.window_closed"),
}


@pytest.mark.parametrize(("facts", "tier", "rule"), DENIED.values(), ids=DENIED.keys())
def test_a_return_is_denied_by_its_rule(facts: OrderFacts, tier: str, rule: str) -> None:
    verdict = returns.terms(facts, tier, WANTED, NOW, STANDARD)
    assert isinstance(verdict, Verdict)
    assert (verdict.outcome, verdict.rule, verdict.policy_version) == (Outcome.DENY, rule, STANDARD.version)


def test_every_rule_that_denies_a_return_has_a_row_above() -> None:
    assert denials_of(returns) == {rule for *_, rule in DENIED.values()}


def test_a_closed_window_says_how_long_it_was_and_when_it_ended() -> None:
    verdict = returns.terms(order(delivered_days_ago=40), "standard", WANTED, NOW, STANDARD)
    assert isinstance(verdict, Verdict)
    assert verdict.numbers == {"days": 30, "closed": (NOW - days(10)).isoformat()}


@pytest.mark.parametrize(
    ("facts", "tier", "lines"),
    [
        pytest.param(order(delivered_days_ago=30), "standard", (("1", 1),), id="day 30, to the second"),
        pytest.param(order(delivered_days_ago=60), "gold", (("1", 1),), id="gold on day 60"),
        pytest.param(order(delivered_days_ago=15, category="electronics"), "standard", (("1", 1),), id="electronics"),
        pytest.param(having(line("1", quantity=3, refunded=1)), "standard", (("1", 2),), id="what is not refunded"),
        pytest.param(having(line("1"), line("2"), sent_back=("1",)), "standard", (("2", 1),), id="the other line"),
        pytest.param(
            having(line("1"), line("2", category="electronics"), delivered_days_ago=20),
            "standard",
            (("1", 1),),
            id="what is still in its window",
        ),
    ],
)
def test_what_can_be_sent_back(facts: OrderFacts, tier: str, lines: tuple[tuple[str, int], ...]) -> None:
    terms = returns.terms(facts, tier, WANTED, NOW, STANDARD)
    assert isinstance(terms, ReturnTerms)
    assert terms.lines == lines
    assert (terms.order_version, terms.reason_code) == (facts.version, WANTED)


def test_the_shortest_window_among_the_lines_is_the_deadline() -> None:
    facts = having(line("1"), line("2", category="electronics"), delivered_days_ago=2)
    terms = returns.terms(facts, "standard", WANTED, NOW, STANDARD)
    assert isinstance(terms, ReturnTerms)
    assert terms.send_back_by == NOW + days(13)


@pytest.mark.parametrize(
    ("tenant", "category", "tier", "clause", "length"),
    [
        ("northwind", "footwear", "standard", "returns.general", 30),
        ("northwind", "footwear", "gold", "returns.general", 60),
        ("northwind", "electronics", "standard", "returns.electronics", 15),
        ("northwind", "electronics", "gold", "returns.electronics", 30),
        ("northwind", "footwear", "platinum", "returns.general", 30),
        ("alpenpost", "electronics", "standard", "returns.general", 14),
        ("kirana", "footwear", "gold", "returns.general", 20),
        ("*", "footwear", "standard", "returns.general", 30),
    ],
)
def test_a_window_is_the_tenants_by_category_and_tier(
    tenant: str, category: str, tier: str, clause: str, length: int
) -> None:
    facts = order(category=category, delivered_days_ago=1)
    window = returns.window(facts, facts.lines[0], tier, BUNDLES[tenant].rules.returns)
    assert (window.clause_id, window.days) == (clause, length)
    assert window.closes_at == NOW + timedelta(days=length - 1)


def test_a_window_has_no_end_before_the_parcel_arrived() -> None:
    facts = order(status="in_transit")
    assert returns.window(facts, facts.lines[0], "standard", STANDARD.rules.returns).closes_at is None
