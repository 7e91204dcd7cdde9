"""Ordering candidates, the guard of exact codes, and a confidence that moves the way its signs do."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ranking import Candidate, Signs, closeness, confidence, guard, rerank, standard

SIGNS = Signs(cosine=0.4, likeness=0.45, covered=0.4, terms=4, matter=0.0)
SHARES = st.floats(min_value=0, max_value=1)
CANDIDATES = st.lists(
    st.builds(
        Candidate, chunk_id=st.text("abcdef", min_size=1), cosine=SHARES, likeness=SHARES, codes=st.integers(0, 3)
    ),
    max_size=30,
    unique_by=lambda each: each.chunk_id,
)


def _order(*candidates: Candidate) -> list[str]:
    return [each.chunk_id for each, _ in rerank(candidates)]


def test_both_late_interaction_and_cosine_count() -> None:
    both = Candidate(chunk_id="both", cosine=0.8, likeness=0.8)
    one = Candidate(chunk_id="one", cosine=0.9, likeness=0.2)
    none = Candidate(chunk_id="none", cosine=0.1, likeness=0.1)
    assert _order(none, one, both) == ["both", "one", "none"]


def test_a_chunk_with_the_code_asked_for_stays_above_the_most_similar_one_without() -> None:
    look_alike = Candidate(chunk_id="sku-a", cosine=0.99, likeness=0.99)
    asked = Candidate(chunk_id="sku-b", cosine=0.1, likeness=0.1, codes=1)
    assert _order(look_alike, asked) == ["sku-b", "sku-a"]


def test_a_cross_encoder_decides_where_it_judged_all() -> None:
    likely = Candidate(chunk_id="likely", cosine=0.9, likeness=0.9, judged=0.1)
    judged = Candidate(chunk_id="judged", cosine=0.1, likeness=0.1, judged=0.8)
    assert _order(likely, judged) == ["judged", "likely"]
    assert _order(likely, judged.model_copy(update={"judged": None})) == ["likely", "judged"]


def test_equal_candidates_stand_by_their_id() -> None:
    assert _order(*(Candidate(chunk_id=each, cosine=0.5, likeness=0.5) for each in "cab")) == ["a", "b", "c"]


def test_what_a_chunk_is_asked_counts_as_much_as_its_text() -> None:
    assert math.isclose(closeness([0.2, 0.6], [0.1, 0.8, 0.4]), 0.6)
    assert math.isclose(closeness([0.6], [0.8]), 0.7)


def test_one_question_of_the_same_form_does_not_outdo_a_text_on_the_matter() -> None:
    assert closeness([0.3], [0.8, 0.2]) < closeness([0.6], [0.6, 0.5])


def test_the_text_alone_counts_where_nobody_wrote_what_it_is_asked() -> None:
    assert closeness([0.2, 0.6], []) == 0.6


@given(CANDIDATES)
def test_ordering_loses_nobody_and_the_guard_always_holds(candidates: list[Candidate]) -> None:
    ranked = [each for each, _ in rerank(candidates)]
    assert sorted(each.chunk_id for each in ranked) == sorted(each.chunk_id for each in candidates)
    assert [each.codes for each in ranked] == sorted((each.codes for each in candidates), reverse=True)


@given(CANDIDATES)
def test_the_guard_keeps_the_order_of_those_with_as_many_codes(candidates: list[Candidate]) -> None:
    guarded = [each for each, _ in guard((each, 0.0) for each in candidates)]
    for codes in range(4):
        assert [each for each in guarded if each.codes == codes] == [each for each in candidates if each.codes == codes]


@given(st.lists(st.floats(min_value=-1, max_value=1), min_size=1, max_size=50))
def test_standard_scores_have_no_mean(scores: list[float]) -> None:
    assert math.isclose(sum(standard(scores)), 0, abs_tol=1e-4 * len(scores))


def test_scores_that_are_all_equal_order_nothing() -> None:
    assert standard([0.3, 0.3, 0.3]) == [0, 0, 0]
    assert standard([]) == []


@pytest.mark.parametrize(
    "better",
    [{"cosine": 0.8}, {"likeness": 0.9}, {"covered": 1.0}, {"matter": 0.9}, {"found": True}, {"terms": 8}],
    ids=str,
)
def test_every_good_sign_raises_confidence(better: dict[str, float]) -> None:
    assert confidence(SIGNS.model_copy(update=better)) > confidence(SIGNS)


@pytest.mark.parametrize("worse", ["missed", "foreign", "asked"])
def test_a_code_nobody_holds_a_foreign_question_and_more_to_resemble_lower_confidence(worse: str) -> None:
    assert confidence(SIGNS.model_copy(update={worse: True})) < confidence(SIGNS) - 0.1


@given(SHARES, SHARES, SHARES, st.integers(1, 40), st.floats(-2, 2))
def test_confidence_is_a_share(cosine: float, likeness: float, covered: float, terms: int, matter: float) -> None:
    assert 0 <= confidence(Signs(cosine=cosine, likeness=likeness, covered=covered, terms=terms, matter=matter)) <= 1


def test_a_question_that_is_a_code_alone_is_answered_by_who_holds_it_and_by_nobody_else() -> None:
    short = SIGNS.model_copy(update={"terms": 1, "bare": True})
    assert confidence(short.model_copy(update={"found": True})) == 1
    assert confidence(short) == confidence(short.model_copy(update={"bare": False})) < 1
