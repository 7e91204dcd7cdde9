"""Read one file into a staged release: parse, cut, screen, embed what is new, put."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import structlog

from activities.errors import Rejected
from activities.ingest_steps import LARGEST_FILE
from activities.parsers.apart import ParserApart
from activities.ports import Embedded, KnowledgeStore
from policies.chunking import cut
from policies.chunks import Chunk
from policies.documents import Parsed, Unreadable
from policies.facts import Injection
from policies.injection import Screening
from policies.releases import Change, Finding

# Three at a time are screened whole, see Screen.cut; a search that comes meanwhile waits for no more than these.
AT_ONCE = 3
PATIENCE_SECONDS = 300.0
log = structlog.get_logger(__name__)


class Embedding(Protocol):
    """Whoever embeds; see `activities/embedding.py`."""

    fingerprint: str

    def count(self, text: str) -> int: ...
    async def embed(self, chunks: Sequence[Chunk]) -> Mapping[str, Embedded]: ...


class Judge(Protocol):
    """Whoever screens; see `activities/screening.py`."""

    async def screen(self, texts: Sequence[str]) -> Sequence[Screening]: ...


class Source(NamedTuple):
    """A file as it was uploaded; `beside` is the YAML file that describes it."""

    name: str
    data: bytes
    beside: bytes | None


class FileRead(NamedTuple):
    change: Change
    findings: tuple[Finding, ...]


class FileReader:
    """Puts the chunks of files into releases; the same file read again changes nothing."""

    def __init__(
        self, store: KnowledgeStore, embedding: Embedding, judge: Judge, patience: float = PATIENCE_SECONDS
    ) -> None:
        """`patience`: seconds after which a file that is still being parsed, or cut, is given up."""
        self._store = store
        self._embedding = embedding
        self._judge = judge
        self._patience = patience
        self._parser = ParserApart(patience)

    async def read(self, tenant: str, release: str, source: Source) -> FileRead:
        """Make the file's sections part of the release; one that cannot be read has none, and a finding."""
        try:
            parsed, chunks = await self._cut(tenant, release, source)
        except Unreadable as unreadable:
            return await self.skip(tenant, release, source.name, unreadable.finding)
        held = await self._store.held(tenant, [chunk.chunk_id for chunk in chunks])
        # What some release holds was screened when it was new.
        orders = await self._orders(source.name, [chunk for chunk in chunks if chunk.chunk_id not in held])
        kept = [chunk for chunk in chunks if chunk.section not in orders]
        embedded = await self._embed([chunk for chunk in kept if chunk.chunk_id not in held])
        change = await self._store.put(tenant, release, source.name, kept, embedded)
        return FileRead(change, (*parsed.findings, *orders.values()))

    async def skip(self, tenant: str, release: str, name: str, finding: Finding) -> FileRead:
        """Leave a file out of the release, with what an earlier reading put there."""
        return FileRead(await self._store.put(tenant, release, name, (), {}), (finding,))

    async def _cut(self, tenant: str, release: str, source: Source) -> tuple[Parsed, tuple[Chunk, ...]]:
        try:
            parsed = await self._parser.parse(source.name, source.data, source.beside, release)
            async with asyncio.timeout(self._patience):
                return parsed, await asyncio.to_thread(cut, parsed, tenant, self._embedding.count)
        except Unreadable:
            raise
        except TimeoutError:
            why = f"reading it takes more than {self._patience:.0f} seconds: split it, or convert it to Markdown"
        except Exception as error:
            # Strangers' files hold what nobody has thought of, and one of them must not keep out all others.
            log.warning("ingest.file_not_read", tenant=tenant, source=source.name, error=type(error).__name__)
            why = f"reading it failed with {type(error).__name__}: save it anew, or convert it to Markdown"
        raise Unreadable(Finding(kind="unreadable", source=source.name, says=why))

    async def _orders(self, name: str, chunks: Sequence[Chunk]) -> dict[str, Finding]:
        """Find the sections that read like instructions to the machine, by their id."""
        found: dict[str, Finding] = {}
        for at in range(0, len(chunks), AT_ONCE):
            some = chunks[at : at + AT_ONCE]
            for chunk, screening in zip(some, await self._judge.screen([each.told for each in some]), strict=True):
                if screening.verdict is not Injection.ALLOW:
                    found.setdefault(chunk.section, _instructions(name, chunk))
        return found

    async def _embed(self, chunks: Sequence[Chunk]) -> dict[str, Embedded]:
        embedded: dict[str, Embedded] = {}
        for at in range(0, len(chunks), AT_ONCE):
            embedded |= await self._embedding.embed(chunks[at : at + AT_ONCE])
        return embedded


def too_large(name: str) -> Finding:
    says = f"it has more than {LARGEST_FILE // 10**6} MB and was not read: split it, or leave its images out"
    return Finding(kind="too_large", source=name, says=says)


def refused(name: str, refusal: Rejected) -> Finding:
    """Say of a file that could not be fetched what the folder of uploads said."""
    if refusal.reason == "too_large":
        return too_large(name)
    return Finding(kind="unreadable", source=name, says=refusal.message)


def _instructions(name: str, chunk: Chunk) -> Finding:
    return Finding(
        kind="instructions",
        source=name,
        where=chunk.heading,
        says="this section reads like instructions to the assistant and was left out: word it as a rule for customers",
    )
