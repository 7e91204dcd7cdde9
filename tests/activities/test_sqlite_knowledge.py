"""The embedded engine: the contract of every engine, and what only files and processes can do."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
import pytest
from structlog.testing import capture_logs

from activities.clients.sqlite_connections import Connections
from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.clients.sqlite_search import rare
from activities.clients.sqlite_vectors import Matrices
from activities.errors import Malformed, Rejected, Unavailable
from activities.ports import Embedded
from policies.releases import fingerprint
from tests.activities.knowledge_contract import (
    AT,
    KnowledgeContract,
    anyone,
    ask,
    embed,
    fill,
    found,
    ids,
    piece,
    publish,
)

MODEL, TENANT = "test-model", "shop"
ROOT = Path(__file__).parents[2]
KILLS = 8
# Each line on its input makes it fork a writer, which goes on until it is killed.
WRITERS = """
import asyncio, os, sys
from pathlib import Path
from activities.clients.sqlite_knowledge import SqliteKnowledge
from tests.activities.knowledge_contract import embed, fill, piece, publish

async def put(engine):
    for number in range(10_000):
        chunks = [piece(f"Put {number % 2} clause {each}", "shop") for each in range(10)]
        await engine.stage("shop", "next")
        made = {chunk.chunk_id: embed(chunk) for chunk in chunks}
        print("ready", flush=True)
        await engine.put("shop", "next", "returns.md", chunks, made)

async def replace(engine):
    for number in range(10_000):
        chunks = [piece(f"Release {number} of {os.getpid()} clause {each}", "shop") for each in range(10)]
        print("ready", flush=True)
        await publish(engine, "shop", f"v{number}-{os.getpid()}", chunks)

