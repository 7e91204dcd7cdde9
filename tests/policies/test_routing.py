"""Where a turn goes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import (
    AskedAmount,
    CustomerFacts,
    Injection,
    IntentGuess,
    OrderBrief,
    OrderStatus,
    ReasonCode,
    Understanding,
)
from policies.routing import (
    ABOUT_AN_ORDER,
    FLAGGED,
    MOST_MATTERS,
    NOT_UNDERSTOOD,
    OFFERS,
    Context,
    about,
    choose,
    order_in_question,
    trust,
)
from tests.policies.shipped import NOW, STANDARD

ROUTES = STANDARD.rules.routes
NOTHING = Context()
ITEMS = {"A": "Nimbus Running Shoes", "B": "Oak Laptop Stand", "C": "Nimbus Trail Shoes"}


def heard(
    *intents: tuple[Any, ...], redacted: str = "…", unsure: tuple[str, ...] = (), **facts: object
) -> Understanding:
    """What was understood: intents as (id, confidence, orders its own words name …)."""
    guesses = tuple(IntentGuess(id=each[0], confidence=each[1], order_ids=each[2:]) for each in intents)
    doubts = tuple(IntentGuess(id=intent, confidence=0.3) for intent in unsure)
    return Understanding(redacted=redacted, intents=guesses, unsure=doubts, **facts)


def who(**orders: str) -> CustomerFacts:
    """A customer whose orders are given as id=status; order A holds Running Shoes, its parcel is AWBA, and so on."""
    briefs = (
        OrderBrief(
            order_id=name, status=OrderStatus(status), titles=(ITEMS[name],), awbs=(f"AWB{name}",), placed_at=NOW
        )
        for name, status in orders.items()
    )
    return CustomerFacts(customer_id="U789", tier="standard", region="US", orders=tuple(briefs))


PENDING = Context(pending="refund_request")


@pytest.mark.parametrize(
    ("understood", "context", "chosen"),
    [
        pytest.param(heard(("track_order", 0.9)), NOTHING, ["track_order"], id="one matter"),
        pytest.param(heard(("track_order", 0.45)), NOTHING, ["track_order"], id="just sure enough"),
        pytest.param(heard(("track_order", 0.44)), NOTHING, [NOT_UNDERSTOOD], id="not sure enough"),
        pytest.param(heard(), NOTHING, [NOT_UNDERSTOOD], id="nothing recognised"),
        pytest.param(heard(("juggle", 0.99)), NOTHING, [NOT_UNDERSTOOD], id="an intent without a route"),
        pytest.param(
            heard(("refund_request", 0.9), ("track_order", 0.8)), NOTHING, ["refund_request", "track_order"],
            id="a refund and a question",
        ),
        pytest.param(
            heard(("refund_request", 0.9), ("cancel_order", 0.8), ("return_policy_question", 0.7)),
            NOTHING,
            ["refund_request", "cancel_order waits", "return_policy_question"],
            id="a second offer waits for the first",
        ),
        pytest.param(
            heard(("refund_request", 0.9), ("delivery_dispute", 0.8)), NOTHING, ["refund_request"],
            id="one flow is one matter",
        ),
        pytest.param(
            heard(("greeting", 0.9), ("refund_request", 0.5)), NOTHING, ["refund_request"], id="a greeting gives way"
        ),
        pytest.param(heard(("greeting", 0.9)), NOTHING, ["greeting"], id="a greeting alone"),
        pytest.param(
            heard(("refund_request", 0.9), ("complaint", 0.8)), NOTHING, ["refund_request"],
            id="anger beside a matter we can take up",
        ),
        pytest.param(
            heard(("contact_human", 0.9), ("cancel_order", 0.8), ("track_order", 0.7)),
            NOTHING,
            ["contact_human", "track_order"],
            id="whoever wants a person first gets one for what would be offered",
        ),
        pytest.param(
            heard(("track_order", 0.9), ("contact_human", 0.8), ("return_policy_question", 0.7)),
            NOTHING,
            ["track_order", "return_policy_question", "contact_human"],
            id="a person last, when all else is answered",
        ),
        pytest.param(
            heard(("cancel_order", 0.9), ("change_order", 0.8)), NOTHING, ["cancel_order", "change_order waits"],
            id="a person after the offer is answered",
        ),
        pytest.param(
            heard(("cancel_order", 0.9), order_ids=("1",)), NOTHING, ["cancel_order #1"], id="with its order"
        ),
        pytest.param(
            heard(("cancel_order", 0.9, "1", "2")), NOTHING, ["cancel_order #1", "cancel_order #2 waits"],
            id="one wish for two orders",
        ),
        pytest.param(
            heard(("track_order", 0.9, "1", "2")), NOTHING, ["track_order #1", "track_order #2"],
            id="a question about two orders",
        ),
        pytest.param(
            heard(("refund_request", 0.9, "NW-1"), ("delivery_dispute", 0.8, "nw1"), ("track_order", 0.7, "2")),
            NOTHING,
            ["refund_request #NW-1", "track_order #2"],
            id="each matter with its own order",
        ),
        pytest.param(heard(order_ids=("12345",)), PENDING, ["refund_request #12345"], id="the order we asked for"),
        pytest.param(
            heard(("track_order", 0.5), order_ids=("12345",), redacted="it's #12345"),
            PENDING,
            ["refund_request #12345"],
            id="the order we asked for, with a weak guess",
        ),
        pytest.param(
            heard(("track_order", 0.8), order_ids=("12345",), redacted="no, tell me where order 12345 is now"),
            PENDING,
            ["track_order #12345"],
            id="a new matter instead of an answer",
        ),
        pytest.param(heard(("track_order", 0.5)), PENDING, ["track_order"], id="no answer, but a matter"),
        pytest.param(
            heard(unsure=("invoice", "refund_status")), Context(offered=("refund_request", "refund_status")),
            ["refund_status"],
            id="one of those we offered",
        ),
        pytest.param(
            heard(("out_of_scope", 0.99)), Context(answers=True, pending="refund_request"), ["refund_request"],
            id="a yes, however it sounds",
        ),
        pytest.param(
            heard(("greeting", 0.99)), Context(answers=True), [NOT_UNDERSTOOD], id="a yes that answers nothing"
        ),
        pytest.param(
            heard(unsure=("invoice",)), Context(offered=("refund_request",)), [NOT_UNDERSTOOD],
            id="none of those we offered",
        ),
        pytest.param(
            heard(order_ids=("2",), redacted="and 2?"), Context(last="track_order"), ["track_order #2"],
            id="the same question about another order",
        ),
        pytest.param(
            heard(order_ids=("2",), redacted="and 2?"), Context(last="cancel_order"), [NOT_UNDERSTOOD],
            id="a change is never guessed from a number",
        ),
        pytest.param(
            heard(("refund_request", 0.99), injection=Injection.PLAIN_TEXT), NOTHING, [FLAGGED],
            id="orders to the machine",
        ),
        pytest.param(
            heard(order_ids=("12345",), injection=Injection.REFUSE), PENDING, [FLAGGED],
            id="orders to the machine, as an answer",
        ),
    ],
)  # fmt: skip
def test_a_turn_goes_where_its_intents_lead(understood: Understanding, context: Context, chosen: list[str]) -> None:
    choices = choose(understood, context, STANDARD)
    assert [
        f"{choice.intent}{f' #{choice.order_id}' if choice.order_id else ''}{' waits' if choice.waits else ''}"
        for choice in choices
    ] == chosen
    assert all((choice.handler is None) == (choice.intent in (NOT_UNDERSTOOD, FLAGGED)) for choice in choices)


@pytest.mark.parametrize("intent", ROUTES)
def test_every_route_can_be_chosen(intent: str) -> None:
    (choice,) = choose(heard((intent, 0.9)), NOTHING, STANDARD)
    assert (choice.intent, choice.playbook, choice.handler) == (intent, ROUTES[intent].playbook, ROUTES[intent].handler)


guesses = st.lists(st.tuples(st.sampled_from([*ROUTES, "juggle"]), st.floats(0, 1), st.sampled_from("123")), max_size=6)
contexts = st.builds(
    Context, pending=st.none() | st.sampled_from(list(ROUTES)), last=st.sampled_from(["", *ROUTES]),
    offered=st.lists(st.sampled_from(list(ROUTES)), max_size=3).map(tuple),
)  # fmt: skip


@given(guesses, contexts, st.sampled_from(Injection))
def test_of_all_matters_one_may_offer_now_and_none_if_the_words_are_not_trusted(
    intents: list[tuple[str, float, str]], context: Context, injection: Injection
) -> None:
    choices = choose(heard(*intents, injection=injection), context, STANDARD)
    assert 1 <= len(choices) <= MOST_MATTERS
    assert sum(choice.handler in OFFERS and not choice.waits for choice in choices) <= 1
    assert all(choice.handler in {*OFFERS, "person"} for choice in choices if choice.waits)
    if injection is not Injection.ALLOW:
        assert all(choice.handler is None for choice in choices)


@pytest.mark.parametrize("injection", Injection)
def test_trust_is_a_verdict_with_its_score(injection: Injection) -> None:
    verdict = trust(heard(injection=injection, injection_score=0.75), STANDARD)
    assert verdict.allowed == (injection is Injection.ALLOW)
    assert verdict.numbers == {"score": 0.75}


@pytest.mark.parametrize(
    ("understood", "customer", "focus", "order"),
    [
        pytest.param(heard(order_ids=("9",)), who(A="delivered"), "A", "9", id="as typed, even if unknown"),
        pytest.param(heard(awbs=("AWBB",)), who(A="delivered", B="in_transit"), "A", "B", id="by its parcel"),
        pytest.param(heard(awbs=("AWBX",)), who(A="delivered", B="in_transit"), "A", "A", id="a strange parcel"),
        pytest.param(heard(), who(A="delivered", B="in_transit"), "B", "B", id="what we talk about"),
        pytest.param(
            heard(redacted="the laptop stand wobbles"), who(A="delivered", B="pending"), "A", "B", id="by its item"
        ),
        pytest.param(
            heard(redacted="my shoes are late"), who(A="delivered", C="pending"), None, ("A", "C"), id="two such items"
        ),
        pytest.param(
            heard(redacted="my trail shoes are late"), who(A="delivered", C="pending"), None, "C", id="the closer item"
        ),
        pytest.param(
            heard(redacted="where is my other order"), who(A="delivered", B="in_transit"), "A", "B", id="the other one"
        ),
        pytest.param(heard(), who(A="delivered"), None, "A", id="the only one"),
        pytest.param(heard(), who(A="delivered", B="cancelled"), None, "A", id="the only live one"),
        pytest.param(heard(), who(A="cancelled"), None, "A", id="the only one, settled"),
        pytest.param(heard(), who(A="delivered", B="pending"), None, ("A", "B"), id="ask which"),
        pytest.param(heard(), who(A="cancelled", B="returned"), None, ("A", "B"), id="ask which, all settled"),
        pytest.param(heard(), who(), None, None, id="no order at all"),
    ],
)
def test_which_order_is_meant(
    understood: Understanding, customer: CustomerFacts, focus: str | None, order: str | tuple[str, ...] | None
) -> None:
    assert order_in_question(understood, customer, focus) == order


def test_every_flow_about_an_order_has_a_route() -> None:
    assert {route.handler for route in ROUTES.values()} >= ABOUT_AN_ORDER


def test_what_is_said_of_another_order_is_no_reason_for_this_one() -> None:
    whole = heard(
        ("delivery_dispute", 0.9, "1"), ("refund_request", 0.8, "2"), ("complaint", 0.7), order_ids=("1", "2"),
        amounts=(AskedAmount(minor=1000, currency="USD", text="$10"),), reasons=(ReasonCode.DELIVERY_DISPUTE,),
    )  # fmt: skip
    mine = about(whole, "2")
    assert [guess.id for guess in mine.intents] == ["refund_request", "complaint"]
    assert (mine.amounts, mine.reasons) == ((), ())
    alone = heard(("refund_request", 0.8), order_ids=("2",), amounts=whole.amounts)
    assert about(alone, "2") == alone
