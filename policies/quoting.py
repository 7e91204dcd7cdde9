"""Judge what a search of the written policy brought back: which clause answers, and whether it may be told."""

from collections.abc import Collection, Sequence

from policies.clauses import Clause
from policies.codes import canonical
from policies.slots import skus
from policies.verdict import Outcome, Verdict


def of_articles(clauses: Sequence[Clause], articles: Collection[str]) -> tuple[Clause, ...]:
    """Leave out clauses that speak of other articles than those asked about, `articles` by their canonical codes.

    Where the best is such a clause nothing is left, for how sure a search was, it was of that one.
    """
    kept = tuple(clause for clause in clauses if not articles or _is_about(clause, articles))
    return kept if clauses and clauses[0] in kept else ()


def _is_about(clause: Clause, articles: Collection[str]) -> bool:
    named = {canonical(sku) for sku in skus(clause.text)}
    return not named or bool(named & set(articles))


def answering(clauses: Sequence[Clause], windows: Collection[str], governing: Collection[str]) -> Clause | None:
    """Pick the clause that answers, of those found, best first.

    `windows` are the clauses the rules of returns name, `governing` those of them that hold for what is asked about:
    where the first found is a window of other articles, its numbers would be wrong for these.
    """
    if not clauses:
        return None
    first = clauses[0]
    if first.clause_id not in windows or first.clause_id in governing:
        return first
    return next((clause for clause in clauses if clause.clause_id in governing), None)


def beside(told: Clause, clauses: Sequence[Clause], governing: Collection[str]) -> tuple[Clause, ...]:
    """Give the other clauses found that set a window for what is asked about, where the one told sets one."""
    if told.clause_id not in governing:
        return ()
    others: dict[str, Clause] = {}
    for clause in clauses:
        if clause.clause_id in governing and clause.clause_id != told.clause_id and not clause.disputed:
            others.setdefault(clause.clause_id, clause)
    return tuple(others.values())


def judge(clause: Clause | None, confidence: float, policy_version: str) -> Verdict:
    """Say whether an answer may be told: not without a clause, and a person decides what two clauses contradict."""
    if clause is None:
        outcome, rule, source = Outcome.DENY, "policy.absent", ""
    elif clause.disputed:
        outcome, rule, source = Outcome.ASK_HUMAN, "policy.disputed", clause.clause_id
    else:
        outcome, rule, source = Outcome.ALLOW, "policy.found", clause.clause_id
    numbers = {"clause": source, "confidence": round(confidence, 3)}
    return Verdict(outcome=outcome, rule=rule, policy_version=policy_version, numbers=numbers)
