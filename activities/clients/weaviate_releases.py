"""Which releases a tenant has in Weaviate, in which colour, and which of them its alias makes live."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from weaviate import WeaviateAsyncClient
from weaviate.classes.data import DataObject
from weaviate.collections.collection import CollectionAsync
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from activities.clients.weaviate_errors import answered
from activities.clients.weaviate_schema import (
    BLUE,
    RELEASES,
    Colour,
    alias_of,
    checked,
    other,
    shard_of,
    tenant_of,
)
from activities.clients.weaviate_shelf import NAMESPACE, Stored
from activities.errors import Rejected, Unavailable
from policies.frozen import Fact
from policies.releases import Release, State

ORDER: tuple[State, ...] = ("live", "retired", "staged")


class Record(Fact):
    """A release as it is written down; `before` names the release that was live before it."""

    name: str
    colour: Colour
    model: str
    state: State = "staged"
    fingerprint: str = ""
    chunks: int = 0
    documents: int = 0
    published_at: str = ""
    came: str = ""
    before: str = ""

    def told(self) -> Release:
        public = self.state != "staged"
        return Release(
            name=self.name,
            state=self.state,
            chunks=self.chunks,
            documents=self.documents,
            fingerprint=self.fingerprint if public else "",
            published_at=datetime.fromisoformat(self.published_at) if public and self.published_at else None,
        )


class Ledger:
    """Keep a record of each release, and the alias that says which one is live.

    Records and alias cannot change together, so the alias decides: whatever stands in its colour is live, and what is
    written as live elsewhere is retired. Everything a record needs to be live is written before the alias turns.
    """

    def __init__(self, client: WeaviateAsyncClient, patience: float) -> None:
        self._client = client
        self._patience = patience

    async def tenants(self) -> tuple[str, ...]:
        async with answered("list tenants", self._patience):
            shards = await self._client.collections.use(RELEASES).tenants.get()
        names = sorted(map(tenant_of, shards))
        return tuple([name for name in names if await self.all(name)])

    async def all(self, tenant: str) -> list[Record]:
        """List the live release, then a retired one, then a staged one; [] when unknown."""
        shard = shard_of(tenant)
        async with answered("read releases", self._patience):
            if not await self._client.collections.use(RELEASES).tenants.exists(shard):
                return []
            # The alias is read last: a record that is newer than it would be judged by what was live before.
            answer = await self._records(tenant).query.fetch_objects(limit=10)
            alias = await self._client.alias.get(alias_name=alias_of(tenant))
        live = alias.collection if alias else None
        records = [_standing(_record(held.properties), live) for held in answer.objects]
        return sorted(records, key=lambda record: (ORDER.index(record.state), record.name))

    async def known(self, tenant: str) -> list[Record]:
        """List what `all` does; raises Rejected for a tenant that has nothing."""
        records = await self.all(tenant)
        if not records:
            raise Rejected(f"no knowledge is held of tenant {tenant!r}", reason="tenant_unknown")
        return records

    async def find(self, tenant: str, name: str) -> Record:
        """Find a release; raises Rejected."""
        checked("release", name)
        for record in await self.known(tenant):
            if record.name == name:
                return record
        raise Rejected(f"tenant {tenant!r} has no release {name!r}", reason="release_unknown")

    async def staged(self, tenant: str, name: str, model: str) -> Record:
        """Find a release that may be written; raises Rejected."""
        record = await self.find(tenant, name)
        if record.state != "staged":
            raise Rejected(f"release {name!r} is {record.state}; stage another one", reason="release_not_staged")
        if record.model != model:
            raise Rejected(f"release {name!r} was begun with another model; stage it anew", reason="model_changed")
        return record

    async def write(self, tenant: str, *records: Record) -> None:
        """Write records down, in the place of older ones of their names."""
        objects = [
            DataObject(properties=record.model_dump(), uuid=_key(tenant, record.name), vector=None)
            for record in records
        ]
        async with answered("write a release", self._patience):
            try:
                answer = await self._records(tenant).data.insert_many(objects)
            except WeaviateInsertManyAllFailedError:
                raise Unavailable("Weaviate did not take the record of a release") from None
        if answer.errors:
            raise Unavailable("Weaviate did not take the record of a release")

    async def strike(self, tenant: str, name: str) -> None:
        async with answered("delete a release", self._patience):
            await self._records(tenant).data.delete_by_id(_key(tenant, name))

    async def turn(self, tenant: str, to: Record) -> Record:
        """Point the tenant's alias to a release, and write down what that makes of all of them."""
        await self.write(tenant, to)
        alias = alias_of(tenant)
        async with answered("turn an alias", self._patience):
            if not await self._client.alias.update(alias_name=alias, new_target_collection=to.colour):
                await self._client.alias.create(alias_name=alias, target_collection=to.colour)
        return await self.settle(tenant)

    async def settle(self, tenant: str) -> Record:
        """Write records down as the alias makes them stand; gives the live one."""
        records = await self.known(tenant)
        await self.write(tenant, *records)
        return records[0]

    async def exists(self, tenant: str) -> bool:
        """Say whether something of a tenant is live."""
        async with answered("look for an alias", self._patience):
            return await self._client.alias.exists(alias_name=alias_of(tenant))

    async def admit(self, tenant: str, collection: str) -> None:
        """Make a tenant known to a collection."""
        async with answered("create a tenant", self._patience):
            tenants = self._client.collections.use(collection).tenants
            if not await tenants.exists(shard_of(tenant)):
                await tenants.create(shard_of(tenant))

    async def expel(self, tenant: str, collection: str) -> None:
        """Delete all a collection holds of a tenant."""
        async with answered("delete a tenant", self._patience):
            tenants = self._client.collections.use(collection).tenants
            if await tenants.exists(shard_of(tenant)):
                await tenants.remove(shard_of(tenant))

    async def unname(self, tenant: str) -> None:
        """Delete the alias: nothing is live any more."""
        async with answered("delete an alias", self._patience):
            await self._client.alias.delete(alias_name=alias_of(tenant))

    def _records(self, tenant: str) -> CollectionAsync:
        return self._client.collections.use(RELEASES).with_tenant(shard_of(tenant))


def free(tenant: str, name: str, records: Sequence[Record]) -> Colour:
    """Give the colour a new release may be staged in; raises Rejected when its name or the colour is taken."""
    checked("release", name)
    for record in records:
        if record.name == name and record.state != "staged":
            raise Rejected(f"release {name!r} is {record.state} already; take another name", reason="release_taken")
        if record.name != name and record.state == "staged":
            raise Rejected(
                f"release {record.name!r} of tenant {tenant!r} is staged, and Weaviate holds one at a time: "
                "publish or discard it first",
                reason="another_release_staged",
            )
    return next((other(record.colour) for record in records if record.state == "live"), BLUE)


def _record(stored: Stored) -> Record:
    return Record.model_validate({name: value for name, value in stored.items() if value is not None})


def _standing(record: Record, live: str | None) -> Record:
    """Judge a record by what the alias points to."""
    if record.colour == live:
        return record.model_copy(update={"state": "live"})
    return record if record.state == "staged" else record.model_copy(update={"state": "retired"})


def _key(tenant: str, release: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{shard_of(tenant)}|release|{release}")
