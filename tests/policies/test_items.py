"""The articles of a customer's own orders, as customers call them."""

from datetime import UTC, datetime

import pytest

from policies.facts import OrderBrief, OrderStatus
from policies.items import mentions


def order(order_id: str, *titles: str) -> OrderBrief:
    placed = datetime(2026, 11, 1, tzinfo=UTC)
    return OrderBrief(order_id=order_id, status=OrderStatus.DELIVERED, titles=titles, placed_at=placed)


ORDERS = (
    order("12345", "Nimbus Runner Shoes"),
    order("67890", "Laptop Stand"),
    order("AP-1", "Wanderrucksack", "Schneeschuhe", "Vélo pliant"),
    order("AP-2", "Desk Lamp", "Floor Lamp", "Smart Watch", "Board Game", "Wireless Headphones"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I want to return the stand", [("stand", ["Laptop Stand"])]),
        ("my laptop stand wobbles", [("laptop stand", ["Laptop Stand"])]),
        ("the shoe and the desk lamp", [("shoe", ["Nimbus Runner Shoes"]), ("desk lamp", ["Desk Lamp"])]),
        ("both lamps", [("lamps", ["Desk Lamp", "Floor Lamp"])]),
        ("der Rucksack ist kaputt", [("Rucksack", ["Wanderrucksack"])]),
        ("meine Schuhe", [("Schuhe", ["Schneeschuhe"])]),
        ("mon velo", [("velo", ["Vélo pliant"])]),
        ("the headphons", [("headphons", ["Wireless Headphones"])]),
        ("the shose", [("shose", ["Nimbus Runner Shoes"])]),
        ("smartwatch and boardgame", [("smartwatch", ["Smart Watch"]), ("boardgame", ["Board Game"])]),
        ("I can't stand this", []),
        ("where is my order, please refund the parcel", []),
        ("the items", []),
        ("", []),
    ],
)
def test_words_mean_lines_of_the_customers_own_orders(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert [(said.text, [line.title for line in said.lines]) for said in mentions(text, ORDERS)] == found


def test_a_mention_names_the_order_of_its_line() -> None:
    (said,) = mentions("the stand", ORDERS)
    assert [line.order_id for line in said.lines] == ["67890"]


def test_one_article_in_two_orders_is_two_candidates() -> None:
    (said,) = mentions("the mug", [order("1", "Stoneware Mug"), order("2", "Stoneware Mug")])
    assert [line.order_id for line in said.lines] == ["1", "2"]


def test_without_orders_nothing_is_meant() -> None:
    assert mentions("the stand", ()) == ()


@pytest.mark.timeout(10)
def test_a_huge_text_is_read_quickly() -> None:
    assert len(mentions("standd lampp " * 80_000, ORDERS)) <= 10
