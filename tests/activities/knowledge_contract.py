"""What every engine of the knowledge base must do; each engine's tests inherit it and give a fixture `knowledge`."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.errors import Rejected
from activities.ports import Asked, Embedded, KnowledgeIndex, KnowledgeStore
from policies.chunks import Chunk, whole
from policies.releases import Change, fingerprint
from policies.retrieval import Hit, Leg, Scope
from policies.terms import codes_of, terms_of

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)
DIMENSIONS, WIDTH = 8, 4
# Anything may stand in a document's front matter, so anything may be filtered by.
REGIONS = ("EU", "eu", "US", "*", "São Paulo", 'a "b" OR c', "x*")
TIERS = ("standard", "gold", "*", "gold plus")
CATEGORIES = ("shoes", "*", "home & garden", "home", "'; drop table chunk; --")
LANGUAGES = ("en", "de", "hi", "pt-BR", "pt")
DAYS = tuple(date(2026, 1, 1) + timedelta(days=90 * step) for step in range(6))


class Knowledge(KnowledgeIndex, KnowledgeStore, Protocol):
    """An engine: searched and written."""


def piece(text: str, tenant: str, **more: Any) -> Chunk:
    """Make a sealed chunk; what is not said is the same for all."""
    said = {
        "document": "returns",
        "title": "Returns",
        "version": "3",
        "section": f"s-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}",
        "heading": "Returns › Window",
        "effective_from": date(2026, 1, 1),
        "source": "returns.md",
        "codes": codes_of(text),
    }
    return Chunk(text=text, **(said | more)).sealed(tenant)


def embed(chunk: Chunk, windows: int = 1) -> Embedded:
    rows = np.stack([direction(f"{chunk.indexed}{window or ''}") for window in range(windows)])
    tokens = np.random.default_rng(len(chunk.text)).integers(-127, 128, (len(chunk.text.split()), WIDTH))
    return Embedded(vectors=rows, tokens=tokens.astype(np.int8))


def direction(text: str) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Give a vector of length 1 that depends on the text alone."""
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    row = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return row / np.linalg.norm(row)


def ask(text: str, like: Chunk | None = None) -> Asked:
    """Ask with a text's terms and codes; the vector is that of the chunk `like`, or the text's own."""
    return Asked(terms=terms_of(text), codes=codes_of(text), vector=direction(like.indexed if like else text))


def anyone(tenant: str, **more: Any) -> Scope:
    return Scope(**({"tenant": tenant, "region": "EU", "on": TODAY} | more))


