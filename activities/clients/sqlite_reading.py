"""What is live of each tenant, looked up in the files of the embedded index."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as File
from typing import TypeVar

import structlog

from activities.clients import sqlite_release as content
from activities.clients.sqlite_connections import Connections, Gone
from activities.clients.sqlite_control import Control, Held
from activities.clients.sqlite_search import exact, lexical, wanted
from activities.clients.sqlite_vectors import Matrices
from activities.ports import Asked, Embedded
from policies.chunks import Chunk
from policies.retrieval import Hit, Leg, Path, Scope

Answer = TypeVar("Answer")
TRIES = 3
log = structlog.get_logger(__name__)


class Reading:
    """Search and fetch, blocking; raises Rejected for an unknown tenant, and Gone."""

    def __init__(self, control: Control, connections: Connections, model: str) -> None:
        self._control = control
        self._connections = connections
        self._model = model
        self._matrices = Matrices(connections)
        self._told: set[File] = set()

    def search(self, scope: Scope, asked: Asked, path: Path, most: int) -> Mapping[Leg, Sequence[Hit]]:
        def legs(releases: Sequence[Held]) -> Mapping[Leg, Sequence[Hit]]:
            live = releases[0]
            if live.state != "live":
                return {"lexical": [], "dense": [], "exact": []}
            near = []
            if self._embeds_as(live):
                near = self._matrices.of(live.path).nearest(asked.vector, scope, wanted(scope), most)
            with self._connections.reading(live.path) as db:
                found = lexical(db, scope, asked.terms, path, most)
                return {"lexical": found, "dense": near, "exact": exact(db, scope, asked.codes, most)}

        return self._look(scope.tenant, legs)

    def chunks(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Chunk]:
        return self._gather(tenant, chunk_ids, content.chunks_of)

    def section(self, tenant: str, chunk_id: str) -> tuple[Chunk, ...]:
        def find(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[Chunk, ...]]:
            return {one: parts for one in ids if (parts := content.section_of(db, one))}

        return self._gather(tenant, [chunk_id], find).get(chunk_id, ())

    def embedded(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Embedded]:
        found = self._gather(tenant, chunk_ids, content.blobs_of, self._model)
        return {chunk_id: content.unpack(blobs) for chunk_id, blobs in found.items()}

    def let_go(self, tenant: str) -> None:
        self._matrices.drop(self._control.folder(tenant))

    def _look(self, tenant: str, look: Callable[[Sequence[Held]], Answer]) -> Answer:
        """Look at a tenant's releases; one that is deleted meanwhile has a successor, which is looked at then."""
        for _ in range(TRIES - 1):
            try:
                return look(self._control.known(tenant))
            except Gone:
                continue
        return look(self._control.known(tenant))

    def _gather(
        self,
        tenant: str,
        chunk_ids: Sequence[str],
        look: Callable[[sqlite3.Connection, Sequence[str]], Mapping[str, Answer]],
        model: str | None = None,
    ) -> dict[str, Answer]:
        """Look for chunks in the live release, then for the rest in those that were live, the last one first."""

        def gather(releases: Sequence[Held]) -> dict[str, Answer]:
            found: dict[str, Answer] = {}
            for held in releases:
                missing = [chunk_id for chunk_id in dict.fromkeys(chunk_ids) if chunk_id not in found]
                if missing and held.state != "staged" and model in (None, held.model):
                    with self._connections.reading(held.path) as db:
                        found |= look(db, missing)
            return found

        return self._look(tenant, gather)

    def _embeds_as(self, live: Held) -> bool:
        if live.model != self._model and live.path not in self._told:
            self._told.add(live.path)
            log.warning("knowledge.other_model", release=live.name, was=live.model, is_now=self._model)
        return live.model == self._model
