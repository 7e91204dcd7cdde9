"""A sentence model as a packed ONNX graph: how it is run, checked, and kept in a folder for the next start."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
log = structlog.get_logger(__name__)

# Said to every graph before it is used: plain, marked, accented, and longer than any model of this kind reads.
PROBES = (
    "where is my parcel",
    "Please cancel order #12 and refund €8.50!",
    "Grüße, ça va? यह नहीं आया",
    "the lamp that came yesterday is broken, " * 60,
)
AGREES = 0.98
TOKENS_OF_A_RUN = 256
BUILT_BY = ("onnxruntime", "torch", "transformers", "sentence-transformers", "tokenizers")
HASHED = (".json", ".txt", ".safetensors", ".bin")
# A graph of another layout must not be found under an old name.
LAYOUT = "2"


class Read(NamedTuple):
    """What a model makes of texts and of each token in them.

    `rows`: float32, texts × dimensions, of length 1. For each text, without the marks a tokenizer sets around it:
    `states`, float32, tokens × dimensions, as the last layer has them, and `pieces`, the ids of these tokens.
    """

    rows: Vectors
    states: list[Vectors]
    pieces: list[NDArray[np.int64]]


class OnnxModel:
    """A packed graph with its tokenizer; needs neither torch nor sentence-transformers."""

    def __init__(self, graph: bytes, tokenizer: Path, threads: int) -> None:
        """Load and check a graph; raises ValueError when it does not say what its model said."""
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # A thread that waits by spinning takes the core the other one needs: on a busy machine twice as slow.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            said = self._session.get_modelmeta().custom_metadata_map
            promised, longest = np.array(json.loads(said["promised"]), np.float32), int(json.loads(said["longest"]))
        except Exception as error:
            # onnxruntime's errors have no class in common.
            raise ValueError(f"the graph does not load: {error}") from error
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._uncut = Tokenizer.from_str(self._tokenizer.to_str())
        self._uncut.no_truncation()
        self._tokenizer.enable_truncation(longest)
        self.longest = longest - self._tokenizer.num_special_tokens_to_add(False)
        self.dimensions = int(promised.shape[1])
        likeness = (self.encode(PROBES) * promised).sum(axis=1)
        if not likeness.min() >= AGREES:
            raise ValueError(f"the graph agrees with its model to {likeness.min():.3f} only")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, as many of them in one run as make up 256 tokens: one row of length 1 for each."""
        read = [encoded.ids for encoded in self._tokenizer.encode_batch_fast(list(texts))]
        rows = [self._session.run(["rows"], _packed(run))[0] for run in _runs(read)]
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), dtype=np.float32)

    def read(self, texts: Sequence[str]) -> Read:
        """Embed texts and their tokens; the rows are those of `encode`."""
        cut = self._tokenizer.encode_batch_fast(list(texts))
        found = [self._session.run(["rows", "states"], _packed(run)) for run in _runs([each.ids for each in cut])]
        rows, states = (np.concatenate(each) for each in zip(*found, strict=True))
        ends = np.cumsum([len(each.ids) for each in cut])[:-1]
        return without_marks(
            rows, np.split(states, ends), [each.ids for each in cut], [each.special_tokens_mask for each in cut]
        )

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut texts into tokens, without the marks around them, however long they are: their ids."""
        return [each.ids for each in self._uncut.encode_batch_fast(list(texts), add_special_tokens=False)]

    def vocabulary(self) -> dict[str, int]:
        return dict(self._tokenizer.get_vocab())


def name(model: Path) -> str:
    """Name the graph of a model folder: the same name means the same weights, read by the same libraries."""
    made_of = "\n".join([*(f"{library} {version(library)}" for library in BUILT_BY), weights(model)])
    return f"{LAYOUT}-{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.onnx"


def weights(model: Path) -> str:
    """Hash what a model folder holds: its weights, its words and its settings."""
    found = hashlib.sha256()
    for path in sorted(model.rglob("*")):
        if path.suffix in HASHED and path.is_file():
            found.update(f"{path.relative_to(model)} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:32]


def take(path: Path, tokenizer: Path, threads: int) -> OnnxModel | None:
    """Load a kept graph; None when there is none, or one that is torn."""
    try:
        return OnnxModel(path.read_bytes(), tokenizer, threads)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("encoder.graph_unusable", path=str(path), reason=str(error)[:300])
        return None


def keep(path: Path, graph: bytes) -> None:
    """Write a graph whole or not at all, whoever else writes it now; a folder that cannot be written is no error."""
    scratch = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=".part", delete=False) as file:
            scratch = Path(file.name)
            file.write(graph)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        log.warning("encoder.graph_not_kept", path=str(path), reason=str(error))


def without_marks(
    rows: Vectors, states: Sequence[Vectors], pieces: Sequence[Sequence[int]], marks: Sequence[Sequence[int]]
) -> Read:
    """Drop the tokens of each text that its `marks` flag."""
    words = [np.array(mask, dtype=bool) ^ True for mask in marks]
    return Read(
        rows=rows,
        states=[state[word] for state, word in zip(states, words, strict=True)],
        pieces=[np.array(ids, dtype=np.int64)[word] for ids, word in zip(pieces, words, strict=True)],
    )


def _runs(read: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Share out texts in their order; a text longer than a run goes alone."""
    starts, count = [0], 0
    for at, tokens in enumerate(read):
        if at > starts[-1] and count + len(tokens) > TOKENS_OF_A_RUN:
            starts.append(at)
            count = 0
        count += len(tokens)
    return (read[start:end] for start, end in pairwise([*starts, len(read)]) if end > start)


def _packed(texts: Sequence[Sequence[int]]) -> dict[str, NDArray[np.generic]]:
    sizes = [len(tokens) for tokens in texts]
    share = np.zeros((len(texts), sum(sizes)), dtype=np.float32)
    at = 0
    for row, size in enumerate(sizes):
        share[row, at : at + size] = 1 / size
        at += size
    tokens = np.array([token for text in texts for token in text], dtype=np.int64)
    positions = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])
    return {"tokens": tokens, "positions": positions, "share": share}
