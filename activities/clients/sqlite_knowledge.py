"""Knowledge in SQLite, a folder for each tenant and a file for each release: the engine that needs no server."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path as File
from typing import TypeVar

from activities.clients.sqlite_connections import PATIENCE, Connections, Gone
from activities.clients.sqlite_control import Control
from activities.clients.sqlite_reading import Reading
from activities.clients.sqlite_writing import Writing
from activities.errors import Malformed, Unavailable
from activities.ports import Asked, Embedded
from policies.chunks import Chunk
from policies.releases import Change, Release
from policies.retrieval import Hit, Leg, Path, Scope

Answer = TypeVar("Answer")
THREADS = 4


class SqliteKnowledge:
    """Implement KnowledgeIndex and KnowledgeStore in files on a local disk; `folder` holds nothing else.

    `model` is a fingerprint of what embeds: vectors of another one are neither searched nor copied. Any number of
    processes may read and write; each sees a release in the moment it is published. `patience`: seconds to wait for
    another writer.
    """

    def __init__(self, folder: File, model: str, patience: float = PATIENCE) -> None:
        self._connections = Connections(patience)
        self._control = Control(folder, self._connections)
        self._reading = Reading(self._control, self._connections, model)
        self._writing = Writing(self._control, self._connections, model)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="knowledge")

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._connections.close()

    async def search(self, scope: Scope, asked: Asked, path: Path, most: int) -> Mapping[Leg, Sequence[Hit]]:
        return await self._run(lambda: self._reading.search(scope, asked, path, most))

    async def chunks(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Chunk]:
        return await self._run(lambda: self._reading.chunks(tenant, chunk_ids))

    async def section(self, tenant: str, chunk: Chunk) -> tuple[Chunk, ...]:
        return await self._run(lambda: self._reading.section(tenant, chunk.chunk_id))

    async def embedded(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Embedded]:
        return await self._run(lambda: self._reading.embedded(tenant, chunk_ids))

    async def tenants(self) -> tuple[str, ...]:
        return await self._run(self._control.tenants)

    async def releases(self, tenant: str) -> tuple[Release, ...]:
        return await self._run(lambda: self._writing.releases(tenant))

    async def stage(self, tenant: str, release: str) -> None:
        await self._run(lambda: self._writing.stage(tenant, release))

    async def held(self, tenant: str, chunk_ids: Sequence[str]) -> frozenset[str]:
        return await self._run(lambda: self._writing.held(tenant, chunk_ids))

    async def put(
        self, tenant: str, release: str, source: str, chunks: Sequence[Chunk], embedded: Mapping[str, Embedded]
    ) -> Change:
        return await self._run(lambda: self._writing.put(tenant, release, source, chunks, embedded))

    async def keep_only(self, tenant: str, release: str, sources: Sequence[str]) -> tuple[Change, ...]:
        return await self._run(lambda: self._writing.keep_only(tenant, release, frozenset(sources)))

    async def contents(self, tenant: str, release: str) -> tuple[Chunk, ...]:
        return await self._run(lambda: self._writing.contents(tenant, release))

    async def mark_disputed(self, tenant: str, release: str, chunk_ids: Sequence[str]) -> None:
        await self._run(lambda: self._writing.mark_disputed(tenant, release, chunk_ids))

    async def publish(self, tenant: str, release: str, fingerprint: str, at: datetime) -> None:
        await self._run(lambda: self._writing.publish(tenant, release, fingerprint, at))

    async def roll_back(self, tenant: str, at: datetime) -> Release:
        return await self._run(lambda: self._control.back(tenant, at).told())

    async def discard(self, tenant: str, release: str) -> None:
        await self._run(lambda: self._writing.discard(tenant, release))

    async def forget(self, tenant: str) -> None:
        def forget() -> None:
            self._control.forget(tenant)
            self._reading.let_go(tenant)

        await self._run(forget)

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        """Do it in a thread, and name what the disk says by who reacts."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Gone:
            raise Unavailable("the knowledge asked for was deleted while it was looked at") from None
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the knowledge base is busy, or its disk is full or away: {error}") from None
        except OSError as error:
            raise Unavailable(f"the disk of the knowledge base: {error.strerror}") from None
        except sqlite3.DatabaseError as error:
            raise Malformed(f"a file of the knowledge base is damaged: {error}") from None
