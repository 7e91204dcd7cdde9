"""Choose where a turn goes: its matters, the playbook and flow each leads to, and the order it is about."""

import re
from collections.abc import Iterator, Sequence

from policies.bundle import Bundle, Handler
from policies.codes import canonical
from policies.facts import CustomerFacts, Injection, IntentGuess, OrderStatus, Understanding
from policies.frozen import Fact
from policies.items import mentions
from policies.verdict import Outcome, Verdict

NOT_UNDERSTOOD = "not_understood"
FLAGGED = "flagged"
# These flows read one order; a greeting or a policy question does not need to know which.
ABOUT_AN_ORDER: frozenset[Handler] = frozenset({"track", "refund", "refund_status", "return", "cancel", "address"})
# These end in an offer, and one offer is open at a time.
OFFERS: frozenset[Handler] = frozenset({"refund", "return", "cancel", "address"})
READS: frozenset[Handler] = frozenset({"track", "refund_status"})
SMALL_TALK: frozenset[Handler] = frozenset({"greeting", "thanks", "scope"})
MOST_MATTERS = 6
# Said beside the real matter: whoever is angry about a late parcel wants to know where it is.
BESIDE = frozenset({"complaint"})
LONGEST_MENTION = 1_000
ANOTHER_ORDER = re.compile(
    r"\b(?:other|another|second) (?:order|one|parcel|package)\b|\bandere[nrs]? (?:bestellung|paket|sendung)\b"
    r"|\bautre (?:commande|colis)\b|\botr[oa] (?:pedido|paquete)\b|\boutr[oa] (?:pedido|encomenda)\b"
    r"|\bd(?:u|oo)sra (?:order|parcel)\b",
    re.IGNORECASE,
)
WORDS_BESIDE_A_NUMBER = 4
# From here on a message counts as a wish of its own, even if it could answer what we asked.
SURE = 0.8
SETTLED_LONG_AGO = (OrderStatus.CANCELLED, OrderStatus.RETURNED)


class Choice(Fact):
    """Where one matter of a turn goes. `handler` None means: nothing was understood well enough.

    `said` are its own words, and `order_id` the order they name. A matter that `waits` would offer something while
    another offer is open.
    """

    intent: str
    confidence: float
    playbook: str
    handler: Handler | None
    rule: str
    order_id: str | None = None
    said: str = ""
    waits: bool = False


class Context(Fact):
    """What a message may be the answer to, or go on from.

    `pending` is the intent our question was about, `offered` the intents it let the customer choose from, `last` what
    the turn before was about; `answers` says that it is a plain yes or no, whatever else it may sound like.
    """

    answers: bool = False
    pending: str | None = None
    offered: tuple[str, ...] = ()
    last: str = ""


def trust(understood: Understanding, bundle: Bundle) -> Verdict:
    """Judge whether words may move anything at all."""
    outcome, rule = Outcome.DENY, f"message.{understood.injection}"
    if understood.injection is Injection.ALLOW:
        outcome, rule = Outcome.ALLOW, "message.trusted"
    return Verdict(
        outcome=outcome, rule=rule, policy_version=bundle.version, numbers={"score": understood.injection_score}
    )


def choose(understood: Understanding, context: Context, bundle: Bundle) -> tuple[Choice, ...]:
    """Name the matters of a message in the order they are taken up; only one of them may make an offer now."""
    if understood.injection is not Injection.ALLOW:
        return (Choice(intent=FLAGGED, confidence=1.0, playbook="none", handler=None, rule="routing.flagged"),)
    sure = [guess for guess in understood.intents if guess.confidence >= bundle.rules.talk.min_confidence]
    known = [guess for guess in sure if guess.id in bundle.rules.routes]
    if context.answers:
        known = [guess for guess in known if bundle.rules.routes[guess.id].handler not in SMALL_TALK]
    if context.pending and (not known or (known[0].confidence < SURE and _only_names_an_order(understood))):
        guess = IntentGuess(id=context.pending, confidence=1.0)
        return _arranged([guess], "routing.answers_our_question", understood, bundle)
    if known:
        return _arranged(known, "routing.intent", understood, bundle)
    if chosen := _among(context.offered, understood.unsure):
        return _arranged([chosen], "routing.among_offered", understood, bundle)
    route = bundle.rules.routes.get(context.last)
    if route and route.handler in READS and _only_names_an_order(understood):
        guess = IntentGuess(id=context.last, confidence=1.0)
        return _arranged([guess], "routing.goes_on", understood, bundle)
    best = max((guess.confidence for guess in (*understood.intents, *understood.unsure)), default=0.0)
    return (Choice(intent=NOT_UNDERSTOOD, confidence=best, playbook="none", handler=None, rule="routing.unsure"),)


