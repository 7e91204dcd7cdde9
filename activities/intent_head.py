"""From exemplars to scores: kernel ridge regression over meaning and spelling, solved in one step."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from activities.encoder import Vectors
from activities.kept_vectors import solve_kept
from activities.spelling import BUCKETS, RUNS, Spelling

# How fast likeness of meaning fades, what spelling weighs beside it, and how far an exemplar may be overruled by its
# neighbours; chosen by leaving each exemplar out, see docs/decisions/0016-intent-head.md.
SHARPNESS = 2.0
SPELLING = 0.5
RIDGE = 0.3


class Head:
    """Scores texts against classes: near 1 among exemplars of one class, near 0 far from all of it."""

    def __init__(
        self, texts: Sequence[str], vectors: Vectors, owners: Sequence[int], classes: int, kept: Path | None = None
    ) -> None:
        """Fit exemplars (text, unit row, class), the same way every time; a few seconds for six thousand.

        `kept` is a folder where the solution waits for the next start with the same exemplars.
        """
        self._vectors = vectors
        self._spelling = Spelling(texts)
        wanted = np.eye(classes, dtype=np.float32)[np.asarray(owners)]

        def solve() -> Vectors:
            return _solved(_ridged(vectors, self._spelling.among_known()), wanted)

        chosen = f"{SHARPNESS} {SPELLING} {RIDGE} {RUNS} {BUCKETS}"
        given = "\n".join([chosen, *texts]).encode() + vectors.tobytes() + wanted.tobytes()
        self._weights = solve_kept(solve, given, kept)

    def scores(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        """Score texts with their unit rows: texts × classes."""
        kernel = np.exp(SHARPNESS * (vectors @ self._vectors.T - 1)) + SPELLING * self._spelling.likeness(texts)
        return np.asarray(kernel @ self._weights, dtype=np.float32)


def left_out(texts: Sequence[str], vectors: Vectors, owners: Sequence[int], classes: int) -> Vectors:
    """Score every exemplar by a head fitted without it: exact, from one inverse."""
    wanted = np.eye(classes, dtype=np.float32)[np.asarray(owners)]
    inverse = _solved(_ridged(vectors, Spelling(texts).among_known()), np.eye(len(texts), dtype=np.float32))
    scores = wanted - (inverse @ wanted) / np.diag(inverse)[:, None]
    return np.asarray(scores, dtype=np.float32)


def _solved(kernel: Vectors, wanted: Vectors) -> Vectors:
    # Workflows import this room's contracts, and only a worker without kept weights needs this.
    from scipy.linalg import cho_factor, cho_solve  # type: ignore[import-untyped]  # has no stubs

    factor = cho_factor(kernel, lower=True, overwrite_a=True)
    return np.asarray(cho_solve(factor, wanted), dtype=np.float32)


def _ridged(vectors: Vectors, spelling: Vectors) -> Vectors:
    kernel = np.exp(SHARPNESS * (vectors @ vectors.T - 1)) + SPELLING * spelling
    kernel[np.diag_indices_from(kernel)] += RIDGE
    return np.asarray(kernel, dtype=np.float32)
