"""Which of the clauses found answers, and whether it may be told."""

import pytest

from policies.clauses import Clause
from policies.quoting import answering, beside, judge
from policies.verdict import Outcome

WINDOWS = {"returns.general", "returns.electronics"}


def clause(clause_id: str, *, disputed: bool = False, document: str = "d") -> Clause:
    return Clause(
        clause_id=clause_id,
        title=clause_id,
        text="…",
        document=document,
        version="1",
        effective_from="2026-01-01",
        disputed=disputed,
    )


GENERAL, ELECTRONICS, COST = map(clause, ("returns.general", "returns.electronics", "returns.cost"))
CASES: dict[str, tuple[tuple[Clause, ...], set[str], Clause | None]] = {
    "nothing found": ((), {"returns.general"}, None),
    "no window at all": ((COST, GENERAL), {"returns.electronics"}, COST),
    "the window that holds": ((GENERAL, ELECTRONICS), {"returns.general"}, GENERAL),
    "the window of other articles": ((GENERAL, COST, ELECTRONICS), {"returns.electronics"}, ELECTRONICS),
    "only the window of other articles": ((GENERAL, COST), {"returns.electronics"}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_clause_answers_unless_its_window_is_for_other_articles(case: str) -> None:
    found, governing, expected = CASES[case]
    assert answering(found, WINDOWS, governing) == expected


def test_an_order_of_two_kinds_is_told_both_windows_each_once() -> None:
    found = (GENERAL, ELECTRONICS, COST, clause("returns.electronics", document="older"))
    assert beside(GENERAL, found, WINDOWS) == (ELECTRONICS,)


def test_a_clause_about_something_else_brings_no_window_along() -> None:
    assert beside(COST, (COST, GENERAL), WINDOWS) == ()


def test_a_disputed_window_is_not_told_beside_another() -> None:
    assert beside(GENERAL, (GENERAL, clause("returns.electronics", disputed=True)), WINDOWS) == ()


@pytest.mark.parametrize(
    ("answer", "outcome", "rule"),
    [
        (None, Outcome.DENY, "policy.absent"),
        (clause("c", disputed=True), Outcome.ASK_HUMAN, "policy.disputed"),
        (clause("c"), Outcome.ALLOW, "policy.found"),
    ],
)
def test_an_answer_needs_a_clause_that_no_other_contradicts(answer: Clause | None, outcome: Outcome, rule: str) -> None:
    verdict = judge(answer, 0.71234, "1")
    assert (verdict.outcome, verdict.rule) == (outcome, rule)
    assert verdict.numbers == {"clause": answer.clause_id if answer else "", "confidence": 0.712}
