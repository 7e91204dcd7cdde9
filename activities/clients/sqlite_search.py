"""The lexical and the exact leg of the embedded index: BM25 and the list of codes, filtered inside SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from activities.clients.sqlite_release import scope_token
from policies.clauses import EVERYWHERE
from policies.retrieval import Hit, Path, Scope

# On the fast path so many chunks are scored, the rest is left to the dense leg: a word half of all chunks hold costs
# most of the time and ranks nearly nothing.
FAST_CHUNKS = 6_000


def wanted(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Give the values of each field that a scope admits, for the fields it asks of; see `Scope.admits`."""
    fields: dict[str, tuple[str, ...]] = {"region": (scope.region, EVERYWHERE), "tier": (scope.tier, EVERYWHERE)}
    if scope.category is not None:
        fields["category"] = (scope.category, EVERYWHERE)
    if scope.languages:
        fields["language"] = scope.languages
    return fields


def lexical(db: sqlite3.Connection, scope: Scope, terms: Sequence[str], path: Path, most: int) -> list[Hit]:
    """Rank chunks by BM25 over the terms, on the fast path over the rare ones."""
    terms = tuple(dict.fromkeys(terms))
    if path == "fast":
        terms = rare(db, terms)
    if not terms:
        return []
    filters = [
        f"scope : ({_either(scope_token(field, value) for value in dict.fromkeys(values))})"
        for field, values in wanted(scope).items()
    ]
    match = " AND ".join([f"terms : ({_either(terms)})", *filters])
    day = scope.on.toordinal()
    rows = db.execute(
        "select chunk_id, -bm25(words, 0, 1) as score from words join chunk on rid = words.rowid"
        " where words match ? and begins <= ? and ? <= ends order by score desc, chunk_id limit ?",
        (match, day, day, most),
    )
    return [Hit(chunk_id=chunk_id, score=score) for chunk_id, score in rows]


def exact(db: sqlite3.Connection, scope: Scope, codes: Sequence[str], most: int) -> list[Hit]:
    """Rank the chunks that hold codes by how many of them."""
    if not codes:
        return []
    day = scope.on.toordinal()
    fields = wanted(scope)
    rows = db.execute(
        "select chunk_id, count(*) as score from code join chunk using (rid)"
        " where code in (select value from json_each(?)) and begins <= ? and ? <= ends"
        + "".join(f" and {field} in (select value from json_each(?))" for field in fields)
        + " group by rid order by score desc, chunk_id limit ?",
        (json.dumps(list(codes)), day, day, *(json.dumps(values) for values in fields.values()), most),
    )
    return [Hit(chunk_id=chunk_id, score=score) for chunk_id, score in rows]


def rare(db: sqlite3.Connection, terms: Sequence[str], at_most: int = FAST_CHUNKS) -> tuple[str, ...]:
    """Take terms from the rarest on, while at most so many chunks hold them; the rarest in any case."""
    counts: Mapping[str, int] = dict(
        db.execute(
            "select term, doc from counted where term in (select value from json_each(?))", (json.dumps(list(terms)),)
        ).fetchall()
    )
    taken: list[str] = []
    chunks = 0
    for term in sorted(counts, key=lambda term: (counts[term], term)):
        chunks += counts[term]
        if taken and chunks > at_most:
            break
        taken.append(term)
    return tuple(taken)


def _either(tokens: Iterable[str]) -> str:
    return " OR ".join('"' + token.replace('"', '""') + '"' for token in tokens)
