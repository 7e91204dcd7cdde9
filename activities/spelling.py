"""How alike two texts are spelt: what an English model of meaning misses in typos and in other languages."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # has no stubs
from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]  # has no stubs
from sklearn.preprocessing import normalize  # type: ignore[import-untyped]  # has no stubs

SHORTEST, LONGEST = 2, 5
BUCKETS = 2**18


class Spelling:
    """Cosine over hashed runs of 2 to 5 characters within words, weighted by how rare they are among `known`."""

    def __init__(self, known: Sequence[str]) -> None:
        self._runs = HashingVectorizer(
            analyzer="char_wb", ngram_range=(SHORTEST, LONGEST), n_features=BUCKETS, alternate_sign=False, binary=True,
            norm=None, dtype=np.float32,
        )  # fmt: skip
        counted = self._runs.transform(known).tocsr()
        often = np.bincount(counted.indices, minlength=BUCKETS)
        self._weight = np.log((1 + len(known)) / (1 + often)).astype(np.float32)
        self._known = self._weighted(counted).T.tocsr()

    def likeness(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Compare texts with the known ones: texts × known, 0..1."""
        return self._dense(self._weighted(self._runs.transform(texts).tocsr()))

    def among_known(self) -> NDArray[np.float32]:
        """Compare the known texts with each other."""
        return self._dense(self._known.T.tocsr())

    def _weighted(self, rows: csr_matrix) -> csr_matrix:
        rows.data *= self._weight[rows.indices]
        return normalize(rows, copy=False)

    def _dense(self, rows: csr_matrix) -> NDArray[np.float32]:
        return np.asarray((rows @ self._known).toarray(), dtype=np.float32)
