"""A clause in a model's words, where a tenant wants that: only what the clause says, else the clause itself is told."""

from collections.abc import Sequence
from datetime import timedelta

from activities.answering import WriteAnswer, WrittenAnswer
from policies.clauses import Clause
from workflows.messages import ToolUse
from workflows.toolbox import Outage, Refused, fetch
from workflows.turn import UNDERSTANDING_QUEUE, Turn

NAME = "write_policy_answer"


async def written(turn: Turn, question: str, clause: Clause, given: Sequence[str]) -> str:
    """Put a clause into words that answer the question; empty where a model fails, or says more than it was shown.

    `given` are the sentences already said from facts, so that the answer fits them.
    """
    # Only the extract was looked at so far, and a model is shown the whole clause.
    if turn.bundle.rules.retrieval.answers != "model" or not await turn.may_quote(clause.text):
        return ""
    ask = WriteAnswer(question=question, clauses=(clause,), given=tuple(given), language=turn.language)
    patience = timedelta(seconds=turn.bundle.rules.talk.answer_within_seconds)
    try:
        answer = await fetch(
            NAME,
            WrittenAnswer,
            ask,
            note="policy in words",
            bundle=turn.bundle,
            queue=UNDERSTANDING_QUEUE,
            patience=patience,
        )
    except (Outage, Refused) as failure:
        turn.tools.uses.append(ToolUse(tool=NAME, outcome=type(failure).__name__.lower()))
        return ""
    turn.tools.uses.append(ToolUse(tool=NAME, outcome="ok" if answer.grounded else ", ".join(answer.reasons)))
    return answer.text if answer.grounded else ""
