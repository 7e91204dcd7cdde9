"""What a call costs, and which rules for models are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.inference import MATRIX, InferenceRules, ModelCall, Price, Row, Usage, cost, spent

PRICE = Price(input=2, cached=0.5, output=8)


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        pytest.param(Usage(), 0, id="nothing"),
        pytest.param(Usage(prompt=1_000_000), 2_000_000_000, id="a million tokens cost their price"),
        pytest.param(Usage(completion=1), 8_000, id="one token of an answer"),
        pytest.param(Usage(prompt=1000, cached=900, completion=100), 200_000 + 450_000 + 800_000, id="a cached prefix"),
        pytest.param(Usage(prompt=1000, cached=1000), 500_000, id="all of it cached"),
        pytest.param(Usage(prompt=10, cached=16), 8_000, id="more cached than asked is not paid back"),
    ],
)
def test_a_call_costs_its_tokens_at_their_prices(usage: Usage, nano_usd: int) -> None:
    assert cost(usage, PRICE) == nano_usd


def test_a_cached_token_costs_as_much_as_any_where_no_price_is_given_for_it() -> None:
    usage = Usage(prompt=1000, cached=900)
    assert cost(usage, Price(input=2)) == 2_000_000
    assert cost(usage, Price(input=2, cached=0)) == 200_000


def test_a_fraction_of_a_billionth_is_rounded() -> None:
    assert cost(Usage(prompt=1), Price(input=0.0003)) == 0
    assert cost(Usage(prompt=2), Price(input=0.0003)) == 1


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_a_cheap_cache_never_makes_a_call_dearer(
    prompt: int, cached: int, more: int, dear: float, cheap: float
) -> None:
    price = Price(input=max(dear, cheap), cached=min(dear, cheap), output=dear)
    usage = Usage(prompt=prompt, cached=min(cached, prompt), completion=more)
    assert 0 <= cost(usage, price) <= cost(usage.model_copy(update={"cached": 0}), price)


def test_what_calls_cost_adds_up_those_that_failed_included() -> None:
    call = ModelCall(task="route", deployment="s", tier="S", outcome="ok", nano_usd=3)
    assert spent([call, call.model_copy(update={"outcome": "overtaken", "nano_usd": 4})]) == 7
    assert spent([]) == 0


LIGHT = Row(rule="tier.light", tier="S")
HURRY = Row(rule="tier.hurry", tier="S", seconds_below=1)
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a rule twice": ({"matrix": (HURRY, HURRY, LIGHT)}, "matrix names a rule twice: tier.hurry"),
    "no row for everything": ({"matrix": (HURRY,)}, "matrix needs a last row with a rule and a tier only"),
    "no row": ({"matrix": ()}, "matrix needs a last row with a rule and a tier only"),
    "rows below the last": (
        {"matrix": (LIGHT, HURRY, Row(rule="tier.rest", tier="M"))}, "never reached, below 'tier.light'",
    ),
    "a task without a prompt": ({"prompts": {"route": "1"}}, "prompts lacks the task propose, rewrite, answer, phrase"),
    "a task without a length": ({"tasks": ("route",), "expected_tokens": {}}, "expected_tokens lacks the task route"),
    "a complexity there is not": (
        {"matrix": ({"rule": "tier.a", "tier": "M", "complexity": ["tangeld"]}, LIGHT)}, "'tangled'",
    ),
    "a risk there is not": ({"matrix": ({"rule": "tier.a", "tier": "M", "risk": ["cash"]}, LIGHT)}, "'money'"),
    "a wish there is not": ({"matrix": ({"rule": "tier.a", "tier": "M", "quality": ["good"]}, LIGHT)}, "'best'"),
    "a tier there is not": ({"matrix": ({"rule": "tier.a", "tier": "XL"}, LIGHT)}, "'deterministic'"),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_rules_that_could_not_choose_are_refused(given_: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        InferenceRules(**given_)


def test_a_task_that_is_off_needs_neither_prompt_nor_length() -> None:
    rules = InferenceRules(tasks=("route",), prompts={"route": "2"}, expected_tokens={"route": 5})
    assert (rules.prompts["route"], rules.matrix) == ("2", MATRIX)


SHIPPED = ("status_*", "eta", "return_window_closed")
ALWAYS_OURS = (
    "refund_settled", "refund.not_shipped", "refund_offer", "return_offer", "offer_again", "cancel_done",
    "change_refused", "policy_answer", "handed_over", "hand_over_pending", "with_person", "mail_subject",
    "person_by", "person_decided", "ai_paused", "photo_received",
)  # fmt: skip


@pytest.mark.parametrize("sentence", ALWAYS_OURS)
def test_money_offers_deeds_and_quotations_are_never_reworded(sentence: str) -> None:
    assert not InferenceRules(reword=("*",)).may_reword(sentence)
    assert not InferenceRules(reword=(f"{sentence.replace('.', '_')[:4]}*",)).may_reword(sentence)


@pytest.mark.parametrize("name", [name for name in ALWAYS_OURS if "." not in name])
def test_rules_that_name_what_is_always_ours_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=f"always told in the templates' own words: {name}"):
        InferenceRules(reword=("eta", name))


@pytest.mark.parametrize(
    ("sentence", "may"),
    [
        ("status_delivered", True),
        ("eta", True),
        ("no_eta", False),
        ("return_window_closed", True),
        ("return.window_closed", True),
        ("return.not_delivered", False),
        ("greeting", False),
    ],
)
def test_a_sentence_is_reworded_by_its_name_alone(sentence: str, may: bool) -> None:
    assert InferenceRules(reword=SHIPPED).may_reword(sentence) is may
    assert not InferenceRules().may_reword(sentence)
