"""One release of one tenant in one SQLite file: its chunks, their terms and codes, and what was embedded of them."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from activities.errors import Malformed
from activities.ports import Embedded
from policies.chunks import Chunk
from policies.terms import terms_of

# `scope` holds what a chunk is filtered by, one token each, so that a filter is part of the full-text query. Words of
# Indian scripts hold marks, which the tokenizer would cut at if they were no part of its words.
SCHEMA = """
create table chunk(
  rid integer primary key, chunk_id text not null unique, file text not null, document text not null,
  section text not null, region text not null, tier text not null, category text not null, language text not null,
  begins integer not null, ends integer not null, disputed integer not null);
create index chunk_section on chunk(file, section);
create table body(rid integer primary key, said text not null);
create table vector(rid integer primary key, dimensions integer not null, vectors blob not null);
create table token(rid integer primary key, width integer not null, tokens blob not null);
create table code(code text not null, rid integer not null, primary key (code, rid)) without rowid;
create index code_rid on code(rid);
create virtual table words using fts5(
  scope, terms, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'");
create virtual table counted using fts5vocab(words, 'row')
"""
OPEN_END = date.max.toordinal()
FIELDS = ("region", "tier", "category", "language")
TABLES = ("body", "vector", "token", "code")
Blobs = tuple[int, bytes, int, bytes]


def scope_token(field: str, value: str) -> str:
    """Write a value of a field as one token, whatever it holds."""
    return f"{field}_{value.encode().hex()}"


def ids_of(db: sqlite3.Connection, file: str) -> set[str]:
    return {row[0] for row in db.execute("select chunk_id from chunk where file = ?", (file,))}


def counts_of(db: sqlite3.Connection) -> tuple[int, int]:
    """Count chunks and documents."""
    chunks, documents = db.execute("select count(*), count(distinct document) from chunk").fetchone()
    return int(chunks), int(documents)


def files_of(db: sqlite3.Connection) -> dict[str, int]:
    """Count the chunks of each file."""
    return dict(db.execute("select file, count(*) from chunk group by file order by file").fetchall())


def add(db: sqlite3.Connection, file: str, chunks: Sequence[Chunk], blobs: Mapping[str, Blobs]) -> None:
    """Insert chunks of a file that are not there yet; raises Malformed for vectors of unequal lengths."""
    lengths = {row[0] for row in db.execute("select dimensions from vector limit 1")}
    if len(lengths | {blobs[chunk.chunk_id][0] for chunk in chunks}) > 1:
        raise Malformed(f"vectors of different lengths for file {file!r}: one model makes one length")
    last = db.execute("select coalesce(max(rid), 0) from chunk").fetchone()[0]
    rows, bodies, words, codes, vectors, tokens = [], [], [], [], [], []
    for rid, chunk in enumerate(chunks, last + 1):
        scope = [getattr(chunk, field) for field in FIELDS]
        ends = chunk.effective_to.toordinal() if chunk.effective_to else OPEN_END
        place = (rid, chunk.chunk_id, file, chunk.document, chunk.section)
        rows.append((*place, *scope, chunk.effective_from.toordinal(), ends, chunk.disputed))
        bodies.append((rid, chunk.model_dump_json(exclude={"disputed"})))
        filters = map(scope_token, FIELDS, scope)
        words.append((rid, " ".join(filters), " ".join(terms_of(chunk.indexed, chunk.language))))
        codes += [(code, rid) for code in dict.fromkeys(chunk.codes)]
        held = blobs[chunk.chunk_id]
        vectors.append((rid, *held[:2]))
        tokens.append((rid, *held[2:]))
    db.executemany(f"insert into chunk values ({', '.join('?' * 12)})", rows)
    db.executemany("insert into body values (?, ?)", bodies)
    db.executemany("insert into words(rowid, scope, terms) values (?, ?, ?)", words)
    db.executemany("insert into code values (?, ?)", codes)
    db.executemany("insert into vector values (?, ?, ?)", vectors)
    db.executemany("insert into token values (?, ?, ?)", tokens)


def remove(db: sqlite3.Connection, chunk_ids: Iterable[str]) -> None:
    rids = [
        row
        for chunk_id in chunk_ids
        for row in db.execute("select rid from chunk where chunk_id = ?", (chunk_id,)).fetchall()
    ]
    db.executemany("delete from words where rowid = ?", rids)
    for table in (*TABLES, "chunk"):
        db.executemany(f"delete from {table} where rid = ?", rids)


def chunks_of(db: sqlite3.Connection, chunk_ids: Collection[str]) -> dict[str, Chunk]:
    """Read chunks by id; those that are not here are left out."""
    rows = db.execute(
        "select said, disputed from chunk join body using (rid)"
        " where chunk_id in (select value from json_each(?)) order by chunk_id",
        (json.dumps(list(chunk_ids)),),
    )
    return {chunk.chunk_id: chunk for chunk in map(_chunk, rows)}


def all_of(db: sqlite3.Connection) -> Iterator[Chunk]:
    """Read every chunk, by id."""
    return map(_chunk, db.execute("select said, disputed from chunk join body using (rid) order by chunk_id"))


def section_of(db: sqlite3.Connection, chunk_id: str) -> tuple[Chunk, ...]:
    """Read the parts of the section a chunk stands in, in their order."""
    found = chunks_of(db, (chunk_id,)).get(chunk_id)
    if found is None:
        return ()
    rows = db.execute(
        "select said, disputed from chunk join body using (rid) where section = ?"
        " and file = (select file from chunk where chunk_id = ?)",
        (found.section, chunk_id),
    )
    parts = (chunk for chunk in map(_chunk, rows) if _section(chunk) == _section(found))
    return tuple(sorted(parts, key=lambda chunk: (chunk.part, chunk.chunk_id)))


def blobs_of(db: sqlite3.Connection, chunk_ids: Collection[str]) -> dict[str, Blobs]:
    """Read what was embedded, as it is stored."""
    rows = db.execute(
        "select chunk_id, dimensions, vectors, width, tokens from chunk join vector using (rid) join token using (rid)"
        " where chunk_id in (select value from json_each(?))",
        (json.dumps(list(chunk_ids)),),
    )
    return {row[0]: row[1:] for row in rows}


def held_of(db: sqlite3.Connection, chunk_ids: Collection[str]) -> set[str]:
    rows = db.execute(
        "select chunk_id from chunk where chunk_id in (select value from json_each(?))", (json.dumps(list(chunk_ids)),)
    )
    return {row[0] for row in rows}


def dispute(db: sqlite3.Connection, chunk_ids: Collection[str]) -> None:
    """Mark exactly these."""
    db.execute(
        "update chunk set disputed = chunk_id in (select value from json_each(?1))"
        " where disputed <> (chunk_id in (select value from json_each(?1)))",
        (json.dumps(list(chunk_ids)),),
    )


def pack(chunk_id: str, embedded: Embedded) -> Blobs:
    """Write what was embedded as bytes, the vectors in sixteen bits; raises Malformed."""
    vectors, tokens = embedded.vectors, embedded.tokens
    if vectors.ndim != 2 or not vectors.size or tokens.ndim != 2 or tokens.dtype != np.int8:
        raise Malformed(
            f"chunk {chunk_id} is embedded as {vectors.dtype} {vectors.shape} and {tokens.dtype} {tokens.shape}; "
            "it takes float32 windows × dimensions, at least one, and int8 tokens × dimensions"
        )
    return vectors.shape[1], vectors.astype("<f2").tobytes(), tokens.shape[1], tokens.tobytes()


def unpack(blobs: Blobs) -> Embedded:
    dimensions, vectors, width, tokens = blobs
    rows = np.frombuffer(vectors, "<f2").astype(np.float32).reshape(-1, dimensions)
    return Embedded(
        vectors=rows / np.linalg.norm(rows, axis=1, keepdims=True),
        tokens=np.frombuffer(tokens, np.int8).reshape(-1, width or 1),
    )


def _chunk(row: tuple[str, int]) -> Chunk:
    chunk = Chunk.model_validate_json(row[0])
    return chunk.model_copy(update={"disputed": True}) if row[1] else chunk


def _section(chunk: Chunk) -> tuple[object, ...]:
    """What the parts of one section share: two versions or languages of a document may stand in one file."""
    return (
        chunk.document,
        chunk.version,
        chunk.region,
        chunk.language,
        chunk.category,
        chunk.tier,
        chunk.effective_from,
    )
