"""Choose where a turn goes: which intent counts, which playbook and flow it leads to, and which order it is about."""

import re
from collections.abc import Sequence

from policies.bundle import Bundle, Handler
from policies.facts import CustomerFacts, Injection, OrderStatus, Understanding
from policies.frozen import Fact

NOT_UNDERSTOOD = "not_understood"
# These flows read one order; a greeting or a policy question does not need to know which.
ABOUT_AN_ORDER: frozenset[Handler] = frozenset({"track", "refund", "refund_status", "return", "cancel", "address"})
WORDS_BESIDE_A_NUMBER = 4
# From here on a message counts as a wish of its own, even if it could answer what we asked.
SURE = 0.8
# Words of shop talk that say nothing about which order is meant, even where an item's title has them.
TOLD_OF_EVERY_ORDER = frozenset({"order", "parcel", "package", "delivery", "return", "refund", "with", "from", "this"})
SETTLED_LONG_AGO = (OrderStatus.CANCELLED, OrderStatus.RETURNED)


class Choice(Fact):
    """Where one matter of a turn goes. `handler` None means: nothing was understood well enough."""

    intent: str
    confidence: float
    playbook: str
    handler: Handler | None
    rule: str


def choose(understood: Understanding, pending_intent: str | None, bundle: Bundle) -> tuple[Choice, ...]:
    """Pick at most two matters, best first: one may write, the other must be of another flow.

    `pending_intent` is what a question of ours was about; an answer that brings an order but no new intent goes on.
    """
    if understood.injection is not Injection.ALLOW:
        return (Choice(intent="flagged", confidence=1.0, playbook="none", handler=None, rule="routing.flagged"),)
    sure = [guess for guess in understood.intents if guess.confidence >= bundle.rules.talk.min_confidence]
    known = [guess for guess in sure if guess.id in bundle.rules.routes]
    if pending_intent and (not known or (known[0].confidence < SURE and _only_names_an_order(understood))):
        return (_choice(pending_intent, 1.0, "routing.answers_our_question", bundle),)
    choices: list[Choice] = []
    for guess in known:
        choice = _choice(guess.id, guess.confidence, "routing.intent", bundle)
        if choice.handler not in [earlier.handler for earlier in choices]:
            choices.append(choice)
    substantial = [choice for choice in choices if choice.playbook != "none"] or choices[:1]
    if not substantial:
        best = understood.intents[0].confidence if understood.intents else 0.0
        return (Choice(intent=NOT_UNDERSTOOD, confidence=best, playbook="none", handler=None, rule="routing.unsure"),)
    first, *others = substantial
    reads = [choice for choice in others if choice.playbook in ("tracking", "policy")]
    return (first, *reads[:1])


def order_in_question(
    understood: Understanding, customer: CustomerFacts, focus: str | None
) -> str | tuple[str, ...] | None:
    """Say which order is meant: its id as typed or known, the candidates to ask about, or None without any order."""
    if understood.order_ids:
        return understood.order_ids[0]
    by_awb = [order.order_id for order in customer.orders if set(order.awbs) & set(understood.awbs)]
    if by_awb:
        return by_awb[0]
    by_item = _named_by_item(understood, customer)
    if len(by_item) == 1:
        return by_item[0]
    if focus:
        return focus
    live = [order.order_id for order in customer.orders if order.status not in SETTLED_LONG_AGO]
    candidates: Sequence[str] = live or [order.order_id for order in customer.orders]
    if len(candidates) == 1:
        return candidates[0]
    return tuple(candidates) or None


def _only_names_an_order(understood: Understanding) -> bool:
    """Whether a message is little more than an order number: "67890", "it's #67890"."""
    return bool(understood.order_ids or understood.awbs) and len(understood.redacted.split()) <= WORDS_BESIDE_A_NUMBER


def _named_by_item(understood: Understanding, customer: CustomerFacts) -> list[str]:
    """Orders with an item whose title shares a telling word with the message: "the shoes", "my laptop stand"."""
    said = _telling_words(understood.redacted)
    shared = {order.order_id: len(said & _telling_words(" ".join(order.titles))) for order in customer.orders}
    most = max(shared.values(), default=0)
    return [order_id for order_id, words in shared.items() if words == most] if most else []


def _telling_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d_]{4,}", text.casefold()) if word not in TOLD_OF_EVERY_ORDER}


def _choice(intent: str, confidence: float, rule: str, bundle: Bundle) -> Choice:
    route = bundle.rules.routes[intent]
    return Choice(intent=intent, confidence=confidence, playbook=route.playbook, handler=route.handler, rule=rule)
