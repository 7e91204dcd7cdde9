"""Order what the legs found, and judge whether the best of it answers at all."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from policies.frozen import Fact

# Beside late interaction, which weighs 1; of 1, 1.5 and 2 the best on the shipped questions.
COSINE_WEIGHS = 1.5
# Of what a chunk is asked, the best alone favours questions of the same form, whatever they are about.
ASKED_COUNT = 2


class Candidate(Fact):
    """A chunk beside a question. `cosine`: see `closeness`; `likeness`: the share of the question it speaks of.

    `codes`: how many of the codes asked for it holds; `judged`: what a cross-encoder says, where there is one.
    """

    chunk_id: str
    cosine: float
    likeness: float
    codes: int = 0
    judged: float | None = None


def closeness(own: Sequence[float], asked: Sequence[float]) -> float:
    """Give the mean of two cosines of a chunk: of the best window of its text, and of the best questions it is asked.

    Its text alone, where nobody wrote down what it is asked.
    """
    if not asked:
        return max(own)
    return (max(own) + fmean(sorted(asked)[-ASKED_COUNT:])) / 2


def rerank(candidates: Sequence[Candidate]) -> list[tuple[Candidate, float]]:
    """Order candidates by late interaction and cosine, each as z-scores, with their scores; ties by id.

    A cross-encoder's word counts instead where it judged all of them. Whoever holds a code asked for stays above
    whoever does not, since vectors of two codes that differ in one letter are almost the same.
    """
    judged = [each.judged for each in candidates if each.judged is not None]
    if len(judged) == len(candidates):
        scores = standard(judged)
    else:
        likeness, cosine = (standard([getattr(each, of) for each in candidates]) for of in ("likeness", "cosine"))
        scores = [one + COSINE_WEIGHS * other for one, other in zip(likeness, cosine, strict=True)]
    best = sorted(zip(candidates, scores, strict=True), key=lambda each: (-each[1], each[0].chunk_id))
    return guard(best)


def guard(ranked: Iterable[tuple[Candidate, float]]) -> list[tuple[Candidate, float]]:
    """Put those that hold more of the codes asked for first, else leave the order as it is."""
    return sorted(ranked, key=lambda each: -each[0].codes)


def standard(scores: Sequence[float]) -> list[float]:
    """Give z-scores; zeros where all are equal."""
    spread = pstdev(scores) if scores else 0.0
    return [(score - fmean(scores)) / spread for score in scores] if spread > 1e-9 else [0.0] * len(scores)


class Signs(Fact):
    """What tells whether the first candidate answers.

    `cosine` and `likeness` are its own, see Candidate; `covered` is the share of the question's `terms` that stand in
    it. `matter`: about -1 where the question is idle talk, 1 where it is a matter of an order. `found`: the candidate
    holds a code asked for; `missed`: no chunk holds one that was. `foreign`: the question is in a language the model
    hardly reads, so that its pieces resemble each other; `asked`: the candidate says what it is asked, and so speaks of
    more questions. `bare`: the question is codes and nothing else.
    """

    cosine: float
    likeness: float
    covered: float
    terms: int
    matter: float
    found: bool = False
    missed: bool = False
    foreign: bool = False
    asked: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Curve:
    """A logistic curve of the signs, fitted by `python -m evals.knowledge_confidence` to half the shipped questions.

    `length` weighs the logarithm of the terms: of a long question a smaller share is found in what answers it.
    """

    cosine: float = 4.57
    likeness: float = 8.76
    covered: float = 2.71
    length: float = 3.50
    matter: float = 4.00
    found: float = 3.55
    missed: float = -3.86
    foreign: float = -3.80
    asked: float = -0.87
    bias: float = -10.48


CURVE = Curve()


def values(signs: Signs) -> dict[str, float]:
    """Give what each weight of a curve is multiplied with."""
    return {
        "cosine": signs.cosine,
        "likeness": signs.likeness,
        "covered": signs.covered,
        "length": math.log1p(signs.terms),
        "matter": signs.matter,
        "found": float(signs.found),
        "missed": float(signs.missed),
        "foreign": float(signs.foreign),
        "asked": float(signs.asked),
    }


def confidence(signs: Signs, curve: Curve = CURVE) -> float:
    """Say how likely it is that the first candidate answers, 0 to 1; who names a code alone wants what holds of it."""
    if signs.found and signs.bare:
        return 1.0
    says = curve.bias + sum(value * float(getattr(curve, name)) for name, value in values(signs).items())
    return 1 / (1 + math.exp(-says))
