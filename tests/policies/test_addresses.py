"""An address is read as it was asked for, or asked for again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.addresses import parse


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        ("1 Main St, New York, NY 10001, USA", "NY", "10001"),
        ("1 Main St, New York, NY 10001-1234, USA", "NY", "10001-1234"),
        ("1 Main St\nNew York\nNY 10001\nUSA", "NY", "10001"),
        ("Hauptstraße 5, Wien, 1010, Österreich", "", "1010"),
        ("Hauptstraße 5 ,  Berlin ,10115, Deutschland,", "", "10115"),
        ("10 Downing St, London, SW1A 2AA, United Kingdom", "", "SW1A 2AA"),
        ("10 Downing St, London, sw1a 2aa, United Kingdom", "", "SW1A 2AA"),
        ("Damrak 1, Amsterdam, 1012 LG, Netherlands", "", "1012 LG"),
        ("24 Sussex Dr, Ottawa, ON K1M 1M4, Canada", "ON", "K1M 1M4"),
        ("12 MG Road, Bengaluru, Karnataka 560001, India", "Karnataka", "560001"),
        ("12 MG Road, Bengaluru, 560 001, India", "", "560 001"),
        ("5 Swan St, Melbourne, VIC 3000, Australia", "VIC", "3000"),
        ("Brivibas 1, Riga, LV-1010, Latvia", "", "LV-1010"),
        ("Rua Augusta 9, Lisboa, 1100-048, Portugal", "", "1100-048"),
    ],
)
def test_an_address_in_the_form_we_asked_for_is_read(text: str, region: str, code: str) -> None:
    address = parse(text)
    assert address is not None
    assert (address.region, address.postal_code) == (region, code)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("please send it to my sister", id="a sentence"),
        pytest.param("1 Main St, New York, USA", id="no postal code"),
        pytest.param("Main St, New York, NY 10001, USA", id="no house number"),
        pytest.param("1 Main St, Apt 4, New York, NY 10001, USA", id="a part too many"),
        pytest.param("1 Main St, New York, NY, USA", id="a region without a code"),
        pytest.param("1 Main St, New York 5, NY 10001, USA", id="digits in the city"),
        pytest.param("1 Main St, New York, NY 10001, USA 2", id="digits in the country"),
        pytest.param(f"1 {'x' * 100}, New York, NY 10001, USA", id="a part too long"),
    ],
)
def test_anything_else_is_asked_again(text: str) -> None:
    assert parse(text) is None


def test_the_line_we_read_back_can_be_read_again() -> None:
    address = parse("1 Main St, New York, NY 10001, USA")
    assert address is not None
    assert address.one_line() == "1 Main St, New York, NY 10001, USA"
    assert parse(address.one_line()) == address


@given(st.text(max_size=120))
def test_any_text_is_an_address_or_none_and_never_crashes(text: str) -> None:
    address = parse(text)
    assert address is None or all((address.line1, address.city, address.postal_code, address.country))
