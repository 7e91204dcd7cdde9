"""Who may be asked, in which order, and what it can cost there at worst."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.candidates import at_worst, candidates
from policies.fleet import Deployment
from policies.inference import Price, Usage, cost
from tests.fakes.model_fleet import place, work


def deployments(*given: tuple[str, str, str, float]) -> list[Deployment]:
    return [
        place(name, tier=tier, region=region, price={"input": dollars, "output": dollars}).deployment("http://h/v1")
        for name, tier, region, dollars in given
    ]


FLEET = deployments(
    ("large", "L", "eu", 9),
    ("dear", "S", "us", 2),
    ("cheap", "S", "eu", 1),
    ("alike", "S", "eu", 1),
    ("mid", "M", "eu", 3),
)


@pytest.mark.parametrize(
    ("bounds", "names"),
    [
        ({"tiers": ("S",)}, ["cheap", "alike", "dear"]),
        ({"tiers": ("M", "S")}, ["mid", "cheap", "alike", "dear"]),
        ({"tiers": ("S", "L"), "regions": ("us",)}, ["dear"]),
        ({"tiers": ("S", "L"), "regions": ("eu",)}, ["cheap", "alike", "large"]),
        ({"tiers": ("M", "M")}, ["mid"]),
        ({"tiers": ("S",), "regions": ("in",)}, []),
    ],
)
def test_candidates_follow_tiers_then_price_within_the_regions(bounds: dict[str, Any], names: list[str]) -> None:
    asked = work(**bounds)
    assert [each.name for each in candidates(FLEET, asked.allowance, asked.request)] == names


def test_a_prompt_is_not_sent_where_it_cannot_fit() -> None:
    small = place("small", context=512).deployment("http://h/v1")
    for characters, fits in ((4 * 492, [small]), (4 * 493, [])):
        asked = work("x" * characters, most_tokens=20)
        assert list(candidates([small], asked.allowance, asked.request)) == fits


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("Wo ist es", 4), ("订单在哪里", 6), ("πού είναι", 6), ("📦📦📦", 5), ("\ud83d", 2)],
    ids=["German", "Chinese", "Greek", "emoji", "half a surrogate pair"],
)
def test_a_script_that_takes_more_bytes_is_reckoned_with_more_tokens(text: str, tokens: int) -> None:
    priced = place("one", price={"input": 1}).deployment("http://h/v1")
    assert at_worst(priced, work(text).request) == 1000 * tokens


@given(st.integers(0, 5000), st.integers(1, 2000), st.floats(0, 100), st.floats(0, 100))
def test_the_worst_case_is_never_below_what_a_usual_answer_costs(
    characters: int, most_tokens: int, dollars_in: float, dollars_out: float
) -> None:
    price = {"input": dollars_in, "cached": dollars_in / 10, "output": dollars_out}
    asked = work("x" * characters, most_tokens).request
    usual = Usage(prompt=math.ceil(characters / 4), completion=most_tokens)
    assert at_worst(place("one", price=price).deployment("http://h/v1"), asked) >= cost(usual, Price(**price))
