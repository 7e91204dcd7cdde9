"""Which wish is about which order."""

import pytest

from policies.attribution import with_their_orders
from policies.facts import IntentGuess
from policies.intents import clauses
from policies.shapes import DEFAULT
from policies.slots import order_ids

CANCEL, TRACK = IntentGuess(id="cancel_order", confidence=0.9), IntentGuess(id="track_order", confidence=0.8)


@pytest.mark.parametrize(
    ("text", "said", "orders"),
    [
        ("cancel 12345 and where is 67890", {"cancel": CANCEL, "where is": TRACK}, [("12345",), ("67890",)]),
        ("cancel 12345 and 12346", {"cancel": CANCEL}, [("12345", "12346")]),
        (
            "cancel 12345, 12346 and where is 67890",
            {"cancel": CANCEL, "where is": TRACK},
            [("12345", "12346"), ("67890",)],
        ),
        ("cancel 12345 and paint 67890 blue", {"cancel": CANCEL}, [("12345",)]),
        ("cancel both, 12345 and 12346", {}, [("12345", "12346")]),
        ("cancel 12345", {"cancel": CANCEL}, [("12345",)]),
        ("cancel it. where is 67890?", {"cancel it.": CANCEL, "where is ?": TRACK}, [(), ()]),
    ],
)  # fmt: skip
def test_an_intent_has_the_orders_its_own_words_name(
    text: str, said: dict[str, IntentGuess], orders: list[tuple[str, ...]]
) -> None:
    known = {piece for _, piece in clauses(text)}
    assert said.keys() <= known, known
    guesses = list(dict.fromkeys(said.values())) or [CANCEL]
    carried = {piece: guess.id for piece, guess in said.items()}
    found = with_their_orders(guesses, carried, (text,), order_ids(text), (), DEFAULT)
    assert [guess.order_ids for guess in found] == orders
