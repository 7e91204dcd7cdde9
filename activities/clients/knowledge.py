"""The engine that holds the tenants' documents: files of our own, or Weaviate where an address is given."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.ports import KnowledgeIndex, KnowledgeStore


class Engine(KnowledgeIndex, KnowledgeStore, Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Weaviate:
    url: str
    key: str
    grpc_port: int


class Knowledge:
    """Opens the engine when it is first asked for, so that a process starts while Weaviate is still down."""

    def __init__(self, folder: Path, weaviate: Weaviate | None, model: str = "") -> None:
        """Serve from `folder`, unless Weaviate is given; whoever neither embeds nor searches needs no `model`."""
        self._folder = folder
        self._weaviate = weaviate
        self._model = model
        self._engine: Engine | None = None
        self._opening = asyncio.Lock()

    async def engine(self) -> Engine:
        """Give the one engine of this process; raises Unavailable."""
        async with self._opening:
            if self._engine is None:
                self._engine = await self._open()
        return self._engine

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()

    async def _open(self) -> Engine:
        if self._weaviate is None:
            return SqliteKnowledge(self._folder / "index", self._model)
        # Its client takes a second to import, and brings gRPC with it.
        from activities.clients.weaviate_knowledge import WeaviateKnowledge

        place = self._weaviate
        return await WeaviateKnowledge.open(place.url, place.key, self._model, place.grpc_port)
