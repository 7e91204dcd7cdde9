"""The chunks of one tenant in one collection of Weaviate: written, found by what they are, and taken away."""

import base64
import logging
import re
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote

import numpy as np
from weaviate import WeaviateAsyncClient
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter
from weaviate.collections.classes.filters import _Filters
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from activities.clients.weaviate_errors import SHOWN, answered
from activities.clients.weaviate_schema import FOREVER, WINDOWS, exactly
from activities.errors import Malformed, Rejected, Unavailable
from activities.ports import Embedded
from policies.chunks import Chunk
from policies.terms import terms_of

Value = TypeVar("Value")
Stored = Mapping[str, Any]
# An object is about 40 kB with its vectors, a page has none.
BATCH = 100
PAGE = 500
# What one query of Weaviate can give (QUERY_MAXIMUM_RESULTS), and so the most chunks of one file.
MOST = 10_000
WRITING = 60.0
NAMESPACE = uuid.UUID("6d1d2ee4-5c0f-5a55-9d5e-8f3a1f1c7a04")
# The client logs objects that were not taken, with a tenant's text in them; the error says what is needed.
logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)


class Shelf:
    """Read and write a tenant's chunks in `collection`; a reader may name an alias instead.

    An object is one chunk, its windows the rows of one multi-vector, so that filters, BM25 and ranks count chunks.
    """

    def __init__(self, client: WeaviateAsyncClient, collection: str, shard: str, patience: float) -> None:
        self.objects = client.collections.use(collection).with_tenant(shard)
        self._shard = shard
        self._patience = patience

    async def chunks(self, chunk_ids: Collection[str]) -> dict[str, Chunk]:
        found: dict[str, Chunk] = {}
        for some in _slices(list(dict.fromkeys(chunk_ids)), PAGE):
            for stored in await self._find(_among("chunk_id", some), ["chunk", "disputed"]):
                chunk = chunk_of(stored)
                found[chunk.chunk_id] = chunk
        return found

    async def embedded(self, chunk_ids: Collection[str], model: str) -> dict[str, Embedded]:
        """Read what this model made of chunks."""
        found: dict[str, Embedded] = {}
        for some in _slices(list(dict.fromkeys(chunk_ids)), BATCH):
            async with answered("read vectors", self._patience):
                answer = await self.objects.query.fetch_objects(
                    filters=_among("chunk_id", some) & embedded_by(model),
                    limit=len(some),
                    include_vector=[WINDOWS],
                    return_properties=["chunk_id", "tokens"],
                )
            for held in answer.objects:
                found[str(held.properties["chunk_id"])] = _embedded(held.properties, held.vector[WINDOWS])
        return found

    async def held(self, chunk_ids: Collection[str], model: str) -> set[str]:
        """Say which chunks are here, embedded by this model."""
        found: set[str] = set()
        for some in _slices(list(dict.fromkeys(chunk_ids)), PAGE):
            found |= {
                stored["chunk_id"]
                for stored in await self._find(_among("chunk_id", some) & embedded_by(model), ["chunk_id"])
            }
        return found

    async def file(self, source: str) -> set[str]:
        """List the ids of a file's chunks."""
        return {stored["chunk_id"] for stored in await self._find(_among("source", [source]), ["chunk_id"])}

    async def files(self) -> Counter[str]:
        """Count the chunks of each file."""
        return Counter([unquote(one["source"]) async for one in self.every("source")])

    async def section(self, chunk: Chunk) -> tuple[Chunk, ...]:
        """Read the parts of the section a chunk of this shelf stands in, in their order."""
        here = await self._find(_among("chunk_id", [chunk.chunk_id]), ["source"])
        if not here:
            return ()
        same = _among("section", [chunk.section]) & Filter.by_property("source").equal(here[0]["source"])
        parts = map(chunk_of, await self._find(same, ["chunk", "disputed"]))
        return tuple(
            sorted(
                (part for part in parts if _section(part) == _section(chunk)),
                key=lambda part: (part.part, part.chunk_id),
            )
        )

    async def disputed(self) -> set[str]:
        marked = Filter.by_property("disputed").equal(True)
        return {stored["chunk_id"] for stored in await self._find(marked, ["chunk_id"])}

    async def every(self, *properties: str) -> AsyncIterator[Stored]:
        """Read all objects, a page at a time."""
        last: uuid.UUID | None = None
        while True:
            async with answered("read a release", self._patience):
                page = await self.objects.query.fetch_objects(
                    limit=PAGE, after=last, return_properties=list(properties)
                )
            for held in page.objects:
                yield held.properties
                last = held.uuid
            if not page.objects:
                return

    async def put(self, source: str, chunks: Sequence[Chunk], embedded: Mapping[str, Embedded], model: str) -> None:
        """Write chunks of a file; a chunk that is here already is replaced. Raises Unavailable, some may be written."""
        for some in _slices(chunks, BATCH):
            await self._insert([self._object(source, chunk, embedded[chunk.chunk_id], model) for chunk in some])

    async def remark(self, chunk_ids: Collection[str], disputed: bool) -> None:
        """Say of chunks whether they are disputed; each is written again whole, as all writes are."""
        for some in _slices(list(chunk_ids), BATCH):
            async with answered("read chunks", self._patience):
                answer = await self.objects.query.fetch_objects(
                    filters=_among("chunk_id", some), limit=len(some), include_vector=[WINDOWS]
                )
            await self._insert(
                [
                    DataObject(
                        properties={
                            **{name: value for name, value in held.properties.items() if value is not None},
                            "disputed": disputed,
                        },
                        uuid=held.uuid,
                        vector=held.vector,
                    )
                    for held in answer.objects
                ]
            )

    async def drop(self, chunk_ids: Collection[str]) -> None:
        for some in _slices(list(chunk_ids), PAGE):
            await self._delete(_among("chunk_id", some))

    async def drop_files(self, sources: Collection[str]) -> None:
        for some in _slices(list(sources), PAGE):
            await self._delete(_among("source", some))

    async def _find(self, filters: _Filters, properties: list[str]) -> list[Stored]:
        async with answered("look for chunks", self._patience):
            answer = await self.objects.query.fetch_objects(filters=filters, limit=MOST, return_properties=properties)
        return [held.properties for held in answer.objects]

    async def _insert(self, objects: list[DataObject[Any, Any]]) -> None:
        if not objects:
            return
        async with answered("write chunks", WRITING):
            try:
                answer = await self.objects.data.insert_many(objects)
            except WeaviateInsertManyAllFailedError as error:
                raise _refused(len(objects), len(objects), str(error)) from None
        if answer.errors:
            first = answer.errors[min(answer.errors)]
            raise _refused(len(answer.errors), len(objects), first.message)

    async def _delete(self, filters: _Filters) -> None:
        # One request deletes no more than a query finds.
        while True:
            async with answered("delete chunks", WRITING):
                answer = await self.objects.data.delete_many(filters)
            if answer.failed:
                raise Unavailable(f"Weaviate could not delete {answer.failed} of {answer.matches} chunks")
            if not answer.matches:
                return

    def _object(self, source: str, chunk: Chunk, embedded: Embedded, model: str) -> DataObject[Any, Any]:
        return DataObject(
            properties=_properties(source, chunk, embedded, model),
            # The same chunk is the same object however often it is imported; a colour holds one release of a tenant.
            uuid=uuid.uuid5(NAMESPACE, f"{self._shard}|{chunk.chunk_id}"),
            vector={WINDOWS: embedded.vectors.astype(np.float32).tolist()},
        )


