"""Which wish of a message is about which order: "cancel 12345 and where is 67890"."""

from collections.abc import Iterator, Mapping, Sequence

from policies.codes import canonical
from policies.facts import IntentGuess
from policies.intents import clauses
from policies.shapes import Shape
from policies.slots import order_ids

WORDS_OF_ITS_OWN = 2


def with_their_orders(
    intents: Sequence[IntentGuess],
    carried: Mapping[str, str],
    texts: Sequence[str],
    orders: Sequence[str],
    own: Sequence[str],
    shape: Shape,
) -> tuple[IntentGuess, ...]:
    """Give each intent the orders that its own words name, as they are spelt in `orders`.

    `carried` names the intent of each piece that has one, by the piece's text. A clause of hardly more than a number
    goes on from the one before it, "cancel 12345 and 12346"; one with words of its own that nobody understood does not.
    """
    spelt = {canonical(order): order for order in orders}
    named: dict[str, dict[str, None]] = {}
    for intent, clause in _spoken(carried, texts) if len(orders) > 1 else ():
        found = (spelt.get(canonical(order)) for order in order_ids(clause, own, shape))
        named.setdefault(intent, {}).update((order, None) for order in found if order)
    if len(intents) == 1 and not named.get(intents[0].id):
        return (intents[0].model_copy(update={"order_ids": tuple(orders)}),)
    return tuple(guess.model_copy(update={"order_ids": tuple(named.get(guess.id, ()))}) for guess in intents)


def _spoken(carried: Mapping[str, str], texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every clause with the intent it carries or goes on from."""
    for text in texts:
        before = ""
        for clause, piece in clauses(text):
            bare = len(piece.split()) < WORDS_OF_ITS_OWN
            before = carried.get(piece, before if bare else "")
            if before:
                yield before, clause
