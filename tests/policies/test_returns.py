"""Until when something may be sent back, and what of an order can be."""

from datetime import UTC, date, datetime, timedelta

import pytest

from policies import returns
from policies.bundle import ReturnWindowRule
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
    verdict = returns.terms(facts, tier, "US", WANTED, NOW, STANDARD)
    assert isinstance(verdict, Verdict)
    assert (verdict.outcome, verdict.rule, verdict.policy_version) == (Outcome.DENY, rule, STANDARD.version)


def test_every_rule_that_denies_a_return_has_a_row_above() -> None:
    assert denials_of(returns) == {rule for *_, rule in DENIED.values()}


def test_a_closed_window_says_how_long_it_was_and_when_it_ended() -> None:
    verdict = returns.terms(order(delivered_days_ago=40), "standard", "US", WANTED, NOW, STANDARD)
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
    terms = returns.terms(facts, tier, "US", WANTED, NOW, STANDARD)
    assert isinstance(terms, ReturnTerms)
    assert terms.lines == lines
    assert (terms.order_version, terms.reason_code) == (facts.version, WANTED)


def test_the_shortest_window_among_the_lines_is_the_deadline() -> None:
    facts = having(line("1"), line("2", category="electronics"), delivered_days_ago=2)
    terms = returns.terms(facts, "standard", "US", WANTED, NOW, STANDARD)
    assert isinstance(terms, ReturnTerms)
    assert terms.send_back_by == NOW + days(13)


AUTUMN = [
    ("northwind", "footwear", "standard", "US", "returns.general", 45, 30),
    ("northwind", "footwear", "gold", "US", "returns.general", 60, 60),
    ("northwind", "footwear", "silver", "US", "returns.general", 45, 30),
    ("northwind", "footwear", "platinum", "US", "returns.general", 45, 30),
    ("northwind", "electronics", "standard", "US", "returns.electronics", 21, 15),
    ("northwind", "electronics", "gold", "US", "returns.electronics", 45, 30),
    ("northwind", "footwear", "standard", "CA", "returns.general", 50, 40),
    ("northwind", "footwear", "gold", "CA", "returns.general", 80, 70),
    ("northwind", "electronics", "standard", "CA", "returns.electronics", 25, 20),
    ("northwind", "electronics", "platinum", "CA", "returns.electronics", 25, 20),
    ("northwind", "footwear", "standard", "MX", "returns.general", 45, 30),
    ("alpenpost", "electronics", "standard", "EU", "returns.general", 21, 14),
    ("alpenpost", "outdoor", "gold", "CH", "returns.general", 50, 40),
    ("kirana", "footwear", "gold", "EU", "returns.general", 25, 20),
    ("kirana", "food", "standard", "IN", "returns.general", 5, 7),
    ("*", "footwear", "standard", "US", "returns.general", 30, 30),
]


@pytest.mark.parametrize(("tenant", "category", "tier", "region", "clause", "before", "since"), AUTUMN)
@pytest.mark.parametrize(
    ("placed_at", "changed"),
    [
        pytest.param(datetime(2025, 10, 7, 10, tzinfo=UTC), False, id="long ago"),
        pytest.param(datetime(2026, 9, 30, 23, 59, tzinfo=UTC), False, id="the last day"),
        pytest.param(datetime(2026, 10, 1, tzinfo=UTC), True, id="the first day"),
        pytest.param(NOW, True, id="today"),
    ],
)
def test_a_window_is_that_of_the_day_the_order_was_placed(
    tenant: str,
    category: str,
    tier: str,
    region: str,
    clause: str,
    before: int,
    since: int,
    placed_at: datetime,
    changed: bool,
) -> None:
    facts = order(category=category, delivered_days_ago=1).model_copy(update={"placed_at": placed_at})
    window = returns.window(facts, facts.lines[0], tier, region, BUNDLES[tenant].rules.returns)
    length = since if changed else before
    assert (window.clause_id, window.days) == (clause, length)
    assert window.closes_at == NOW + timedelta(days=length - 1)


def test_what_may_go_back_depends_on_the_day_the_order_was_placed_and_on_the_region() -> None:
    late = order(delivered_days_ago=43)
    old = late.model_copy(update={"placed_at": datetime(2026, 9, 30, 12, tzinfo=UTC)})
    assert isinstance(returns.terms(late, "standard", "US", WANTED, NOW, STANDARD), Verdict)
    assert isinstance(returns.terms(old, "standard", "US", WANTED, NOW, STANDARD), ReturnTerms)
    month = order(delivered_days_ago=38)
    assert isinstance(returns.terms(month, "standard", "US", WANTED, NOW, STANDARD), Verdict)
    assert isinstance(returns.terms(month, "standard", "CA", WANTED, NOW, STANDARD), ReturnTerms)


GENERAL = ReturnWindowRule(clause="c", days={"standard": 1})
NARROWER = [
    GENERAL,
    ReturnWindowRule(clause="c", ordered_to=date(2026, 9, 30), days={"standard": 2}),
    ReturnWindowRule(clause="c", region="CA", days={"standard": 3}),
    ReturnWindowRule(clause="c", region="CA", ordered_from=date(2026, 9, 1), days={"standard": 4}),
    ReturnWindowRule(clause="c", category="toys", days={"standard": 5}),
    ReturnWindowRule(clause="c", category="toys", region="CA", days={"standard": 6}),
]


@pytest.mark.parametrize("count", range(1, len(NARROWER) + 1))
@pytest.mark.parametrize("turned", [False, True], ids=["in this order", "turned round"])
def test_the_narrowest_rule_governs_wherever_it_stands(count: int, turned: bool) -> None:
    rules = NARROWER[:count][::-1] if turned else NARROWER[:count]
    assert returns.governing("toys", "CA", date(2026, 9, 15), rules) == NARROWER[count - 1]


@pytest.mark.parametrize("rule", NARROWER[1:], ids=lambda rule: str(rule.days["standard"]))
def test_a_rule_for_others_leaves_an_order_to_the_general_one(rule: ReturnWindowRule) -> None:
    day = date(2026, 8, 31) if rule.ordered_from else date(2026, 10, 1)
    assert returns.governing("food", "US", day, [rule, GENERAL]) == GENERAL


def test_a_window_has_no_end_before_the_parcel_arrived() -> None:
    facts = order(status="in_transit")
    assert returns.window(facts, facts.lines[0], "standard", "US", STANDARD.rules.returns).closes_at is None