def ids(hits: Iterable[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def found(legs: Mapping[Leg, Sequence[Hit]]) -> set[str]:
    return {hit.chunk_id for hits in legs.values() for hit in hits}


async def fill(knowledge: Knowledge, tenant: str, release: str, chunks: Sequence[Chunk]) -> list[Change]:
    """Stage a release and put every chunk into it, file by file, embedding only what is not held."""
    await knowledge.stage(tenant, release)
    changes = []
    for source, group in groupby(sorted(chunks, key=lambda chunk: chunk.source), lambda chunk: chunk.source):
        mine = list(group)
        held = await knowledge.held(tenant, [chunk.chunk_id for chunk in mine])
        fresh = {chunk.chunk_id: embed(chunk) for chunk in mine if chunk.chunk_id not in held}
        changes.append(await knowledge.put(tenant, release, source, mine, fresh))
    return changes


async def publish(
    knowledge: Knowledge, tenant: str, release: str, chunks: Sequence[Chunk], at: datetime = AT
) -> list[Change]:
    changes = await fill(knowledge, tenant, release, chunks)
    await knowledge.publish(tenant, release, fingerprint(chunk.chunk_id for chunk in chunks), at)
    return changes


class KnowledgeContract:
    """Inherit it under a name that begins with Test, beside a fixture `knowledge`, empty or shared."""

    @pytest.fixture
    async def tenant(self, knowledge: Knowledge) -> AsyncIterator[str]:
        name = f"shop-{secrets.token_hex(6)}"
        yield name
        await knowledge.forget(name)

    async def test_a_staged_release_is_invisible_until_it_is_published(self, knowledge: Knowledge, tenant: str) -> None:
        chunk = piece("Shoes go back within 30 days.", tenant)
        await fill(knowledge, tenant, "v1", [chunk])
        assert found(await knowledge.search(anyone(tenant), ask("shoes", chunk), "accurate", 5)) == set()
        assert await knowledge.chunks(tenant, [chunk.chunk_id]) == {}
        assert [(release.name, release.state) for release in await knowledge.releases(tenant)] == [("v1", "staged")]
        await knowledge.publish(tenant, "v1", fingerprint([chunk.chunk_id]), AT)
        legs = await knowledge.search(anyone(tenant), ask("shoes", chunk), "accurate", 5)
        assert (ids(legs["lexical"]), ids(legs["dense"]), ids(legs["exact"])) == ([chunk.chunk_id],) * 2 + ([],)
        assert await knowledge.chunks(tenant, [chunk.chunk_id, "unknown"]) == {chunk.chunk_id: chunk}

    async def test_a_release_says_what_it_holds_and_what_was_approved(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"Clause {n}.", tenant, document=f"d{n % 2}", source=f"d{n % 2}.md") for n in range(5)]
        await publish(knowledge, tenant, "v1", chunks)
        (live,) = await knowledge.releases(tenant)
        assert (live.name, live.state, live.chunks, live.documents) == ("v1", "live", 5, 2)
        assert live.fingerprint == fingerprint(chunk.chunk_id for chunk in chunks)
        assert live.published_at == AT
        assert tenant in await knowledge.tenants()
        assert list(await knowledge.contents(tenant, "v1")) == sorted(chunks, key=lambda chunk: chunk.chunk_id)

    async def test_a_change_counts_against_what_is_live(self, knowledge: Knowledge, tenant: str) -> None:
        kept, old, new = (piece(f"{word} days to return.", tenant) for word in ("Thirty", "Fourteen", "Ten"))
        assert await publish(knowledge, tenant, "v1", [kept, old]) == [Change(source="returns.md", added=2)]
        changes = await fill(knowledge, tenant, "v2", [kept, new])
        assert changes == [Change(source="returns.md", added=1, unchanged=1, removed=1)]
        assert list(await knowledge.contents(tenant, "v1")) == sorted([kept, old], key=lambda chunk: chunk.chunk_id)

    async def test_putting_a_file_again_changes_nothing(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"Clause {n} on returns.", tenant) for n in range(4)]
        first = await fill(knowledge, tenant, "v1", chunks)
        assert await fill(knowledge, tenant, "v1", chunks) == first
        assert len(await knowledge.contents(tenant, "v1")) == 4
        await knowledge.publish(tenant, "v1", fingerprint(chunk.chunk_id for chunk in chunks), AT)
        await knowledge.publish(tenant, "v1", fingerprint(chunk.chunk_id for chunk in chunks), AT)
        assert await fill(knowledge, tenant, "v2", chunks) == [Change(source="returns.md", unchanged=4)]

    async def test_a_file_put_again_holds_only_what_it_says_now(self, knowledge: Knowledge, tenant: str) -> None:
        one, two, three = (piece(f"{word} clause.", tenant) for word in ("First", "Second", "Third"))
        await fill(knowledge, tenant, "v1", [one, two])
        await publish(knowledge, tenant, "v1", [two, three])
        legs = await knowledge.search(anyone(tenant), ask("first second third", two), "accurate", 9)
        assert set(ids(legs["lexical"])) == set(ids(legs["dense"])) == {two.chunk_id, three.chunk_id}

    async def test_what_was_embedded_once_need_not_be_again(self, knowledge: Knowledge, tenant: str) -> None:
        chunk = piece("Shoes go back within 30 days.", tenant)
        made = embed(chunk, windows=3)
        await knowledge.stage(tenant, "v1")
        assert await knowledge.held(tenant, [chunk.chunk_id]) == frozenset()
        with pytest.raises(Rejected) as refused:
            await knowledge.put(tenant, "v1", "returns.md", [chunk], {})
        assert refused.value.reason == "not_embedded"
        await knowledge.put(tenant, "v1", "returns.md", [chunk], {chunk.chunk_id: made})
        await knowledge.publish(tenant, "v1", fingerprint([chunk.chunk_id]), AT)
        await knowledge.stage(tenant, "v2")
        assert await knowledge.held(tenant, [chunk.chunk_id, "unknown"]) == {chunk.chunk_id}
        await knowledge.put(tenant, "v2", "returns.md", [chunk], {})
        await knowledge.publish(tenant, "v2", fingerprint([chunk.chunk_id]), AT)
        await knowledge.discard(tenant, "v1")
        (held,) = (await knowledge.embedded(tenant, [chunk.chunk_id, "unknown"])).values()
        np.testing.assert_allclose(held.vectors, made.vectors, atol=2e-3)
        np.testing.assert_allclose(np.linalg.norm(held.vectors, axis=1), 1, atol=1e-3)
        np.testing.assert_array_equal(held.tokens, made.tokens)

    async def test_a_long_chunk_is_as_near_as_its_nearest_window(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"Clause {n} on returns.", tenant) for n in range(6)]
        await knowledge.stage(tenant, "v1")
        made = {chunk.chunk_id: embed(chunk, windows=1 + n % 3) for n, chunk in enumerate(chunks)}
        await knowledge.put(tenant, "v1", "returns.md", chunks, made)
        await knowledge.publish(tenant, "v1", fingerprint(made), AT)
        asked = ask("when", chunks[3])
        legs = await knowledge.search(anyone(tenant), asked, "accurate", 9)
        best = {chunk_id: float((embedded.vectors @ asked.vector).max()) for chunk_id, embedded in made.items()}
        assert ids(legs["dense"]) == sorted(best, key=lambda chunk_id: -best[chunk_id])
        assert [hit.score for hit in legs["dense"]] == pytest.approx(sorted(best.values(), reverse=True), abs=5e-3)

    async def test_files_that_are_no_more_are_dropped(self, knowledge: Knowledge, tenant: str) -> None:
        stays, goes = piece("Stays.", tenant, source="a.md"), piece("Goes.", tenant, source="b.md")
        await publish(knowledge, tenant, "v1", [stays, goes])
        await fill(knowledge, tenant, "v2", [stays, goes])
        for _ in range(2):
            assert await knowledge.keep_only(tenant, "v2", ["a.md"]) == (Change(source="b.md", removed=1),)
        assert await knowledge.contents(tenant, "v2") == (stays,)
        assert len(await knowledge.contents(tenant, "v1")) == 2

    async def test_only_what_was_approved_is_published(self, knowledge: Knowledge, tenant: str) -> None:
        old, new = piece("Thirty days.", tenant), piece("Ten days.", tenant)
        await publish(knowledge, tenant, "v1", [old])
        await fill(knowledge, tenant, "v2", [new])
        with pytest.raises(Rejected) as refused:
            await knowledge.publish(tenant, "v2", fingerprint([old.chunk_id]), AT)
        assert refused.value.reason == "fingerprint_differs"
        assert found(await knowledge.search(anyone(tenant), ask("days", new), "accurate", 5)) == {old.chunk_id}

    async def test_a_chunk_that_says_something_else_than_its_id_is_not_published(
        self, knowledge: Knowledge, tenant: str
    ) -> None:
        forged = piece("Thirty days.", tenant).model_copy(update={"text": "Ninety days."})
        await fill(knowledge, tenant, "v1", [forged])
        with pytest.raises(Rejected) as refused:
            await knowledge.publish(tenant, "v1", fingerprint([forged.chunk_id]), AT)
        assert refused.value.reason == "chunk_altered"

    async def test_going_back_serves_the_release_before(self, knowledge: Knowledge, tenant: str) -> None:
        one, two = piece("Thirty days.", tenant), piece("Ten days.", tenant)
        await publish(knowledge, tenant, "v1", [one])
        with pytest.raises(Rejected) as refused:
            await knowledge.roll_back(tenant, AT)
        assert refused.value.reason == "nothing_before"
        await publish(knowledge, tenant, "v2", [two])
        assert set(await knowledge.chunks(tenant, [one.chunk_id, two.chunk_id])) == {one.chunk_id, two.chunk_id}
        later = AT + timedelta(hours=1)
        for _ in range(2):
            assert (await knowledge.roll_back(tenant, later)).name == "v1"
        states = [(release.name, release.state, release.published_at) for release in await knowledge.releases(tenant)]
        assert states == [("v1", "live", later), ("v2", "retired", AT)]
        assert found(await knowledge.search(anyone(tenant), ask("days", two), "accurate", 5)) == {one.chunk_id}
        with pytest.raises(Rejected):
            await knowledge.roll_back(tenant, later + timedelta(hours=1))

    async def test_a_name_that_was_live_is_not_written_again(self, knowledge: Knowledge, tenant: str) -> None:
        one, two = piece("Thirty days.", tenant), piece("Ten days.", tenant)
        await publish(knowledge, tenant, "v1", [one])
        await publish(knowledge, tenant, "v2", [two])
        for name in ("v1", "v2"):
            with pytest.raises(Rejected) as refused:
                await knowledge.stage(tenant, name)
            assert refused.value.reason == "release_taken"
            with pytest.raises(Rejected) as refused:
                await knowledge.put(tenant, name, "returns.md", [one], {one.chunk_id: embed(one)})
            assert refused.value.reason == "release_not_staged"

    async def test_a_release_that_is_not_live_may_be_dropped(self, knowledge: Knowledge, tenant: str) -> None:
        one, two = piece("Thirty days.", tenant), piece("Ten days.", tenant)
        await publish(knowledge, tenant, "v1", [one])
        await fill(knowledge, tenant, "v2", [two])
        for _ in range(2):
            await knowledge.discard(tenant, "v2")
        assert [release.name for release in await knowledge.releases(tenant)] == ["v1"]
        with pytest.raises(Rejected) as refused:
            await knowledge.discard(tenant, "v1")
        assert refused.value.reason == "release_is_live"
        await knowledge.stage(tenant, "v2")
        assert await knowledge.contents(tenant, "v2") == ()

    async def test_old_releases_go_when_new_ones_come(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"Clause of release {n}.", tenant) for n in range(4)]
        for n, chunk in enumerate(chunks):
            await publish(knowledge, tenant, f"v{n}", [chunk])
        assert [release.name for release in await knowledge.releases(tenant)] == ["v3", "v2", "v1"]
        assert set(await knowledge.chunks(tenant, [chunk.chunk_id for chunk in chunks])) == {
            chunk.chunk_id for chunk in chunks[1:]
        }

    async def test_an_unknown_tenant_is_refused(self, knowledge: Knowledge, tenant: str) -> None:
        chunk = piece("Thirty days.", tenant)
        refusals = (
            knowledge.search(anyone(tenant), ask("days"), "fast", 5),
            knowledge.chunks(tenant, [chunk.chunk_id]),
            knowledge.section(tenant, chunk),
            knowledge.embedded(tenant, [chunk.chunk_id]),
            knowledge.put(tenant, "v1", "returns.md", [chunk], {chunk.chunk_id: embed(chunk)}),
        )
        for refusal in refusals:
            with pytest.raises(Rejected) as refused:
                await refusal
            assert refused.value.reason == "tenant_unknown"
        assert await knowledge.releases(tenant) == ()
        assert tenant not in await knowledge.tenants()

    @pytest.mark.parametrize("name", ["", "..", "../other", "a/b", ".hidden", "a b", "a\n", "x" * 64, "a\0b"])
    async def test_a_name_that_leads_elsewhere_is_refused(self, knowledge: Knowledge, tenant: str, name: str) -> None:
        await knowledge.stage(tenant, "v1")
        for call in (knowledge.stage(name, "v1"), knowledge.stage(tenant, name), knowledge.releases(name)):
            with pytest.raises(Rejected) as refused:
                await call
            assert refused.value.reason == "name_not_allowed"
        with pytest.raises(Rejected):
            await knowledge.search(anyone(name), ask("days"), "fast", 5)

    @settings(
        max_examples=40,
        deadline=None,
        # The same property is run on every engine, each in a class of its own.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        region=st.sampled_from([*REGIONS, "nowhere"]),
        tier=st.sampled_from([*TIERS, "none"]),
        category=st.none() | st.sampled_from([*CATEGORIES, "none"]),
        languages=st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True),
        on=st.dates(date(2025, 12, 1), date(2027, 8, 1)) | st.sampled_from(DAYS),
    )
    async def test_every_leg_filters_as_the_scope_admits(
        self, knowledge: Knowledge, shelf: tuple[str, list[Chunk]], **asked: Any
    ) -> None:
        tenant, chunks = shelf
        scope = Scope(tenant=tenant, **asked | {"languages": tuple(asked["languages"])})
        admitted = {chunk.chunk_id for chunk in chunks if scope.admits(chunk)}
        legs = await knowledge.search(scope, ask("policy RET-07"), "accurate", len(chunks))
        assert set(ids(legs["lexical"])) == admitted
        assert set(ids(legs["dense"])) == admitted
        assert set(ids(legs["exact"])) == admitted
        assert found(await knowledge.search(scope, ask("policy RET-07"), "fast", len(chunks))) == admitted

    @pytest.fixture
    async def shelf(self, knowledge: Knowledge, tenant: str) -> tuple[str, list[Chunk]]:
        """Chunks in every kind of scope, all of which hold the same word and the same code."""
        chance = np.random.default_rng(7)
        chunks = []
        for n in range(120):
            begins, ends = sorted(chance.choice(len(DAYS), 2))
            scope = {
                "region": REGIONS[chance.integers(len(REGIONS))],
                "tier": TIERS[chance.integers(len(TIERS))],
                "category": CATEGORIES[chance.integers(len(CATEGORIES))],
                "language": LANGUAGES[chance.integers(len(LANGUAGES))],
            }
            until = DAYS[ends] if n % 3 else None
            text = f"policy RET-07 number {n}"
            chunks.append(piece(text, tenant, effective_from=DAYS[begins], effective_to=until, **scope))
        await publish(knowledge, tenant, "v1", chunks)
        return tenant, chunks

    @pytest.mark.parametrize("path", ["fast", "accurate"])
    async def test_a_code_is_never_its_neighbour(self, knowledge: Knowledge, tenant: str, path: Any) -> None:
        text = "The article SKU-9942-{} goes back within {} days."
        chunks = {letter: piece(text.format(letter, 10 + n), tenant) for n, letter in enumerate("ABC")}
        await publish(knowledge, tenant, "v1", list(chunks.values()))
        for letter, chunk in chunks.items():
            # The vector is a sibling's: only the code tells.
            asked = ask(f"Kann ich sku 9942? I mean sku–9942–{letter.lower()} back", chunks["A"])
            legs = await knowledge.search(anyone(tenant), asked, path, 5)
            assert ids(legs["exact"]) == [chunk.chunk_id]
            if "lexical" in legs:
                assert ids(legs["lexical"])[0] == chunk.chunk_id

    async def test_more_codes_rank_higher(self, knowledge: Knowledge, tenant: str) -> None:
        both, one = piece("RET-07 and AWB 784512369087.", tenant), piece("RET-07 alone.", tenant)
        await publish(knowledge, tenant, "v1", [one, both])
        legs = await knowledge.search(anyone(tenant), ask("784512369087 ret-07 RET-99"), "fast", 5)
        assert ids(legs["exact"]) == [both.chunk_id, one.chunk_id]

    async def test_ties_are_broken_by_id(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece("RET-07 says thirty days.", tenant, section=f"s{n}") for n in range(12)]
        await publish(knowledge, tenant, "v1", chunks)
        first = sorted(chunk.chunk_id for chunk in chunks)[:5]
        legs = await knowledge.search(anyone(tenant), ask("RET-07 days", chunks[0]), "accurate", 5)
        assert {leg: ids(hits) for leg, hits in legs.items()} == dict.fromkeys(("lexical", "dense", "exact"), first)

    async def test_terms_are_those_of_the_house(self, knowledge: Knowledge, tenant: str) -> None:
        hindi = piece("जूते वापस करने की अवधि 30 दिन है।", tenant, language="hi")
        german = piece("Rücksendungen für Schuhe sind kostenlos.", tenant, language="de")
        await publish(knowledge, tenant, "v1", [hindi, german])
        for text, language, chunk in (("अवधि", "hi", hindi), ("Rücksendung", "de", german)):
            asked = Asked(terms=terms_of(text, language), codes=(), vector=direction(text))
            legs = await knowledge.search(anyone(tenant), asked, "accurate", 5)
            assert ids(legs["lexical"]) == [chunk.chunk_id]

    async def test_any_terms_may_be_asked_for(self, knowledge: Knowledge, tenant: str) -> None:
        chunk = piece("Thirty days or near.", tenant)
        await publish(knowledge, tenant, "v1", [chunk])
        nothing = Asked(terms=(), codes=(), vector=direction("x"))
        assert ids((await knowledge.search(anyone(tenant), nothing, "accurate", 5))["lexical"]) == []
        many = (*(f"word{n}" for n in range(3_000)), "near", '"', "OR", "*", "scope", "thirti")
        asked = Asked(terms=many, codes=("'", '"'), vector=direction("x"))
        legs = await knowledge.search(anyone(tenant), asked, "accurate", 5)
        assert ids(legs["lexical"]) == [chunk.chunk_id]

    async def test_a_section_comes_whole_and_in_order(self, knowledge: Knowledge, tenant: str) -> None:
        texts = ("Part one. ", "one. Part two. ", "two. Part three.")
        repeats = (0, 5, 5)
        same = {"section": "window", "parts": 3}
        parts = [piece(text, tenant, part=n, repeats=repeats[n], page=n + 1, **same) for n, text in enumerate(texts)]
        other = piece("Older.", tenant, section="window", version="2")
        spanish = piece("Otro.", tenant, section="window", language="es")
        await publish(knowledge, tenant, "v1", [other, *reversed(parts), spanish])
        got = await knowledge.section(tenant, parts[1])
        assert got == tuple(parts)
        assert whole(list(got)) == "Part one. Part two. Part three."
        assert await knowledge.section(tenant, other) == (other,)
        assert await knowledge.section(tenant, piece("Not held.", tenant)) == ()

    async def test_exactly_the_marked_chunks_are_disputed(self, knowledge: Knowledge, tenant: str) -> None:
        chunks = [piece(f"{word} days.", tenant) for word in ("Ten", "Thirty", "Ninety")]
        await fill(knowledge, tenant, "v1", chunks)
        one, two, three = (chunk.chunk_id for chunk in chunks)
        await knowledge.mark_disputed(tenant, "v1", [one, two])
        await knowledge.mark_disputed(tenant, "v1", [two, three, "unknown"])
        await knowledge.publish(tenant, "v1", fingerprint([one, two, three]), AT)
        held = await knowledge.chunks(tenant, [one, two, three])
        assert {chunk_id for chunk_id, chunk in held.items() if chunk.disputed} == {two, three}
        assert (await knowledge.section(tenant, chunks[1]))[0].disputed

    async def test_a_forgotten_tenant_is_unknown_and_may_come_anew(self, knowledge: Knowledge, tenant: str) -> None:
        old, new = piece("Thirty days.", tenant), piece("Ten days.", tenant)
        await publish(knowledge, tenant, "v1", [old])
        assert found(await knowledge.search(anyone(tenant), ask("days", old), "accurate", 5)) == {old.chunk_id}
        for _ in range(2):
            await knowledge.forget(tenant)
        with pytest.raises(Rejected):
            await knowledge.search(anyone(tenant), ask("days", old), "accurate", 5)
        assert await knowledge.held(tenant, [old.chunk_id]) == frozenset()
        await publish(knowledge, tenant, "v1", [new])
        assert found(await knowledge.search(anyone(tenant), ask("days", old), "accurate", 5)) == {new.chunk_id}
        assert await knowledge.chunks(tenant, [old.chunk_id]) == {}

    async def test_two_tenants_never_see_each_other(self, knowledge: Knowledge, tenant: str) -> None:
        other = f"{tenant}-b"
        mine, theirs = ([piece(f"RET-07 clause {n}.", name) for n in range(5)] for name in (tenant, other))
        try:
            await publish(knowledge, tenant, "v1", mine)
            await publish(knowledge, other, "v1", theirs)
            for name, own, strange in ((tenant, mine, theirs), (other, theirs, mine)):
                strangers = [chunk.chunk_id for chunk in strange]
                legs = await knowledge.search(anyone(name), ask("clause RET-07", strange[0]), "accurate", 20)
                assert found(legs) == {chunk.chunk_id for chunk in own}
                assert await knowledge.chunks(name, strangers) == {}
                assert await knowledge.embedded(name, strangers) == {}
                assert await knowledge.held(name, strangers) == frozenset()
                assert await knowledge.section(name, strange[0]) == ()
            await knowledge.forget(other)
            assert found(await knowledge.search(anyone(tenant), ask("clause"), "accurate", 20)) == set(
                chunk.chunk_id for chunk in mine
            )
        finally:
            await knowledge.forget(other)
