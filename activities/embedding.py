"""Embed passages and questions for the index: vectors to find them by, and token vectors to rank them by."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from activities.encoder import Encoder, Vectors
from activities.late_interaction import LAYOUT, Lens, Tokens
from activities.ports import Asked, Embedded
from policies.chunks import HEADING_STEP, Chunk
from policies.rewriting import rewrite

# A question waits for the windows being read, so few are read at a time; more at once are no faster, see onnx_model.py.
TOKENS_AT_ONCE = 256
LONGEST_HEADING = 200
TOKENS_OF_A_QUESTION = 16
# A section's own heading is a part of each of its vectors: short questions read like headings.
HEADING_SHARE = 0.3
# Scripts without blanks are cut wherever it falls.
WORD = re.compile(r"\S{1,30}\s*")


@dataclass(frozen=True)
class Question(Asked):
    """A question with what late interaction compares. `own`: codes of orders, which no policy is expected to hold.

    `tokens`: float32, tokens × small dimensions, as the lens sees them; `weights`: how telling each is. `matter`: about
    -1 for idle talk, 1 for a matter of an order. `foreign`: in a language that the model hardly reads.
    """

    own: frozenset[str]
    matter: float
    foreign: bool
    tokens: Vectors
    weights: Vectors


class Embedder:
    """Reads passages in windows no longer than the model's own, off the event loop."""

    def __init__(self, encoder: Encoder, lens: Lens) -> None:
        self._encoder = encoder
        self._lens = lens
        self.fingerprint = f"{encoder.weights}-{LAYOUT}"

    def count(self, text: str) -> int:
        """Count the tokens the model cuts a text into."""
        return len(self._encoder.pieces([text])[0])

    async def ask(self, query: str, language: str) -> Question:
        """Rewrite and embed a question; one without a word to search for has no terms and no codes."""
        asked = rewrite(query, language)
        # A question of codes alone means nothing to the model, and is asked of the index all the same.
        read = await self._encoder.batcher.read(asked.meanings or ("",))
        weights = [self._lens.rarity[pieces] for pieces in read.pieces]
        return Question(
            terms=asked.terms,
            codes=asked.codes,
            vector=_unit(read.rows.sum(axis=0)),
            own=asked.own,
            matter=float(np.append(read.rows[0], 1) @ self._lens.matters),
            foreign=not language.startswith("en"),
            tokens=self._lens.see(np.concatenate(read.states)),
            weights=np.concatenate([each / max(each.sum(), 1e-9) for each in weights]),
        )

    async def embed(self, chunks: Sequence[Chunk]) -> dict[str, Embedded]:
        """Embed passages, by the id of their chunk; some 5,000 tokens a second on two busy cores."""
        cut = await asyncio.to_thread(lambda: [self._windows(chunk) for chunk in chunks])
        read = [each async for each in self._read([window for windows in cut for window in windows])]
        found, at = {}, 0
        for chunk, windows in zip(chunks, cut, strict=True):
            heading, *parts = read[at : at + len(windows)]
            at += len(windows)
            own = len(parts) - len(chunk.asked)
            rows = [_unit(row + HEADING_SHARE * heading[0]) for row, _ in parts[:own]]
            found[chunk.chunk_id] = Embedded(
                vectors=np.stack([*rows, *(row for row, _ in parts[own:])]),
                tokens=np.concatenate([tokens for _, tokens in parts]),
            )
        return found

    async def _read(self, windows: Sequence["_Window"]) -> AsyncIterator[tuple[Vectors, Tokens]]:
        """Give each window's vector and, where it is not a passage's first, its tokens without those of the heading."""
        for group in _groups(windows):
            read = await self._encoder.batcher.read([window.text for window in group])
            for window, row, states, pieces in zip(group, *read, strict=True):
                yield row, self._lens.pack(states[window.repeats :], pieces[window.repeats :])

    def _windows(self, chunk: Chunk) -> list["_Window"]:
        """Give a passage's own heading, windows of about equal length, read whole after it, and what it is asked."""
        heading = f"{chunk.heading[-LONGEST_HEADING:]}\n"
        words = WORD.findall(chunk.text) or [""]
        repeats, *sizes = map(len, self._encoder.pieces([heading, *words]))
        room = self._encoder.longest - repeats
        count = math.ceil(sum(sizes) / max(room - max(sizes), room // 2, 1)) or 1
        texts = [""] * count
        before = 0
        for word, size in zip(words, sizes, strict=True):
            texts[before * count // (sum(sizes) or 1)] += word
            before += size
        size = repeats + sum(sizes) // count
        windows = [_Window(heading + text, repeats if at else 0, size) for at, text in enumerate(texts)]
        asked = [_Window(question, 0, TOKENS_OF_A_QUESTION) for question in chunk.asked]
        return [_Window(chunk.heading.rpartition(HEADING_STEP)[2][-LONGEST_HEADING:], 0, repeats), *windows, *asked]


class _Window(NamedTuple):
    """A text to read; its first `repeats` tokens stand in another window too. `size`: about how many it has."""

    text: str
    repeats: int
    size: int


def _groups(windows: Sequence[_Window]) -> Iterator[list[_Window]]:
    group: list[_Window] = []
    for window in windows:
        if group and sum(each.size for each in group) + window.size > TOKENS_AT_ONCE:
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def _unit(row: Vectors) -> Vectors:
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), dtype=np.float32)
