"""The AI is held to what a person decided on the same matter."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from policies.bundle import Handler
from policies.cases import Decided, Matter
from policies.decided import MATTER_OF_HANDLER, held_to

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def decided(matter: Matter, order: str = "", words: str = "No.", hours: float = 0) -> Decided:
    return Decided(
        matter=matter, order_id=order, agreed=False, words=words, by_name="Priya", at=NOON + timedelta(hours=hours)
    )


def test_every_matter_but_other_belongs_to_a_flow_that_exists() -> None:
    assert set(MATTER_OF_HANDLER) <= set(get_args(Handler))
    assert set(MATTER_OF_HANDLER.values()) == set(get_args(Matter)) - {"other"}


@pytest.mark.parametrize("handler", ["refund", "refund_status"])
@pytest.mark.parametrize("written", ["NW-10023", "nw 10023", "nw10023", "NW–10023"])
def test_a_decision_binds_its_order_however_it_is_spelled(handler: str, written: str) -> None:
    ruling = decided("refund", "NW-10023")
    assert held_to([ruling], handler, written) == ruling


@pytest.mark.parametrize("order", ["NW-10023", "", None])
def test_a_decision_on_the_whole_conversation_binds_every_order(order: str | None) -> None:
    ruling = decided("cancel")
    assert held_to([ruling], "cancel", order) == ruling


@pytest.mark.parametrize(
    ("ruling", "handler", "order"),
    [
        (decided("refund", "NW-10023"), "refund", "NW-10024"),
        (decided("refund", "NW-10023"), "refund", None),
        (decided("refund", "NW-10023"), "return", "NW-10023"),
        (decided("return", "NW-10023"), "refund", "NW-10023"),
        (decided("other", "NW-10023"), "refund", "NW-10023"),
        (decided("other"), "refund", "NW-10023"),
        (decided("other"), "track", None),
        (decided("refund"), "track", "NW-10023"),
    ],
)
def test_it_binds_no_other_order_and_no_other_matter(ruling: Decided, handler: str, order: str | None) -> None:
    assert held_to([ruling], handler, order) is None


def test_the_newest_decision_that_binds_holds() -> None:
    one, two, elsewhere = decided("refund", "1"), decided("refund", hours=1), decided("refund", "2", hours=2)
    for rulings in ([one, two, elsewhere], [elsewhere, two, one]):
        assert held_to(rulings, "refund", "1") == two
    assert held_to([decided("refund", words="first"), decided("refund", words="then")], "refund", "1") == decided(
        "refund", words="then"
    )
