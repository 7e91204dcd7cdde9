"""Whatever a model can decode names the customer's own orders only; whatever it could not is dropped, with a reason."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from activities.catalog import CATALOG
from activities.proposing import card_of
from policies.decoding import LONGEST, LONGEST_OTHER, plain
from policies.facts import OrderBrief, OrderStatus
from policies.proposals import Dropped, Proposal, fits, read, schema, tools_text, usable
from tests.policies.decoded import as_decoded, instances

CARDS = [card_of(tool) for tool in CATALOG if tool.proposable]
TAKES = {tool.name: tool.takes for tool in CATALOG if tool.proposable}
NEED_NOTHING = {"search_policy", "escalate_to_human"}
AMOUNTS = ("amount", "minor", "money", "price", "sum", "total", "cents", "value", "currency", "quantity")


def brief(order_id: str, *awbs: str) -> OrderBrief:
    placed = datetime(2026, 1, 5, tzinfo=UTC)
    return OrderBrief(order_id=order_id, status=OrderStatus.IN_TRANSIT, titles=("Lamp",), awbs=awbs, placed_at=placed)


ORDERS = tuple(brief(f"NW-1002{number}", f"AWB-2000{number}") for number in range(5))
ADDRESS = {
    "line1": "221B Baker Street",
    "line2": "",
    "city": "London",
    "region": "",
    "postal_code": "NW1 6XE",
    "country": "United Kingdom",
}
MOVED = "I moved: 221B Baker Street, London, NW1 6XE, United Kingdom. Mail me at [email_1] please."


def proposal(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


REFUND = proposal("initiate_refund", order_id="NW-10020", reason_code="DAMAGED_ITEM")


BLANK = proposal("search_policy", query="  ")


def says(*proposals: Any) -> str:
    return json.dumps({"proposals": proposals})


def parts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from parts(each)


@pytest.mark.parametrize("count", range(6))
def test_every_schema_is_a_schema_and_has_an_end(count: int) -> None:
    held = schema(CARDS, ORDERS[:count], 3)
    Draft202012Validator.check_schema(held)
    for part in parts(held):
        assert "$ref" not in part
        assert part.get("type") != "object" or part["additionalProperties"] is False
        assert part.get("type") != "array" or "maxItems" in part
        assert part.get("type") != "string" or "maxLength" in part or "enum" in part or "const" in part


@pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])
def test_every_tool_alone_gives_a_schema_that_takes_nothing_but_it(card: Any) -> None:
    (kind,) = schema([card], ORDERS, 1)["properties"]["proposals"]["items"]["anyOf"]
    assert kind["properties"]["tool"] == {"type": "string", "const": card.name}
    assert kind["properties"]["arguments"]["properties"].keys() == card.fields.keys()


def test_no_field_names_an_amount() -> None:
    held = schema(CARDS, ORDERS, 3)
    names = {name for part in parts(held) for name in part.get("properties", {})}
    assert [name for name in names if {*name.split("_")} & {*AMOUNTS}] == []


def test_orders_and_parcels_stand_nowhere_but_where_they_are_the_customers_own() -> None:
    held = schema(CARDS, ORDERS, 3)
    for part in parts(held):
        properties = part.get("properties", {})
        if "order_id" in properties:
            assert properties["order_id"]["enum"] == [order.order_id for order in ORDERS]
        if "awb" in properties:
            assert properties["awb"]["enum"] == [order.awbs[0] for order in ORDERS]


def test_a_tool_that_has_nothing_to_work_on_is_left_out() -> None:
    assert {card.name for card in usable(CARDS, ())} == NEED_NOTHING
    without_parcel = {card.name for card in usable(CARDS, (brief("NW-1"),))}
    assert without_parcel == {card.name for card in CARDS} - {"get_eta", "get_delivery_photo"}
    Draft202012Validator(schema(CARDS[:1], (), 3)).validate({"proposals": []})


@given(count=st.integers(0, 5), data=st.data())
def test_whatever_the_schema_lets_through_is_kept_unless_it_is_not_said_blank_or_repeated(
    count: int, data: st.DataObject
) -> None:
    held = schema(CARDS, ORDERS[:count], 3)
    drawn = data.draw(instances(held))
    Draft202012Validator(held).validate(drawn)
    text = as_decoded(drawn)
    reading = read(text, TAKES, ORDERS[:count], MOVED, 3)
    assert len(reading.proposals) + len(reading.dropped) == len(drawn["proposals"])
    blank = any(not value.strip() for each in drawn["proposals"] for value in _written(each))
    allowed = {"not_said", "repeated"} | ({"arguments"} if blank else set())
    assert {each.reason for each in reading.dropped} <= allowed
    assert fits(text, TAKES)


DROPPED: dict[str, tuple[dict[str, Any], Dropped]] = {
    "a step of the state machine": (
        proposal("check_fraud_score", order_id="NW-10020"),
        Dropped("", "unknown_tool"),
    ),
    "a tool nobody has": (proposal("ring_the_bell"), Dropped("", "unknown_tool")),
    "another customer's order": (
        proposal("cancel_order", order_id="NW-99999"),
        Dropped("cancel_order", "foreign_order"),
    ),
    "another customer's parcel": (proposal("get_eta", awb="AWB-99999"), Dropped("get_eta", "foreign_parcel")),
    "no order": (proposal("cancel_order", order_id=""), Dropped("cancel_order", "arguments")),
    "a reason of its own": (
        proposal("initiate_refund", order_id="NW-10020", reason_code="BORED"),
        Dropped("initiate_refund", "arguments"),
    ),
    "an amount": (
        proposal("initiate_refund", **REFUND["arguments"], amount_minor=500),
        Dropped("initiate_refund", "arguments"),
    ),
    "a part missing": (proposal("initiate_refund", order_id="NW-10020"), Dropped("initiate_refund", "arguments")),
    "a field in the address": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "price": "5"}),
        Dropped("change_address", "arguments"),
    ),
    "an endless query": (
        proposal("search_policy", query="x" * (LONGEST["query"] + 1)),
        Dropped("search_policy", "arguments"),
    ),
    "an endless street": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "line1": "x" * (LONGEST_OTHER + 1)}),
        Dropped("change_address", "arguments"),
    ),
    "a blank": (BLANK, Dropped("search_policy", "arguments")),
    "an escaped control character": (proposal("search_policy", query="a\0b"), Dropped("search_policy", "arguments")),
    "something beside the arguments": ({**REFUND, "confirmed": True}, Dropped("", "arguments")),
    "no arguments": ({"tool": "cancel_order"}, Dropped("", "arguments")),
    "an invented city": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "city": "Leeds"}),
        Dropped("change_address", "not_said"),
    ),
    "an invented second line": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "line2": "Flat 2"}),
        Dropped("change_address", "not_said"),
    ),
    "half a word": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "city": "Lon"}),
        Dropped("change_address", "not_said"),
    ),
    "words of two places": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "line1": "221B London"}),
        Dropped("change_address", "not_said"),
    ),
    "a placeholder": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "line2": "[email_1]"}),
        Dropped("change_address", "not_said"),
    ),
    "nothing but a dash": (
        proposal("change_address", order_id="NW-10020", address={**ADDRESS, "region": "-"}),
        Dropped("change_address", "not_said"),
    ),
    "an article nobody named": (
        proposal("get_return_window", order_id="NW-10020", sku="SKU-1"),
        Dropped("get_return_window", "not_said"),
    ),
}


@pytest.mark.parametrize(("draft", "dropped"), DROPPED.values(), ids=DROPPED.keys())
def test_what_does_not_fit_is_dropped_with_its_reason_and_the_rest_kept(
    draft: dict[str, Any], dropped: Dropped
) -> None:
    reading = read(says(draft, REFUND), TAKES, ORDERS, MOVED, 3)
    assert reading.dropped == (dropped,)
    assert reading.proposals == (Proposal(**REFUND),)
    form = dropped.reason in ("unknown_tool", "arguments") and draft != BLANK
    assert fits(says(draft), TAKES) != form


@pytest.mark.parametrize(
    "text", ["", "I would refund it.", "[]", "null", '{"proposals": {}}', '{"proposals": [', "{}", "[" * 100_000]
)
def test_what_is_no_list_of_proposals_is_not_json(text: str) -> None:
    assert read(text, TAKES, ORDERS, MOVED, 3) == ((), (Dropped("", "not_json"),))
    assert not fits(text, TAKES)


def test_proposals_beyond_the_most_and_repeated_ones_are_dropped() -> None:
    again = proposal("initiate_refund", order_id="nw 10020", reason_code="DAMAGED_ITEM")
    more = [proposal("cancel_order", order_id=order.order_id) for order in ORDERS[:2]]
    reading = read(says(REFUND, again, *more), TAKES, ORDERS, MOVED, 2)
    assert [each.tool for each in reading.proposals] == ["initiate_refund", "cancel_order"]
    assert reading.dropped == (Dropped("initiate_refund", "repeated"), Dropped("cancel_order", "too_many"))


@pytest.mark.parametrize("written", ["nw-10020", "NW 10020", "NW–10020", "#NW10020"])
def test_an_order_is_named_in_the_shops_own_spelling(written: str) -> None:
    (kept,) = read(says(proposal("cancel_order", order_id=written)), TAKES, ORDERS, MOVED, 3).proposals
    assert kept.arguments == {"order_id": "NW-10020"}


def test_a_code_that_could_be_either_of_two_orders_is_neither() -> None:
    alike = (brief("A-11"), brief("A1-1"))
    assert read(says(proposal("cancel_order", order_id="a11")), TAKES, alike, "", 3).dropped == (
        Dropped("cancel_order", "foreign_order"),
    )
    assert read(says(proposal("cancel_order", order_id="A1-1")), TAKES, alike, "", 3).proposals


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (MOVED, {}),
        (MOVED, {"line1": "221b baker street", "postal_code": "NW16XE"}),
        ("Neu: Am Markt 3, 28195 Köln, Österreich", {
            "line1": "Am Markt 3", "city": "Ko\u0308ln", "postal_code": "28195", "country": "österreich",
        }),
        ("१२ गांधी मार्ग, मुंबई 400001, भारत", {
            "line1": "12 गांधी मार्ग", "city": "मुंबई", "postal_code": "400001", "country": "भारत",
        }),
    ],
)  # fmt: skip
def test_an_address_in_the_customers_own_words_is_kept(said: str, changed: dict[str, str]) -> None:
    draft = proposal("change_address", order_id="NW-10020", address={**ADDRESS, **changed})
    (kept,) = read(says(draft), TAKES, ORDERS, said, 3).proposals
    assert kept.arguments["address"] == {**ADDRESS, **changed}


def test_an_article_may_be_left_open_or_be_the_one_the_customer_named() -> None:
    window = [proposal("get_return_window", order_id="NW-10020", sku=sku) for sku in ("", "SKU-9942-B")]
    assert len(read(says(*window), TAKES, ORDERS, "how long for sku 9942 b?", 3).proposals) == 2


def test_tools_are_described_the_same_way_every_time_and_without_an_order() -> None:
    text = tools_text(CARDS)
    assert text == tools_text([card_of(tool) for tool in CATALOG if tool.proposable])
    assert [line.split(":")[0] for line in text.splitlines() if line.startswith("- ")] == [
        f"- {card.name}" for card in CARDS
    ]
    assert "CUSTOMER_REQUEST" in text
    assert "postal_code" in text
    assert "check_fraud_score" not in text


def _written(drafted: Mapping[str, Any]) -> Iterator[str]:
    """Give the strings a tool takes in free words, characters that are no letters as the blanks they count for."""
    return (plain(value) for value in drafted["arguments"].values() if isinstance(value, str))
