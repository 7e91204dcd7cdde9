"""The Weaviate engine: the contract over the wire to a server of our own, and to a real one where there is one.

Nothing here says how a real Weaviate ranks or how fast it is: set WEAVIATE_URL (and WEAVIATE_API_KEY,
WEAVIATE_GRPC_PORT) to run the contract against one.
"""

import os
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest
from weaviate.proto.v1 import base_pb2, base_search_pb2

from activities.clients.weaviate_knowledge import WeaviateKnowledge
from activities.clients.weaviate_schema import BLUE, GREEN, RELEASES, alias_of, shard_of, tenant_of
from activities.errors import Rejected
from policies.chunks import Chunk
from tests.activities.knowledge_contract import (
    AT,
    Knowledge,
    KnowledgeContract,
    anyone,
    ask,
    fill,
    found,
    ids,
    piece,
    publish,
)
from tests.activities.weaviate_wire import KEY, Wire, serving

MODEL = "test-model"
SERVER = os.environ.get("WEAVIATE_URL", "")


@pytest.fixture(scope="module")
async def wire() -> AsyncIterator[Wire]:
    async with serving() as wire:
        yield wire
    assert wire.strange == [], "requests that Weaviate's published API does not know"


@pytest.fixture
async def knowledge(wire: Wire) -> AsyncIterator[WeaviateKnowledge]:
    async with await WeaviateKnowledge.open(wire.url, KEY, MODEL, wire.grpc_port) as engine:
        wire.requests.clear()
        yield engine


@pytest.fixture
def tenant() -> str:
    return f"shop-{secrets.token_hex(6)}"


class WeaviateContract(KnowledgeContract):
    """The contract, but that two colours hold two releases: the live one and the one before."""

    async def test_old_releases_go_when_new_ones_come(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"Clause of release {n}.", tenant) for n in range(3)]
        for n, chunk in enumerate(chunks):
            await publish(knowledge, tenant, f"v{n}", [chunk])
        assert [release.name for release in await knowledge.releases(tenant)] == ["v2", "v1"]
        assert set(await knowledge.chunks(tenant, [chunk.chunk_id for chunk in chunks])) == {
            chunk.chunk_id for chunk in chunks[1:]
        }


class TestOverTheWire(WeaviateContract):
    """Runs against a server of our own."""


@pytest.mark.skipif(not SERVER, reason="WEAVIATE_URL is not set: no Weaviate to run the contract against")
class TestOnWeaviate(WeaviateContract):
    """Runs against a real server."""

    @pytest.fixture
    async def knowledge(self) -> AsyncIterator[WeaviateKnowledge]:
        key, port = os.environ.get("WEAVIATE_API_KEY", ""), int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
        async with await WeaviateKnowledge.open(SERVER, key, MODEL, port) as engine:
            yield engine