def order_in_question(
    understood: Understanding, customer: CustomerFacts, focus: str | None
) -> str | tuple[str, ...] | None:
    """Say which order is meant: its id as typed or known, the candidates to ask about, or None without any order."""
    if understood.order_ids:
        return understood.order_ids[0]
    parcels = {_plain(awb) for awb in understood.awbs}
    by_awb = [order.order_id for order in customer.orders if parcels & {_plain(awb) for awb in order.awbs}]
    if by_awb:
        return by_awb[0]
    by_item = _named_by_item(understood, customer)
    if by_item:
        return by_item[0] if len(by_item) == 1 else focus if focus in by_item else tuple(by_item)
    another = bool(ANOTHER_ORDER.search(understood.redacted[:LONGEST_MENTION]))
    if focus and not another:
        return focus
    orders = [order for order in customer.orders if not (another and order.order_id == focus)]
    live = [order.order_id for order in orders if order.status not in SETTLED_LONG_AGO]
    candidates: Sequence[str] = live or [order.order_id for order in orders]
    if len(candidates) == 1:
        return candidates[0]
    return tuple(candidates) or None


def same_matter(one: Choice, other: Choice) -> bool:
    """Whether two choices are one matter: of one flow, and about the same order, or one of them names none."""
    same_order = None in (one.order_id, other.order_id) or _key(one) == _key(other)
    return one.handler == other.handler and same_order


def about(understood: Understanding, order_id: str) -> Understanding:
    """Leave out what a message says of other orders: their reasons and amounts are not this one's."""
    mine = [
        guess
        for guess in understood.intents
        if not guess.order_ids or canonical(order_id) in map(canonical, guess.order_ids)
    ]
    alone = len(understood.order_ids) <= 1
    return understood.model_copy(
        update={
            "intents": tuple(mine),
            "amounts": understood.amounts if alone else (),
            "reasons": understood.reasons if alone else (),
        }
    )


def _key(choice: Choice) -> str:
    return canonical(choice.order_id or "")


def _arranged(
    guesses: Sequence[IntentGuess], rule: str, understood: Understanding, bundle: Bundle
) -> tuple[Choice, ...]:
    """One choice for each flow and order; small talk only when there is nothing else, a person only as the first."""
    real = [guess for guess in guesses if bundle.rules.routes[guess.id].playbook != "none"]
    choices: list[Choice] = []
    for guess in real or guesses[:1]:
        for choice in _of_each_order(guess, rule, understood, bundle):
            same = any(same_matter(earlier, choice) for earlier in choices)
            taken_over = bool(choices) and choices[0].handler == "person" and choice.playbook == "negotiation"
            if same or taken_over or (choices and choice.intent in BESIDE):
                continue
            moves = choice.handler in OFFERS or choice.handler == "person"
            waits = moves and any(earlier.handler in OFFERS for earlier in choices)
            choices.append(choice.model_copy(update={"waits": waits}))
    # A person takes the whole case over, so what can still be answered goes first.
    choices[1:] = sorted(choices[1:], key=lambda choice: choice.handler == "person")
    return tuple(choices[:MOST_MATTERS])


def _of_each_order(guess: IntentGuess, rule: str, understood: Understanding, bundle: Bundle) -> Iterator[Choice]:
    route = bundle.rules.routes[guess.id]
    orders: tuple[str | None, ...] = (None,)
    if route.handler in ABOUT_AN_ORDER:
        orders = guess.order_ids or understood.order_ids[:1] or orders
    for order_id in orders:
        yield Choice(
            intent=guess.id,
            confidence=guess.confidence,
            playbook=route.playbook,
            handler=route.handler,
            rule=rule,
            order_id=order_id,
            said=guess.said,
        )


def _among(offered: Sequence[str], unsure: Sequence[IntentGuess]) -> IntentGuess | None:
    return next((guess for guess in unsure if guess.id in offered), None)


def _only_names_an_order(understood: Understanding) -> bool:
    """Whether a message is little more than an order number: "67890", "it's #67890"."""
    return bool(understood.order_ids or understood.awbs) and len(understood.redacted.split()) <= WORDS_BESIDE_A_NUMBER


def _named_by_item(understood: Understanding, customer: CustomerFacts) -> list[str]:
    """Orders that hold what the message names: "the shoes", "my laptop stand"; those that fit every mention first."""
    named = [
        {line.order_id for line in item.lines}
        for item in mentions(understood.redacted[:LONGEST_MENTION], customer.orders)
    ]
    together = set.intersection(*named) if named else set()
    meant = together or (set.union(*named) if named else set())
    return [order.order_id for order in customer.orders if order.order_id in meant]


def _plain(awb: str) -> str:
    """A parcel number as it is compared: people write "AWB 20001" for AWB-20001."""
    return canonical(awb).removeprefix("awb")
