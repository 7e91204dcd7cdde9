"""How a head's scores become confidences, and from which confidence on an intent is acted on or asked about."""

import numpy as np
from pydantic import Field

from activities.encoder import Vectors
from policies.frozen import Fact
from policies.intents import Risk


class Calibration(Fact):
    """Found on our own exemplars, each scored by a head fitted without it: `python -m evals.intents --calibrate`.

    The surest intent of a piece is right with probability 1 / (1 + exp(-(base + rise * its score - rival * the
    next))). It is acted on from `named` on, if all intents of its risk together reach that risk's `threshold`: to mix
    up two wishes for money costs less than to see one in a chat. A clause needs `clause` more, and in the scores of a
    sentence or clause its whole message weighs `context`. From `offered` on an intent may be what a question offers.
    """

    base: float = -1.05
    rise: float = 9.4
    rival: float = 7.3
    named: float = 0.35
    clause: float = 0.2
    context: float = 0.45
    offered: float = 0.12
    threshold: dict[Risk, float] = Field(default={Risk.LOW: 0.45, Risk.CHANGE: 0.5, Risk.MONEY: 0.6})

    def confidences(self, scores: Vectors) -> Vectors:
        """Turn scores into confidences, texts × intents; what the first does not have, the others share."""
        if scores.shape[1] < 2:
            return np.clip(scores, 0, 1)
        rows = np.arange(len(scores))
        first = scores.argmax(axis=1)
        ordered = np.sort(scores, axis=1)
        sure = 1 / (1 + np.exp(-(self.base + self.rise * ordered[:, -1] - self.rival * ordered[:, -2])))
        others = np.clip(scores, 0, None)
        others[rows, first] = 0
        shared = others / np.maximum(others.sum(axis=1, keepdims=True), 1e-6) * (1 - sure)[:, None]
        shared = np.minimum(shared, sure[:, None])
        shared[rows, first] = sure
        return np.asarray(shared, dtype=np.float32)
