"""What was promised holds, for the item it was promised for, and no promise takes anything away."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import returns
from policies.facts import ReasonCode, ReturnWindow
from policies.offers import ReturnTerms
from policies.promises import PROMISES_KEPT, Promise, honour, kept, remember
from policies.verdict import Verdict
from tests.fakes.orders import order as order_of
from tests.policies.shipped import NOW, STANDARD, days

ARRIVED = NOW - days(20)
WANTED = ReasonCode.CUSTOMER_REQUEST


def window(length: int = 15, sku: str = "SKU-1001-A", arrived: datetime | None = ARRIVED) -> ReturnWindow:
    closes = arrived + timedelta(days=length) if arrived else None
    return ReturnWindow(sku=sku, days=length, closes_at=closes, clause_id="returns.general")


def promise(length: int = 30, **other: object) -> Promise:
    told = {"order_id": "12345", "sku": "SKU-1001-A", "closes_at": ARRIVED + timedelta(days=length)} | other
    return Promise(days=length, clause_id="returns.gold", version="1", said_at=NOW, **told)  # type: ignore[arg-type]


def test_a_promised_day_is_honoured_though_the_rules_became_shorter() -> None:
    honoured = honour(window(15), "12345", [promise(30)])
    assert honoured.closes_at is not None
    assert honoured.closes_at.date() == (ARRIVED + days(30)).date()
    assert (honoured.days, honoured.clause_id) == (30, "returns.gold")


def test_the_promised_day_lasts_until_its_end() -> None:
    """Customers are told a day and no hour."""
    until = honour(window(30), "12345", [promise(30)]).closes_at
    assert until == datetime.combine((ARRIVED + days(30)).date(), datetime.max.time(), UTC)


@pytest.mark.parametrize(
    "other", [{"order_id": "12346"}, {"sku": "SKU-1001-B"}], ids=["another order", "another article"]
)
def test_a_promise_is_for_one_item_of_one_order(other: dict[str, object]) -> None:
    assert honour(window(15), "12345", [promise(30, **other)]) == window(15)


def test_orders_and_articles_are_the_same_however_they_are_spelt() -> None:
    spelt = promise(30, order_id="#12345", sku="sku-1001-a")
    assert honour(window(15), "12345", [spelt]) != window(15)


def test_days_promised_before_arrival_count_from_it() -> None:
    honoured = honour(window(15), "12345", [promise(30, closes_at=None)])
    assert honoured.closes_at
    assert honoured.closes_at.date() == (ARRIVED + days(30)).date()


def test_of_what_has_not_arrived_the_days_that_were_told_are_kept() -> None:
    waiting = window(15, arrived=None)
    assert honour(waiting, "12345", [promise(30), promise(20)]).days == 30
    assert honour(waiting, "12345", [promise(10)]) == waiting


@given(ruled=st.integers(0, 120), told=st.lists(st.integers(0, 120), max_size=4), dated=st.booleans())
def test_no_promise_ever_shortens_a_window_and_the_longest_one_holds(ruled: int, told: list[int], dated: bool) -> None:
    bare = window(ruled)
    made = [promise(each) if dated else promise(each, closes_at=None) for each in told]
    honoured = honour(bare, "12345", made)
    assert honoured.closes_at
    assert bare.closes_at
    assert honoured.closes_at >= bare.closes_at
    longest = ARRIVED + timedelta(days=max([ruled, *told]))
    assert honoured.closes_at.date() == longest.date()


@given(told=st.lists(st.integers(0, 60), max_size=8))
def test_remembering_loses_no_day_that_was_promised(told: list[int]) -> None:
    held: tuple[Promise, ...] = ()
    for each in told:
        held = remember(held, promise(each))
    assert honour(window(1), "12345", held) == honour(window(1), "12345", [promise(each) for each in told])
    assert len(held) <= 1


def test_the_same_promise_again_changes_nothing() -> None:
    held = remember((), promise(30))
    assert remember(held, promise(30, closes_at=promise(30).until(window()))) == held


def test_the_newest_promises_are_kept_when_there_are_too_many() -> None:
    held: tuple[Promise, ...] = ()
    for number in range(PROMISES_KEPT + 5):
        held = remember(held, promise(30, order_id=str(number)))
    assert len(held) == PROMISES_KEPT
    assert held[-1].order_id == str(PROMISES_KEPT + 4)


# -- a return judged later ---------------------------------------------------------------------------------------------


def judged(delivered_days_ago: int, *made: Promise) -> tuple[ReturnTerms | Verdict, Verdict | None]:
    facts = order_of(delivered_days_ago=delivered_days_ago, age_days=delivered_days_ago + 3, now=NOW)
    ruled, honoured = (
        returns.terms(facts, "standard", "US", WANTED, NOW, STANDARD, promises) for promises in ((), made)
    )
    return honoured, kept(ruled, honoured, STANDARD.version)


def test_a_return_is_open_for_as_long_as_promised_and_the_record_says_by_what() -> None:
    terms, word = judged(50, promise(60, closes_at=NOW + days(10)))
    assert isinstance(terms, ReturnTerms)
    assert terms.send_back_by.date() == (NOW + days(10)).date()
    assert word
    assert (word.rule, word.allowed) == ("return.promised", True)
    assert word.numbers["promised"] == terms.send_back_by.isoformat()


def test_a_promise_that_is_over_opens_nothing() -> None:
    terms, word = judged(50, promise(45, closes_at=NOW - days(5)))
    assert isinstance(terms, Verdict)
    assert terms.rule == "return.window_closed"
    assert word is None


def test_a_promise_the_rules_keep_by_themselves_leaves_no_mark() -> None:
    terms, word = judged(5, promise(30, closes_at=NOW - days(5) + days(30)))
    assert isinstance(terms, ReturnTerms)
    assert word is None
