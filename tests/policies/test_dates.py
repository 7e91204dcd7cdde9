"""Days in the words of customers, counted from a day that is given."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.dates import dates

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("it was due last Tuesday", "en", ["2026-11-17"]),
        ("you said Tuesday", "en", ["2026-11-17"]),
        ("ordered yesterday, promised for next friday", "en", ["2026-11-20", "2026-11-27"]),
        ("the day before yesterday", "en", ["2026-11-19"]),
        ("3rd of May", "en", ["2026-05-03"]),
        ("Nov 3, 2025", "en", ["2025-11-03"]),
        ("two weeks ago", "en", ["2026-11-02..2026-11-08"]),
        ("a week ago", "en", ["2026-11-09..2026-11-15"]),
        ("last week", "en", ["2026-11-09..2026-11-15"]),
        ("last month", "en", ["2026-10-01..2026-10-31"]),
        ("on 2026-11-02", "en", ["2026-11-02"]),
        ("31/12/2025", "en", ["2025-12-31"]),
        ("vor drei Tagen", "de", ["2026-11-18"]),
        ("letzte Woche", "de", ["2026-11-09..2026-11-15"]),
        ("letzten Dienstag", "de", ["2026-11-17"]),
        ("am 3. Mai", "de", ["2026-05-03"]),
        ("am 12.05.", "de", ["2026-05-12"]),
        ("hier ist nichts", "de", []),
        ("commandé hier", "fr", ["2026-11-20"]),
        ("il y a trois jours", "fr", ["2026-11-18"]),
        ("mardi dernier", "fr", ["2026-11-17"]),
        ("ayer", "es", ["2026-11-20"]),
        ("hace tres días", "es", ["2026-11-18"]),
        ("el martes pasado", "es", ["2026-11-17"]),
        ("ontem", "pt", ["2026-11-20"]),
        ("dois dias atrás", "pt", ["2026-11-19"]),
        ("kal aana tha", "hi", ["2026-11-20"]),
        ("kal aayega kya", "hi", ["2026-11-22"]),
        ("3 din pehle order kiya", "hi", ["2026-11-18"]),
        ("pichle hafte", "hi", ["2026-11-09..2026-11-15"]),
        ("gisteren", "nl", ["2026-11-20"]),
        ("due yesterday, yes YESTERDAY", "en", ["2026-11-20", "2026-11-20"]),
        ("31/02/2026", "en", []),
        ("", "en", []),
    ],
)
def test_days_are_found_in_the_languages_customers_write(text: str, language: str, found: list[str]) -> None:
    days = dates(text, TODAY, language)
    told = [str(day.first) if day.first == day.last else f"{day.first}..{day.last}" for day in days]
    assert told == found


@pytest.mark.parametrize(
    ("region", "language", "found"),
    [
        ("US", "en", ["2025-12-05"]),
        ("GB", "en", ["2026-05-12"]),
        ("", "de", ["2026-05-12"]),
        ("", "en", ["2025-12-05", "2026-05-12"]),
    ],
)
def test_the_region_says_which_number_is_the_day(region: str, language: str, found: list[str]) -> None:
    assert [str(day.first) for day in dates("delivered 12/05", TODAY, language, region)] == found


@pytest.mark.parametrize(
    "text",
    [
        "order 12345", "order 20260501", "NW-10023", "SKU-1001-A", "AWB 67890", "refund $12.05", "12.05 €", "89.99",
        "open 24/7", "1/2 of them", "version 1.2.3", "2-3 days", "12-05", "may I return it", "555-01-2026-4",
        "order 12/05/1",
    ],
)  # fmt: skip
def test_codes_and_prices_are_no_dates(text: str) -> None:
    assert dates(text, TODAY, "en") == ()


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200), st.dates(min_value=date(1970, 1, 1), max_value=date(2100, 1, 1)))
def test_any_text_on_any_day_can_be_searched(text: str, today: date) -> None:
    assert all(day.first <= day.last for day in dates(text, today))


def test_the_same_words_on_the_same_day_mean_the_same() -> None:
    assert dates("last friday", TODAY, "en") == dates("last friday", TODAY, "en")
    assert dates("last friday", date(2020, 1, 1), "en")[0].first == date(2019, 12, 27)