def embedded_by(model: str) -> _Filters:
    return Filter.by_property("model").equal(exactly(model))


def chunk_of(stored: Stored) -> Chunk:
    chunk = Chunk.model_validate_json(stored["chunk"])
    return chunk.model_copy(update={"disputed": bool(stored["disputed"])})


def checked_size(source: str, chunks: Collection[Chunk]) -> None:
    if len(chunks) > MOST:
        raise Rejected(
            f"{source} has {len(chunks)} chunks; Weaviate takes {MOST} of one file, so split it",
            reason="too_many_chunks",
        )


def _properties(source: str, chunk: Chunk, embedded: Embedded, model: str) -> dict[str, Any]:
    tokens = embedded.tokens
    if embedded.vectors.ndim != 2 or not embedded.vectors.size or tokens.ndim != 2 or tokens.dtype != np.int8:
        raise Malformed(
            f"chunk {chunk.chunk_id} is embedded as {embedded.vectors.dtype} {embedded.vectors.shape} and "
            f"{tokens.dtype} {tokens.shape}; it takes windows × dimensions, at least one, and int8 tokens × dimensions"
        )
    return {
        "chunk_id": chunk.chunk_id,
        "chunk": chunk.model_dump_json(exclude={"disputed"}),
        "disputed": chunk.disputed,
        "terms": " ".join(terms_of(chunk.indexed, chunk.language)),
        "codes": list(dict.fromkeys(chunk.codes)),
        "source": exactly(source),
        "document": exactly(chunk.document),
        "section": exactly(chunk.section),
        "model": exactly(model),
        "region": exactly(chunk.region),
        "tier": exactly(chunk.tier),
        "category": exactly(chunk.category),
        "language": exactly(chunk.language),
        "effective_from": chunk.effective_from.toordinal(),
        "effective_to": chunk.effective_to.toordinal() if chunk.effective_to else FOREVER,
        "tokens": f"{tokens.shape[1]}:{base64.b64encode(tokens.tobytes()).decode()}",
    }


def _embedded(stored: Stored, windows: Any) -> Embedded:
    width, _, tokens = str(stored["tokens"]).partition(":")
    return Embedded(
        vectors=np.asarray(windows, dtype=np.float32),
        tokens=np.frombuffer(base64.b64decode(tokens), np.int8).reshape(-1, int(width) or 1),
    )


def _among(name: str, values: Sequence[str]) -> _Filters:
    return Filter.by_property(name).contains_any([exactly(value) for value in values])


def _section(chunk: Chunk) -> tuple[object, ...]:
    """What the parts of one section share: two versions or languages of a document may stand in one file."""
    return (
        chunk.document,
        chunk.section,
        chunk.version,
        chunk.region,
        chunk.language,
        chunk.category,
        chunk.tier,
        chunk.effective_from,
    )


def _refused(count: int, of: int, first: str) -> Unavailable:
    """Say what Weaviate did not take, without the values it quotes."""
    why = re.sub(r"'[^']*'|\"[^\"]*\"", "…", first)[:SHOWN]
    return Unavailable(f"Weaviate did not take {count} of {of} objects; the first one: {why}")


def _slices(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    return (values[at : at + size] for at in range(0, len(values), size))
