"""What an index holds: pieces of a document's sections, each with where, when and for whom it is in force."""

import hashlib
from datetime import date
from typing import Literal

from policies.clauses import EVERYWHERE, Clause
from policies.frozen import Fact

HEADING_STEP = " › "
# From when a document holds that does not say so.
SINCE_EVER = date(1970, 1, 1)
Volatility = Literal["stable", "seasonal", "volatile"]


class Chunk(Fact):
    """A whole section, or one of the `parts` of a long one, in force from `effective_from` to `effective_to` inclusive.

    `version` is the policy version the document gives itself; `section` is the clause's id, unique in its document.
    The first `repeats` characters of `text` stand in the part before as well. `asked`: questions in customers' words
    that its author says it answers. `codes` are canonical, see `policies/terms.py`. `region`, `category` and `tier` are
    "*" where the section holds for all of them.
    """

    chunk_id: str = ""
    document: str
    title: str
    version: str
    section: str
    heading: str
    text: str
    part: int = 0
    parts: int = 1
    repeats: int = 0
    asked: tuple[str, ...] = ()
    region: str = EVERYWHERE
    language: str = "en"
    category: str = EVERYWHERE
    tier: str = EVERYWHERE
    effective_from: date
    effective_to: date | None = None
    volatility: Volatility = "stable"
    source: str
    page: int | None = None
    codes: tuple[str, ...] = ()
    disputed: bool = False

    @property
    def told(self) -> str:
        """The text that people and models may get to see; a section's heading says what it is about."""
        return f"{self.heading}\n{self.text}"

    @property
    def indexed(self) -> str:
        """The text that is searched."""
        return "\n".join((self.told, *self.asked))

    def sealed(self, tenant: str) -> "Chunk":
        """Give the chunk its id, a hash of the tenant and of everything else it holds but `disputed`."""
        said = self.model_dump_json(exclude={"chunk_id", "disputed"})
        return self.model_copy(
            update={"chunk_id": hashlib.blake2b(f"{tenant}\0{said}".encode(), digest_size=16).hexdigest()}
        )

    def holds_on(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def whole(parts: list[Chunk]) -> str:
    """Join the parts of one section, in their order, saying nothing twice."""
    return parts[0].text + "".join(part.text[part.repeats :] for part in parts[1:])


def clause_of(chunk: Chunk, text: str, score: float) -> Clause:
    """Show a chunk as the clause it stands in; `text` is its section's."""
    return Clause(
        clause_id=chunk.section,
        title=chunk.heading.rpartition(HEADING_STEP)[2],
        text=text,
        document=chunk.document,
        version=chunk.version,
        effective_from="" if chunk.effective_from == SINCE_EVER else chunk.effective_from.isoformat(),
        effective_to=chunk.effective_to.isoformat() if chunk.effective_to else "",
        region=chunk.region,
        language=chunk.language,
        chunk_id=chunk.chunk_id,
        source=chunk.source,
        disputed=chunk.disputed,
        score=round(score, 4),
    )
