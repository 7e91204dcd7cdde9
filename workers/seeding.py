"""The first start: documents that ship for the seed tenants become their first release, without Temporal."""

import asyncio
import fcntl
import hashlib
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from activities.errors import Rejected
from activities.ingest import Ingestion
from activities.ingest_checks import ReleaseDesk
from activities.ingest_reading import Embedding, FileReader, Judge
from activities.ingest_steps import CheckRelease, PublishRelease, ReleaseNamed, Waiting
from activities.policy_store import PolicyStore
from activities.ports import KnowledgeStore
from policies.releases import Finding
from workers.kb_files import find
from workers.kb_kept import Kept

SHIPPED = "shipped-"
log = structlog.get_logger(__name__)


async def seed(
    folder: Path,
    store: KnowledgeStore,
    embedding: Embedding,
    judge: Judge,
    policies: PolicyStore,
    kept: Path,
    lock: Path,
) -> tuple[str, ...]:
    """Make `<folder>/<tenant>/` live for each tenant that has nothing else than an older state of it; returns those.

    What a person has published or rolled back to is left alone. `kept` holds a folder for each tenant with what
    embedding brought, for the next data folder; `lock` is a file that one process at a time holds, and in `seeded`
    beside it is for each tenant what was made live last.
    """
    done = []
    async with _alone(lock):
        for place in _places(folder):
            try:
                mark = lock.with_name("seeded") / place.name
                if await _Seed(place, store, embedding, judge, policies, kept / place.name, mark).plant():
                    done.append(place.name)
            except Rejected as refusal:
                log.error("knowledge.not_seeded", tenant=place.name, reason=refusal.message)
    return tuple(done)


def forget_kept(kept: Path, tenant: str) -> None:
    """Delete what was kept of a tenant's shipped documents."""
    shutil.rmtree(kept / tenant, ignore_errors=True)


class _Seed:
    """One tenant's documents."""

    def __init__(
        self,
        place: Path,
        store: KnowledgeStore,
        embedding: Embedding,
        judge: Judge,
        policies: PolicyStore,
        kept: Path,
        mark: Path,
    ) -> None:
        self._mark = mark
        self._shelf = _Shelf(place)
        self._store = store
        state = hashlib.blake2b(f"{self._shelf.state}{embedding.fingerprint}".encode(), digest_size=4).hexdigest()
        self._named = ReleaseNamed(tenant=place.name, release=f"{SHIPPED}{state}")
        self._kept = Kept(kept / f"{embedding.fingerprint}.npz", embedding, judge)
        self._reading = Ingestion(self._shelf, store, FileReader(store, self._kept, self._kept), policies)
        self._desk = ReleaseDesk(self._shelf, store, policies)

    async def plant(self) -> bool:
        """Ingest and publish, unless that is live already, or what a person published."""
        held = await self._store.releases(self._named.tenant)
        live = next((each.name for each in held if each.state == "live"), None)
        if live == self._named.release:
            self._remember()
            return False
        if live and (not live.startswith(SHIPPED) or self._remembered() == self._named.release):
            # A person published it, or went back to it from these very documents.
            return False
        if any(each.name == self._named.release and each.state == "retired" for each in held):
            # The documents are back in an earlier state.
            await self._store.discard(self._named.tenant, self._named.release)
        plan = await self._reading.plan_ingest(self._named)
        findings: list[Finding] = []
        for batch in plan.batches:
            findings += (await self._reading.read_files(batch)).findings
        now = datetime.now(UTC)
        named = self._named.model_dump()
        checked = await self._desk.check_release(CheckRelease(**named, on=now.date(), digest=plan.digest))
        self._tell([*findings, *checked.findings])
        if not checked.chunks:
            return False
        await self._desk.publish_release(PublishRelease(**named, fingerprint=checked.fingerprint, at=now))
        self._remember()
        await asyncio.to_thread(self._kept.write)
        return True

    def _remembered(self) -> str:
        return self._mark.read_text() if self._mark.exists() else ""

    def _remember(self) -> None:
        self._mark.parent.mkdir(parents=True, exist_ok=True)
        self._mark.write_text(self._named.release)

    def _tell(self, findings: list[Finding]) -> None:
        """Log what speaks against the release; whoever put the documents there has said that they are to be used."""
        for finding in findings:
            say = log.error if finding.stops else log.warning
            say(
                "knowledge.finding",
                tenant=self._named.tenant,
                kind=finding.kind,
                source=finding.source,
                where=finding.where,
                says=finding.says,
            )


class _Shelf:
    """A folder of documents as it was when it was read first; nothing in it is changed."""

    def __init__(self, place: Path) -> None:
        self._files = {file.name: file.path.read_bytes() for file in find(place)}

    @property
    def state(self) -> str:
        """Hash the names and contents of all files."""
        whole = hashlib.sha256()
        for name, data in self._files.items():
            whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
        return whole.hexdigest()

    async def names(self, tenant: str, release: str) -> tuple[Waiting, ...]:
        return tuple(Waiting(name=name, size=len(data)) for name, data in self._files.items())

    async def read(self, tenant: str, release: str, name: str) -> bytes:
        return self._files[name]

    async def note(self, tenant: str, release: str, text: str) -> None: ...
    async def noted(self, tenant: str, release: str) -> str | None: ...
    async def drop(self, tenant: str, release: str, files: Sequence[Waiting]) -> None: ...
    async def drop_note(self, tenant: str, release: str) -> None: ...
    async def clear(self, tenant: str, release: str) -> None: ...
    async def forget(self, tenant: str) -> None: ...


def _places(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


@asynccontextmanager
async def _alone(lock: Path) -> AsyncIterator[None]:
    """Wait until no other process is at it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        await asyncio.to_thread(fcntl.flock, held, fcntl.LOCK_EX)
        yield
