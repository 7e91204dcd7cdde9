"""Search the written policies from the command line: one question, or JSON Lines in and out."""

import json
import time
from collections.abc import Iterator
from datetime import date
from typing import Any, TextIO

from pydantic import Field, ValidationError

from activities.errors import Malformed, Unavailable
from activities.ports import KnowledgeStore
from activities.retrieval import Retriever, Trace
from policies.clauses import Clause
from policies.frozen import Written
from policies.language import language
from policies.retrieval import Path, RetrievalRules, Scope

LONGEST_LINE = 4_000_000
DEFAULT_LANGUAGE = "en"


class Line(Written):
    """A question, and for whom and when a clause must hold; `language` is told from the question where it is absent."""

    query: str
    tenant: str = "northwind"
    region: str = "US"
    tier: str = "standard"
    language: str = ""
    on: date = Field(default_factory=date.today)
    category: str | None = None
    path: Path = "accurate"


class Search:
    """Answers questions one by one and counts those that could not be."""

    def __init__(self, retriever: Retriever, store: KnowledgeStore, rules: RetrievalRules) -> None:
        self._retriever = retriever
        self._store = store
        self._rules = rules
        self.faults = 0

    async def run(self, source: TextIO, sink: TextIO) -> None:
        """Write a line for every line; one that cannot be answered gets `{"line", "error"}` in its place."""
        for number, text in _numbered(source):
            try:
                answer = await self.answer(Line.model_validate_json(text))
            except (ValueError, RecursionError, Unavailable, Malformed) as error:
                self.faults += 1
                answer = {"line": number, "error": _reason(error)}
            sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
            sink.flush()

    async def answer(self, line: Line) -> dict[str, Any]:
        """Give clauses with their score at each stage; raises ValueError for an unknown tenant, and Unavailable."""
        tenants = await self._store.tenants()
        if line.tenant not in tenants:
            raise ValueError(f"no documents of tenant {line.tenant!r}; there are {', '.join(tenants) or 'none yet'}")
        spoken = line.language or language(line.query) or DEFAULT_LANGUAGE
        scope = Scope(**line.model_dump(include={"tenant", "region", "tier", "on", "category"}))
        began = time.perf_counter()
        found = await self._retriever.trace(line.query, scope, spoken, line.path, self._rules)
        return {
            "query": line.query,
            "answered": found.confidence >= self._rules.enough,
            "confidence": round(found.confidence, 3),
            "language": spoken,
            "clauses": [_shown(clause, found) for clause in found.clauses],
            "ms": round(1000 * (time.perf_counter() - began), 3),
        }


def told(answer: dict[str, Any]) -> Iterator[str]:
    """Put an answer into lines for people."""
    sure = "answers" if answer["answered"] else "would not answer"
    yield f"{sure}: confidence {answer['confidence']:.2f}, language {answer['language']}, {answer['ms']:.0f} ms"
    for clause in answer["clauses"]:
        until = f" until {clause['effective_to']}" if clause["effective_to"] else ""
        yield ""
        yield f"{clause['document']} § {clause['clause_id']} · {clause['title']}"
        yield f"  version {clause['version']}, from {clause['effective_from']}{until}, {clause['source']}"
        yield "  " + ", ".join(f"{stage} {score:.3f}" for stage, score in clause["scores"].items())
        yield from (f"  {line}" for line in clause["text"].splitlines())


def _shown(clause: Clause, found: Trace) -> dict[str, Any]:
    scores = {
        stage: round(hit.score, 4)
        for stage, hits in found.stages.items()
        for hit in hits
        if hit.chunk_id == clause.chunk_id
    }
    return clause.model_dump(exclude={"score"}) | {"scores": scores}


def _numbered(source: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source, start=1):
        if line.strip():
            yield number, line if len(line) <= LONGEST_LINE else "too long"


def _reason(error: Exception) -> str:
    """Say what is wrong with a line without repeating it: it may hold personal data."""
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'line'}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
    return str(error)
