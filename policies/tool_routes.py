"""Where a tool that a model proposed leads: to the flow of that tool, which checks, asks and confirms as for anyone."""

from collections.abc import Mapping
from typing import Final

from policies.bundle import Bundle, Handler
from policies.facts import ReasonCode, Understanding
from policies.proposals import Proposal
from policies.routing import Choice

# A model's own confidence is not calibrated. Whatever it names is taken up as a wish still to be confirmed.
CONFIDENCE = 0.6
LEADS_TO: Final[Mapping[str, Handler]] = {
    "get_order_status": "track",
    "get_eta": "track",
    "get_delivery_photo": "track",
    "search_policy": "policy",
    "get_return_window": "policy",
    "initiate_refund": "refund",
    "initiate_return": "return",
    "cancel_order": "cancel",
    "change_address": "address",
    "escalate_to_human": "person",
}

# Several intents lead to one flow. A reason names the one, where the customer's words bear it out; else it is the
# plainest: a reason decides about money, and what nobody said may not.
BY_REASON: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.DAMAGED_ITEM: "damaged_or_wrong_item",
    ReasonCode.WRONG_ITEM: "damaged_or_wrong_item",
    ReasonCode.DELIVERY_DISPUTE: "delivery_dispute",
    ReasonCode.DELIVERY_FAILED: "delivery_dispute",
}
PLAINEST = ("refund_request", "contact_human")


def reachable(bundle: Bundle) -> tuple[str, ...]:
    """List the tools a tenant's playbooks have and some route leads to, in the order of `LEADS_TO`."""
    held = {tool for playbook in bundle.rules.playbooks.values() for tool in playbook.tools}
    handlers = {route.handler for route in bundle.rules.routes.values()}
    return tuple(tool for tool, handler in LEADS_TO.items() if tool in held and handler in handlers)


def tools_of(handler: Handler, bundle: Bundle) -> tuple[str, ...]:
    """List those of the reachable tools that lead to one flow."""
    return tuple(tool for tool in reachable(bundle) if LEADS_TO[tool] == handler)


def choice_of(proposal: Proposal, understood: Understanding, bundle: Bundle) -> Choice | None:
    """Give the way a proposed tool leads; None where no route of the tenant's does."""
    routes = bundle.rules.routes
    fitting = [intent for intent, route in routes.items() if route.handler == LEADS_TO.get(proposal.tool)]
    if not fitting:
        return None
    intent = next((each for each in (_by_reason(proposal, understood), *PLAINEST) if each in fitting), fitting[0])
    return Choice(
        intent=intent,
        confidence=CONFIDENCE,
        playbook=routes[intent].playbook,
        handler=routes[intent].handler,
        rule="routing.proposed",
        order_id=proposal.arguments.get("order_id"),
    )


def _by_reason(proposal: Proposal, understood: Understanding) -> str:
    """Name the intent of a proposed reason that the message may have named too; empty for any other."""
    reason = proposal.arguments.get("reason_code")
    intent = BY_REASON.get(ReasonCode(reason), "") if reason else ""
    heard = {guess.id for guess in (*understood.intents, *understood.unsure)}
    return intent if intent in heard or reason in understood.reasons else ""
