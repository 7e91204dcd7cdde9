"""Fit the confidence of retrieval to one half of the shipped questions: `python -m evals.knowledge_confidence`."""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it ships no types

from evals.knowledge import Asked, ask_shipped
from policies.ranking import values
from policies.retrieval import RetrievalRules
from workers.knowledge import standing_embedder
from workers.settings import read_settings

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)


def main() -> None:
    """Print what `Curve` should hold, and what each threshold refuses in either half."""
    found = [each for each in asyncio.run(ask_shipped(standing_embedder(read_settings()))) if each.trace.signs]
    fitted = [each for each in found if each.query.half == "fit"]
    rows, _ = _read(fitted)
    spread = rows.std(axis=0) + 1e-9
    model = LogisticRegression().fit(rows / spread, _read(fitted)[1])
    names = list(values(found[0].trace.signs)) if found[0].trace.signs else []
    print(", ".join(f"{name}: {weight:.2f}" for name, weight in zip(names, model.coef_[0] / spread, strict=True)))
    print(f"bias: {model.intercept_[0]:.2f}; a search answers from {RetrievalRules().enough}")
    for half in ("fit", "check"):
        rows, answerable = _read([each for each in found if each.query.half == half])
        sure = model.predict_proba(rows / spread)[:, 1]
        for level in THRESHOLDS:
            refused, lost = (sure[~answerable] < level).mean(), (sure[answerable] < level).mean()
            print(f"{half}: at {level} refuses {refused:.1%} of the unanswerable, {lost:.1%} of the answerable")


def _read(found: Sequence[Asked]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    signs = [list(values(each.trace.signs).values()) for each in found if each.trace.signs]
    return np.array(signs), np.array([bool(each.query.relevant) for each in found])


if __name__ == "__main__":
    main()
