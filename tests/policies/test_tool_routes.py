"""A proposed tool leads to the flow that a customer's own words would have led to."""

import pytest

from activities.catalog import CATALOG
from policies import routing
from policies.bundle import Bundle, Route
from policies.facts import IntentGuess, ReasonCode, Understanding
from policies.proposals import Proposal
from policies.routing import Choice
from policies.tool_routes import BY_REASON, LEADS_TO, reachable, tools_of
from policies.tool_routes import choice_of as choice_from
from tests.policies.shipped import STANDARD

WAYS = {
    "get_order_status": ("track_order", "tracking"),
    "get_eta": ("track_order", "tracking"),
    "get_delivery_photo": ("track_order", "tracking"),
    "search_policy": ("return_policy_question", "policy"),
    "get_return_window": ("return_policy_question", "policy"),
    "initiate_refund": ("refund_request", "negotiation"),
    "initiate_return": ("return_request", "negotiation"),
    "cancel_order": ("cancel_order", "negotiation"),
    "change_address": ("change_address", "negotiation"),
    "escalate_to_human": ("contact_human", "negotiation"),
}


NOTHING = Understanding(redacted="zzz")


def proposal(tool: str, **arguments: str) -> Proposal:
    return Proposal(tool=tool, arguments=arguments)


def choice_of(proposed: Proposal, bundle: Bundle = STANDARD, understood: Understanding = NOTHING) -> Choice | None:
    return choice_from(proposed, understood, bundle)


def guess(intent: str) -> tuple[IntentGuess, ...]:
    return (IntentGuess(id=intent, confidence=0.3),)


def without(*tools: str, routes: dict[str, Route] | None = None) -> Bundle:
    """Take tools out of every playbook, or give the tenant other routes."""
    bundle = STANDARD
    playbooks = {
        name: playbook.model_copy(update={"tools": [tool for tool in playbook.tools if tool not in tools]})
        for name, playbook in bundle.rules.playbooks.items()
    }
    rules = bundle.rules.model_copy(
        update={"playbooks": playbooks, "routes": bundle.rules.routes if routes is None else routes}
    )
    return bundle.model_copy(update={"rules": rules})


@pytest.mark.parametrize("tool", WAYS)
def test_a_tool_leads_to_its_flow_by_the_plainest_intent(tool: str) -> None:
    choice = choice_of(proposal(tool, order_id="12345"))
    assert choice
    assert (choice.intent, choice.playbook, choice.handler) == (*WAYS[tool], LEADS_TO[tool])
    assert (choice.order_id, choice.rule, choice.waits) == ("12345", "routing.proposed", False)
    assert choice.confidence < routing.SURE


def test_every_tool_a_model_may_propose_has_a_way_and_no_other() -> None:
    assert {tool.name for tool in CATALOG if tool.proposable} == {*LEADS_TO} == {*WAYS}
    assert set(reachable(STANDARD)) == {*LEADS_TO}


SUPPORTED = {
    "a sure intent": lambda reason: {"intents": guess(BY_REASON[reason])},
    "a guess": lambda reason: {"unsure": guess(BY_REASON[reason])},
    "a reason in their words": lambda reason: {"reasons": (reason,)},
}


@pytest.mark.parametrize("support", SUPPORTED)
@pytest.mark.parametrize("reason", BY_REASON)
def test_the_reason_of_a_refund_names_its_intent_where_the_message_may_have_named_it(
    reason: ReasonCode, support: str
) -> None:
    understood = NOTHING.model_copy(update=SUPPORTED[support](reason))
    choice = choice_of(proposal("initiate_refund", order_id="12345", reason_code=reason), understood=understood)
    assert choice
    assert choice.intent == BY_REASON[reason]


UNSUPPORTED = {
    "nothing understood": {},
    "another guess": {"unsure": guess("refund_request")},
    "another reason": {"reasons": (ReasonCode.CUSTOMER_REQUEST,)},
}


@pytest.mark.parametrize("heard", UNSUPPORTED)
@pytest.mark.parametrize("reason", BY_REASON)
def test_a_reason_that_nobody_but_the_model_named_leaves_the_plain_request(reason: ReasonCode, heard: str) -> None:
    understood = NOTHING.model_copy(update=UNSUPPORTED[heard])
    choice = choice_of(proposal("initiate_refund", order_id="12345", reason_code=reason), understood=understood)
    assert choice
    assert choice.intent == "refund_request"


def test_a_reason_moves_no_return_into_the_flow_of_refunds() -> None:
    understood = NOTHING.model_copy(update={"unsure": guess("damaged_or_wrong_item")})
    proposed = proposal("initiate_return", order_id="12345", reason_code="DAMAGED_ITEM")
    choice = choice_of(proposed, understood=understood)
    assert choice
    assert (choice.intent, choice.handler) == ("return_request", "return")


def test_a_tenant_without_the_plainest_intent_has_the_first_that_leads_there() -> None:
    routes = {"money_back": STANDARD.rules.routes["refund_request"], "my_parcel": STANDARD.rules.routes["track_order"]}
    own = without(routes=routes)
    chosen = {tool: choice_of(proposal(tool, order_id="1", reason_code="DAMAGED_ITEM"), own) for tool in WAYS}
    intents = {tool: choice.intent for tool, choice in chosen.items() if choice}
    assert intents == {
        "initiate_refund": "money_back",
        "get_order_status": "my_parcel",
        "get_eta": "my_parcel",
        "get_delivery_photo": "my_parcel",
    }
    assert set(reachable(own)) == set(intents)


@pytest.mark.parametrize("tool", ["check_fraud_score", "send_notification", "drop_tables", ""])
def test_what_no_model_may_propose_leads_nowhere(tool: str) -> None:
    assert choice_of(proposal(tool, order_id="12345")) is None


def test_a_tool_that_no_playbook_has_is_out_of_reach_for_its_flow_too() -> None:
    own = without("get_eta", "initiate_refund")
    assert set(reachable(STANDARD)) - set(reachable(own)) == {"get_eta", "initiate_refund"}
    assert tools_of("track", own) == ("get_order_status", "get_delivery_photo")
    assert tools_of("refund", own) == ()


def test_flows_that_no_tool_leads_to_have_none() -> None:
    assert [tools_of(handler, STANDARD) for handler in ("refund_status", "greeting", "thanks", "scope")] == [()] * 4
