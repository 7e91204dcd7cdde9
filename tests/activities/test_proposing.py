"""A model may propose what it is shown, for the customer's own orders; the rest is dropped, and said to be."""

import json
from typing import Any

import pytest

from activities.catalog import CATALOG
from activities.inference_asks import Proposed, ProposeTools
from activities.proposing import Proposing, card_of
from activities.structured import Structured
from policies.proposals import Proposal, tools_text
from tests.activities.asks import ALLOWANCE, ORDERS, PROMPTS, asking
from tests.fakes.generator import ScriptedGenerator

ALL = tuple(tool.name for tool in CATALOG)
REFUND = {"tool": "initiate_refund", "arguments": {"order_id": "NW-10023", "reason_code": "DAMAGED_ITEM"}}


def says(*proposals: Any) -> str:
    return json.dumps({"proposals": proposals})


def ask(message: str = "the lamp is broken, money back please", **more: Any) -> ProposeTools:
    return ProposeTools(**asking(message, *ORDERS) | {"tools": ALL} | more)


async def proposed(generator: ScriptedGenerator | None, asked: ProposeTools) -> Proposed:
    return await Proposing(Structured(generator, PROMPTS), CATALOG).propose(asked)


async def test_a_proposal_that_fits_comes_with_the_call_it_took() -> None:
    with ScriptedGenerator(says(REFUND)) as model:
        answer = await proposed(model, ask())
    assert answer.proposals == (Proposal(**REFUND),)
    assert (answer.dropped, answer.reasons) == ((), ())
    assert [(call.task, call.prompt, call.outcome) for call in answer.calls] == [("propose", "propose/1", "ok")]


async def test_the_model_is_held_to_the_customers_orders_and_shown_no_step_of_the_state_machine() -> None:
    with ScriptedGenerator(says()) as model:
        await proposed(model, ask())
    request = model.work.request
    kinds = {kind["properties"]["tool"]["const"]: kind for kind in _kinds(request.schema)}
    assert kinds.keys() == {*ALL} - {"check_fraud_score", "send_notification"}
    orders = kinds["initiate_refund"]["properties"]["arguments"]["properties"]["order_id"]["enum"]
    assert orders == ["NW-10023", "NW-10024"]
    system = request.messages[0].content
    assert tools_text([card_of(tool) for tool in CATALOG if tool.proposable]) in system
    assert "fraud" not in system
    assert model.work.allowance == ALLOWANCE


async def test_only_the_tools_asked_for_can_be_decoded() -> None:
    with ScriptedGenerator(says()) as model:
        await proposed(model, ask(tools=("cancel_order", "send_notification", "drop_tables"), most=1))
    assert [kind["properties"]["tool"]["const"] for kind in _kinds(model.work.request.schema)] == ["cancel_order"]
    assert _proposals(model.work.request.schema)["maxItems"] == 1


async def test_no_model_is_asked_where_none_of_the_tools_has_an_order_to_work_on() -> None:
    with ScriptedGenerator() as model:
        answer = await proposed(model, ProposeTools(**asking("cancel it"), tools=("cancel_order", "get_eta")))
    assert answer == Proposed(reasons=("no_tool",))
    assert model.works == []


async def test_a_customer_without_orders_may_still_ask_about_the_policy() -> None:
    with ScriptedGenerator(says({"tool": "search_policy", "arguments": {"query": "gift cards"}})) as model:
        answer = await proposed(model, ProposeTools(**asking("do you have gift cards?"), tools=ALL))
    assert [each.tool for each in answer.proposals] == ["search_policy"]


DROPPED = {
    "another customer's order": ({"order_id": "NW-99999", "reason_code": "DAMAGED_ITEM"}, "foreign_order"),
    "another customer's parcel": ({"awb": "AWB-1"}, "foreign_parcel"),
    "an address nobody gave": (
        {
            "order_id": "NW-10023",
            "address": {"line1": "1 Elm St", "city": "Rome", "postal_code": "1", "country": "Italy"},
        },
        "not_said",
    ),
}
TOOL_OF = {"foreign_order": "initiate_refund", "foreign_parcel": "get_eta", "not_said": "change_address"}


@pytest.mark.parametrize(("arguments", "reason"), DROPPED.values(), ids=DROPPED.keys())
async def test_what_does_not_fit_the_facts_is_dropped_and_the_rest_kept(arguments: dict[str, Any], reason: str) -> None:
    tool = TOOL_OF[reason]
    with ScriptedGenerator(says({"tool": tool, "arguments": arguments}, REFUND)) as model:
        answer = await proposed(model, ask())
    assert answer.dropped == (f"{tool} {reason}",)
    assert answer.proposals == (Proposal(**REFUND),)


OTHER_FORMS = {
    "prose": "I would refund it.",
    "a tool it was not shown": says({"tool": "check_fraud_score", "arguments": {"order_id": "NW-10023"}}),
    "an amount": says({"tool": "initiate_refund", "arguments": {**REFUND["arguments"], "amount": 500}}),  # type: ignore[dict-item]
    "a reason of its own": says(
        {"tool": "initiate_refund", "arguments": {"order_id": "NW-10023", "reason_code": "BORED"}}
    ),
}


@pytest.mark.parametrize("text", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
async def test_a_server_that_holds_no_schema_is_followed_by_the_next(text: str) -> None:
    with ScriptedGenerator(text, says(REFUND)) as model:
        answer = await proposed(model, ask())
    assert answer.proposals == (Proposal(**REFUND),)
    assert [call.outcome for call in answer.calls] == ["malformed", "ok"]


@pytest.mark.parametrize(("text", "reason"), [("no", "malformed"), (None, "failed")])
async def test_a_model_that_fails_proposes_nothing_and_says_why(text: str | None, reason: str) -> None:
    with ScriptedGenerator(text) as model:
        answer = await proposed(model, ask())
    assert (answer.proposals, answer.reasons, len(answer.calls)) == ((), (reason,), 1)


async def test_without_a_model_nothing_is_proposed() -> None:
    assert await proposed(None, ask()) == Proposed(reasons=("no_model",))


async def test_a_prompt_that_is_not_there_is_a_reason_and_no_error() -> None:
    with ScriptedGenerator() as model:
        assert await proposed(model, ask(prompt="99")) == Proposed(reasons=("no_prompt",))


def _proposals(schema: Any) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"]["proposals"]
    return found


def _kinds(schema: Any) -> list[dict[str, Any]]:
    kinds: list[dict[str, Any]] = _proposals(schema)["items"]["anyOf"]
    return kinds
