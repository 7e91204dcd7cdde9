"""How alike two texts are spelt: what an English model of meaning misses in typos and in other languages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # has no stubs

RUNS = (2, 5)
BUCKETS = 2**18


class Spelling:
    """Cosine over hashed runs of 2 to 5 characters within words, weighted by how rare they are among `known`."""

    def __init__(self, known: Sequence[str]) -> None:
        # scikit-learn takes half a second to import, and workflows import this room's contracts.
        from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]  # has no stubs

        self._runs = HashingVectorizer(
            analyzer="char_wb", ngram_range=RUNS, n_features=BUCKETS, alternate_sign=False, binary=True,
            norm=None, dtype=np.float32,
        )  # fmt: skip
        counted = self._runs.transform(known).tocsr()
        often = np.bincount(counted.indices, minlength=BUCKETS)
        self._weight = np.log((1 + len(known)) / (1 + often)).astype(np.float32)
        self._known = self._weighted(counted).T.tocsr()

    def likeness(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Compare texts with the known ones: texts × known, 0..1."""
        rows = self._weighted(self._runs.transform(texts).tocsr())
        return np.stack([self._row(rows, at) for at in range(rows.shape[0])])

    def among_known(self) -> NDArray[np.float32]:
        """Compare the known texts with each other."""
        return np.asarray((self._known.T.tocsr() @ self._known).toarray(), dtype=np.float32)

    def _row(self, rows: "csr_matrix", at: int) -> NDArray[np.float32]:
        """Add up the known texts of each run: for a short message faster than the product of two matrices."""
        known, begin, end = self._known, rows.indptr[at], rows.indptr[at + 1]
        spans = [(known.indptr[run], known.indptr[run + 1]) for run in rows.indices[begin:end]]
        if not spans:
            return np.zeros(known.shape[1], dtype=np.float32)
        where = np.concatenate([known.indices[first:last] for first, last in spans])
        shared = np.concatenate(
            [known.data[first:last] * weight for (first, last), weight in zip(spans, rows.data[begin:end], strict=True)]
        )
        return np.bincount(where, weights=shared, minlength=known.shape[1]).astype(np.float32)

    def _weighted(self, rows: "csr_matrix") -> "csr_matrix":
        """Weigh each run and bring every text to length 1."""
        rows.data = self._weight[rows.indices]
        sizes = np.diff(rows.indptr)
        whose = np.repeat(np.arange(rows.shape[0]), sizes)
        lengths = np.sqrt(np.bincount(whose, weights=rows.data**2, minlength=rows.shape[0]))
        rows.data = (rows.data / lengths[whose]).astype(np.float32)
        return rows
