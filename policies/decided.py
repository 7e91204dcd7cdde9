"""Which decision of a person the AI is held to, after the word came back to it."""

from collections.abc import Mapping, Sequence

from policies.cases import Decided, Matter
from policies.codes import canonical

# The flows whose answer a person may have given already; the others only look things up or talk.
MATTER_OF_HANDLER: Mapping[str, Matter] = {
    "refund": "refund",
    "refund_status": "refund",
    "return": "return",
    "cancel": "cancel",
    "address": "address",
}


def held_to(decisions: Sequence[Decided], handler: str, order_id: str | None) -> Decided | None:
    """Find the newest decision on a flow's matter, for this order or for the whole conversation; None for none."""
    matter = MATTER_OF_HANDLER.get(handler)
    order = canonical(order_id or "")
    binding = [each for each in decisions if each.matter == matter and canonical(each.order_id) in ("", order)]
    # Of two at the same instant, the one written down later.
    return max(reversed(binding), key=lambda each: each.at, default=None)
