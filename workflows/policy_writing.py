"""What models do for the policy agent: other words to search by, and a clause put into words that answer."""

from collections.abc import Sequence

from activities.inference_asks import RewriteQuery, Rewritten, WriteAnswer, WrittenAnswer
from policies.clauses import Clause
from workflows.asking import about
from workflows.record import ToolUse
from workflows.turn import Turn


async def rewritten(turn: Turn, question: str) -> str:
    """Say a question in the words that documents may have for it; empty where no model has an idea."""
    common = about(turn, "rewrite")
    if common is None:
        return ""
    ask = RewriteQuery(**common | {"message": question})
    answer = await turn.models.ask("rewrite_query", Rewritten, ask, note="other words to search by")
    return answer.query


async def written(turn: Turn, question: str, clause: Clause, given: Sequence[str]) -> str:
    """Put a clause into words that answer the question; empty where a model fails, or says more than it was shown.

    `given` are the sentences already said from facts, so that the answer fits them.
    """
    # Only the extract was looked at so far, and a model is shown the whole clause.
    if turn.bundle.rules.retrieval.answers != "model" or not await turn.may_quote(clause.text):
        return ""
    common = about(turn, "answer", clause.text, *given)
    if common is None:
        return ""
    ask = WriteAnswer(**common | {"message": question}, clauses=(clause,), given=tuple(given))
    answer = await turn.models.ask("write_policy_answer", WrittenAnswer, ask, note="policy in words")
    outcome = "ok" if answer.grounded else ", ".join(answer.reasons)
    turn.tools.uses.append(ToolUse(tool="write_policy_answer", outcome=outcome))
    return answer.text if answer.grounded else ""
