"""Retrieval over a real index and the real model: the right clause, in force, in the customer's language, or none."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime

import pytest

from activities import late_interaction
from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.embedding import Embedder
from activities.encoder import Encoder
from activities.intent_files import read_intents
from activities.retrieval import MOST_CLAUSES, Retriever
from policies.chunks import Chunk
from policies.releases import fingerprint
from policies.retrieval import RetrievalRules, Scope
from policies.terms import codes_of
from workers.settings import read_settings

RULES = RetrievalRules()
SCOPE = Scope(tenant="northwind", region="US", on=date(2026, 11, 1))


def _chunk(section: str, heading: str, text: str, **about: object) -> Chunk:
    said = {
        "document": "rules",
        "version": "2026-10",
        "effective_from": date(2026, 10, 1),
        "source": "rules.md",
    } | about
    return Chunk.model_validate(
        {"title": "Rules", "section": section, "heading": f"Rules › {heading}", "text": text, "codes": codes_of(text)}
        | said
    )


OLD = {"version": "2026-01", "effective_from": date(2026, 1, 1), "effective_to": date(2026, 9, 30)}
GUIDE = [f"Step {at}: put screw {at} into hole {at} of the frame of the bunk bed." for at in range(30)]
CHUNKS = (
    _chunk("returns", "How long you can return an item", "You can return most items within 45 days of delivery."),
    _chunk(
        "returns", "How long you can return an item", "You can return most items within 30 days of delivery.", **OLD
    ),
    _chunk("cost", "What delivery costs", "Delivery is free from $50; below that it costs $5.95."),
    _chunk("refunds", "How long a refund takes", "You get the money back within five working days."),
    _chunk("lost", "Lost parcels", "A parcel without a scan for ten days counts as lost. We send it again."),
    _chunk("proof", "Proof of purchase", "A receipt or bank statement is enough.", asked=("I threw the bill away",)),
    _chunk("gold", "Birthday credit", "Gold members get a credit of $15 in the week of their birthday.", tier="gold"),
    _chunk("blanket-a", "Heated blanket, mains version", "SKU-9942-A has a warranty of 36 months and may be washed."),
    _chunk("blanket-b", "Heated blanket, battery version", "SKU-9942-B has a warranty of 12 months. Never wash it."),
    _chunk(
        "huts",
        "Zustellung auf Hütten",
        "Wir liefern Pakete auch auf Berghütten, wenn eine Seilbahn fährt.",
        language="de",
    ),
    *(
        _chunk("bunk", "Building the bunk bed", text, part=at, parts=len(GUIDE), document="guide", source="guide.md")
        for at, text in enumerate(GUIDE)
    ),
)


@pytest.fixture(scope="module")
def embedder(encoder: Encoder) -> Embedder:
    settings = read_settings()
    lens = late_interaction.fit(encoder, read_intents(settings.intent_folder).shipped, settings.model_cache)
    return Embedder(encoder, lens)


async def _publish(index: SqliteKnowledge, embedder: Embedder, tenant: str, chunks: Sequence[Chunk]) -> None:
    sealed = [chunk.sealed(tenant) for chunk in chunks]
    await index.stage(tenant, "r1")
    await index.put(tenant, "r1", "rules.md", sealed, await embedder.embed(sealed))
    await index.publish(
        tenant, "r1", fingerprint(chunk.chunk_id for chunk in sealed), datetime(2026, 10, 1, tzinfo=UTC)
    )


@pytest.fixture(scope="module")
async def index(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SqliteKnowledge]:
    index = SqliteKnowledge(tmp_path_factory.mktemp("knowledge") / "index", embedder.fingerprint)
    await _publish(index, embedder, "northwind", CHUNKS)
    other = [chunk.model_copy(update={"text": chunk.text.replace("45", "99")}) for chunk in CHUNKS[:1]]
    await _publish(index, embedder, "kirana", other)
    yield index
    await index.close()


@pytest.fixture(scope="module")
def retriever(index: SqliteKnowledge, embedder: Embedder) -> Retriever:
    return Retriever(index, embedder)


@pytest.mark.parametrize("path", ["fast", "accurate"])
@pytest.mark.parametrize(
    ("query", "section"),
    [
        ("how many days do I have to return an item?", "returns"),
        ("Hi, how much is delivery for order #12345? my mail is [email_1]", "cost"),
        ("my parcel is lost, what happens now", "lost"),
        ("how long until I get my refund", "refunds"),
        ("I have thrown my bill away, what now", "proof"),
        ("can I wash SKU-9942-B?", "blanket-b"),
        ("can I wash SKU-9942-A?", "blanket-a"),
        ("warranty of sku 9942 b", "blanket-b"),
    ],
)
async def test_the_clause_that_answers_comes_first(retriever: Retriever, query: str, section: str, path: str) -> None:
    hits = await retriever.find(query, SCOPE, "en", path, RULES)  # type: ignore[arg-type]  # a parameter of the test
    assert hits.clauses[0].clause_id == section
    assert hits.confidence >= RULES.enough
    assert hits.clauses[0].chunk_id
    assert hits.clauses[0].document == "rules"


@pytest.mark.parametrize(("on", "days"), [(date(2026, 9, 30), "30 days"), (date(2026, 10, 1), "45 days")])
async def test_the_version_in_force_on_the_day_is_told(retriever: Retriever, on: date, days: str) -> None:
    scope = SCOPE.model_copy(update={"on": on})
    hits = await retriever.find("how many days do I have to return an item?", scope, "en", "accurate", RULES)
    assert days in hits.clauses[0].text


async def test_a_tier_keeps_its_advantages_to_itself(retriever: Retriever) -> None:
    query = "when do I get my birthday credit"
    assert not (await retriever.find(query, SCOPE, "en", "accurate", RULES)).clauses
    gold = await retriever.find(query, SCOPE.model_copy(update={"tier": "gold"}), "en", "accurate", RULES)
    assert gold.clauses[0].clause_id == "gold"


async def test_one_tenant_never_reads_another_s_documents(retriever: Retriever) -> None:
    scope = SCOPE.model_copy(update={"tenant": "kirana"})
    hits = await retriever.find("how many days do I have to return an item?", scope, "en", "accurate", RULES)
    assert [clause.text for clause in hits.clauses] == ["You can return most items within 99 days of delivery."]


async def test_a_question_in_another_language_is_answered_in_it_where_a_clause_is(retriever: Retriever) -> None:
    hits = await retriever.find("Liefert ihr Pakete auch auf Berghütten?", SCOPE, "de", "accurate", RULES)
    assert hits.clauses[0].clause_id == "huts"


async def test_what_no_clause_of_the_language_answers_is_looked_for_in_all(retriever: Retriever) -> None:
    hits = await retriever.find("warranty SKU-9942-B", SCOPE, "fr", "accurate", RULES)
    assert hits.clauses[0].clause_id == "blanket-b"


@pytest.mark.parametrize(
    "query",
    [
        "tell me a joke",
        "what is the capital of France",
        "which mattress is best for my back",
        "is SKU-1111-Z in stock?",
        "",
        "   ",
        "🙂🙂🙂",
        "what is it",
        "?!",
        "[email_1] [phone_2]",
    ],
)
async def test_what_the_policy_does_not_speak_of_has_no_clause(retriever: Retriever, query: str) -> None:
    hits = await retriever.find(query, SCOPE, "en", "accurate", RULES)
    assert hits.clauses == ()
    assert hits.confidence < RULES.enough


async def test_ten_thousand_characters_are_a_question_too(retriever: Retriever) -> None:
    hits = await retriever.find("how long until I get my refund? " + "please " * 1_500, SCOPE, "en", "accurate", RULES)
    assert 0 <= hits.confidence <= 1


async def test_an_unknown_tenant_has_no_clauses(retriever: Retriever) -> None:
    scope = SCOPE.model_copy(update={"tenant": "nobody"})
    assert await retriever.find("how long until I get my refund", scope, "en", "accurate", RULES) == (
        await retriever.find("", SCOPE, "en", "accurate", RULES)
    )


async def test_parts_of_a_section_are_one_clause_around_the_part_found(retriever: Retriever) -> None:
    found = await retriever.trace("where does screw 17 of the bunk bed go", SCOPE, "en", "accurate", RULES)
    assert len(found.clauses) <= MOST_CLAUSES
    assert len({(clause.document, clause.clause_id) for clause in found.clauses}) == len(found.clauses)
    shown = next(clause.text for clause in found.clauses if clause.clause_id == "bunk")
    assert "screw 17 into" in shown
    assert 1 < shown.count("Step") < len(GUIDE)


async def test_each_stage_of_a_search_can_be_looked_at(retriever: Retriever) -> None:
    found = await retriever.trace("can I wash SKU-9942-B?", SCOPE, "en", "accurate", RULES)
    assert set(found.stages) >= {"lexical", "dense", "exact", "fused", "reranked"}
    assert len(found.stages["exact"]) == 1
    fast = await retriever.trace("can I wash SKU-9942-B?", SCOPE, "en", "fast", RULES)
    assert "reranked" not in fast.stages


class _Backwards:
    """Judges by the length of a passage, the shortest first."""

    async def judge(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        return [-float(len(passage)) for passage in passages]


async def test_a_cross_encoder_has_the_last_word_but_for_codes(index: SqliteKnowledge, embedder: Embedder) -> None:
    judged = Retriever(index, embedder, _Backwards())
    found = await judged.trace("how long until I get my refund", SCOPE, "en", "accurate", RULES)
    held = await index.chunks("northwind", [hit.chunk_id for hit in found.stages["reranked"]])
    lengths = [len(held[hit.chunk_id].told) for hit in found.stages["reranked"]]
    assert lengths == sorted(lengths)
    coded = await judged.trace("can I wash SKU-9942-B?", SCOPE, "en", "accurate", RULES)
    assert coded.clauses[0].clause_id == "blanket-b"
