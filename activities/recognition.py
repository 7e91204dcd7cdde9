"""Intents of a message by its nearest exemplars, with a confidence that may be too low to act on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from activities.encoder import Encoder, Vectors
from policies.facts import IntentGuess
from policies.frozen import Fact
from policies.intents import Intent, Risk, gather, rank
from policies.slots import mask


class Calibration(Fact):
    """How likeness becomes confidence; found on our own exemplars, see `evals/intents.py`.

    `middle` is the cosine to the nearest exemplar at which a guess is as likely right as wrong, `slope` how fast that
    changes, `temperature` how fast a vote fades with distance. A piece's first intent is named from `named` on, if all
    intents of its risk together reach that risk's `threshold`: to mix up two wishes for money costs less than to see
    one in a chat.
    """

    neighbours: int = 7
    temperature: float = 0.06
    middle: float = 0.5
    slope: float = 0.06
    named: float = 0.35
    threshold: dict[Risk, float] = Field(default={Risk.LOW: 0.4, Risk.CHANGE: 0.5, Risk.MONEY: 0.7})


class Recogniser:
    """Nearest neighbours over the exemplars of all intents, embedded once when it is made."""

    def __init__(self, encoder: Encoder, intents: Sequence[Intent], calibration: Calibration | None = None) -> None:
        self._intents = tuple(intents)
        self._calibration = calibration or Calibration()
        pairs = [(mask(exemplar), at) for at, intent in enumerate(intents) for exemplar in intent.exemplars]
        self._exemplars = encoder.encode([text for text, _ in pairs])
        self._owner = np.array([at for _, at in pairs])
        risks = np.array([intent.risk.value for intent in intents])
        self._same_risk = (risks[:, None] == risks).astype(np.float32)
        self._thresholds = np.array([self._calibration.threshold[intent.risk] for intent in intents])

    def confidences(self, pieces: Vectors) -> Vectors:
        """Score every piece against every intent: pieces × intents, in 0..1."""
        how = self._calibration
        likeness = pieces @ self._exemplars.T
        nearest = np.argsort(-likeness, axis=1)[:, : how.neighbours]
        close = np.take_along_axis(likeness, nearest, axis=1)
        weight = np.exp((close - close[:, :1]) / how.temperature)
        share = np.zeros((len(pieces), len(self._intents)), dtype=np.float32)
        np.add.at(
            share, (np.arange(len(pieces))[:, None], self._owner[nearest]), weight / weight.sum(axis=1, keepdims=True)
        )
        sure = 1 / (1 + np.exp((how.middle - close[:, :1]) / how.slope))
        return np.asarray(share * sure, dtype=np.float32)

    def guesses(self, pieces: Vectors) -> tuple[IntentGuess, ...]:
        """Name the intents of a burst, best first; empty when no piece reaches the threshold."""
        if not len(pieces):
            return ()
        scores = self.confidences(pieces)
        # One piece says one thing: a runner-up is a doubt about it, not a second wish.
        first = scores == scores.max(axis=1, keepdims=True)
        enough = (scores >= self._calibration.named) & (scores @ self._same_risk >= self._thresholds)
        best = np.where(first & enough, scores, 0).max(axis=0)
        above = [
            IntentGuess(id=intent.id, confidence=round(float(score), 3))
            for intent, score in zip(self._intents, best, strict=True)
            if score > 0
        ]
        return rank(above, self._intents)


def read_intents(folder: Path) -> tuple[Intent, ...]:
    """Read every `*.yaml` of a folder as one set of intents; raises BadFile naming file, line and reason."""
    paths = sorted(folder.glob("*.yaml"))
    return gather((str(path), path.read_text(encoding="utf-8")) for path in paths)
