"""Orders, parcels, articles and amounts in the shapes customers type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.amounts import amounts
from policies.shapes import DEFAULT, Shape
from policies.slots import awbs, canonical, mask, order_ids, skus

OWN = ("12345", "#W2611340", "NW-10023")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("#W2611340", "w2611340"),
        ("NW-10023", "nw 10023"),
        ("NW‑10023", "NW-10023"),
        ("１２３４５", "12345"),
        ("# 12345", "12345"),
    ],
)
def test_spellings_of_one_order_are_equal(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@given(st.text(max_size=40))
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I want a refund on order #12345, it never arrived", ("12345",)),
        ("order 12345", ("12345",)),
        ("Order No. 12345?", ("12345",)),
        ("order number is 12345", ("12345",)),
        ("my order id: 12345.", ("12345",)),
        ("12345", ("12345",)),
        ("(#12345)", ("12345",)),
        ("12345 where is it", ("12345",)),
        ("ｏｒｄｅｒ １２３４５", ("12345",)),
        ("where is w2611340", ("#W2611340",)),
        ("cancel #w2611340 now", ("#W2611340",)),
        ("order nw–10023 please", ("NW-10023",)),
        ("order NW10023 please", ("NW-10023",)),
        ("orders 12345, 12346 and 12347", ("12345", "12346", "12347")),
        ("Bestellung 99871 bitte", ("99871",)),
        ("commande n° 99871", ("99871",)),
        ("pedido número 99871", ("99871",)),
        ("mera order 12345 kahan hai", ("12345",)),
        ("order #W9999999", ("#W9999999",)),
        ("#99999", ("99999",)),
        ("order 12345 and again order #12345", ("12345",)),
        ("purchase 204755183306914", ("204755183306914",)),
        ("I paid $12345", ()),
        ("I paid 12345.50", ()),
        ("12345 euros", ()),
        ("AWB 67890", ()),
        ("tracking number 67890123", ()),
        ("SKU-1001-A", ()),
        ("on 2026-11-21", ()),
        ("order from 21-11-2026", ()),
        ("invoice 445566", ()),
        ("pincode 411001", ()),
        ("I ordered 3 shirts in 2025", ()),
        ("no number here", ()),
        ("", ()),
        ("order", ()),
        ("#", ()),
        ("order of shoes", ()),
    ],
)
def test_orders_are_found_as_the_customer_knows_them(text: str, found: tuple[str, ...]) -> None:
    assert order_ids(text, OWN) == found


KIRANA = Shape(order_ids=(r"KI-\d{1,6}", r"\d{5}"))
FOLDED = Shape(order_ids=(r"NW-\d{5}",))


@pytest.mark.parametrize(
    ("text", "own", "shape", "found"),
    [
        ("nw 1oo23 please", OWN, DEFAULT, ("NW-10023",)),
        ("order NW — 10023", OWN, DEFAULT, ("NW-10023",)),
        ("order no. is 12 345", OWN, DEFAULT, ("12345",)),
        ("order#12345 and order12346", OWN, DEFAULT, ("12345", "12346")),
        ("orders 12345/67891,67892 & 67893", OWN, DEFAULT, ("12345", "67891", "67892", "67893")),
        ("order 2047 5518 3306 914", (), DEFAULT, ("204755183306914",)),
        ("order NW 10023", (), DEFAULT, ("NW 10023",)),
        ("ORDER FOR 10023", (), DEFAULT, ("10023",)),
        ("ऑर्डर १२३४५", OWN, DEFAULT, ("12345",)),
        ("meine Bestellung mit der Nummer 99871", (), DEFAULT, ("99871",)),
        ("le numéro de ma commande est 99871", (), DEFAULT, ("99871",)),
        ("ki-2 and KI 3", ("KI-2", "KI-3"), DEFAULT, ("KI-2",)),
        ("order ki 3", ("KI-2", "KI-3"), DEFAULT, ("KI-3",)),
        ("us ki 2 cheezein", ("KI-2",), KIRANA, ()),
        ("order ki 7", (), KIRANA, ("KI-7",)),
        ("nw 10023", (), FOLDED, ("NW-10023",)),
        ("order 998877", (), FOLDED, ("998877",)),
        ("998877", (), FOLDED, ("998877",)),
        ("take 998877 then", (), FOLDED, ()),
        ("1Z999AA10123456784", (), DEFAULT, ()),
        ("my order 1Z999AA10123456784", (), DEFAULT, ()),
        ("bill #40417", (), DEFAULT, ()),
        ("call me on 5551234567", (), DEFAULT, ()),
        ("call 0049 170 1234567", (), DEFAULT, ()),
        ("card 4111111111111111", (), DEFAULT, ()),
        ("Portland OR 97201", (), DEFAULT, ()),
        ("I want to order 200 shirts", (), DEFAULT, ()),
        ("a 20000 mah powerbank", (), DEFAULT, ()),
        ("order 12345, 500 g of rice", (), DEFAULT, ("12345",)),
        ("I paid 12345 rupees for order 67890", (), DEFAULT, ("67890",)),
    ],
)
def test_orders_are_found_in_the_shapes_of_a_shop(
    text: str, own: tuple[str, ...], shape: Shape, found: tuple[str, ...]
) -> None:
    assert order_ids(text, own, shape) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AWB 67890", ("67890",)),
        ("awb: 1Z999AA10123456784", ("1Z999AA10123456784",)),
        ("tracking number is 67890123", ("67890123",)),
        ("Sendungsnummer 00340434161094", ("00340434161094",)),
        ("parcel 67890 and 67891", ("67890", "67891")),
        ("my parcel for order 12345", ()),
        ("where is my parcel", ()),
    ],
)
def test_parcels_are_found_beside_their_word(text: str, found: tuple[str, ...]) -> None:
    assert awbs(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("return sku-1001-a", ("SKU-1001-A",)), ("SKU 9942–B", ("SKU-9942-B",)), ("skunk", ()), ("SKU-", ())],
)
def test_articles_are_found_in_one_spelling(text: str, found: tuple[str, ...]) -> None:
    assert skus(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("refund $50", [(5000, "USD")]),
        ("$1,234.56 please", [(123456, "USD")]),
        ("1.234,56 €", [(123456, "EUR")]),
        ("EUR 12.5", [(1250, "EUR")]),
        ("₹1,00,000", [(10000000, "INR")]),
        ("Rs. 500 only", [(50000, "INR")]),
        ("45 bucks", [(4500, "USD")]),
        ("¥1200", [(1200, "JPY")]),
        ("1,200 yen", [(1200, "JPY")]),
        ("1200円", [(1200, "JPY")]),
        ("Rs.500/-", [(50000, "INR")]),
        ("500/- only", [(50000, "INR")]),
        ("₹ 1,00,000.50", [(10000050, "INR")]),
        ("20 bucks", [(2000, "USD")]),
        ("50€", [(5000, "EUR")]),
        ("50,- €", [(5000, "EUR")]),
        ("EUR 49,90", [(4990, "EUR")]),
        ("1 234,56 €", [(123456, "EUR")]),
        ("3 50 euros", [(5000, "EUR")]),
        ("give back$80", [(8000, "USD")]),
        ("refund -$50", [(-5000, "USD")]),
        ("refund $-50", [(-5000, "USD")]),
        ("minus 50 dollars", [(-5000, "USD")]),
        ("refund −50 €", [(-5000, "EUR")]),
        ("refund me 89.99", [(8999, None)]),
        ("refund me 50", [(5000, None)]),
        ("pay me -50", [(-5000, None)]),
        ("$20 or 30 euros", [(2000, "USD"), (3000, "EUR")]),
        ("0 dollars", [(0, "USD")]),
        ("refund order 12345", []),
        ("refund 2 items", []),
        ("refund 50%", []),
        ("order 12345", []),
        ("it took 3 days", []),
        ("", []),
    ],
)
def test_amounts_are_minor_units_and_keep_their_sign(text: str, found: list[tuple[int, str | None]]) -> None:
    assert [(asked.minor, asked.currency) for asked in amounts(text)] == found


def test_a_text_without_its_codes_keeps_its_words() -> None:
    assert mask("I want a refund on order #12345, it never arrived") == "I want a refund on order , it never arrived"
    assert mask("return SKU-1001-A of NW-10023") == "return item of"


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    assert isinstance(order_ids(text, OWN), tuple)
    assert isinstance(amounts(text), tuple)
    assert (awbs(text), skus(text), mask(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "order " * 17_000,
        "#1" * 50_000,
        "a-1" * 33_000,
        "order 123, " * 9_000,
        "$" * 100_000,
        "order" + " " * 100_000,
        "111 " * 25_000,
        "1 " * 50_000,
        "1Z " * 33_000,
        "order no " * 11_000,
        "SKU-" * 25_000,
        "phone 12345 " * 8_000,
        "awb is " * 14_000,
        "12345," * 16_000,
    ],
)
@pytest.mark.timeout(10)
def test_a_huge_text_is_searched_quickly(text: str) -> None:
    assert len(order_ids(text, OWN)) <= 10
    assert len(awbs(text)) <= 10
    assert len(amounts(text)) <= 10
