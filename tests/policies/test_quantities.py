"""Numbers are read with what they measure, in digits and words, English and German."""

from decimal import Decimal

import pytest

from policies.quantities import quantities, without_numbers

READ = {
    "30 days after delivery, 60 days for gold": [(30, "day"), (60, "day")],
    "within two weeks": [(14, "day")],
    "binnen vierzehn Tagen": [(14, "day")],
    "eine 30-Tage-Frist": [(30, "day")],
    "zehntägige Frist": [(10, "day")],
    "three to five working days": [(3, "working_day"), (5, "working_day")],
    "3–5 Werktage": [(3, "working_day"), (5, "working_day")],
    "4-6 weeks": [(28, "day"), (42, "day")],
    "express delivery takes one to two business days": [(1, "working_day"), (2, "working_day")],
    "five working days on a card and three on a bank account": [(5, "working_day"), (3, "working_day")],
    "a two-year warranty": [(24, "month")],
    "ein halbes Jahr": [(6, "month")],
    "within 48 hours": [(48, "hour")],
    "free from $50; below that $5.95": [(50, "USD"), ("5.95", "USD")],
    "ab 60 €, darunter 4,90 €": [(60, "EUR"), ("4.90", "EUR")],
    "1.234,56 EUR or ₹1,00,000": [("1234.56", "EUR"), (100000, "INR")],
    "forty euros": [(40, "EUR")],
    "10 % or half of the price": [(10, "percent"), (50, "percent")],
    "up to 2 kg or 250g": [(2000, "gram"), (250, "gram")],
    "within 300 km": [(300000, "metre")],
    "by 2 pm on Mondays": [(840, "clock"), (0, "weekday")],
    "we try twice": [(2, "count")],
    "exchanged once for another size": [(1, "count")],
    "fifty states": [(50, "count")],
    "SKU-9942-B and label 12345678": [],
    "the one you have, by no one else": [],
    "once approved, a label by e-mail": [],
    "you may return it": [],
}


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=READ.keys())
def test_a_quantity_has_a_value_and_a_canonical_unit(text: str, expected: list[tuple[int | str, str]]) -> None:
    assert [(each.value, each.unit) for each in quantities(text)] == [
        (Decimal(value), unit) for value, unit in expected
    ]


@pytest.mark.parametrize("text", ["3 March 2026", "March 3rd, 2026", "2026-03-03", "3. März 2026", "03.03.2026"])
def test_a_date_is_the_same_however_it_is_written(text: str) -> None:
    (found,) = quantities(f"until {text}.")
    assert (found.unit, found.value) == ("date", 739678)


def test_a_date_whose_order_is_not_known_is_given_both_ways() -> None:
    assert len({each.value for each in quantities("until 12/05/2026")}) == 2


def test_a_quantity_says_where_it_stands() -> None:
    text = "Send it within 14 days, please."
    (found,) = quantities(text)
    assert text[found.start : found.end] == found.text == "14 days"
    assert "14" not in without_numbers(text)


def test_hours_working_days_and_days_are_not_the_same() -> None:
    one, two, three = quantities("1 day; 24 hours; 1 working day")
    assert not one.equals(two)
    assert not one.equals(three)


def test_what_is_counted_is_told_apart() -> None:
    parcels, states = quantities("three parcels, three states")
    assert parcels.of != states.of
