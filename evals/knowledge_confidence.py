"""Fit the confidence of retrieval to one half of the shipped questions: `python -m evals.knowledge_confidence`.

They are put to the shipped documents, and to the same without what their authors say they are asked: the documents of
a shop that writes no such lines are judged by the same curve.
"""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it ships no types

from activities.embedding import Embedder
from evals.knowledge import Asked, ask_all
from evals.knowledge_sets import DOCUMENTS, QUESTIONS, Corpus, name_of, read_documents, read_queries
from policies.ranking import CURVE, values
from policies.retrieval import RetrievalRules
from workers.knowledge import standing_embedder
from workers.settings import read_settings

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
NAMES = [name for name in vars(CURVE) if name != "bias"]


def main() -> None:
    """Print what `Curve` should hold, and what each threshold refuses in either half."""
    embedder = standing_embedder(read_settings())
    written = read_documents(DOCUMENTS, embedder.count)
    corpora = {"as written": written, "without what is asked": _bare(written)}
    found = {name: _ask(corpus, embedder) for name, corpus in corpora.items()}
    rows, answerable = _read([each for asked in found.values() for each in asked if each.query.half == "fit"])
    spread = rows.std(axis=0) + 1e-9
    model = LogisticRegression().fit(rows / spread, answerable)
    print(", ".join(f"{name}: {weight:.2f}" for name, weight in zip(NAMES, model.coef_[0] / spread, strict=True)))
    print(f"bias: {model.intercept_[0]:.2f}; a search answers from {RetrievalRules().enough}")
    for name, asked in found.items():
        for half in ("fit", "check"):
            rows, answerable = _read([each for each in asked if each.query.half == half])
            sure = model.predict_proba(rows / spread)[:, 1]
            for level in THRESHOLDS:
                refused, lost = (sure[~answerable] < level).sum(), (sure[answerable] < level).sum()
                print(
                    f"{name}, {half}: at {level} refuses {refused} of {(~answerable).sum()} unanswerable, "
                    f"{lost} of {answerable.sum()} answerable"
                )


def _bare(corpus: Corpus) -> Corpus:
    return {
        tenant: [chunk.model_copy(update={"asked": ()}).sealed(tenant) for chunk in chunks]
        for tenant, chunks in corpus.items()
    }


def _ask(corpus: Corpus, embedder: Embedder) -> list[Asked]:
    known = {name_of(chunk) for chunks in corpus.values() for chunk in chunks}
    found = asyncio.run(ask_all(corpus, read_queries(QUESTIONS, known), embedder, name_of))
    return [each for each in found if each.trace.signs]


def _read(found: Sequence[Asked]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    signs = [[values(each.trace.signs)[name] for name in NAMES] for each in found if each.trace.signs]
    return np.array(signs), np.array([bool(each.query.relevant) for each in found])


if __name__ == "__main__":
    main()
