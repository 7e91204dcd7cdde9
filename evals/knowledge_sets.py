"""Corpora and questions: JSON Lines that strangers wrote, and the documents and questions that are shipped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.parsers.files import parse
from policies.chunking import cut
from policies.chunks import Chunk, Volatility
from policies.clauses import EVERYWHERE
from policies.releases import NAME
from policies.terms import codes_of

DOCUMENTS = Path(__file__).parent.parent / "policies" / "documents"
QUESTIONS = Path(__file__).parent / "knowledge_questions.jsonl"
ONE_TENANT = "corpus"


class BadLine(ValueError):
    """A line of a set that cannot be used: file, line number and reason, without the line itself."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadata(_Row):
    """What a passage may say of itself; see `About` in policies/documents.py and `Chunk`."""

    tenant: str = Field(default=ONE_TENANT, pattern=rf"^{NAME}$")
    document: str = ""
    title: str = ""
    heading: str = ""
    version: str = "1"
    region: str = EVERYWHERE
    language: str = "en"
    category: str = EVERYWHERE
    tier: str = EVERYWHERE
    effective_from: date = date(1970, 1, 1)
    effective_to: date | None = None
    volatility: Volatility = "stable"
    source: str = ""


class Passage(_Row):
    """A line of a corpus; a passage is one chunk, and longer ones are read in windows."""

    id: str = Field(min_length=1)
    text: str
    metadata: Metadata = Metadata()


class Query(_Row):
    """A question and the ids of what answers it; none where nothing in the corpus does.

    `relevant` of shipped questions are "<document>#<section>@<version>". `says` is what an answer has to contain;
    confidence is fitted to the half "fit" and not to the other.
    """

    qid: str
    query: str
    relevant: tuple[str, ...] = ()
    tenant: str = ONE_TENANT
    region: str = EVERYWHERE
    tier: str = "standard"
    language: str = "en"
    on: date = Field(default_factory=date.today)
    category: str | None = None
    kind: str = ""
    half: str = ""
    says: str = ""


Row = TypeVar("Row", bound=_Row)
Corpus = Mapping[str, Sequence[Chunk]]


def read_corpus(path: Path) -> Corpus:
    """Read passages by tenant; raises BadLine, also for an id that comes twice."""
    rows = list(_rows(path, Passage))
    seen: dict[str, int] = {}
    for number, row in rows:
        if row.id in seen:
            raise BadLine(f"{path}, line {number}: id {row.id[:80]!r} stands in line {seen[row.id]} already")
        seen[row.id] = number
    return _by_tenant((row.metadata.tenant, _chunk(row)) for _, row in rows)


def read_queries(path: Path, known: set[str]) -> list[Query]:
    """Read questions; raises BadLine, also where one names a passage that is not `known`."""
    rows = list(_rows(path, Query))
    for number, row in rows:
        if strange := [each for each in row.relevant if each not in known]:
            raise BadLine(f"{path}, line {number}: relevant names {strange[0][:80]!r}, which the corpus does not have")
    return [row for _, row in rows]


def read_documents(folder: Path, count: Callable[[str], int]) -> Corpus:
    """Read and cut `<tenant>/*.md`; raises Unreadable for a file that is none."""
    paths = sorted(folder.glob("*/*.md"))
    return _by_tenant(
        (path.parent.name, chunk)
        for path in paths
        for chunk in cut(parse(path.name, path.read_bytes(), None, "1"), path.parent.name, count)
    )


def name_of(chunk: Chunk) -> str:
    """How a shipped question names the section that answers it."""
    return f"{chunk.document}#{chunk.section}@{chunk.version}"


def _rows(path: Path, kind: type[Row]) -> Iterator[tuple[int, Row]]:
    # Rows hold U+2028 and its kin, at which `str.splitlines` would tear them apart.
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield number, kind.model_validate_json(line)
            except ValidationError as error:
                fault = error.errors(include_input=False)[0]
                where = ".".join(map(str, fault["loc"]))
                raise BadLine(f"{path}, line {number}: {where + ': ' if where else ''}{fault['msg']}") from None


def _by_tenant(pairs: Iterator[tuple[str, Chunk]]) -> Corpus:
    corpus: dict[str, list[Chunk]] = {}
    for tenant, chunk in pairs:
        corpus.setdefault(tenant, []).append(chunk)
    return corpus


def _chunk(row: Passage) -> Chunk:
    about = row.metadata
    heading = about.heading or about.title
    return Chunk(
        **about.model_dump(exclude={"tenant", "document", "heading", "source"}),
        document=about.document or row.id,
        section=row.id,
        heading=heading,
        text=row.text,
        source=about.source or row.id,
        codes=codes_of(f"{heading}\n{row.text}"),
    ).sealed(about.tenant)