for line in sys.stdin:
    worker = os.fork()
    if not worker:
        what = {"put": put, "publish": replace}[line.strip()]
        asyncio.run(what(SqliteKnowledge(Path(sys.argv[1]), "test-model")))
    print(worker, flush=True)
    os.waitpid(worker, 0)
    print("dead", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "knowledge"


@pytest.fixture
async def knowledge(folder: Path) -> AsyncIterator[SqliteKnowledge]:
    engine = SqliteKnowledge(folder, MODEL)
    yield engine
    await engine.close()


class TestSqliteKnowledge(KnowledgeContract):
    """Runs on files of its own for each test."""


def kill_one(writers: subprocess.Popen[str], what: str, rounds: int, after: float) -> None:
    """Fork a writer, let it finish so many rounds and go on for some seconds, and kill it."""
    assert writers.stdin
    assert writers.stdout
    writers.stdin.write(f"{what}\n")
    writers.stdin.flush()
    said: list[str] = []
    while said.count("ready") <= rounds or {*said} == {"ready"}:
        said.append(writers.stdout.readline().strip())
    (worker,) = {*said} - {"ready"}
    time.sleep(after)
    os.kill(int(worker), signal.SIGKILL)
    while writers.stdout.readline().strip() != "dead":
        pass


@pytest.fixture
def writers(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITERS, str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def release_file(folder: Path, tenant: str = TENANT) -> Path:
    """Name the file of release v1."""
    (path,) = (folder.resolve() / tenant).glob("v1.*.db")
    return path


def files_of(folder: Path) -> set[str]:
    """Name the releases that have files."""
    return {path.name.split(".")[0] for path in (folder / TENANT).iterdir()}


def check(folder: Path) -> None:
    """Ask SQLite whether every file is whole, the full-text index too."""
    for path in (folder / TENANT).glob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
            if path.name != "control.db":
                db.execute("insert into words(words, rank) values ('integrity-check', 1)")


async def test_a_writer_killed_while_it_puts_leaves_a_file_whole_and_the_old_release_served(
    knowledge: SqliteKnowledge, folder: Path, writers: subprocess.Popen[str]
) -> None:
    old = [piece(f"Live clause {n}", TENANT) for n in range(10)]
    await publish(knowledge, TENANT, "live", old)
    puts = [{piece(f"Put {turn} clause {each}", TENANT).chunk_id for each in range(10)} for turn in range(2)]
    chance = Random(3)
    for turn in range(KILLS):
        kill_one(writers, "put", turn % 3, chance.uniform(0, 0.02))
        check(folder)
        legs = await knowledge.search(anyone(TENANT), ask("clause", old[0]), "accurate", 50)
        assert set(ids(legs["lexical"])) == set(ids(legs["dense"])) == {chunk.chunk_id for chunk in old}
        assert {chunk.chunk_id for chunk in await knowledge.contents(TENANT, "next")} in [set(), *puts]
    new = piece("Put after all", TENANT)
    await publish(knowledge, TENANT, "next", [new])
    assert await knowledge.contents(TENANT, "next") == (new,)


async def test_a_writer_killed_while_it_publishes_leaves_one_whole_release_live(
    knowledge: SqliteKnowledge, folder: Path, writers: subprocess.Popen[str]
) -> None:
    await publish(knowledge, TENANT, "first", [piece(f"Live clause {n}", TENANT) for n in range(10)])
    chance = Random(4)
    served = set()
    for turn in range(KILLS):
        kill_one(writers, "publish", turn % 3, chance.uniform(0, 0.06))
        check(folder)
        live, *others = await knowledge.releases(TENANT)
        assert (live.state, {release.state for release in others} & {"live"}) == ("live", set())
        held = {chunk.chunk_id for chunk in await knowledge.contents(TENANT, live.name)}
        assert (len(held), fingerprint(held)) == (10, live.fingerprint)
        assert found(await knowledge.search(anyone(TENANT), ask("clause"), "accurate", 50)) == held
        served.add(live.name)
    assert len(served) > 1
    await publish(knowledge, TENANT, "last", [piece("Last clause", TENANT)])
    names = {release.name for release in await knowledge.releases(TENANT)}
    assert files_of(folder) <= {*names, "control"}


async def test_readers_see_each_release_whole_while_others_replace_it(folder: Path, knowledge: SqliteKnowledge) -> None:
    other = SqliteKnowledge(folder, MODEL)
    await publish(knowledge, TENANT, "v0", [piece(f"Release 0 clause {n}", TENANT) for n in range(6)])
    seen: set[str] = set()
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            hits = found(await other.search(anyone(TENANT), ask("clause"), "accurate", 50))
            chunks = await other.chunks(TENANT, sorted(hits))
            (release,) = {chunk.text.split()[1] for chunk in chunks.values()}
            assert len(chunks) == len(hits) == 6
            seen.add(release)

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for number in range(1, 8):
        await publish(
            knowledge, TENANT, f"v{number}", [piece(f"Release {number} clause {n}", TENANT) for n in range(6)]
        )
        last = found(await other.search(anyone(TENANT), ask("clause"), "fast", 50))
        assert {chunk.text.split()[1] for chunk in (await other.chunks(TENANT, sorted(last))).values()} == {str(number)}
    done.set()
    await asyncio.gather(*readers)
    await other.close()
    assert len(seen) > 1


async def test_vectors_of_another_model_are_neither_searched_nor_copied(
    folder: Path, knowledge: SqliteKnowledge
) -> None:
    chunk = piece("RET-07: thirty days.", TENANT)
    await publish(knowledge, TENANT, "v1", [chunk])
    await fill(knowledge, TENANT, "v2", [chunk])
    other = SqliteKnowledge(folder, "another-model")
    with capture_logs() as logs:
        for _ in range(2):
            legs = await other.search(anyone(TENANT), ask("RET-07 days", chunk), "accurate", 5)
    assert {leg: ids(hits) for leg, hits in legs.items()} == {
        "lexical": [chunk.chunk_id],
        "dense": [],
        "exact": [chunk.chunk_id],
    }
    assert [line["event"] for line in logs] == ["knowledge.other_model"]
    assert await other.embedded(TENANT, [chunk.chunk_id]) == {}
    assert await other.held(TENANT, [chunk.chunk_id]) == frozenset()
    with pytest.raises(Rejected) as refused:
        await other.publish(TENANT, "v2", fingerprint([chunk.chunk_id]), AT)
    assert refused.value.reason == "model_changed"
    await other.stage(TENANT, "v2")
    assert await other.contents(TENANT, "v2") == ()
    await publish(other, TENANT, "v2", [chunk])
    assert ids((await other.search(anyone(TENANT), ask("x", chunk), "fast", 5))["dense"]) == [chunk.chunk_id]
    await other.close()


async def test_a_file_that_another_writer_holds_is_unavailable(folder: Path) -> None:
    knowledge = SqliteKnowledge(folder, MODEL, patience=0.05)
    chunk = piece("Thirty days.", TENANT)
    await knowledge.stage(TENANT, "v1")
    path = release_file(folder)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("begin immediate")
        with pytest.raises(Unavailable):
            await knowledge.put(TENANT, "v1", "returns.md", [chunk], {chunk.chunk_id: embed(chunk)})
    await publish(knowledge, TENANT, "v1", [chunk])
    await knowledge.close()


async def test_a_damaged_file_is_malformed(folder: Path, knowledge: SqliteKnowledge) -> None:
    await publish(knowledge, TENANT, "v1", [piece("Thirty days.", TENANT)])
    await knowledge.close()
    path = release_file(folder)
    path.write_bytes(b"no database" * 10_000)
    again = SqliteKnowledge(folder, MODEL)
    with pytest.raises(Malformed):
        await again.search(anyone(TENANT), ask("days"), "fast", 5)
    await again.close()


@pytest.mark.parametrize(
    ("vectors", "tokens"),
    [
        (np.zeros((0, 8), np.float32), np.zeros((1, 4), np.int8)),
        (np.ones(8, np.float32), np.zeros((1, 4), np.int8)),
        (np.ones((1, 8), np.float32), np.zeros((1, 4), np.float32)),
        (np.ones((1, 9), np.float32), np.zeros((1, 4), np.int8)),
    ],
)
async def test_what_is_no_embedding_of_a_chunk_is_malformed(
    knowledge: SqliteKnowledge, vectors: "np.ndarray", tokens: "np.ndarray"
) -> None:
    chunk = piece("Thirty days.", TENANT)
    await fill(knowledge, TENANT, "v1", [piece("Ten days.", TENANT, source="other.md")])
    with pytest.raises(Malformed):
        await knowledge.put(TENANT, "v1", "returns.md", [chunk], {chunk.chunk_id: Embedded(vectors, tokens)})
    assert len(await knowledge.contents(TENANT, "v1")) == 1


async def test_matrices_stay_within_their_memory(folder: Path, knowledge: SqliteKnowledge) -> None:
    for tenant in ("shop-a", "shop-b"):
        await publish(knowledge, tenant, "v1", [piece("Thirty days.", tenant)])
    one, two = release_file(folder, "shop-a"), release_file(folder, "shop-b")
    connections = Connections()
    roomy, narrow = Matrices(connections), Matrices(connections, at_most=1)
    first = roomy.of(one)
    assert (roomy.of(two).ids != first.ids, roomy.of(one) is first) == (True, True)
    first = narrow.of(one)
    assert narrow.of(one) is first
    assert narrow.of(two).ids != first.ids
    assert narrow.of(one) is not first
    connections.close()


async def test_the_fast_path_scores_rare_words_first(folder: Path, knowledge: SqliteKnowledge) -> None:
    texts = ["days shoes", "days shoes", "days lamps", "days"]
    await publish(knowledge, TENANT, "v1", [piece(text, TENANT, section=f"s{n}") for n, text in enumerate(texts)])
    path = release_file(folder)
    connections = Connections()
    with connections.reading(path) as db:
        asked = ("day", "shoe", "lamp", "nowhere")
        assert [rare(db, asked, at_most) for at_most in (0, 3, 100)] == [
            ("lamp",),
            ("lamp", "shoe"),
            ("lamp", "shoe", "day"),
        ]
    connections.close()
