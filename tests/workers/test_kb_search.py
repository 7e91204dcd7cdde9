"""`holdfast kb search` over a real index: one line out for each line in, an error in its place, nothing repeated."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.retrieval import Retriever
from policies.chunks import Chunk
from policies.releases import fingerprint
from policies.retrieval import RetrievalRules
from workers.kb_search import Search, told
from workers.knowledge import standing_embedder
from workers.settings import read_settings

CHUNK = Chunk(
    document="northwind-refunds",
    title="Refunds",
    version="2026-10",
    section="refunds.time",
    heading="Refunds › How long a refund takes",
    text="You get the money back within five working days after the refund is approved.",
    effective_from=date(2026, 10, 1),
    source="refunds.md",
).sealed("northwind")


@pytest.fixture(scope="module")
async def search(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Search]:
    embedder = standing_embedder(read_settings())
    index = SqliteKnowledge(tmp_path_factory.mktemp("knowledge") / "index", embedder.fingerprint)
    await index.stage("northwind", "r1")
    await index.put("northwind", "r1", "refunds.md", [CHUNK], await embedder.embed([CHUNK]))
    await index.publish("northwind", "r1", fingerprint([CHUNK.chunk_id]), datetime(2026, 10, 1, tzinfo=UTC))
    yield Search(Retriever(index, embedder), index, RetrievalRules())
    await index.close()


async def _lines(search: Search, *lines: str) -> list[dict[str, Any]]:
    sink = io.StringIO()
    await search.run(io.StringIO("\n".join(lines) + "\n"), sink)
    return [json.loads(line) for line in sink.getvalue().splitlines()]


async def test_a_question_gets_its_clause_with_the_scores_of_every_stage(search: Search) -> None:
    (answer,) = await _lines(search, '{"query": "how long does a refund take?", "on": "2026-11-01"}')
    assert answer["answered"]
    (clause,) = answer["clauses"]
    assert clause["clause_id"] == "refunds.time"
    assert set(clause["scores"]) == {"lexical", "dense", "fused", "reranked"}
    assert answer["ms"] > 0
    shown = "\n".join(told(answer))
    assert "northwind-refunds § refunds.time" in shown
    assert "within five working days" in shown


async def test_a_line_that_cannot_be_answered_has_its_error_in_its_place(search: Search) -> None:
    faults = search.faults
    answers = await _lines(
        search,
        "no json: jane@example.org",
        '{"query": "refund", "colour": "red"}',
        '{"query": "refund", "tenant": "nobody"}',
        "",
        '{"query": "how long does a refund take?", "on": "2026-11-01"}',
        '{"query": "how long does a refund take?", "on": "2026-09-30"}',
    )
    assert [answer.get("line") for answer in answers] == [1, 2, 3, None, None]
    assert "colour" in answers[1]["error"]
    assert answers[2]["error"] == "no documents of tenant 'nobody'; there are northwind"
    assert "jane" not in json.dumps(answers)
    assert answers[4]["clauses"] == []
    assert search.faults == faults + 3
