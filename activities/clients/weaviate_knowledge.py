"""Knowledge in Weaviate: two collections of chunks, Blue and Green, and an alias for each tenant to the one it is
served from.

A release is staged in the colour a tenant is not served from and becomes live when its alias turns, which Weaviate does
in one step. Two colours hold two releases: staging a new one drops the retired one, and with it the way back.

Requests were checked against Weaviate's published protocol files and a small server of our own that speaks them
(`tests/activities/weaviate_wire.py`). No part of this has run against a real Weaviate yet: how its multi-vectors rank,
how soon a new tenant or a turned alias is seen on every node, and its speed are read from its documentation and source.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Self, TypeVar
from urllib.parse import urlsplit

import weaviate
from weaviate.classes.init import AdditionalConfig, Auth, Timeout

from activities.clients.weaviate_errors import answered
from activities.clients.weaviate_releases import Ledger, Record, free
from activities.clients.weaviate_schema import BLUE, GREEN, RELEASES, alias_of, checked, lay_out, shard_of
from activities.clients.weaviate_search import legs_of
from activities.clients.weaviate_shelf import WRITING, Shelf, checked_size, chunk_of
from activities.errors import Malformed, OutsideError, Rejected
from activities.ports import Asked, Embedded
from policies.chunks import Chunk
from policies.releases import Change, Release, fingerprint
from policies.retrieval import Hit, Leg, Path, Scope

Answer = TypeVar("Answer")
GRPC_PORT = 50051
PATIENCE = 10.0


class WeaviateKnowledge:
    """Implement KnowledgeIndex and KnowledgeStore on Weaviate 1.32 and later, which has aliases; open with `open`.

    `model` is a fingerprint of what embeds: vectors of another one are neither searched nor copied. A call that is not
    answered in `patience` seconds is Unavailable. Writers of one tenant take turns; the ingest workflow sees to it.
    """

    def __init__(self, client: weaviate.WeaviateAsyncClient, model: str, patience: float = PATIENCE) -> None:
        self._client = client
        self._model = model
        self._patience = patience
        self._ledger = Ledger(client, patience)

    @classmethod
    async def open(cls, url: str, key: str, model: str, grpc_port: int = GRPC_PORT, patience: float = PATIENCE) -> Self:
        """Connect, and create the collections that are missing; raises Unavailable, Malformed. `close` it, or enter it.

        `url` is where REST is spoken; gRPC is spoken to the same host, with TLS when the URL has it.
        """
        host, port, secure = _place(url)
        client = weaviate.use_async_with_custom(
            http_host=host,
            http_port=port,
            http_secure=secure,
            grpc_host=host,
            grpc_port=grpc_port,
            grpc_secure=secure,
            auth_credentials=Auth.api_key(key) if key else None,
            additional_config=AdditionalConfig(timeout=Timeout(init=5, query=patience, insert=60)),
            # These checks ask a package registry on the internet for a newer client.
            skip_init_checks=True,
        )
        try:
            async with answered("be reached", patience):
                await client.connect()
            async with answered("create collections", WRITING):
                await lay_out(client)
            # The first call over gRPC, so that a wrong port is found now.
            async with answered("be reached over gRPC", patience):
                await client.collections.use(RELEASES).tenants.get_by_names(["-"])
        except BaseException:
            await client.close()
            raise
        return cls(client, model, patience)

    async def close(self) -> None:
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def search(self, scope: Scope, asked: Asked, path: Path, most: int) -> Mapping[Leg, Sequence[Hit]]:
        async def ask(live: Shelf) -> Mapping[Leg, Sequence[Hit]]:
            async with answered("search", self._patience):
                return await legs_of(live, self._model, scope, asked, path, most)

        return await self._live(scope.tenant, ask, {"lexical": [], "dense": [], "exact": []})

    async def chunks(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Chunk]:
        nothing: dict[str, Chunk] = {}
        found = await self._live(tenant, lambda live: live.chunks(chunk_ids), nothing)
        missing = [chunk_id for chunk_id in chunk_ids if chunk_id not in found]
        retired = await self._retired(tenant) if missing else None
        return found | await retired.chunks(missing) if retired else found

    async def section(self, tenant: str, chunk: Chunk) -> tuple[Chunk, ...]:
        nothing: tuple[Chunk, ...] = ()
        parts = await self._live(tenant, lambda live: live.section(chunk), nothing)
        retired = None if parts else await self._retired(tenant)
        return await retired.section(chunk) if retired else parts

    async def embedded(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Embedded]:
        nothing: dict[str, Embedded] = {}
        return await self._live(tenant, lambda live: live.embedded(chunk_ids, self._model), nothing)

    async def tenants(self) -> tuple[str, ...]:
        return await self._ledger.tenants()

    async def releases(self, tenant: str) -> tuple[Release, ...]:
        return tuple([await self._told(tenant, record) for record in await self._ledger.all(tenant)])

    async def stage(self, tenant: str, release: str) -> None:
        records = await self._ledger.all(tenant)
        colour = free(tenant, release, records)
        if any((record.name, record.model) == (release, self._model) for record in records):
            return
        # What stands in the colour is struck out before it goes: a release is never listed without its chunks.
        for record in records:
            if record.state != "live":
                await self._ledger.strike(tenant, record.name)
        await self._ledger.expel(tenant, colour)
        for collection in (RELEASES, BLUE, GREEN):
            await self._ledger.admit(tenant, collection)
        await self._ledger.write(tenant, Record(name=release, colour=colour, model=self._model))

    async def held(self, tenant: str, chunk_ids: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for record in await self._ledger.all(tenant):
            found |= await self._shelf(tenant, record.colour).held(chunk_ids, self._model)
        return frozenset(found)

    async def put(
        self, tenant: str, release: str, source: str, chunks: Sequence[Chunk], embedded: Mapping[str, Embedded]
    ) -> Change:
        checked_size(source, chunks)
        staged = await self._ledger.staged(tenant, release, self._model)
        shelf = self._shelf(tenant, staged.colour)
        asked = {chunk.chunk_id: chunk for chunk in chunks}
        here = await shelf.file(source)
        new = [chunk for chunk_id, chunk in asked.items() if chunk_id not in here]
        lacking = [chunk.chunk_id for chunk in new if chunk.chunk_id not in embedded]
        await shelf.put(source, new, {**await self._copied(tenant, lacking), **embedded}, self._model)
        await shelf.drop(here - asked.keys())
        live = await self._served(tenant)
        before = await live.file(source) if live else set()
        return Change(
            source=source,
            added=len(asked.keys() - before),
            unchanged=len(asked.keys() & before),
            removed=len(before - asked.keys()),
        )

    async def keep_only(self, tenant: str, release: str, sources: Sequence[str]) -> tuple[Change, ...]:
        staged = await self._ledger.staged(tenant, release, self._model)
        shelf = self._shelf(tenant, staged.colour)
        await shelf.drop_files((await shelf.files()).keys() - set(sources))
        live = await self._served(tenant)
        before = await live.files() if live else {}
        return tuple(
            Change(source=file, removed=count) for file, count in sorted(before.items()) if file not in sources
        )

    async def contents(self, tenant: str, release: str) -> tuple[Chunk, ...]:
        record = await self._ledger.find(tenant, release)
        stored = self._shelf(tenant, record.colour).every("chunk", "disputed")
        return tuple(sorted([chunk_of(one) async for one in stored], key=lambda chunk: chunk.chunk_id))

    async def mark_disputed(self, tenant: str, release: str, chunk_ids: Sequence[str]) -> None:
        record = await self._ledger.find(tenant, release)
        shelf = self._shelf(tenant, record.colour)
        marked = await shelf.disputed()
        await shelf.remark(set(chunk_ids) - marked, True)
        await shelf.remark(marked - set(chunk_ids), False)

    async def publish(self, tenant: str, release: str, fingerprint: str, at: datetime) -> None:
        record = await self._ledger.find(tenant, release)
        if record.state == "live" and record.fingerprint == fingerprint:
            await self._ledger.settle(tenant)
            return
        staged = await self._ledger.staged(tenant, release, self._model)
        chunks = await self.contents(tenant, release)
        _verify(tenant, release, chunks, fingerprint)
        live = (await self._ledger.all(tenant))[0]
        approved = {
            "fingerprint": fingerprint,
            "chunks": len(chunks),
            "documents": len({chunk.document for chunk in chunks}),
            "published_at": at.isoformat(),
            "came": "published",
            "before": live.name if live.state == "live" else "",
        }
        await self._ledger.turn(tenant, staged.model_copy(update=approved))

    async def roll_back(self, tenant: str, at: datetime) -> Release:
        live, *others = await self._ledger.known(tenant)
        if live.state == "live" and (live.came, live.published_at) == ("rolled back", at.isoformat()):
            return (await self._ledger.settle(tenant)).told()
        before = next((record for record in others if record.state == "retired" and record.name == live.before), None)
        if live.state != "live" or before is None:
            raise Rejected(
                f"tenant {tenant!r} has no release to go back to: Weaviate keeps the one before only until another "
                "is staged",
                reason="nothing_before",
            )
        back = before.model_copy(update={"published_at": at.isoformat(), "came": "rolled back"})
        return (await self._ledger.turn(tenant, back)).told()

    async def discard(self, tenant: str, release: str) -> None:
        checked("release", release)
        for record in await self._ledger.all(tenant):
            if record.name != release:
                continue
            if record.state == "live":
                raise Rejected(f"release {release!r} is live; roll back or publish another first", "release_is_live")
            await self._ledger.strike(tenant, release)
            await self._ledger.expel(tenant, record.colour)

    async def forget(self, tenant: str) -> None:
        await self._ledger.unname(tenant)
        # Its records go last: until then a call that died is seen, and may be repeated.
        for collection in (BLUE, GREEN, RELEASES):
            await self._ledger.expel(tenant, collection)

    async def _live(self, tenant: str, ask: Callable[[Shelf], Awaitable[Answer]], otherwise: Answer) -> Answer:
        """Ask what is live of a tenant; `otherwise` when nothing is. Raises Rejected for an unknown one.

        The alias is asked without looking whether it is there, which costs a search nothing until it fails.
        """
        try:
            return await ask(self._shelf(tenant, alias_of(tenant)))
        except OutsideError:
            if await self._ledger.exists(tenant):
                raise
        await self._ledger.known(tenant)
        return otherwise

    async def _served(self, tenant: str) -> Shelf | None:
        return self._shelf(tenant, alias_of(tenant)) if await self._ledger.exists(tenant) else None

    async def _retired(self, tenant: str) -> Shelf | None:
        for record in await self._ledger.all(tenant):
            if record.state == "retired":
                return self._shelf(tenant, record.colour)
        return None

    async def _copied(self, tenant: str, chunk_ids: Sequence[str]) -> dict[str, Embedded]:
        found: dict[str, Embedded] = {}
        for record in await self._ledger.all(tenant) if chunk_ids else ():
            found |= await self._shelf(tenant, record.colour).embedded(chunk_ids, self._model)
        if missing := [chunk_id for chunk_id in chunk_ids if chunk_id not in found]:
            raise Rejected(
                f"{len(missing)} chunks come without what was embedded of them, and none is held: {missing[0]} …",
                reason="not_embedded",
            )
        return found

    async def _told(self, tenant: str, record: Record) -> Release:
        if record.state != "staged":
            return record.told()
        stored = [one["document"] async for one in self._shelf(tenant, record.colour).every("document")]
        return record.told().model_copy(update={"chunks": len(stored), "documents": len(set(stored))})

    def _shelf(self, tenant: str, collection: str) -> Shelf:
        return Shelf(self._client, collection, shard_of(tenant), self._patience)


def _place(url: str) -> tuple[str, int, bool]:
    """Read host, port, and whether to speak TLS; raises Malformed."""
    try:
        place = urlsplit(url)
        host, port, secure = place.hostname, place.port, place.scheme == "https"
    except ValueError:
        host, port, secure = None, None, False
    if not host or place.scheme not in ("http", "https"):
        raise Malformed("the address of Weaviate is no URL; write it like http://weaviate:8080")
    return host, port or (443 if secure else 80), secure


def _verify(tenant: str, release: str, chunks: Sequence[Chunk], approved: str) -> None:
    for chunk in chunks:
        if chunk.sealed(tenant).chunk_id != chunk.chunk_id:
            raise Rejected(
                f"chunk {chunk.chunk_id} of release {release!r} does not say what its id was made of",
                reason="chunk_altered",
            )
    if fingerprint(chunk.chunk_id for chunk in chunks) != approved:
        raise Rejected(
            f"release {release!r} holds something else than was approved; check it and publish what it holds now",
            reason="fingerprint_differs",
        )
