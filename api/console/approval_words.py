"""How the approvals page puts a waiting refund: reasons, risk, rules, time and refusals in plain words."""

from collections.abc import Mapping

from api.console import words
from policies.facts import Money
from policies.verdict import Number
from workflows.messages import ApprovalCard, Refusal

REASONS: Mapping[str, str] = {
    "DELIVERY_FAILED": "The parcel has not arrived",
    "DELIVERY_DISPUTE": "The carrier says it was delivered, the customer says it was not",
    "WRONG_ITEM": "The wrong article came",
    "DAMAGED_ITEM": "The article came damaged",
    "CUSTOMER_REQUEST": "The customer does not want it any more",
}
BANDS: Mapping[str, str] = {"low": "Low risk", "medium": "Medium risk", "high": "High risk"}
STATUSES: Mapping[str, str] = {
    "pending": "not sent yet",
    "processed": "packed, not sent yet",
    "in_transit": "on its way",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "returned": "came back",
}
SETTLING: Mapping[str, str] = {
    "pending": "recorded, not paid yet",
    "approved": "on its way",
    "settled": "paid",
    "failed": "failed, no money moved",
}
REFUSED: Mapping[str, str] = {
    Refusal.ROLE: "Your shop's rules do not let your role decide on refunds.",
    Refusal.FOUR_EYES: "You have approved this refund, or it is for you: a second, different person must approve it.",
    Refusal.ALREADY_DECIDED: "This refund is decided: somebody was faster, or it waits for nobody any more.",
    Refusal.APPROVAL_EXPIRED: "The time to decide is over. Nothing was paid, and the customer has been told.",
    Refusal.OFFER_CHANGED: "The refund is not what this card shows any more. Load the page again and look at it anew.",
    "approval-not-found": "This refund is not there any more. It was decided, or its records were erased.",
    "still-working": "Your decision may not have been taken; press again, it counts once.",
    "temporal-unavailable": "Refunds cannot be reached right now. It may not have been decided; press again, it counts"
    " once.",
}
HANDLED_IT = (
    "You had the conversation that this refund came from. Somebody else must decide: nobody decides on what they put"
    " forward."
)


def reason(code: str) -> str:
    return REASONS.get(code, words.plain(code.lower()).capitalize())


def band(name: str) -> str:
    return BANDS.get(name, f"Risk: {name}")


def refused(slug: str, detail: str) -> str:
    """Say why a decision was not taken, for whoever made it; other problems are said by their own detail."""
    if slug == Refusal.FOUR_EYES and "handled_it" in detail:
        return HANDLED_IT
    return REFUSED.get(slug, words.refusal(slug, detail) or "This could not be done.")


def why_people(card: ApprovalCard) -> str:
    """Say which rule sent a refund to people, with the numbers it looked at where the card has them."""
    currency = card.amount.currency
    limit, age, window = (_whole(card.numbers, name) for name in ("limit", "age_days", "window_days"))
    match card.rule:
        case "refund.above_auto_limit" if limit is not None:
            most = words.money(Money(minor=limit, currency=currency))
            return f"Up to {most} is paid back without a person, and this is more."
        case "refund.above_auto_limit":
            return "It is more than is paid back without a person."
        case "refund.window_closed" if age is not None and window is not None:
            return f"It comes {age} days after delivery; this customer has {window}."
        case "refund.window_closed":
            return "The days in which this customer may ask for money back are over."
        case "refund.currency_without_limit":
            return f"Your shop has set no limit for amounts in {currency}, so people decide on every one."
        case rule if rule.startswith("refund.fraud_"):
            return (
                f"The fraud check says {rule.removeprefix('refund.fraud_')} risk; your shop has people decide on that."
            )
        case rule:
            return f"The rule {rule} asks for a person."


def _whole(numbers: Mapping[str, Number], name: str) -> int | None:
    found = numbers.get(name)
    return found if isinstance(found, int) and found >= 0 else None
