"""There is one way to the money, and it leads past every check."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.refund_path import PATH, Forbidden, Step, advance, verified

PAID = (Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED, Step.RECHECKED, Step.PAYING)


def reachable(start: Step, without: Iterable[Step] = ()) -> set[Step]:
    """Walk the graph from `start` as if the steps in `without` did not exist."""
    closed, found, queue = set(without), set[Step](), [start]
    while queue:
        for step in PATH[queue.pop()] - closed - found:
            found.add(step)
            queue.append(step)
    return found


def walk(turns: Iterable[int]) -> tuple[Step, ...]:
    """Take a trail through `advance`, each number choosing among the steps that may follow."""
    trail = advance((), Step.QUOTED)
    for turn in turns:
        doors = sorted(PATH[trail[-1]])
        if not doors:
            break
        trail = advance(trail, doors[turn % len(doors)])
    return trail


walks = st.lists(st.integers(0, 11), max_size=30).map(walk)


def test_the_money_can_be_reached_at_all() -> None:
    assert Step.PAYING in reachable(Step.QUOTED)
    assert reachable(Step.QUOTED) | {Step.QUOTED} == set(Step), "a step nobody can reach"


@pytest.mark.parametrize("check", [Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED, Step.RECHECKED])
def test_without_this_check_no_money_moves(check: Step) -> None:
    assert Step.PAYING not in reachable(Step.QUOTED, without={check})


def test_an_approval_that_was_asked_for_cannot_be_passed_by() -> None:
    assert Step.PAYING not in reachable(Step.WAITING_APPROVAL, without={Step.APPROVED})


def test_after_an_unknown_outcome_nothing_is_sent_before_facts_are_gathered_afresh() -> None:
    assert Step.PAYING not in PATH[Step.OUTCOME_UNKNOWN]
    assert Step.PAYING not in reachable(Step.OUTCOME_UNKNOWN, without={Step.RECHECKED})


def test_nothing_is_told_before_it_was_read_back() -> None:
    assert Step.TOLD not in reachable(Step.QUOTED, without={Step.READ_BACK})


def test_nothing_is_paid_after_it_was_told_or_ended() -> None:
    assert reachable(Step.READ_BACK) == {Step.TOLD}
    assert reachable(Step.ENDED_UNPAID) == set()


@given(walks)
def test_every_walk_that_pays_was_quoted_checked_offered_and_confirmed_in_this_order(trail: tuple[Step, ...]) -> None:
    if Step.PAYING in trail:
        before = trail[: trail.index(Step.PAYING)]
        assert before[:4] == (Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED)
        assert before[-1] is Step.RECHECKED


@given(walks)
def test_every_payment_sent_has_its_own_recheck(trail: tuple[Step, ...]) -> None:
    sent = [index for index, step in enumerate(trail) if step is Step.PAYING]
    assert all(trail[index - 1] is Step.RECHECKED for index in sent)


@given(walks)
def test_a_trail_that_was_walked_is_verified_as_it_is(trail: tuple[Step, ...]) -> None:
    assert verified(trail) == trail


@given(st.lists(st.sampled_from(Step), max_size=8))
def test_any_other_trail_is_forbidden(steps: list[Step]) -> None:
    edges = all(after in PATH[before] for before, after in pairwise(steps))
    if steps and not (edges and steps[0] is Step.QUOTED):
        with pytest.raises(Forbidden):
            verified(steps)
    else:
        assert verified(steps) == tuple(steps)


@pytest.mark.parametrize("left_out", range(len(PAID) - 1), ids=[step.value for step in PAID[:-1]])
def test_a_trail_with_a_step_left_out_is_forbidden_and_says_where(left_out: int) -> None:
    with pytest.raises(Forbidden, match="may not follow"):
        verified(PAID[:left_out] + PAID[left_out + 1 :])
