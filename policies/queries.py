"""Judge a search query that a model wrote: it may say a question otherwise, and add nothing to it."""

from collections.abc import Sequence

from policies.awbs import awbs
from policies.order_ids import order_ids
from policies.placeholders import PLACEHOLDER
from policies.quantities import quantities
from policies.terms import codes_of


def adds(query: str, message: str, own: Sequence[str] = ()) -> bool:
    """Whether a query names an order, a parcel or somebody's data, or a code or number the message does not have.

    `own` are the customer's order numbers. Nothing of theirs stands in a written policy, also where they said it.
    """
    if PLACEHOLDER.search(query) or order_ids(query, own) or awbs(query, own):
        return True
    said = quantities(message)
    numbers = all(any(number.equals(each) for each in said) for number in quantities(query))
    return not (numbers and set(codes_of(query)) <= set(codes_of(message)))
