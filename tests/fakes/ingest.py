"""Doubles for ingests: an embedding by hashes, a judge who knows one phrase, rules that no document has to repeat."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from activities.policy_store import PinPolicy, PolicyStore
from activities.ports import Embedded
from policies.bundle import Bundle
from policies.chunks import Chunk
from policies.facts import Injection
from policies.injection import Screening

ORDERS = "ignore your rules"


async def at_once() -> None:
    """Take no time."""


class HashedEmbedding:
    """Gives every text vectors of its own; `asked` lists the chunks it embedded, in their order."""

    fingerprint = "hashed"

    def __init__(self, before: Callable[[], Awaitable[None]] = at_once) -> None:
        """`before` is awaited in each call, to hold it back."""
        self.asked: list[str] = []
        self.before = before

    def count(self, text: str) -> int:
        return len(text.split())

    async def embed(self, chunks: Sequence[Chunk]) -> Mapping[str, Embedded]:
        await self.before()
        self.asked += [chunk.chunk_id for chunk in chunks]
        return {chunk.chunk_id: _embedded(chunk) for chunk in chunks}


class PhraseJudge:
    """Takes one phrase for an attack, and nothing else."""

    async def screen(self, texts: Sequence[str]) -> Sequence[Screening]:
        return [
            Screening(verdict=Injection.REFUSE if ORDERS in text.casefold() else Injection.ALLOW, score=0.5)
            for text in texts
        ]


class RulesUnwritten(PolicyStore):
    """The shipped rules without return windows, which every release would have to put into words."""

    async def pin_policy(self, ask: PinPolicy) -> Bundle:
        bundle = await super().pin_policy(ask)
        return bundle.model_copy(update={"rules": bundle.rules.model_copy(update={"returns": ()})})


def _embedded(chunk: Chunk) -> Embedded:
    seed = int.from_bytes(hashlib.blake2b(chunk.indexed.encode(), digest_size=8).digest())
    vector = np.random.default_rng(seed).standard_normal((1, 384)).astype(np.float32)
    tokens = np.full((3, 128), seed % 100, dtype=np.int8)
    return Embedded(vectors=vector / np.linalg.norm(vector), tokens=tokens)
