"""Which work a customer reads about while it is done."""

import pytest

from activities.catalog import CATALOG
from policies.statuses import Status, status_of

SHOWN = {
    "hydrate": "orders",
    "get_order_status": "parcel",
    "get_eta": "parcel",
    "get_delivery_photo": "parcel",
    "search_policy": "policies",
    "check_fraud_score": "checking",
    "initiate_refund": "refunding",
    "initiate_return": "returning",
    "cancel_order": "cancelling",
    "change_address": "changing",
    "escalate_to_human": "handing_over",
}


@pytest.mark.parametrize(("activity", "word"), SHOWN.items(), ids=SHOWN)
def test_work_for_a_customer_has_a_word(activity: str, word: str) -> None:
    assert status_of(activity) == word


@pytest.mark.parametrize("activity", ["append_events", "pin_policy", "understand", "phrase_reply", "send_notification"])
def test_what_goes_on_behind_has_none(activity: str) -> None:
    assert status_of(activity) is None


def test_every_word_is_used_and_every_tool_that_has_one_exists() -> None:
    assert {*SHOWN.values()} == {*Status}
    assert {*SHOWN} - {"hydrate"} <= {tool.name for tool in CATALOG}
