"""The Weaviate engine when requests are lost, refused, or half done."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from activities.clients.weaviate_knowledge import WeaviateKnowledge
from activities.errors import Malformed, Unavailable
from policies.releases import fingerprint
from tests.activities.knowledge_contract import AT, anyone, ask, embed, fill, found, piece, publish
from tests.activities.weaviate_wire import KEY, Wire, serving

MODEL = "test-model"
LATER = AT + timedelta(hours=1)
TENANT = "northwind"
TURNS = ("BatchObjects", "POST /aliases", "PUT /aliases/{aliasName}")
STEPS = (
    "DELETE /objects/{className}/{id}",
    "DELETE /schema/{className}/tenants",
    "POST /schema/{className}/tenants",
    "BatchObjects",
)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with serving() as wire:
        yield wire
    assert wire.strange == []


@pytest.fixture
async def knowledge(wire: Wire) -> AsyncIterator[WeaviateKnowledge]:
    async with await WeaviateKnowledge.open(wire.url, KEY, MODEL, wire.grpc_port) as engine:
        yield engine


@pytest.mark.parametrize("taken", [0, 2])
async def test_what_weaviate_does_not_take_is_said_without_its_text(
    knowledge: WeaviateKnowledge, wire: Wire, taken: int
) -> None:
    chunks = [piece(f"Secret clause {n}.", TENANT) for n in range(3)]
    await knowledge.stage(TENANT, "v1")
    wire.refusing = {index: "invalid text property 'chunk': 'Secret clause'" for index in range(3 - taken)}
    with pytest.raises(Unavailable) as failed:
        await knowledge.put(TENANT, "v1", "returns.md", chunks, {chunk.chunk_id: embed(chunk) for chunk in chunks})
    assert f"{3 - taken} of 3 objects" in str(failed.value)
    assert "invalid text property" in str(failed.value)
    assert "Secret" not in str(failed.value)
    assert len(await knowledge.contents(TENANT, "v1")) == taken
    await publish(knowledge, TENANT, "v1", chunks)
    assert len(await knowledge.contents(TENANT, "v1")) == 3


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("name", TURNS)
async def test_a_publication_that_dies_serves_one_release_whole_and_may_be_repeated(
    knowledge: WeaviateKnowledge, wire: Wire, name: str, lost: Any
) -> None:
    first = name == "POST /aliases"
    old, new = piece("Thirty days.", TENANT), piece("Ten days.", TENANT)
    if not first:
        await publish(knowledge, TENANT, "v1", [old])
    await fill(knowledge, TENANT, "v2", [new])
    wire.losing = {name: lost}
    with pytest.raises(Unavailable):
        await knowledge.publish(TENANT, "v2", fingerprint([new.chunk_id]), LATER)
    live = [release.name for release in await knowledge.releases(TENANT) if release.state == "live"]
    served = found(await knowledge.search(anyone(TENANT), ask("days", new), "accurate", 5))
    assert (live, served) in (
        ([], set()) if first else (["v1"], {old.chunk_id}),
        (["v2"], {new.chunk_id}),
    )
    await knowledge.publish(TENANT, "v2", fingerprint([new.chunk_id]), LATER)
    states = [(release.name, release.state, release.published_at) for release in await knowledge.releases(TENANT)]
    assert states == [("v2", "live", LATER), *([] if first else [("v1", "retired", AT)])]
    # What is written down has caught up with the alias, or the next turn would call the live release staged.
    await fill(knowledge, TENANT, "v3", [old])
    await knowledge.publish(TENANT, "v3", fingerprint([old.chunk_id]), LATER)
    assert [(one.name, one.state) for one in await knowledge.releases(TENANT)] == [("v3", "live"), ("v2", "retired")]


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("name", ["BatchObjects", "PUT /aliases/{aliasName}"])
async def test_going_back_that_dies_may_be_repeated(
    knowledge: WeaviateKnowledge, wire: Wire, name: str, lost: Any
) -> None:
    old, new = piece("Thirty days.", TENANT), piece("Ten days.", TENANT)
    await publish(knowledge, TENANT, "v1", [old])
    await publish(knowledge, TENANT, "v2", [new])
    wire.losing = {name: lost}
    with pytest.raises(Unavailable):
        await knowledge.roll_back(TENANT, LATER)
    for _ in range(2):
        assert (await knowledge.roll_back(TENANT, LATER)).name == "v1"
    assert found(await knowledge.search(anyone(TENANT), ask("days", old), "accurate", 5)) == {old.chunk_id}


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("name", STEPS)
async def test_staging_that_dies_leaves_the_live_release_and_may_be_repeated(
    knowledge: WeaviateKnowledge, wire: Wire, name: str, lost: Any
) -> None:
    old, new = piece("Thirty days.", TENANT), piece("Ten days.", TENANT)
    await publish(knowledge, TENANT, "v1", [old])
    await publish(knowledge, TENANT, "v2", [new])
    wire.losing = {name: lost}
    with pytest.raises(Unavailable):
        await knowledge.stage(TENANT, "v3")
    assert (await knowledge.releases(TENANT))[0].name == "v2"
    assert found(await knowledge.search(anyone(TENANT), ask("days", old), "accurate", 5)) == {new.chunk_id}
    await publish(knowledge, TENANT, "v3", [old])
    assert await knowledge.contents(TENANT, "v3") == (old,)


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("name", ["DELETE /aliases/{aliasName}", "DELETE /schema/{className}/tenants"])
async def test_forgetting_that_dies_serves_nothing_half_and_may_be_repeated(
    knowledge: WeaviateKnowledge, wire: Wire, name: str, lost: Any
) -> None:
    chunk = piece("Thirty days.", TENANT)
    await publish(knowledge, TENANT, "v1", [chunk])
    wire.losing = {name: lost}
    with pytest.raises(Unavailable):
        await knowledge.forget(TENANT)
    assert await knowledge.tenants() == (TENANT,)
    assert found(await knowledge.search(anyone(TENANT), ask("days"), "accurate", 5)) in (set(), {chunk.chunk_id})
    await knowledge.forget(TENANT)
    assert await knowledge.tenants() == ()
    assert all(not shards for shards in wire.memory.shards.values())
    assert wire.memory.aliases == {}


async def test_a_server_that_refuses_or_is_away_is_told_apart(wire: Wire) -> None:
    with pytest.raises(Malformed, match="401"):
        await WeaviateKnowledge.open(wire.url, "wrong", MODEL, wire.grpc_port)
    with pytest.raises(Malformed, match="no URL"):
        await WeaviateKnowledge.open("weaviate:8080", KEY, MODEL)
    async with serving() as gone:
        pass
    for url, port in ((gone.url, gone.grpc_port), (wire.url, gone.grpc_port)):
        with pytest.raises(Unavailable):
            await WeaviateKnowledge.open(url, KEY, MODEL, port, patience=0.3)


async def test_a_lost_search_is_not_an_unknown_tenant(knowledge: WeaviateKnowledge, wire: Wire) -> None:
    await publish(knowledge, TENANT, "v1", [piece("Thirty days.", TENANT)])
    wire.losing = {"Search": "request"}
    with pytest.raises(Unavailable, match="UNKNOWN"):
        await knowledge.search(anyone(TENANT), ask("days"), "accurate", 5)
