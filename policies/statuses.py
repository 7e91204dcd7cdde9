"""What a customer sees of the work on their answer: one word for each kind of work, which a frontend translates."""

from enum import StrEnum


class Status(StrEnum):
    ORDERS = "orders"
    PARCEL = "parcel"
    POLICIES = "policies"
    CHECKING = "checking"
    REFUNDING = "refunding"
    RETURNING = "returning"
    CANCELLING = "cancelling"
    CHANGING = "changing"
    HANDING_OVER = "handing_over"


_WORK = {
    "hydrate": Status.ORDERS,
    "get_order_status": Status.PARCEL,
    "get_eta": Status.PARCEL,
    "get_delivery_photo": Status.PARCEL,
    "search_policy": Status.POLICIES,
    "check_fraud_score": Status.CHECKING,
    "initiate_refund": Status.REFUNDING,
    "initiate_return": Status.RETURNING,
    "cancel_order": Status.CANCELLING,
    "change_address": Status.CHANGING,
    "escalate_to_human": Status.HANDING_OVER,
}


def status_of(activity_type: str) -> Status | None:
    """Name the work an activity does; None for what no customer needs to see."""
    return _WORK.get(activity_type)
