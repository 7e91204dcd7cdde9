"""Money and dates as customers read them."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import Money
from policies.wording import day, instant, listed, money

MOMENT = datetime(2026, 11, 1, 14, 5, tzinfo=UTC)
# German writes a no-break space before the sign.
NBSP = "\xa0"


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (8999, "USD", "en", "$89.99"),
        (5, "USD", "en", "$0.05"),
        (123_456_789, "USD", "en", "$1,234,567.89"),
        (8999, "EUR", "de", f"89,99{NBSP}€"),
        (123_456, "EUR", "de-AT", f"1.234,56{NBSP}€"),
        (900, "JPY", "en", "¥900"),
        (1_000_000, "INR", "en", "₹10,000.00"),
        (12_345, "KWD", "en", "KWD12.345"),
        (100, "USD", "xx", "$1.00"),
    ],
)
def test_an_amount_reads_as_its_currency_and_language_have_it(
    minor: int, currency: str, language: str, text: str
) -> None:
    assert money(Money(minor=minor, currency=currency), language) == text


@given(st.integers(0, 10**13))
def test_no_cent_is_lost_or_gained_in_words(minor: int) -> None:
    text = money(Money(minor=minor, currency="USD"), "en")
    assert Decimal(text.strip("$").replace(",", "")) * 100 == minor


@pytest.mark.parametrize(
    ("language", "date", "moment"),
    [
        ("en", "1 November 2026", "1 November 2026 14:05 UTC"),
        ("de", "1. November 2026", "1. November 2026 14:05 UTC"),
        ("fr", "1 novembre 2026", "1 novembre 2026 14:05 UTC"),
        ("es", "1 de noviembre de 2026", "1 de noviembre de 2026 14:05 UTC"),
        ("pt-BR", "1 de novembro de 2026", "1 de novembro de 2026 14:05 UTC"),
        ("xx", "1 November 2026", "1 November 2026 14:05 UTC"),
    ],
)
def test_dates_read_in_the_customers_language_and_say_their_zone(language: str, date: str, moment: str) -> None:
    assert day(MOMENT, language) == date
    assert instant(MOMENT, language) == moment


def test_a_moment_that_says_utc_is_in_utc() -> None:
    in_india = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert instant(in_india, "en") == instant(MOMENT, "en")


@pytest.mark.parametrize(
    ("items", "language", "text"),
    [
        ((), "en", ""),
        (("Shoes",), "en", "Shoes"),
        (("Shoes", "Hat"), "en", "Shoes and Hat"),
        (("Shoes", "Hat", "Bag"), "en", "Shoes, Hat, and Bag"),
        (("Schuhe", "Hut"), "de", "Schuhe und Hut"),
    ],
)
def test_lists_read_as_a_sentence_has_them(items: tuple[str, ...], language: str, text: str) -> None:
    assert listed(items, language) == text
