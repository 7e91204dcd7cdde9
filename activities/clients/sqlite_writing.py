"""Releases of each tenant, written to the files of the embedded index."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from activities.clients import sqlite_release as content
from activities.clients.sqlite_connections import Connections
from activities.clients.sqlite_control import Control, Held
from activities.errors import Rejected
from activities.ports import Embedded
from policies.chunks import Chunk
from policies.releases import Change, Release, fingerprint

Answer = TypeVar("Answer")


class Writing:
    """Stage, fill, publish and drop releases, blocking; raises Rejected, Malformed and Gone."""

    def __init__(self, control: Control, connections: Connections, model: str) -> None:
        self._control = control
        self._connections = connections
        self._model = model

    def releases(self, tenant: str) -> tuple[Release, ...]:
        return tuple(map(self._tell, self._control.all(tenant)))

    def stage(self, tenant: str, release: str) -> None:
        held = self._control.begin(tenant, release, self._model)
        self._connections.create(held.path, content.SCHEMA)
        self._control.sweep(tenant)

    def held(self, tenant: str, chunk_ids: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for release in self._same_model(tenant):
            found |= self._connections.look(release.path, lambda db: content.held_of(db, chunk_ids)) or set()
        return frozenset(found)

    def put(
        self, tenant: str, release: str, source: str, chunks: Sequence[Chunk], embedded: Mapping[str, Embedded]
    ) -> Change:
        staged = self._staged(tenant, release)
        asked = {chunk.chunk_id: chunk for chunk in chunks}
        blobs = {one: content.pack(one, embedded[one]) for one in asked if one in embedded}
        blobs |= self._copied(tenant, [one for one in asked if one not in blobs])
        with self._connections.writing(staged.path) as db:
            # It may have been published since: whoever publishes holds this file's lock as well.
            self._control.staged(tenant, release)
            here = content.ids_of(db, source)
            new = [chunk for chunk_id, chunk in asked.items() if chunk_id not in here]
            content.remove(db, [*(here - asked.keys()), *(chunk.chunk_id for chunk in new)])
            content.add(db, source, new, blobs)
        before = self._live(tenant, lambda db: content.ids_of(db, source)) or set()
        added, unchanged, removed = asked.keys() - before, asked.keys() & before, before - asked.keys()
        return Change(source=source, added=len(added), unchanged=len(unchanged), removed=len(removed))

    def keep_only(self, tenant: str, release: str, sources: frozenset[str]) -> tuple[Change, ...]:
        with self._connections.writing(self._staged(tenant, release).path) as db:
            self._control.staged(tenant, release)
            for file in content.files_of(db).keys() - sources:
                content.remove(db, content.ids_of(db, file))
        before = self._live(tenant, content.files_of) or {}
        return tuple(Change(source=file, removed=count) for file, count in before.items() if file not in sources)

    def contents(self, tenant: str, release: str) -> tuple[Chunk, ...]:
        with self._connections.reading(self._control.find(tenant, release).path) as db:
            return tuple(content.all_of(db))

    def mark_disputed(self, tenant: str, release: str, chunk_ids: Sequence[str]) -> None:
        with self._connections.writing(self._control.find(tenant, release).path) as db:
            content.dispute(db, chunk_ids)

    def publish(self, tenant: str, release: str, approved: str, at: datetime) -> None:
        held = self._control.find(tenant, release)
        if held.state == "live" and held.approved == approved:
            return
        with self._connections.writing(self._staged(tenant, release).path) as db:
            self._control.staged(tenant, release)
            _verify(db, tenant, release, approved)
            db.execute("insert into words(words) values ('optimize')")
            self._control.switch(tenant, held, approved, *content.counts_of(db), at)
        self._control.sweep(tenant)

    def discard(self, tenant: str, release: str) -> None:
        self._control.strike(tenant, release)
        self._control.sweep(tenant)

    def _staged(self, tenant: str, release: str) -> Held:
        held = self._control.staged(tenant, release)
        if held.model != self._model:
            raise Rejected(f"release {release!r} was begun with another model; stage it anew", reason="model_changed")
        return held

    def _copied(self, tenant: str, chunk_ids: Sequence[str]) -> dict[str, content.Blobs]:
        """Read what other releases hold of these, as it is stored."""
        found: dict[str, content.Blobs] = {}
        for held in self._same_model(tenant):
            rest = [chunk_id for chunk_id in chunk_ids if chunk_id not in found]
            if rest:
                found |= self._connections.look(held.path, partial(content.blobs_of, chunk_ids=rest)) or {}
        if missing := [chunk_id for chunk_id in chunk_ids if chunk_id not in found]:
            raise Rejected(
                f"{len(missing)} chunks come without what was embedded of them, and none is held: {missing[0]} …",
                reason="not_embedded",
            )
        return found

    def _same_model(self, tenant: str) -> list[Held]:
        return [held for held in self._control.all(tenant) if held.model == self._model]

    def _live(self, tenant: str, look: Callable[[Connection], Answer]) -> Answer | None:
        live = next((held for held in self._control.all(tenant) if held.state == "live"), None)
        return self._connections.look(live.path, look) if live else None

    def _tell(self, held: Held) -> Release:
        if held.state != "staged":
            return held.told()
        chunks, documents = self._connections.look(held.path, content.counts_of) or (0, 0)
        return held.told().model_copy(update={"chunks": chunks, "documents": documents})


def _verify(db: Connection, tenant: str, release: str, approved: str) -> None:
    ids = []
    for chunk in content.all_of(db):
        if chunk.sealed(tenant).chunk_id != chunk.chunk_id:
            raise Rejected(
                f"chunk {chunk.chunk_id} of release {release!r} does not say what its id was made of",
                reason="chunk_altered",
            )
        ids.append(chunk.chunk_id)
    if fingerprint(ids) != approved:
        raise Rejected(
            f"release {release!r} holds something else than was approved; check it and publish what it holds now",
            reason="fingerprint_differs",
        )
