"""The steps of an ingest that read: what waits becomes a staged release, file by file; every step may be repeated."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from pydantic import ValidationError
from temporalio import activity

from activities.errors import Rejected
from activities.heartbeat import beating
from activities.ingest_reading import FileRead, FileReader, Source, refused
from activities.ingest_steps import (
    DUPLICATES_BYTES,
    LARGEST_RELEASE,
    MOST_FILES,
    ClearUploads,
    Duplicate,
    FilesRead,
    KeepReading,
    Noted,
    Plan,
    ReadFiles,
    ReleaseNamed,
    Waiting,
)
from activities.policy_store import PinPolicy, PolicyStore
from activities.ports import KnowledgeStore
from policies.releases import UNREADABLE, Finding, live_lost

# A history stays small with a hundred batches; and a batch that is repeated after a kill should not take minutes.
MOST_BATCHES = 100
BATCH_BYTES = 16_000_000
BESIDE = ".about.yaml"


class UploadFolder(Protocol):
    """Where files wait; see `activities/clients/uploads.py`."""

    async def names(self, tenant: str, release: str) -> tuple[Waiting, ...]: ...
    async def read(self, tenant: str, release: str, name: str) -> bytes: ...
    async def note(self, tenant: str, release: str, text: str) -> None: ...
    async def noted(self, tenant: str, release: str) -> str | None: ...
    async def drop(self, tenant: str, release: str, files: Sequence[Waiting]) -> None: ...
    async def drop_note(self, tenant: str, release: str) -> None: ...
    async def clear(self, tenant: str, release: str) -> None: ...
    async def forget(self, tenant: str) -> None: ...


class Ingestion:
    """Reads what waits for a release into the store."""

    def __init__(self, uploads: UploadFolder, store: KnowledgeStore, reader: FileReader, policies: PolicyStore) -> None:
        self._uploads = uploads
        self._store = store
        self._reader = reader
        self._policies = policies

    @activity.defn
    async def plan_ingest(self, ask: ReleaseNamed) -> Plan:
        """Open the release and report what to read in which batches; Rejected for whom and what cannot be served."""
        await self._refuse_unknown(ask.tenant)
        waiting = await self._uploads.names(ask.tenant, ask.release)
        if not waiting:
            return await self._read_before(ask)
        if len(waiting) > MOST_FILES or sum(each.size for each in waiting) > LARGEST_RELEASE:
            raise Rejected(
                f"a release has at most {MOST_FILES} files and {LARGEST_RELEASE // 10**6} MB", reason="too_large"
            )
        await self._refuse_a_part(ask, waiting)
        await self._store.stage(ask.tenant, ask.release)
        async with pulse():
            duplicates = await self._duplicates(ask, waiting)
        files = documents(waiting)
        return Plan(files=len(files), batches=_batches(ask, files, duplicates), digest=digest_of(waiting))

    @activity.defn
    async def read_files(self, ask: ReadFiles) -> FilesRead:
        """Put some files into the release and report what changed and what could not be read."""
        async with pulse():
            waiting = await self._uploads.names(ask.tenant, ask.release)
            held = {each.name for each in waiting}
            twice = {each.name: each.of for each in ask.duplicates}
            read = []
            for file in documents(waiting):
                if ask.first <= file.name <= ask.last:
                    read.append(await self._read(ask, file.name, twice.get(file.name), held))
        findings = [finding for each in read for finding in (*each.findings, *_lost(each))]
        return FilesRead.of([each.change for each in read], findings, files=len(read))

    @activity.defn
    async def keep_reading(self, ask: KeepReading) -> None:
        """Note what was read beside the staged release, and delete those very files: nobody has to read them again."""
        waiting = await self._uploads.names(ask.tenant, ask.release)
        noted = await self._noted(ask.tenant, ask.release)
        if noted is None or noted.digest != ask.digest:
            refuse_changed(ask.release, waiting, ask.digest)
            noted = Noted(read=ask.read, digest=ask.digest, files={each.name: each.stamp for each in waiting})
            await self._uploads.note(ask.tenant, ask.release, noted.model_dump_json())
        read = [each for each in waiting if noted.files.get(each.name) == each.stamp]
        await self._uploads.drop(ask.tenant, ask.release, read)

    @activity.defn
    async def clear_uploads(self, ask: ClearUploads) -> None:
        """Delete what is noted of a release, and what waits for it if nobody will read that."""
        if ask.unread:
            await self._uploads.clear(ask.tenant, ask.release)
        else:
            await self._uploads.drop_note(ask.tenant, ask.release)

    async def _refuse_unknown(self, tenant: str) -> None:
        try:
            await self._policies.pin_policy(PinPolicy(tenant=tenant))
        except Rejected:
            raise Rejected(
                f"there are no rules for tenant {tenant!r}: name it in rules.yaml first", reason="tenant_unknown"
            ) from None

    async def _refuse_a_part(self, ask: ReleaseNamed, waiting: Sequence[Waiting]) -> None:
        """Refuse to read a staged release anew from a part of its files: the others would silently be gone."""
        noted = await self._noted(ask.tenant, ask.release)
        missing = sorted(noted.files.keys() - {each.name for each in waiting}) if noted else []
        if not noted or not missing:
            return
        held = await self._store.releases(ask.tenant)
        if any((each.name, each.state) == (ask.release, "staged") for each in held):
            raise Rejected(
                f"release {ask.release} was read from {len(noted.files)} files, and {len(missing)} of them do not wait "
                f"any more: {', '.join(missing[:3])[:200]} … Upload all files of the release, or first delete what "
                "was uploaded for it, to begin anew",
                reason="files_missing",
            )

    async def _noted(self, tenant: str, release: str) -> Noted | None:
        text = await self._uploads.noted(tenant, release)
        try:
            return Noted.model_validate_json(text) if text else None
        except ValidationError:
            # Damaged, or of another time: as if the release was not read to its end.
            return None

    async def _read_before(self, ask: ReleaseNamed) -> Plan:
        """Plan for a release that was staged earlier, of which nothing new waits."""
        held = {release.name: release.state for release in await self._store.releases(ask.tenant)}
        noted = await self._noted(ask.tenant, ask.release)
        if held.get(ask.release) == "staged" and noted is not None:
            return Plan(files=0, batches=(), read=noted.read)
        why = {
            None: "nothing was uploaded for it",
            "staged": "it was not read to its end: ingest its files again",
            "live": "it is live already",
            "retired": "it was live before: roll back to it, or ingest its files under a new name",
        }[held.get(ask.release)]
        raise Rejected(f"release {ask.release} of {ask.tenant}: {why}", reason="nothing_to_publish")

    async def _duplicates(self, ask: ReleaseNamed, waiting: Sequence[Waiting]) -> Mapping[str, Duplicate]:
        """Find files with the bytes, and the metadata beside them, of one that comes first."""
        held = {each.name for each in waiting}
        first: dict[str, str] = {}
        found: dict[str, Duplicate] = {}
        for file in documents(waiting):
            try:
                source = await self._fetch(ask.tenant, ask.release, file.name, held)
            except Rejected:
                continue
            content = await asyncio.to_thread(_hash, source)
            of = first.setdefault(content, file.name)
            if of != file.name:
                found[file.name] = Duplicate(name=file.name, of=of)
        if sum(len(each.model_dump_json().encode()) for each in found.values()) > DUPLICATES_BYTES:
            raise Rejected(
                f"{len(found)} of the files are copies of others: upload each content once",
                reason="too_many_duplicates",
            )
        return found

    async def _read(self, ask: ReadFiles, name: str, of: str | None, held: set[str]) -> FileRead:
        if of:
            says = f"it has the same content as {of}, which was read: delete one of the two"
            finding = Finding(kind="duplicate_document", source=name, where=of, says=says)
            return await self._reader.skip(ask.tenant, ask.release, name, finding)
        try:
            source = await self._fetch(ask.tenant, ask.release, name, held)
        except Rejected as refusal:
            return await self._reader.skip(ask.tenant, ask.release, name, refused(name, refusal))
        return await self._reader.read(ask.tenant, ask.release, source)

    async def _fetch(self, tenant: str, release: str, name: str, held: set[str]) -> Source:
        data = await self._uploads.read(tenant, release, name)
        beside = beside_of(name)
        return Source(name, data, await self._uploads.read(tenant, release, beside) if beside in held else None)


def beside_of(name: str) -> str:
    """Name the file that describes another, see `activities/parsers/metadata.py`."""
    return f"{name}{BESIDE}"


def documents(waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """Leave out the files that only describe others."""
    describing = {beside_of(each.name) for each in waiting}
    return tuple(each for each in waiting if each.name not in describing)


def digest_of(waiting: Sequence[Waiting]) -> str:
    """Hash names, sizes and stamps, to notice files that come, go or are replaced while others are read."""
    listed = "\n".join(f"{each.size} {each.stamp} {each.name}" for each in waiting)
    return hashlib.blake2b(listed.encode(), digest_size=16).hexdigest()


def refuse_changed(release: str, waiting: Sequence[Waiting], digest: str) -> None:
    """Raise Rejected when other files wait than those of the digest."""
    if digest_of(waiting) != digest:
        raise Rejected(
            f"files of release {release} came or went while others were read: ingest it again",
            reason="uploads_changed",
        )


def _lost(read: FileRead) -> tuple[Finding, ...]:
    """Find what is live of a file of which nothing could be read."""
    nothing = not read.change.added + read.change.unchanged
    unread = any(finding.kind in UNREADABLE for finding in read.findings)
    return (live_lost(read.change),) if nothing and unread and read.change.removed else ()


def _hash(source: Source) -> str:
    hashed = hashlib.sha256(source.data)
    hashed.update(b"\0" + (source.beside or b""))
    return hashed.hexdigest()


def _batches(ask: ReleaseNamed, files: Sequence[Waiting], duplicates: Mapping[str, Duplicate]) -> tuple[ReadFiles, ...]:
    """Cut the files, ordered by name, into batches that are neither many nor large."""
    most = -(-len(files) // MOST_BATCHES)
    groups: list[list[Waiting]] = []
    for file in files:
        if not groups or len(groups[-1]) >= most or sum(each.size for each in groups[-1]) + file.size > BATCH_BYTES:
            groups.append([])
        groups[-1].append(file)
    return tuple(
        ReadFiles(
            tenant=ask.tenant,
            release=ask.release,
            first=group[0].name,
            last=group[-1].name,
            duplicates=tuple(duplicates[each.name] for each in group if each.name in duplicates),
        )
        for group in groups
    )


@asynccontextmanager
async def pulse() -> AsyncIterator[None]:
    """Heartbeat where Temporal listens: a first start ingests without it."""
    if not activity.in_activity():
        yield
        return
    async with beating():
        yield
