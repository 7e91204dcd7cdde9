"""Where a turn goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import CustomerFacts, Injection, IntentGuess, OrderBrief, OrderStatus, Understanding
from policies.routing import ABOUT_AN_ORDER, NOT_UNDERSTOOD, choose, order_in_question
from tests.policies.shipped import NOW, STANDARD

ROUTES = STANDARD.rules.routes
ITEMS = {"A": "Nimbus Running Shoes", "B": "Oak Laptop Stand", "C": "Nimbus Trail Shoes"}


def heard(*intents: tuple[str, float], redacted: str = "…", **facts: object) -> Understanding:
    guesses = tuple(IntentGuess(id=intent, confidence=confidence) for intent, confidence in intents)
    return Understanding(redacted=redacted, intents=guesses, **facts)


def who(**orders: str) -> CustomerFacts:
    """A customer whose orders are given as id=status; order A holds Running Shoes, its parcel is AWBA, and so on."""
    briefs = (
        OrderBrief(
            order_id=name, status=OrderStatus(status), titles=(ITEMS[name],), awbs=(f"AWB{name}",), placed_at=NOW
        )
        for name, status in orders.items()
    )
    return CustomerFacts(customer_id="U789", tier="standard", region="US", orders=tuple(briefs))


@pytest.mark.parametrize(
    ("understood", "pending", "chosen"),
    [
        pytest.param(heard(("track_order", 0.9)), None, [("track_order", "track")], id="one matter"),
        pytest.param(heard(("track_order", 0.45)), None, [("track_order", "track")], id="just sure enough"),
        pytest.param(heard(("track_order", 0.44)), None, [(NOT_UNDERSTOOD, None)], id="not sure enough"),
        pytest.param(heard(), None, [(NOT_UNDERSTOOD, None)], id="nothing recognised"),
        pytest.param(heard(("juggle", 0.99)), None, [(NOT_UNDERSTOOD, None)], id="an intent without a route"),
        pytest.param(
            heard(("refund_request", 0.9), ("track_order", 0.8)),
            None,
            [("refund_request", "refund"), ("track_order", "track")],
            id="a refund and a question",
        ),
        pytest.param(
            heard(("refund_request", 0.9), ("cancel_order", 0.8)), None, [("refund_request", "refund")],
            id="only one matter may write",
        ),
        pytest.param(
            heard(("refund_request", 0.9), ("delivery_dispute", 0.8)), None, [("refund_request", "refund")],
            id="one flow is one matter",
        ),
        pytest.param(
            heard(("track_order", 0.9), ("return_policy_question", 0.8), ("refund_status", 0.7)),
            None,
            [("track_order", "track"), ("return_policy_question", "policy")],
            id="two matters at most",
        ),
        pytest.param(
            heard(("greeting", 0.9), ("refund_request", 0.5)), None, [("refund_request", "refund")],
            id="a greeting gives way",
        ),
        pytest.param(heard(("greeting", 0.9)), None, [("greeting", "greeting")], id="a greeting alone"),
        pytest.param(
            heard(order_ids=("12345",)), "refund_request", [("refund_request", "refund")], id="the order we asked for"
        ),
        pytest.param(
            heard(("track_order", 0.5), order_ids=("12345",), redacted="it's #12345"),
            "refund_request",
            [("refund_request", "refund")],
            id="the order we asked for, with a weak guess",
        ),
        pytest.param(
            heard(("track_order", 0.8), order_ids=("12345",), redacted="no, tell me where order 12345 is now"),
            "refund_request",
            [("track_order", "track")],
            id="a new matter instead of an answer",
        ),
        pytest.param(
            heard(("track_order", 0.5)), "refund_request", [("track_order", "track")], id="no answer, but a matter"
        ),
        pytest.param(
            heard(("refund_request", 0.99), injection=Injection.PLAIN_TEXT), None, [("flagged", None)],
            id="orders to the machine",
        ),
        pytest.param(
            heard(order_ids=("12345",), injection=Injection.REFUSE), "refund_request", [("flagged", None)],
            id="orders to the machine, as an answer",
        ),
    ],
)  # fmt: skip
def test_a_turn_goes_where_its_best_intent_leads(
    understood: Understanding, pending: str | None, chosen: list[tuple[str, str | None]]
) -> None:
    assert [(choice.intent, choice.handler) for choice in choose(understood, pending, STANDARD)] == chosen


@pytest.mark.parametrize("intent", ROUTES)
def test_every_route_can_be_chosen(intent: str) -> None:
    (choice,) = choose(heard((intent, 0.9)), None, STANDARD)
    assert (choice.intent, choice.playbook, choice.handler) == (intent, ROUTES[intent].playbook, ROUTES[intent].handler)


guesses = st.lists(st.tuples(st.sampled_from([*ROUTES, "juggle"]), st.floats(0, 1)), max_size=5)


@given(guesses, st.none() | st.sampled_from(list(ROUTES)), st.sampled_from(Injection))
def test_at_most_one_matter_of_a_turn_can_change_anything(
    intents: list[tuple[str, float]], pending: str | None, injection: Injection
) -> None:
    choices = choose(heard(*intents, injection=injection), pending, STANDARD)
    assert 1 <= len(choices) <= 2
    assert [choice.playbook for choice in choices].count("negotiation") <= 1
    if injection is not Injection.ALLOW:
        assert all(choice.handler is None for choice in choices)


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
