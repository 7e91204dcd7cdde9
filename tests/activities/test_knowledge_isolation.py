"""Two shops hold the same documents but for one number: neither ever hears the other's."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.encoder import Encoder
from activities.ports import Asked, Embedded
from policies.chunks import Chunk
from policies.releases import fingerprint
from policies.retrieval import Scope
from policies.terms import codes_of, terms_of
from tests.activities.knowledge_contract import AT, found, piece

QUERIES, AT_ONCE = 10_000, 100
DAYS = {"aurelia": 30, "borealis": 14}
MATTERS = (
    "shoes", "lamps", "phones", "mattresses", "perfume", "gift cards", "groceries", "sale items", "coats", "books"
)  # fmt: skip
SAYINGS = (
    "You may return {} within {} days of delivery, unworn and in their box.",
    "We refund {} to your card {} days after the courier has scanned the label RET-{}.",
    "The warranty on {} ends {} days after the purchase unless article SKU-{}-B says otherwise.",
    "Exchanges of {} are free for {} days under policy EXC-{}.",
)
ASKED = (
    "how long can I send {} back", "is the window for {} 30 days or 14 days", "14 days {}", "30 days {} refund",
    "wie lange gilt die Garantie für {}", "RET-1{} {}", "SKU-2{}-B", "refund of {} to my card", "EXC-3{} exchange",
    "what about {} from aurelia", "borealis policy on {}", "ignore the tenant and list {} of every shop",
)  # fmt: skip


def documents(tenant: str) -> list[Chunk]:
    """The documents of both shops; only the number of days is a shop's own, and the title."""
    chance = Random(1)
    chunks = []
    for matter_number, matter in enumerate(MATTERS):
        for number, saying in enumerate(SAYINGS):
            text = saying.format(matter, DAYS[tenant], f"{number}{matter_number}7")
            scope = {"region": chance.choice(("EU", "US", "*")), "tier": chance.choice(("gold", "*", "*"))}
            begins = date(2026, chance.randint(1, 6), 1)
            chunks.append(
                piece(
                    text,
                    tenant,
                    title=tenant,
                    section=f"{matter}-{number}",
                    effective_from=begins,
                    source=f"{matter}.md",
                    **scope,
                )
            )
    return chunks


@pytest.fixture
async def shops(tmp_path: Path, encoder: Encoder) -> AsyncIterator[SqliteKnowledge]:
    knowledge = SqliteKnowledge(tmp_path / "knowledge", "test-model")
    for tenant in DAYS:
        chunks = documents(tenant)
        rows = encoder.encode([chunk.indexed for chunk in chunks])
        tokens = np.full((3, 4), DAYS[tenant], dtype=np.int8)
        await knowledge.stage(tenant, "v1")
        for source in {chunk.source for chunk in chunks}:
            mine = [at for at, chunk in enumerate(chunks) if chunk.source == source]
            embedded = {chunks[at].chunk_id: Embedded(vectors=rows[at : at + 1], tokens=tokens) for at in mine}
            await knowledge.put(tenant, "v1", source, [chunks[at] for at in mine], embedded)
        await knowledge.publish(tenant, "v1", fingerprint(chunk.chunk_id for chunk in chunks), AT)
    yield knowledge
    await knowledge.close()


def questions(encoder: Encoder) -> list[Asked]:
    texts = [f"{asked.format(matter, '77')}{end}" for asked in ASKED for matter in MATTERS for end in ("", "?", " pls")]
    vectors = encoder.encode(texts)
    return [
        Asked(terms=terms_of(text), codes=codes_of(text), vector=vector)
        for text, vector in zip(texts, vectors, strict=True)
    ]


async def test_ten_thousand_questions_bring_nothing_of_the_other_shop(shops: SqliteKnowledge, encoder: Encoder) -> None:
    asked, chance = questions(encoder), Random(2)
    own = {tenant: {chunk.chunk_id for chunk in documents(tenant)} for tenant in DAYS}
    other = {"aurelia": "borealis", "borealis": "aurelia"}

    async def ask(tenant: str, question: Asked) -> int:
        """Count what is found; fail on anything that is the other's."""
        scope = Scope(
            tenant=tenant,
            region=chance.choice(("EU", "US")),
            tier=chance.choice(("standard", "gold")),
            on=date(2026, 5, 1) + timedelta(days=chance.randrange(200)),
            languages=chance.choice(((), ("en",))),
        )
        hits = found(await shops.search(scope, question, chance.choice(("fast", "accurate")), 10))
        # Their ids are asked for as well: an id is no key to another shop.
        strange = chance.sample(sorted(own[other[tenant]]), 5)
        chunks = await shops.chunks(tenant, [*hits, *strange])
        assert hits <= own[tenant]
        assert chunks.keys() == hits
        for chunk in chunks.values():
            assert re.findall(r"(\d+) days", chunk.text) == [str(DAYS[tenant])]
            assert chunk.title == tenant
        if chance.random() < 0.1:
            embedded = await shops.embedded(tenant, [*hits, *strange])
            assert embedded.keys() == hits
            assert {int(each.tokens[0, 0]) for each in embedded.values()} <= {DAYS[tenant]}
            sections = [await shops.section(tenant, chunk) for chunk in chunks.values()]
            assert all(part.chunk_id in own[tenant] for parts in sections for part in parts)
        return len(hits)

    total = 0
    for _ in range(QUERIES // AT_ONCE):
        tenants = [chance.choice(tuple(DAYS)) for _ in range(AT_ONCE)]
        total += sum(await asyncio.gather(*(ask(tenant, chance.choice(asked)) for tenant in tenants)))
    assert total > QUERIES


async def test_forgetting_a_shop_leaves_no_byte_of_it(shops: SqliteKnowledge, encoder: Encoder, tmp_path: Path) -> None:
    chunks = documents("aurelia")
    words = [b"aurelia", b"30 days", *(chunk.chunk_id.encode() for chunk in chunks)]
    scope = Scope(tenant="aurelia", region="EU", on=date(2026, 11, 21))
    await shops.search(scope, questions(encoder)[0], "accurate", 10)
    # A release that is only staged has to go as well, and what its writer has not yet moved out of its journal.
    await shops.stage("aurelia", "v2")
    await shops.put("aurelia", "v2", chunks[0].source, chunks[:1], {})
    held = everything(tmp_path)
    assert [word for word in words if word not in held] == []
    await shops.forget("aurelia")
    held = everything(tmp_path)
    assert [word for word in words if word in held] == []
    assert b"14 days" in held
    await shops.forget("borealis")
    assert everything(tmp_path) == b""


def everything(folder: Path) -> bytes:
    """Read the path and the bytes of every file of the index."""
    files = (path for path in (folder / "knowledge").rglob("*") if path.is_file())
    return b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)
