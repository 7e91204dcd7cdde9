"""Measure retrieval, stage by stage: on a stranger's corpus and questions, or on those that are shipped."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.cross_encoder import Reranker
from activities.embedding import Embedder
from activities.retrieval import MOST_CLAUSES, Retriever, Trace
from evals import measures
from evals.knowledge_scores import Scores, score, table
from evals.knowledge_sets import (
    DOCUMENTS,
    QUESTIONS,
    Corpus,
    Query,
    name_of,
    read_corpus,
    read_documents,
    read_queries,
)  # fmt: skip
from evals.measures import Measure, count
from policies.chunks import Chunk
from policies.extracts import extract
from policies.grounding import check
from policies.releases import fingerprint
from policies.retrieval import RetrievalRules, Scope
from policies.terms import terms_of

STAGES = {"lexical": "BM25", "dense": "dense", "exact": "exact", "fused": "fused", "reranked": "reranked"}
RELEASE = "evaluated"
AT_ONCE = 64
PART = "knowledge"
LEAST_MRR = 0.8


@dataclass(frozen=True)
class Asked:
    """A question with what a search made of it: each stage's names, best first, none twice."""

    query: Query
    rankings: dict[str, list[str]]
    trace: Trace
    answered: bool


def report(
    corpus: Path, queries: Path, embedder: Embedder, written: Path, reranker: Reranker | None = None
) -> Iterator[str]:
    """Measure on JSON Lines; yields tables and where their JSON lies. Raises BadLine and FileNotFoundError."""
    passages = read_corpus(corpus)
    known = {chunk.section for chunks in passages.values() for chunk in chunks}
    asked = read_queries(queries, known)
    yield f"{sum(map(len, passages.values()))} passages, {len(asked)} questions"
    found = asyncio.run(ask_all(passages, asked, embedder, lambda chunk: chunk.section, reranker))
    yield from _told(stage_scores(found), list(_refusals(queries.stem, found)), written)


def report_shipped(embedder: Embedder, written: Path, reranker: Reranker | None = None) -> Iterator[str]:
    """Measure on the shipped documents and questions, against the levels they are held to."""
    found = asyncio.run(ask_shipped(embedder, reranker))
    scores = stage_scores(found)
    yield from _told(scores, list(levels(found)), written)
    yield f"MRR {scores[-1].mrr:.3f}, held to at least {LEAST_MRR}"


async def ask_shipped(embedder: Embedder, reranker: Reranker | None = None) -> list[Asked]:
    passages = read_documents(DOCUMENTS, embedder.count)
    known = {name_of(chunk) for chunks in passages.values() for chunk in chunks}
    return await ask_all(passages, read_queries(QUESTIONS, known), embedder, name_of, reranker)


async def ask_all(
    corpus: Corpus,
    queries: Sequence[Query],
    embedder: Embedder,
    name: Callable[[Chunk], str],
    reranker: Reranker | None = None,
) -> list[Asked]:
    """Index a corpus in a folder of its own and put every question to it, on the accurate path."""
    rules = RetrievalRules()
    names = {chunk.chunk_id: name(chunk) for chunks in corpus.values() for chunk in chunks}
    async with indexed(corpus, embedder) as index:
        retriever = Retriever(index, embedder, reranker)
        found = []
        for query in queries:
            scope = Scope(**query.model_dump(include={"tenant", "region", "tier", "category", "on"}))
            trace = await retriever.trace(query.query, scope, query.language, "accurate", rules)
            rankings = {
                stage: list(dict.fromkeys(names[hit.chunk_id] for hit in hits)) for stage, hits in trace.stages.items()
            }
            found.append(Asked(query, rankings, trace, trace.confidence >= rules.enough))
    return found


@asynccontextmanager
async def indexed(corpus: Corpus, embedder: Embedder) -> AsyncIterator[SqliteKnowledge]:
    """Hold a corpus in an index that lasts as long as the context."""
    with tempfile.TemporaryDirectory() as folder:
        index = SqliteKnowledge(Path(folder) / "index", embedder.fingerprint)
        try:
            for tenant, chunks in corpus.items():
                await _put(index, embedder, tenant, chunks)
            yield index
        finally:
            await index.close()


