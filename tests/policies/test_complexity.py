"""A message weighs what it asks, not what it says."""

import pytest

from policies.complexity import weigh
from policies.facts import Complexity, IntentGuess

ONE = (IntentGuess(id="track_order", confidence=0.9),)
TWO = (*ONE, IntentGuess(id="cancel_order", confidence=0.8))


@pytest.mark.parametrize(
    ("text", "intents", "orders", "complexity"),
    [
        ("where is my parcel?", ONE, (), Complexity.SIMPLE),
        ("", (), (), Complexity.SIMPLE),
        ("where is 1 and cancel 2", TWO, ("1", "2"), Complexity.SEVERAL),
        ("where are 1 and 2", ONE, ("1", "2"), Complexity.SEVERAL),
        ("send it back, unless it can be repaired", ONE, (), Complexity.SEVERAL),
        ("where is it " * 14, ONE, (), Complexity.SEVERAL),
        ("cancel 1 unless it has been sent, in that case send it back", TWO, ("1",), Complexity.TANGLED),
        ("stornieren, sonst zurückschicken", TWO, (), Complexity.TANGLED),
        ("everything at once", TWO * 2, (), Complexity.TANGLED),
        ("where is it " * 41, ONE, (), Complexity.TANGLED),
    ],
)
def test_complexity_grows_with_length_matters_and_conditions(
    text: str, intents: tuple[IntentGuess, ...], orders: tuple[str, ...], complexity: Complexity
) -> None:
    assert weigh(text, intents, orders) is complexity
