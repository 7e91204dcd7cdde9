"""The policy agent: answers from the tenant's own clauses with their source, and says so when there is none."""

from collections.abc import Sequence, Set
from datetime import datetime

from activities.tools.search_policy import PolicyHits, SearchPolicy, SearchScope
from policies import quoting
from policies.bundle import ReturnWindowRule
from policies.clauses import Clause
from policies.extracts import extract
from policies.facts import Complexity, CustomerFacts, IntentGuess, Understanding
from policies.retrieval import Consulted, Path
from policies.slots import skus
from policies.terms import terms_of
from policies.verdict import Outcome, Verdict
from workflows.policy_question import Asked, settle
from workflows.policy_writing import written
from workflows.return_windows import ME, say_windows
from workflows.turn import KNOWLEDGE_QUEUE, Turn


async def answer_policy(turn: Turn, customer: CustomerFacts, guess: IntentGuess, understood: Understanding) -> None:
    """Quote what the governing clause says to one question, with its conditions filled in; raises Outage."""
    asked = await settle(turn, customer, guess, understood)
    hits = await _search(turn, customer, asked, understood, asked.words)
    if not hits.clauses and asked.codeless:
        # Nothing speaks of this very article, so what holds for its kind does; what names another article does not.
        wider = await _search(turn, customer, asked, understood, asked.codeless)
        hits = wider.model_copy(update={"clauses": tuple(each for each in wider.clauses if not skus(each.text))})
    rules = turn.bundle.rules.returns
    windows = {rule.clause for rule in rules}
    if asked.order and not asked.named and _speaks_of_others(hits.clauses, asked, windows, customer.region, rules):
        asked = asked.at_large(turn.now.date())
        hits = await _search(turn, customer, asked, understood, asked.words)
    governing = {rule.clause for rule in asked.rules(customer.region, rules)}
    clause = quoting.answering(hits.clauses, windows, governing)
    verdict = turn.judge(quoting.judge(clause, hits.confidence, turn.bundle.version))
    if clause is None:
        _say_once(turn, turn.words.policy_absent)
    elif not verdict.allowed:
        turn.talk = turn.talk.note(f"our documents contradict each other on {clause.clause_id} of {clause.document}")
        turn.say("policy_disputed")
        await turn.hand_over("our documents contradict each other")
    else:
        # An order of several kinds of articles has a window for each.
        others = quoting.beside(clause, hits.clauses, governing) if asked.lines else ()
        await _tell(turn, customer, asked, (clause, *others))


def _speaks_of_others(
    clauses: Sequence[Clause],
    asked: Asked,
    windows: Set[str],
    region: str,
    rules: Sequence[ReturnWindowRule],
) -> bool:
    """Whether a question asked after an order is about other articles: "and how long for headphones?"."""
    governing = {rule.clause for rule in asked.rules(region, rules)}
    return bool(clauses) and clauses[0].clause_id in windows - governing


async def _search(
    turn: Turn, customer: CustomerFacts, asked: Asked, understood: Understanding, query: str
) -> PolicyHits:
    scope = SearchScope(
        region=customer.region,
        tier=customer.tier,
        language=turn.language,
        on=asked.on.isoformat(),
        category=asked.category,
        path=_path(turn, asked.intent, understood),
        rules=turn.bundle.rules.retrieval,
    )
    hits = await turn.tools.read(
        ME,
        "search_policy",
        PolicyHits,
        SearchPolicy(query=query),
        turn.caller,
        scope,
        note="policy",
        queue=KNOWLEDGE_QUEUE,
    )
    consulted = Consulted(
        on=asked.on,
        category=asked.category,
        path=scope.path,
        clauses=tuple(clause.clause_id for clause in hits.clauses),
        confidence=hits.confidence,
    )
    turn.consulted.append(consulted)
    return hits


def _path(turn: Turn, intent: str, understood: Understanding) -> Path:
    """Look hard where a wrong clause would cost money, or where the question is hard to read."""
    if understood.risk == "money" or understood.complexity is Complexity.TANGLED:
        return "accurate"
    return turn.bundle.rules.retrieval.path_for(intent)


async def _tell(turn: Turn, customer: CustomerFacts, asked: Asked, clauses: Sequence[Clause]) -> None:
    texts = [extract(clause, terms_of(asked.words, clause.language)) or clause.text for clause in clauses]
    # An index is a service that others may write to: what it holds was screened when it was read in, and is again.
    if not await turn.may_quote(*texts):
        turn.judge(Verdict(outcome=Outcome.DENY, rule="policy.withheld", policy_version=turn.bundle.version))
        _say_once(turn, turn.words.policy_absent)
        return
    before = len(turn.parts)
    await say_windows(turn, customer, asked, clauses[0])
    given = turn.parts[before:]
    worded = await written(turn, asked.words, clauses[0], given) if len(clauses) == 1 else ""
    for clause, text in zip(clauses, texts, strict=True):
        turn.cite(clause)
        _say_once(turn, _with_source(turn, clause, worded or text))


def _with_source(turn: Turn, clause: Clause, text: str) -> str:
    return turn.words.say(
        "policy_answer",
        text=text,
        title=clause.title,
        document=clause.document,
        version=clause.version,
        date=turn.day(datetime.fromisoformat(clause.effective_from)),
    )


def _say_once(turn: Turn, text: str) -> None:
    """Two questions of one message may have one answer."""
    if text not in turn.parts:
        turn.parts.append(text)