async def test_every_request_for_objects_names_its_tenant(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    chunks = await two_releases(knowledge, tenant)
    await knowledge.search(anyone(tenant), ask("RET-07 days", chunks[0]), "accurate", 5)
    await knowledge.search(anyone(tenant), ask("RET-07 days", chunks[0]), "fast", 5)
    await knowledge.keep_only(tenant, await staged(knowledge, tenant, chunks), [])
    objects = [given for batch in wire.asked("BatchObjects") for given in batch.objects]
    asked = [*objects, *wire.asked("Search"), *wire.asked("BatchDelete")]
    assert wire.asked("BatchDelete")
    assert {one.tenant for one in asked} == {shard_of(tenant)}


async def test_readers_ask_the_alias_and_writers_the_colour_behind_it(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    (old, new), alias = await two_releases(knowledge, tenant), alias_of(tenant)
    assert [said["body"] for said in wire.asked("POST /aliases")] == [{"alias": alias, "class": BLUE}]
    assert [said["body"] for said in wire.asked("PUT /aliases/{aliasName}")[1:]] == [{"class": GREEN}]
    wire.requests.clear()
    assert found(await knowledge.search(anyone(tenant), ask("days", old), "accurate", 5)) == {new.chunk_id}
    assert {search.collection for search in wire.asked("Search")} == {alias}
    await fill(knowledge, tenant, "v3", [old, new])
    written = {given.collection for batch in wire.asked("BatchObjects") for given in batch.objects}
    assert written == {BLUE, RELEASES}


async def test_the_fast_path_is_fused_by_rank_with_a_weight_of_its_own(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    chunks = await two_releases(knowledge, tenant)
    wire.requests.clear()
    legs = await knowledge.search(anyone(tenant), ask("RET-07 days", chunks[1]), "fast", 5)
    assert {leg: ids(hits) for leg, hits in legs.items()} == {
        "hybrid": [chunks[1].chunk_id],
        "exact": [chunks[1].chunk_id],
    }
    (hybrid,) = [search.hybrid_search for search in wire.asked("Search") if search.HasField("hybrid_search")]
    assert hybrid.fusion_type == base_search_pb2.Hybrid.FUSION_TYPE_RANKED
    assert (hybrid.use_alpha_param, hybrid.alpha_param) == (True, 0.5)
    assert (list(hybrid.properties), hybrid.query) == (["terms"], "ret_07 day")
    assert list(hybrid.targets.target_vectors) == ["windows"]
    assert [one.type for one in hybrid.vectors] == [base_pb2.Vectors.VECTOR_TYPE_MULTI_FP32]


async def test_the_accurate_path_asks_each_leg_alone_and_filters_all(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    chunks = await two_releases(knowledge, tenant)
    wire.requests.clear()
    scope = anyone(tenant, category="shoes", languages=("en", "de"))
    await knowledge.search(scope, ask("RET-07 days", chunks[1]), "accurate", 5)
    searches = wire.asked("Search")
    (bm25,) = [search.bm25_search for search in searches if search.HasField("bm25_search")]
    assert list(bm25.properties) == ["terms"]
    assert len([search for search in searches if search.HasField("near_vector")]) == 1
    for search in searches:
        on = {one.target.property: one for one in leaves(search.filters)}
        assert on["effective_from"].value_int == on["effective_to"].value_int == scope.on.toordinal()
        assert list(on["region"].value_text_array.values) == ["EU", "%2A"]
        assert list(on["language"].value_text_array.values) == ["en", "de"]
        assert {"tier", "category"} <= on.keys()


async def test_an_object_has_the_same_id_however_often_it_comes(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    mine, theirs = piece("Thirty days.", tenant), piece("Thirty days.", f"{tenant}-b")
    for release in ("v1", "v1", "v2"):
        await fill(knowledge, tenant, release, [mine])
        await knowledge.discard(tenant, release)
    await fill(knowledge, f"{tenant}-b", "v1", [theirs])
    objects = [given for batch in wire.asked("BatchObjects") for given in batch.objects if given.collection == BLUE]
    assert [given.uuid for given in objects[:3]] == [objects[0].uuid] * 3
    assert objects[3].uuid != objects[0].uuid


async def test_staging_ends_the_way_back_and_one_release_is_staged_at_a_time(
    knowledge: WeaviateKnowledge, tenant: str
) -> None:
    await two_releases(knowledge, tenant)
    await knowledge.stage(tenant, "v3")
    with pytest.raises(Rejected, match="until another is staged") as refused:
        await knowledge.roll_back(tenant, AT)
    assert refused.value.reason == "nothing_before"
    with pytest.raises(Rejected, match=r"'v3' .* discard it first") as refused:
        await knowledge.stage(tenant, "v4")
    assert refused.value.reason == "another_release_staged"
    await knowledge.discard(tenant, "v3")
    await knowledge.stage(tenant, "v4")


async def test_another_model_finds_words_and_codes_but_no_vectors(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    _, chunk = await two_releases(knowledge, tenant)
    async with await WeaviateKnowledge.open(wire.url, KEY, "another-model", wire.grpc_port) as other:
        legs = await other.search(anyone(tenant), ask("RET-07 days", chunk), "accurate", 5)
        assert {leg: ids(hits) for leg, hits in legs.items()} == {
            "lexical": [chunk.chunk_id],
            "dense": [],
            "exact": [chunk.chunk_id],
        }
        assert ids((await other.search(anyone(tenant), ask("days", chunk), "fast", 5))["hybrid"]) == [chunk.chunk_id]
        assert await other.held(tenant, [chunk.chunk_id]) == frozenset()
        assert await other.embedded(tenant, [chunk.chunk_id]) == {}
        await fill(knowledge, tenant, "v3", [chunk])
        with pytest.raises(Rejected) as refused:
            await other.put(tenant, "v3", "returns.md", [], {})
        assert refused.value.reason == "model_changed"
        await other.stage(tenant, "v3")
        assert await other.contents(tenant, "v3") == ()


async def test_a_large_file_goes_in_batches_and_comes_in_pages(
    knowledge: WeaviateKnowledge, wire: Wire, tenant: str
) -> None:
    chunks = [piece(f"Clause number {n}.", tenant) for n in range(520)]
    await publish(knowledge, tenant, "v1", chunks)
    sizes = [len(batch.objects) for batch in wire.asked("BatchObjects") if batch.objects[0].collection == BLUE]
    assert sizes == [100] * 5 + [20]
    assert len(await knowledge.chunks(tenant, [chunk.chunk_id for chunk in chunks])) == 520
    with pytest.raises(Rejected) as refused:
        await knowledge.put(tenant, "v2", "returns.md", chunks[:1] * 10_001, {})
    assert refused.value.reason == "too_many_chunks"


def test_no_two_tenants_share_a_name_in_weaviate() -> None:
    names = ["a.b", "a_b", "a-b", "a_-b", "a._b", "a__b", "A.b", "northwind"]
    shards = [shard_of(name) for name in names]
    assert len(set(shards)) == len({alias_of(name) for name in names}) == len(names)
    assert [tenant_of(shard) for shard in shards] == names
    with pytest.raises(Rejected, match="too long"):
        shard_of("a." * 31)


async def test_the_facts_catch_a_request_weaviate_does_not_know() -> None:
    async with serving() as wire, httpx.AsyncClient(base_url=wire.url) as client:
        await client.post("/v1/schema/HoldfastBlue/tenants", json=[{"nme": "a", "activityStatus": "LUKEWARM"}])
        await client.put("/v1/aliases/live-now", json={"class": 7})
        await client.get("/v1/colours")
    odd = "\n".join(wire.strange)
    for oddity in ("body[0].nme is unknown", "'LUKEWARM'", "aliasName 'live-now'", "class is no string", "no such"):
        assert oddity in odd


async def two_releases(knowledge: Knowledge, tenant: str) -> tuple[Chunk, Chunk]:
    old, new = piece("RET-07: thirty days.", tenant), piece("RET-07: ten days.", tenant)
    await publish(knowledge, tenant, "v1", [old])
    await publish(knowledge, tenant, "v2", [new])
    return old, new


async def staged(knowledge: Knowledge, tenant: str, chunks: tuple[Chunk, ...]) -> str:
    await fill(knowledge, tenant, "v3", chunks)
    return "v3"


def leaves(filters: base_pb2.Filters) -> list[base_pb2.Filters]:
    return [leaf for one in filters.filters for leaf in leaves(one)] or [filters]
