"""Fusing ranks by weight, filtering exactly, and choosing how hard to look."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.chunks import Chunk
from policies.retrieval import Hit, Leg, RetrievalRules, Scope, fuse

CHUNK = Chunk(
    document="returns",
    title="Returns",
    version="1",
    section="window",
    heading="Returns › Window",
    text="30 days",
    effective_from=date(2026, 1, 1),
    effective_to=date(2026, 9, 30),
    source="returns.md",
)
SCOPE = Scope(tenant="northwind", region="US", on=date(2026, 5, 1))
RANKINGS = st.dictionaries(
    st.sampled_from(["lexical", "dense", "exact"]), st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)
)


def _hits(ids: str) -> list[Hit]:
    return [Hit(chunk_id=each, score=1.0) for each in ids]


def test_what_two_legs_find_goes_before_what_one_finds() -> None:
    assert [
        hit.chunk_id for hit in fuse({"lexical": _hits("ab"), "dense": _hits("cb")}, {"lexical": 1, "dense": 1})
    ] == [
        "b",
        "a",
        "c",
    ]


def test_a_weightier_leg_decides() -> None:
    legs: dict[Leg, list[Hit]] = {"lexical": _hits("ab"), "dense": _hits("ba")}
    assert fuse(legs, {"lexical": 1, "dense": 3})[0].chunk_id == "b"
    assert fuse(legs, {"lexical": 3, "dense": 1})[0].chunk_id == "a"


def test_a_leg_without_a_weight_says_nothing() -> None:
    assert {hit.score for hit in fuse({"hybrid": _hits("ab")}, {"dense": 1})} == {0.0}


@given(RANKINGS)
def test_fusing_loses_and_invents_nothing(legs: dict[Leg, list[str]]) -> None:
    fused = fuse({leg: _hits("".join(ids)) for leg, ids in legs.items()}, RetrievalRules().weights)
    assert sorted(hit.chunk_id for hit in fused) == sorted({each for ids in legs.values() for each in ids})
    assert [hit.score for hit in fused] == sorted((hit.score for hit in fused), reverse=True)


def test_a_code_found_goes_before_whatever_the_other_legs_prefer() -> None:
    legs = {"lexical": _hits("xyzc"), "dense": _hits("xyz"), "exact": _hits("c")}
    assert fuse(legs, RetrievalRules().weights)[0].chunk_id == "c"


@pytest.mark.parametrize(
    ("change", "admitted"),
    [
        ({}, True),
        ({"effective_to": None}, True),
        ({"effective_from": date(2026, 5, 1)}, True),
        ({"effective_from": date(2026, 5, 2)}, False),
        ({"effective_to": date(2026, 5, 1)}, True),
        ({"effective_to": date(2026, 4, 30)}, False),
        ({"region": "US"}, True),
        ({"region": "CA"}, False),
        ({"tier": "standard"}, True),
        ({"tier": "gold"}, False),
        ({"language": "de"}, True),
        ({"category": "shoes"}, True),
    ],
)
def test_a_scope_admits_what_is_in_force_for_whoever_asks(change: dict[str, object], admitted: bool) -> None:
    assert SCOPE.admits(CHUNK.model_copy(update=change)) is admitted


def test_a_scope_may_ask_for_languages_and_a_category() -> None:
    german = SCOPE.model_copy(update={"languages": ("de",), "category": "shoes"})
    assert not german.admits(CHUNK)
    assert german.admits(CHUNK.model_copy(update={"language": "de"}))
    assert german.admits(CHUNK.model_copy(update={"language": "de", "category": "shoes"}))
    assert not german.admits(CHUNK.model_copy(update={"language": "de", "category": "electronics"}))


def test_questions_about_the_rules_are_looked_up_with_care() -> None:
    assert RetrievalRules().path_for("return_policy_question") == "accurate"
    assert RetrievalRules().path_for("greeting") == "fast"
