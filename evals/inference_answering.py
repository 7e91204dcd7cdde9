"""Measure answers from clauses: whether the clauses bear them out, and whether none is given where they say nothing."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from activities.answering import PolicyWriting
from activities.inference_asks import WriteAnswer, WrittenAnswer
from activities.structured import Structured
from evals.inference_cases import AnswerCase
from evals.inference_endpoint import Endpoint, Listening
from evals.inference_tried import Tried, by_language, common, form_of
from evals.measures import Measure, count
from policies.clauses import Clause
from policies.decoding import plain
from policies.prompts import Prompts

PART = "answer"


@dataclass(frozen=True, kw_only=True)
class TriedAnswer(Tried):
    """`draft` is the answer the model gave, empty where it gave none; `told` is what of it would be told."""

    case: AnswerCase
    draft: str
    told: str
    reasons: tuple[str, ...]


async def attempt(case: AnswerCase, endpoint: Endpoint, prompts: Prompts, version: str) -> TriedAnswer:
    """Ask for an answer as production does, once clauses were found."""
    listening = Listening(endpoint.gateway)
    ask = WriteAnswer(
        allowance=endpoint.allowance,
        prompt=version,
        setting=case.setting,
        history=case.history,
        message=case.question,
        clauses=tuple(_clause(case, number) for number in range(len(case.clauses))),
    )
    written = await PolicyWriting(Structured(listening, prompts)).write(ask)
    strict, fits = form_of(listening, written.calls)
    draft = _draft(listening)
    return TriedAnswer(
        task="answer",
        id=case.id,
        language=case.language,
        expected=list(case.says) if case.answerable else None,
        got=written.text,
        why=_why(case, draft, written),
        said=listening.said,
        cut=listening.cut,
        calls=written.calls,
        strict=strict,
        fits=fits,
        case=case,
        draft=draft,
        told=written.text,
        reasons=written.reasons,
    )


def measure(tried: Sequence[TriedAnswer]) -> Iterator[Measure]:
    """Count answers that are borne out, those that say what they must, and those given where none is right."""
    able = [each for each in tried if each.case.answerable]
    unable = [each for each in tried if not each.case.answerable and each.answered]
    yield from common("answer", tried)
    yield from count(PART, "all", "grounded, of answers given", (bool(each.told) for each in tried if each.draft))
    yield from count(PART, "answerable", "told and says what it must", (each.right for each in able))
    yield from count(PART, "answerable", "told", (bool(each.told) for each in able))
    yield from count(PART, "unanswerable", "told an answer", (bool(each.told) for each in unable), None, "at most")
    yield from count(PART, "unanswerable", "refused by the model itself", (_refused(each) for each in unable))
    yield from by_language("answer", "cases right", tried)
    reasons = Counter(reason for each in able for reason in each.reasons)
    for reason, times in sorted(reasons.items()):
        yield Measure(PART, "answerable", f"not told: {reason}", times, len(able), None, "at most")


def _refused(each: TriedAnswer) -> bool:
    return not each.draft and bool(each.fits)


def _why(case: AnswerCase, draft: str, written: WrittenAnswer) -> str:
    if not case.answerable:
        if not draft:
            return "; ".join(reason for reason in written.reasons if reason != "cites_nothing")
        return "; ".join(("answers what the clauses do not", *written.reasons))
    if written.reasons:
        return "; ".join(written.reasons)
    missing = [part for part in case.says if _even(part) not in _even(written.text)]
    return f"does not say {', '.join(map(repr, missing))}" if missing else ""


def _draft(listening: Listening) -> str:
    """Give the answer the model wrote, whether or not it would be told."""
    try:
        decoded = json.loads(plain(listening.said))
    except ValueError:
        return ""
    answer = decoded.get("answer") if isinstance(decoded, dict) else None
    return answer.strip() if isinstance(answer, str) else ""


def _clause(case: AnswerCase, number: int) -> Clause:
    passage = case.clauses[number]
    return Clause(
        clause_id=f"{number + 1}",
        title=passage.title,
        text=passage.text,
        document=case.id,
        version="1",
        effective_from="",
        language=case.language,
    )


def _even(text: str) -> str:
    return " ".join(text.split()).casefold()
