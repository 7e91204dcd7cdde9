"""Which tier a task goes to, and what it may take there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.inference import LADDER, NANO, TASKS, Deployed, InferenceRules, Price, Row, Signals, Tier, Usage, cost
from policies.tiers import TierChoice, choose
from policies.wishes import Wish
from tests.policies.shipped import BUNDLES, STANDARD

RULES = STANDARD.rules.inference
TURN = round(RULES.turn_usd * NANO)
S = Deployed(name="s", tier="S", region="local", context=8192, price=Price(input=0.03, cached=0.003, output=0.15))
M = Deployed(name="m", tier="M", region="local", context=16384, price=Price(input=0.1, cached=0.01, output=0.4))
L = Deployed(name="l", tier="L", region="us", context=128000, price=Price(input=2, cached=0.5, output=8))
ALL = (S, M, L)
HEIGHT = {"deterministic": 0, "S": 1, "M": 2, "L": 3}


def asked(**changes: Any) -> Signals:
    """A light task at the beginning of a turn."""
    start: dict[str, Any] = {
        "task": "phrase", "trusted": True, "prompt_tokens": 500, "seconds_left": RULES.turn_seconds,
        "nano_usd_left": TURN, "calls_left": RULES.calls_per_turn,
    }  # fmt: skip
    return Signals(**{**start, **changes})


def chosen(
    signals: Signals | None = None, rules: InferenceRules = RULES, fleet: tuple[Deployed, ...] = ALL
) -> TierChoice:
    return choose(signals or asked(), rules, fleet, "northwind")


def ladder_of(choice: TierChoice) -> str:
    return "".join(choice.allowance.tiers) if choice.allowance else ""


MONEY = {"task": "propose", "risk": "money"}
FAST, BEST = Wish(quality="fast"), Wish(quality="best")
# What is asked, the rule that decides, and the tiers in the order they are tried.
MATRIX_CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a light task": ({}, "tier.light", "S"),
    "half a second is enough to hurry": ({"seconds_left": 0.5}, "tier.hurry", "S"),
    "less is not": ({"seconds_left": 0.499}, "tier.no_time", ""),
    "no time at all": ({"seconds_left": 0.0}, "tier.no_time", ""),
    "a second and a half is no hurry": ({"seconds_left": 1.5, "complexity": "tangled"}, "tier.tangled", "MS"),
    "less is": ({"seconds_left": 1.499, "complexity": "tangled"}, "tier.hurry", "S"),
    "time counts before money": ({"seconds_left": 0.1, "nano_usd_left": 0}, "tier.no_time", ""),
    "the last money that buys anything": (
        {"task": "route", "prompt_tokens": 100, "nano_usd_left": 10_000}, "tier.light", "S",
    ),
    "a billionth less": ({"task": "route", "prompt_tokens": 100, "nano_usd_left": 9_999}, "tier.no_money", ""),
    "a wish for speed": ({**MONEY, "complexity": "tangled", "wish": FAST}, "tier.wish_fast", "S"),
    "a wish for quality": ({"wish": BEST}, "tier.wish_best", "LMS"),
    "a wish for quality in a hurry": ({"wish": BEST, "seconds_left": 1.0}, "tier.hurry", "S"),
    "a tangled case about money": ({**MONEY, "complexity": "tangled"}, "tier.tangled_money", "LMS"),
    "a tangled case about an address": (
        {"task": "propose", "risk": "change", "complexity": "tangled"}, "tier.tangled", "MS",
    ),
    "something never heard of": ({"task": "propose", "novel": True, "confidence": 0.0}, "tier.novel", "LMS"),
    "something never heard of, to be reworded": ({"novel": True}, "tier.light", "S"),
    "a tangled message": ({"complexity": "tangled"}, "tier.tangled", "MS"),
    "several matters": ({"complexity": "several"}, "tier.light", "S"),
    "money": (MONEY, "tier.money", "MS"),
    "words about money": ({"risk": "money"}, "tier.light", "S"),
    "hardly understood": ({"task": "propose", "confidence": 0.299}, "tier.unsure", "MS"),
    "understood well enough": ({"task": "propose", "confidence": 0.3}, "tier.light", "S"),
    "the written policy": ({"task": "answer"}, "tier.policy_words", "MS"),
    "a search": ({"task": "rewrite"}, "tier.light", "S"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "rule", "tiers"), MATRIX_CASES.values(), ids=MATRIX_CASES.keys())
def test_the_first_row_that_fits_chooses_the_tier(changes: dict[str, Any], rule: str, tiers: str) -> None:
    choice = chosen(asked(**changes))
    assert (choice.rule, ladder_of(choice)) == (rule, tiers)
    assert choice.tier == (tiers[:1] or "deterministic")


def test_no_row_of_the_shipped_matrix_is_without_a_case() -> None:
    assert {row.rule for row in RULES.matrix} == {rule for _, rule, _ in MATRIX_CASES.values()}


def test_every_tenant_has_the_matrix_that_was_tried() -> None:
    assert all(bundle.rules.inference.matrix == RULES.matrix for bundle in BUNDLES.values())


ODD = RULES.model_copy(update={"matrix": (Row(rule="tier.quick", tier="S", seconds_below=1),)})
SPENT = RULES.model_copy(update={"matrix": (Row(rule="tier.any", tier="S"),)})
REFUSALS: dict[str, tuple[dict[str, Any], InferenceRules, tuple[Deployed, ...], str]] = {
    "words that are not trusted": ({"trusted": False}, RULES, ALL, "tier.not_trusted"),
    "a task that is off": ({}, RULES.model_copy(update={"tasks": ("route",)}), ALL, "tier.task_off"),
    "no call left": ({"calls_left": 0}, RULES, ALL, "tier.calls_spent"),
    "no row": ({}, ODD, ALL, "tier.no_row"),
    "no time, whatever the matrix says": ({"seconds_left": 0}, SPENT, ALL, "tier.time_spent"),
    "no fleet": ({}, RULES, (), "tier.no_deployment"),
    "no deployment in the region": ({}, RULES.model_copy(update={"regions": ("eu",)}), ALL, "tier.no_deployment"),
    "no context for it": ({"prompt_tokens": 128_000}, RULES, ALL, "tier.no_deployment"),
    "no tier is cheap enough": ({"nano_usd_left": 10_000}, RULES, ALL, "tier.cost_lowered"),
    "more than everything spent": ({"nano_usd_left": -1}, SPENT, ALL, "tier.cost_lowered"),
}


@pytest.mark.parametrize(("changes", "rules", "fleet", "rule"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_no_model_may_do_is_deterministic_and_says_by_which_rule(
    changes: dict[str, Any], rules: InferenceRules, fleet: tuple[Deployed, ...], rule: str
) -> None:
    choice = chosen(asked(**changes), rules, fleet)
    assert (choice.tier, choice.rule, choice.allowance) == ("deterministic", rule, None)


@pytest.mark.parametrize(
    ("fleet", "tiers"),
    [
        pytest.param((S, L), "S", id="a tier nobody serves is left out"),
        pytest.param((L,), "L", id="nothing at or below: the nearest above"),
        pytest.param((), "", id="nobody"),
    ],
)
def test_the_ladder_has_the_tiers_that_are_served(fleet: tuple[Deployed, ...], tiers: str) -> None:
    assert ladder_of(chosen(asked(complexity="tangled"), fleet=fleet)) == tiers


def test_a_tier_above_the_one_wanted_is_taken_only_if_its_price_fits() -> None:
    dear = chosen(asked(prompt_tokens=4000), fleet=(L,))
    assert (dear.tier, dear.rule) == ("deterministic", "tier.cost_lowered")


def test_less_money_does_not_buy_a_dearer_tier_that_happens_to_be_cheaper() -> None:
    bargain = L.model_copy(update={"price": Price(input=0.05, output=0.1)})
    assert chosen(asked(nano_usd_left=114_000), fleet=(M, bargain)).tier == "M"
    assert chosen(asked(nano_usd_left=113_999), fleet=(M, bargain)).tier == "deterministic"


def test_a_tier_that_costs_more_than_is_left_gives_way_to_a_cheaper_one() -> None:
    costly = asked(task="propose", novel=True, prompt_tokens=1_021)
    lowered = chosen(costly)
    assert (lowered.rule, ladder_of(lowered)) == ("tier.cost_lowered", "MS")
    assert lowered.allowance
    assert lowered.allowance.rule == "tier.cost_lowered"
    assert (lowered.numbers["row"], lowered.numbers["projected_nano_usd"]) == ("tier.novel", 3_002_000)
    # 1,020 prompt tokens at $2 and 120 of an answer at $8 a million are three tenths of a cent to the billionth.
    exact = chosen(asked(task="propose", novel=True, prompt_tokens=1_020))
    assert (exact.rule, ladder_of(exact), exact.numbers["projected_nano_usd"]) == ("tier.novel", "LMS", TURN)
    short = chosen(asked(task="propose", novel=True, prompt_tokens=1_020, nano_usd_left=TURN - 1))
    assert (short.rule, ladder_of(short)) == ("tier.cost_lowered", "MS")


def test_a_tier_costs_what_its_cheapest_deployment_that_can_take_the_task_costs() -> None:
    cheap = L.model_copy(update={"name": "cheap", "price": Price(input=0.1, output=0.1), "context": 600})
    novel = {"task": "propose", "novel": True}
    assert chosen(asked(**novel, prompt_tokens=480), fleet=(L, cheap)).numbers["projected_nano_usd"] == 60_000
    assert chosen(asked(**novel, prompt_tokens=481), fleet=(L, cheap)).numbers["projected_nano_usd"] == 1_922_000


def test_words_stay_in_the_regions_of_the_tenant() -> None:
    at_home = RULES.model_copy(update={"regions": ("local", "eu")})
    choice = chosen(asked(wish=BEST), at_home)
    assert ladder_of(choice) == "MS"
    assert choice.allowance
    assert choice.allowance.regions == ("local", "eu")


def test_an_allowance_is_what_is_left_of_the_turn() -> None:
    choice = chosen(asked(seconds_left=2.5, nano_usd_left=1_000_000, calls_left=2))
    assert choice.allowance
    allowance = choice.allowance
    assert (allowance.tenant, allowance.rule, allowance.regions) == ("northwind", "tier.light", ())
    assert (allowance.calls, allowance.seconds, allowance.nano_usd, allowance.hedge) == (2, 2.5, 1_000_000, True)


@pytest.mark.parametrize(
    ("changes", "seconds", "nano_usd"),
    [
        pytest.param({"wish": Wish(within_ms=2000)}, 2.0, TURN, id="sooner"),
        pytest.param({"wish": Wish(within_ms=60_000)}, 6.0, TURN, id="later changes nothing"),
        pytest.param({"wish": Wish(at_most_usd=0.001)}, 6.0, 1_000_000, id="cheaper"),
        pytest.param({"wish": Wish(at_most_usd=10)}, 6.0, TURN, id="dearer changes nothing"),
        pytest.param(
            {"wish": Wish(within_ms=5000), "seconds_left": 4.0}, 3.0, TURN, id="what the turn has taken counts"
        ),
        pytest.param(
            {"wish": Wish(at_most_usd=0.002), "nano_usd_left": 2_000_000},
            6.0,
            1_000_000,
            id="so does what it has spent",
        ),
    ],
)
def test_a_wish_narrows_the_turn_and_never_widens_it(changes: dict[str, Any], seconds: float, nano_usd: int) -> None:
    choice = chosen(asked(**changes))
    assert choice.allowance
    assert (choice.allowance.seconds, choice.allowance.nano_usd) == (seconds, nano_usd)


@pytest.mark.parametrize(
    ("changes", "hedge"),
    [
        pytest.param({}, True, id="room for two"),
        pytest.param({"calls_left": 1}, False, id="one call left"),
        pytest.param({"nano_usd_left": 77_999}, False, id="money for less than two"),
        pytest.param({"nano_usd_left": 78_000}, True, id="money for exactly two"),
    ],
)
def test_a_hedge_is_allowed_where_it_can_be_paid(changes: dict[str, Any], hedge: bool) -> None:
    choice = chosen(asked(**changes))
    assert choice.allowance
    assert choice.allowance.hedge is hedge
    unhedged = chosen(asked(**changes), RULES.model_copy(update={"hedge": False}))
    assert unhedged.allowance
    assert not unhedged.allowance.hedge


prices = st.builds(Price, input=st.floats(0, 20), cached=st.floats(0, 20), output=st.floats(0, 80))
fleets = st.lists(
    st.builds(
        Deployed, name=st.just("d"), tier=st.sampled_from(LADDER), region=st.sampled_from(["local", "us", "eu"]),
        context=st.integers(512, 32_768), price=prices,
    ),
    max_size=6,
).map(tuple)  # fmt: skip
regions = st.lists(st.sampled_from(["local", "us", "eu"]), max_size=2).map(tuple)
wishes = st.builds(
    Wish, quality=st.sampled_from(["fast", "balanced", "best"]), within_ms=st.none() | st.integers(0, 10_000),
    at_most_usd=st.none() | st.floats(0, 0.005),
)  # fmt: skip
questions = st.builds(
    Signals, task=st.sampled_from(TASKS), trusted=st.booleans(), confidence=st.floats(0, 1),
    complexity=st.sampled_from(["simple", "several", "tangled"]), risk=st.sampled_from(["low", "change", "money"]),
    novel=st.booleans(), wish=wishes, prompt_tokens=st.integers(0, 20_000), seconds_left=st.floats(-1, 7),
    nano_usd_left=st.integers(-1000, 4_000_000), calls_left=st.integers(-1, 8),
)  # fmt: skip


def projected(tier: Tier, signals: Signals, rules: InferenceRules, fleet: tuple[Deployed, ...]) -> int:
    """What the cheapest deployment would cost that may take the task; fails where there is none."""
    usage = Usage(prompt=signals.prompt_tokens, completion=rules.expected_tokens[signals.task])
    return min(
        cost(usage, each.price)
        for each in fleet
        if each.tier == tier
        and (not rules.regions or each.region in rules.regions)
        and each.context >= usage.prompt + usage.completion
    )


@given(questions, fleets, regions)
def test_an_allowance_is_served_in_its_regions_and_within_what_is_left(
    signals: Signals, fleet: tuple[Deployed, ...], allowed: tuple[str, ...]
) -> None:
    rules = RULES.model_copy(update={"regions": allowed})
    choice = chosen(signals, rules, fleet)
    assert (choice.allowance is None) == (choice.tier == "deterministic")
    if choice.allowance is None:
        return
    bounds = choice.allowance
    assert bounds.tiers[0] == choice.tier
    assert len(set(bounds.tiers)) == len(bounds.tiers)
    assert all(projected(tier, signals, rules, fleet) <= bounds.nano_usd for tier in bounds.tiers)
    assert bounds.nano_usd <= signals.nano_usd_left
    assert 0 < bounds.seconds <= signals.seconds_left
    assert 1 <= bounds.calls <= min(signals.calls_left, rules.calls_per_turn)
    if signals.wish.at_most_usd is not None:
        assert bounds.nano_usd <= round(signals.wish.at_most_usd * NANO)
    if signals.wish.within_ms is not None:
        assert bounds.seconds <= signals.wish.within_ms / 1000


@given(questions, fleets, regions, st.integers(0, 4_000_000), st.floats(0, 7))
def test_less_money_and_less_time_never_buy_a_higher_tier(
    signals: Signals, fleet: tuple[Deployed, ...], allowed: tuple[str, ...], nano_usd: int, seconds: float
) -> None:
    rules = RULES.model_copy(update={"regions": allowed})
    poorer = signals.model_copy(update={"nano_usd_left": signals.nano_usd_left - nano_usd})
    later = signals.model_copy(update={"seconds_left": signals.seconds_left - seconds})
    height = HEIGHT[chosen(signals, rules, fleet).tier]
    assert HEIGHT[chosen(poorer, rules, fleet).tier] <= height
    assert HEIGHT[chosen(later, rules, fleet).tier] <= height


@given(questions, fleets)
def test_words_that_are_not_trusted_reach_no_model(signals: Signals, fleet: tuple[Deployed, ...]) -> None:
    choice = chosen(signals.model_copy(update={"trusted": False}), fleet=fleet)
    assert (choice.tier, choice.rule) == ("deterministic", "tier.not_trusted")


@given(questions, fleets)
def test_a_choice_comes_back_from_history_as_it_was(signals: Signals, fleet: tuple[Deployed, ...]) -> None:
    choice = chosen(signals, fleet=fleet)
    assert TierChoice.model_validate_json(choice.model_dump_json()) == choice
