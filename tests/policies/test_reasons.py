"""Why customers want their money back, in their words."""

import pytest

from policies.facts import ReasonCode
from policies.reasons import reasons

FAILED, DISPUTE = ReasonCode.DELIVERY_FAILED, ReasonCode.DELIVERY_DISPUTE
WRONG, DAMAGED, WISH = ReasonCode.WRONG_ITEM, ReasonCode.DAMAGED_ITEM, ReasonCode.CUSTOMER_REQUEST


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it never arrived", [DISPUTE]),
        ("tracking says delivered but nothing is here", [DISPUTE]),
        ("the courier lost my parcel", [FAILED]),
        ("it went back to the sender", [FAILED]),
        ("broken and the wrong size", [DAMAGED, WRONG]),
        ("it does not work", [DAMAGED]),
        ("not only damaged but also the wrong colour", [DAMAGED, WRONG]),
        ("I changed my mind", [WISH]),
        ("too small for me", [WISH]),
        ("Das Paket ist nie angekommen", [DISPUTE]),
        ("ihr habt mir den falschen Artikel geschickt", [WRONG]),
        ("gefällt mir nicht", [WISH]),
        ("colis jamais reçu", [DISPUTE]),
        ("l’écran est cassé", [DAMAGED]),
        ("j'ai changé d'avis", [WISH]),
        ("mi pedido nunca llegó", [DISPUTE]),
        ("producto equivocado", [WRONG]),
        ("veio quebrado", [DAMAGED]),
        ("me arrependi da compra", [WISH]),
        ("saman nahi mila", [DISPUTE]),
        ("galat product aaya", [WRONG]),
        ("screen toota hua hai", [DAMAGED]),
        ("it is not damaged", []),
        ("nothing is broken", []),
        ("ist nicht kaputt", []),
        ("il n'est pas cassé", []),
        ("não está quebrado", []),
        ("toota nahi hai", []),
        ("it hasn't arrived yet", []),
        ("noch nicht angekommen", []),
        ("my refund never arrived", []),
        ("I never got an answer", []),
        ("what's wrong with you", []),
        ("where is my order", []),
        ("", []),
    ],
)
def test_reasons_are_told_from_words_unless_these_are_taken_back(text: str, found: list[ReasonCode]) -> None:
    assert list(reasons(text)) == found


@pytest.mark.parametrize("text", ["never " * 100_000, "lost by " * 60_000, "not " * 120_000, "says it is " * 50_000])
@pytest.mark.timeout(20)
def test_a_huge_text_is_read_quickly(text: str) -> None:
    assert reasons(text) == ()
