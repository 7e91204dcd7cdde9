"""The policy agent: answers from the tenant's own clauses with their source, and says so when there is none."""

from collections.abc import Sequence
from datetime import datetime

from activities.tools.search_policy import PolicyHits, SearchPolicy, SearchScope
from policies import quoting
from policies.clauses import Clause
from policies.extracts import extract
from policies.facts import Complexity, CustomerFacts, IntentGuess, Understanding
from policies.retrieval import Consulted, Path
from policies.terms import terms_of
from policies.verdict import Outcome, Verdict
from workflows.policy_question import Asked, settle
from workflows.policy_writing import rewritten, written
from workflows.return_windows import ME, say_windows
from workflows.turn import KNOWLEDGE_QUEUE, Turn


async def answer_policy(turn: Turn, customer: CustomerFacts, guess: IntentGuess, understood: Understanding) -> None:
    """Quote what the governing clause says to one question, with its conditions filled in; raises Outage."""
    asked = await settle(turn, customer, guess, understood)
    asked, hits = await _find(turn, customer, asked, understood)
    rules = turn.bundle.rules.returns
    governing = {rule.clause for rule in asked.rules(customer.region, rules)}
    clause = quoting.answering(hits.clauses, {rule.clause for rule in rules}, governing)
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


async def _find(
    turn: Turn, customer: CustomerFacts, asked: Asked, understood: Understanding
) -> tuple[Asked, PolicyHits]:
    """Search, and settle whether a question asked after an order is about it: only where its window is what answers."""
    if asked.order and not asked.named:
        at_large = asked.at_large(turn.now.date())
        hits = await _search(turn, customer, at_large, understood, at_large.words)
        windows = {rule.clause for rule in asked.rules(customer.region, turn.bundle.rules.returns)}
        if not hits.clauses:
            return at_large, await _in_other_words(turn, customer, at_large, understood, hits)
        if hits.clauses[0].clause_id not in windows:
            return at_large, hits
    hits = await _search(turn, customer, asked, understood, asked.words)
    if not hits.clauses and asked.codeless:
        # Nothing speaks of this very article, so what holds for its kind does.
        hits = await _search(turn, customer, asked, understood, asked.codeless)
    return asked, hits if hits.clauses else await _in_other_words(turn, customer, asked, understood, hits)


async def _in_other_words(
    turn: Turn, customer: CustomerFacts, asked: Asked, understood: Understanding, found: PolicyHits
) -> PolicyHits:
    """Search once more, in the words a model would expect of the documents; without one, nothing more is found."""
    query = await rewritten(turn, asked.words) if turn.tools.left(ME) else ""
    return await _search(turn, customer, asked, understood, query) if query else found


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
    return hits.model_copy(update={"clauses": quoting.of_articles(hits.clauses, asked.articles)})


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
    source = {"text": text, "title": clause.title, "document": clause.document, "version": clause.version}
    if not clause.effective_from:
        return turn.words.say("policy_answer_undated", **source)
    return turn.words.say("policy_answer", **source, date=turn.day(datetime.fromisoformat(clause.effective_from)))


def _say_once(turn: Turn, text: str) -> None:
    """Two questions of one message may have one answer."""
    if text not in turn.parts:
        turn.parts.append(text)