def stage_scores(found: Sequence[Asked]) -> list[Scores]:
    """Score each stage on the questions that have an answer; `exact` on those of them that name a code."""
    scored = []
    for stage, shown in STAGES.items():
        pairs = [
            (each.rankings.get(stage, []), each.query.relevant)
            for each in found
            if each.query.relevant and (stage != "exact" or each.trace.codes)
        ]
        if result := score(shown, pairs):
            scored.append(result)
    return scored


def levels(found: Sequence[Asked]) -> Iterator[Measure]:
    """Measure what the shipped set is held to."""
    answerable = [each for each in found if each.query.relevant]
    codes = [each for each in answerable if each.query.kind == "code"]
    for kind, rows, level in (("all", answerable, 0.95), ("code", codes, 1.0)):
        yield from count(PART, kind, "right clause among the first five", map(_in_five, rows), level)
    yield from count(PART, "all", "right clause first", map(_is_first, answerable))
    dated = [each for each in answerable if each.query.kind == "dated" and _versions_shown(each)]
    yield from count(PART, "dated", "right version by date", map(_right_version, dated), 1.0)
    yield from _refusals("all", found, refused=0.9, lost=0.05)
    told = [each for each in found if each.answered]
    yield from count(PART, "answered", "grounded: what is quoted of the first clause", map(_is_grounded, told), 0.95)
    said = [each for each in told if each.query.says]
    yield from count(PART, "answered", "first clause says what it must", (_says(each, 1) for each in said))
    yield from count(
        PART, "answered", "one of the clauses says what it must", (_says(each, MOST_CLAUSES) for each in said)
    )


def _told(scores: Sequence[Scores], measured: Sequence[Measure], written: Path) -> Iterator[str]:
    yield table(scores)
    yield measures.table(measured)
    written.parent.mkdir(parents=True, exist_ok=True)
    as_json = {"stages": [each.as_json() for each in scores], "measures": [each.as_json() for each in measured]}
    written.write_text(json.dumps(as_json, indent=1) + "\n", encoding="utf-8")
    yield f"{sum(each.reached is False for each in measured)} levels missed; as JSON in {written}"


def _refusals(
    dataset: str, found: Sequence[Asked], refused: float | None = None, lost: float | None = None
) -> Iterator[Measure]:
    without = [not each.answered for each in found if not each.query.relevant]
    answerable = [not each.answered for each in found if each.query.relevant]
    yield from count(PART, dataset, "unanswerable refused", without, refused)
    yield from count(PART, dataset, "answerable refused", answerable, lost, "at most")


async def _put(index: SqliteKnowledge, embedder: Embedder, tenant: str, chunks: Sequence[Chunk]) -> None:
    await index.stage(tenant, RELEASE)
    for at in range(0, len(chunks), AT_ONCE):
        group = chunks[at : at + AT_ONCE]
        await index.put(tenant, RELEASE, f"{at}", group, await embedder.embed(group))
    await index.publish(tenant, RELEASE, fingerprint(chunk.chunk_id for chunk in chunks), datetime.now(UTC))


def _last(each: Asked) -> list[str]:
    return each.rankings.get("reranked", [])


def _in_five(each: Asked) -> bool:
    return bool(set(_last(each)[:5]) & set(each.query.relevant))


def _is_first(each: Asked) -> bool:
    return bool(set(_last(each)[:1]) & set(each.query.relevant))


def _versions_shown(each: Asked) -> set[str]:
    """Which versions of the sections that answer were ranked at all."""
    sections = {name.rpartition("@")[0] for name in each.query.relevant}
    return {name for name in _last(each) if name.rpartition("@")[0] in sections}


def _right_version(each: Asked) -> bool:
    return _versions_shown(each) <= set(each.query.relevant)


def _is_grounded(each: Asked) -> bool:
    first = each.trace.clauses[0]
    quoted = extract(first, terms_of(each.query.query, first.language))
    return check(quoted, [first], language=first.language).grounded


def _says(each: Asked, first: int) -> bool:
    texts = (" ".join(clause.text.casefold().split()) for clause in each.trace.clauses[:first])
    return any(" ".join(each.query.says.casefold().split()) in text for text in texts)
