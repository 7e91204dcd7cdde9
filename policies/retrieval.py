"""What a search is asked and how its legs are weighed: the vocabulary of retrieval, and its rules."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from policies.chunks import Chunk
from policies.clauses import EVERYWHERE
from policies.frozen import Fact

Path = Literal["fast", "accurate"]
Leg = Literal["lexical", "dense", "hybrid", "exact"]
# The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009.
DAMPING = 60


class Scope(Fact):
    """For whom and when a clause must hold. `languages` empty and `category` None leave those open."""

    tenant: str
    region: str
    on: date
    tier: str = "standard"
    languages: tuple[str, ...] = ()
    category: str | None = None

    def admits(self, chunk: Chunk) -> bool:
        """Say whether a chunk is in force for whoever asks; every engine filters exactly so."""
        return (
            chunk.holds_on(self.on)
            and chunk.region in (self.region, EVERYWHERE)
            and chunk.tier in (self.tier, EVERYWHERE)
            and (self.category is None or chunk.category in (self.category, EVERYWHERE))
            and (not self.languages or chunk.language in self.languages)
        )


class Hit(Fact):
    """A chunk one leg found; scores of different legs cannot be compared."""

    chunk_id: str
    score: float


class RetrievalRules(Fact):
    """How a tenant's documents are searched: weights measured by `holdfast evals knowledge`.

    `answers`: tell the sentences of a clause that answer, or let a model put them into words.
    """

    weights: Mapping[Leg, float] = {"lexical": 0.5, "dense": 1.0, "hybrid": 1.5, "exact": 2.0}
    pool: int = Field(default=30, ge=1, le=200)
    enough: float = Field(default=0.7, ge=0, le=1)
    answers: Literal["extract", "model"] = "extract"
    accurate_for: tuple[str, ...] = ("return_policy_question", "payment_problem", "product_question")

    def path_for(self, intent: str) -> Path:
        return "accurate" if intent in self.accurate_for else "fast"


class Consulted(Fact):
    """One search as the record shows it: the day it had to hold on, clauses, best first, and how sure it was."""

    on: date
    category: str | None = None
    path: Path
    clauses: tuple[str, ...] = ()
    confidence: float = 0.0


def fuse(legs: Mapping[Leg, Sequence[Hit]], weights: Mapping[Leg, float]) -> list[Hit]:
    """Fuse rankings by weighted reciprocal rank, best first, ties by id."""
    scores: dict[str, float] = {}
    for leg, hits in legs.items():
        for rank, hit in enumerate(hits, 1):
            scores[hit.chunk_id] = scores.get(hit.chunk_id, 0.0) + weights.get(leg, 0.0) / (DAMPING + rank)
    return [
        Hit(chunk_id=chunk_id, score=score)
        for chunk_id, score in sorted(scores.items(), key=lambda kv: (-kv[1], kv[0]))
    ]
