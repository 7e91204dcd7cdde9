"""Let a language model put clauses into words, and keep its answer only where the clauses bear it out."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationError

from activities.inference_asks import WriteAnswer, WrittenAnswer
from activities.inference_ports import Generated
from activities.structured import Form, Structured
from policies import grounding
from policies.clauses import Clause, cite
from policies.decoding import plain, record, text
from policies.facts import Injection
from policies.frozen import Written
from policies.injection import Limits, every_mark, judge
from policies.prompts import Material
from policies.status_words import LANGUAGES

LONGEST_ANSWER = 1_200
MOST_CLAUSES = 6
MOST_TOKENS = 500


class _Draft(Written):
    """What the model decoded; `clauses` are numbers of those it was shown, from 1."""

    answer: str = Field(max_length=LONGEST_ANSWER)
    clauses: tuple[int, ...]


class PolicyWriting:
    """Shows the model no clause that reads like an order to it: what is not shown cannot be cited either."""

    def __init__(self, structured: Structured) -> None:
        self._structured = structured

    async def write(self, ask: WriteAnswer) -> WrittenAnswer:
        """Report an answer that its clauses bear out, or why there is none; a model that fails is no error.

        Reasons of its own: "language" for one in which no answer can be compared, "no_clause" could be shown, it
        "cites_nothing", or those of `policies/grounding.py`.
        """
        if ask.setting.language.split("-")[0].casefold() not in LANGUAGES:
            return WrittenAnswer(reasons=("language",))
        shown = [clause for clause in ask.clauses if not clause.disputed and _is_plain(clause)][:MOST_CLAUSES]
        if not shown:
            return WrittenAnswer(reasons=("no_clause",))
        form = Form(_schema(len(shown)), lambda decoded: _draft(decoded) is not None, MOST_TOKENS)
        generated = await self._structured.decode("answer", ask, form, material=_material(shown, ask.given))
        return _checked(generated, shown, ask)


def _checked(generated: Generated, shown: Sequence[Clause], ask: WriteAnswer) -> WrittenAnswer:
    draft = _draft(generated.text) if generated.text is not None else None
    if draft is None:
        return WrittenAnswer(calls=generated.calls, reasons=(generated.reason or "malformed",))
    numbers = dict.fromkeys(draft.clauses)
    answer = draft.answer.strip()
    if not answer or not numbers or not all(1 <= number <= len(shown) for number in numbers):
        return WrittenAnswer(calls=generated.calls, reasons=("cites_nothing",))
    cited = [shown[number - 1] for number in numbers]
    judged = grounding.check(answer, cited, ask.given, ask.setting.language)
    if not judged.grounded:
        return WrittenAnswer(calls=generated.calls, reasons=judged.reasons)
    return WrittenAnswer(calls=generated.calls, text=answer, citations=tuple(map(cite, cited)), grounded=True)


def _is_plain(clause: Clause) -> bool:
    found = every_mark(f"{clause.title}\n{clause.text}")
    return judge(0.0, "", found, Limits()).verdict is Injection.ALLOW


def _schema(clauses: int) -> dict[str, Any]:
    """Let only the numbers of shown clauses be decoded."""
    numbers = {"type": "integer", "enum": list(range(1, clauses + 1))}
    return record({"answer": text(LONGEST_ANSWER), "clauses": {"type": "array", "items": numbers, "maxItems": clauses}})


def _draft(decoded: str) -> _Draft | None:
    try:
        return _Draft.model_validate_json(plain(decoded))
    except ValidationError:
        return None


def _material(shown: Sequence[Clause], given: Sequence[str]) -> list[Material]:
    facts = [Material(title="Fact", text=fact) for fact in given]
    clauses = [
        Material(title=f"Clause {number}", text=f"{clause.title}\n{clause.text}")
        for number, clause in enumerate(shown, 1)
    ]
    return [*facts, *clauses]
