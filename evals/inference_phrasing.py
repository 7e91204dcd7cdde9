"""Measure replies in a model's words: whether they would be told, and if not, why."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from activities.inference_asks import Phrased, PhraseReply
from activities.phrasing import Phrasing
from evals.inference_cases import PhraseCase
from evals.inference_endpoint import Endpoint, Listening
from evals.inference_tried import Tried, by_language, common
from evals.measures import Measure, count
from policies import truth
from policies.prompts import Prompts
from policies.sentence_ends import sentences_of
from policies.thoughts import TwoParts

PART = "phrase"


@dataclass(frozen=True, kw_only=True)
class TriedPhrase(Tried):
    """`sentences` says of each sentence of the response whether it is borne out; `fault` is that of the form."""

    sentences: tuple[bool, ...]
    fault: str
    reasons: tuple[str, ...]


async def attempt(case: PhraseCase, endpoint: Endpoint, prompts: Prompts, version: str) -> TriedPhrase:
    """Ask for a reply as production does, and judge all of its sentences."""
    listening = Listening(endpoint.gateway)
    ask = PhraseReply(
        allowance=endpoint.allowance,
        prompt=version,
        setting=case.setting,
        history=case.history,
        message=case.message,
        sentences=case.sentences,
        stream="",
        after=0,
        epoch=0,
    )
    phrased = await Phrasing(listening, prompts, None).phrase(ask)
    response, fault = _parts(listening.said)
    reasons = phrased.reasons or _once_more(phrased, case)
    return TriedPhrase(
        task="phrase",
        id=case.id,
        language=case.language,
        expected=list(case.sentences),
        got=phrased.text or response,
        why="; ".join([*reasons, *([fault] if fault and listening.said else [])]),
        said=listening.said,
        cut=listening.cut,
        calls=phrased.calls,
        sentences=tuple(_judged(response, case)),
        fault=fault,
        reasons=reasons,
    )


def measure(tried: Sequence[TriedPhrase]) -> Iterator[Measure]:
    """Count replies that would be told, sentences that are borne out, and why replies would not be told."""
    answered = [each for each in tried if each.answered]
    yield from common("phrase", tried)
    yield from count(PART, "all", "told: borne out and complete", (each.right for each in tried))
    yield from count(PART, "all", "sentences borne out", (mark for each in answered for mark in each.sentences))
    yield from count(PART, "all", "in two parts, as demanded", (not each.fault for each in answered))
    yield from by_language("phrase", "told: borne out and complete", tried)
    for fault, times in sorted(Counter(each.fault for each in answered if each.fault).items()):
        yield Measure(PART, "all", f"form: {fault}", times, len(answered), None, "at most")
    for reason, times in sorted(Counter(reason for each in tried for reason in each.reasons).items()):
        yield Measure(PART, "all", f"not told: {reason}", times, len(tried), None, "at most")


def _parts(said: str) -> tuple[str, str]:
    parts = TwoParts()
    response = parts.feed(said) + parts.finish()
    return response.strip(), parts.fault


def _judged(response: str, case: PhraseCase) -> Iterator[bool]:
    judge = truth.Judge(case.sentences, case.language, case.message)
    for start, end in sentences_of(response):
        if sentence := response[start:end].strip():
            yield not judge.judge(sentence)


def _once_more(phrased: Phrased, case: PhraseCase) -> tuple[str, ...]:
    """The conversation looks at a reply again before it tells it, and does not count on the message."""
    return tuple(dict.fromkeys(each.reason for each in truth.check(phrased.text, case.sentences, case.language)))
