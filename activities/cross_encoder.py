"""Judge passages by a cross-encoder, where an operator has one: it reads question and passage together."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Reranker(Protocol):
    """Whoever reads a question and a passage together; scores of one call can be compared, the higher the better."""

    async def judge(self, query: str, passages: Sequence[str]) -> Sequence[float]: ...


class LocalCrossEncoder:
    """A sentence-transformers cross-encoder in a folder. 20 pairs take some 170 ms on two cores."""

    def __init__(self, folder: Path) -> None:
        """Load the model, downloading nothing; raises OSError when the folder holds none."""
        # torch takes seconds to import, and most stacks have no cross-encoder.
        from sentence_transformers import CrossEncoder

        if not folder.is_dir():
            raise OSError(f"{folder}: no folder of a cross-encoder")
        self._model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
        self._one_at_a_time = asyncio.Lock()

    async def judge(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        pairs = [(query, passage) for passage in passages]
        async with self._one_at_a_time:
            scores = await asyncio.to_thread(self._model.predict, pairs, show_progress_bar=False)
        return [float(score) for score in scores]
