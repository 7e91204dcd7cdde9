"""Time the embedded knowledge engine on made-up policies: `python -m bench.knowledge [--chunks N --tenants N]`."""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.embedding import Embedder
from activities.intent_files import read_intents
from activities.late_interaction import DIMENSIONS, fit
from activities.ports import Embedded
from activities.retrieval import Retriever
from policies.chunks import Chunk
from policies.releases import fingerprint
from policies.retrieval import Path as Way
from policies.retrieval import RetrievalRules, Scope
from policies.terms import codes_of
from workers.settings import read_settings
from workers.understanding import load_encoder

REGIONS = ("EU", "US", "IN", "UK")
TODAY, AT = date(2026, 11, 21), datetime(2026, 11, 21, tzinfo=UTC)
IN_FILE, WORDS, TOKENS = 10, 85, 70
EMBEDDED_FOR_REAL = 500
TOPIC_WORDS = """
    return refund window parcel delivery address warranty repair exchange label courier receipt invoice voucher gift
    shoes jacket lamp phone battery screen sofa mattress grocery perfume damaged missing late broken sealed opened
    worn size colour store online payment card wallet bank tax customs duty holiday season sale discount member gold
    standard business private account data consent cookie complaint dispute evidence photo inspection deduct credit
    days weeks months hours morning evening pickup drop locker signature neighbour island remote express economy
"""
PLAIN_WORDS = """
    the a of to in for when is are must may can our we you your it this that any each by with on at
"""
TOPICS, PLAIN = TOPIC_WORDS.split(), PLAIN_WORDS.split()
RARE = tuple(f"{first}{second}{third}" for first in "bdfgklmnprst" for second in ("ana", "ori", "ule", "ise", "ento")
             for third in ("mar", "dal", "vik", "son", "tel", "rup", "nex", "lor", "bic", "fan"))  # fmt: skip


def main() -> None:
    """Print one JSON line for each scenario: many tenants, and one that holds everything.

    `cpu_ms` is what a question costs all threads together: on a machine shared with others it varies less than `ms`.
    """
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chunks", type=int, default=100_000)
    options.add_argument("--tenants", type=int, default=50)
    options.add_argument("--queries", type=int, default=200)
    options.add_argument("--folder", type=Path, help="where the index is built; a folder that is thrown away if absent")
    given = options.parse_args()
    for tenants in (given.tenants, 1):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            numbers: dict[str, Any] = {"tenants": tenants, "chunks": given.chunks, "regions": len(REGIONS)}
            for phase in (_build, _query):
                numbers |= _apart(partial(phase, Path(folder), tenants, given.chunks // tenants, given.queries))
            print(json.dumps(numbers), flush=True)
    print(json.dumps(_apart(_ingest_for_real)), flush=True)


def _apart(phase: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a phase in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(phase).result()


def _build(folder: Path, tenants: int, each: int, _: int) -> dict[str, Any]:
    numbers = asyncio.run(_fill(folder, tenants, each))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return numbers | {"disk_mb": round(size / 1e6)}


async def _fill(folder: Path, tenants: int, each: int) -> dict[str, Any]:
    engine = SqliteKnowledge(folder, "made-up")
    before = _peak()
    putting = publishing = 0.0
    for tenant in map(_tenant, range(tenants)):
        await engine.stage(tenant, "v1")
        ids = []
        for number, chunks in enumerate(_files(tenant, each)):
            made = {chunk.chunk_id: _embed(chunk) for chunk in chunks}
            ids += made
            began = time.perf_counter()
            await engine.put(tenant, "v1", f"{number}.md", chunks, made)
            putting += time.perf_counter() - began
        began = time.perf_counter()
        await engine.publish(tenant, "v1", fingerprint(ids), AT)
        publishing += time.perf_counter() - began
    await engine.close()
    return {
        "put_chunks_per_s": round(tenants * each / putting),
        "publish_s": round(publishing, 1),
        "put_mb_above_start": round(_peak() - before),
    }


def _query(folder: Path, tenants: int, each: int, queries: int) -> dict[str, Any]:
    return asyncio.run(_ask(folder, tenants, each, queries))


async def _ask(folder: Path, tenants: int, each: int, queries: int) -> dict[str, Any]:
    engine = SqliteKnowledge(folder, "made-up")
    retriever = Retriever(engine, _embedder())
    asked = list(_questions(tenants, each, queries))
    before, began = _resident(), time.perf_counter()
    await retriever.find(asked[0][0], asked[0][1], "en", "fast", RetrievalRules(enough=0))
    numbers: dict[str, Any] = {"first_query_ms": round(1000 * (time.perf_counter() - began))}
    for tenant in range(tenants):
        await retriever.find("return window", _scope(_tenant(tenant), 0), "en", "fast", RetrievalRules(enough=0))
    ways: tuple[Way, ...] = ("fast", "accurate")
    for path in ways:
        # Sure enough at once, and never sure: the search for the customer's language is followed by one for all.
        for name, enough in (("", 0.0), ("_twice", 1.0)):
            taken, worked, strangers, right = [], [], 0, 0
            for text, scope, code in asked:
                began, busy = time.perf_counter(), time.process_time()
                found = await retriever.trace(text, scope, "en", path, RetrievalRules(enough=enough))
                taken.append(1000 * (time.perf_counter() - began))
                worked.append(1000 * (time.process_time() - busy))
                strangers += sum(not clause.text.startswith(scope.tenant) for clause in found.clauses)
                right += bool(code) and bool(found.clauses) and code in codes_of(found.clauses[0].text)
            for measure, times in (("ms", taken), ("cpu_ms", worked)):
                for share in (50, 95):
                    numbers[f"{path}{name}_{measure}_p{share}"] = round(float(np.percentile(times, share)), 1)
            numbers[f"{path}{name}_hits_of_others"] = strangers
            numbers[f"{path}{name}_code_first"] = round(right / sum(bool(code) for *_, code in asked), 3)
    numbers |= {"query_mb_above_model": round(_resident() - before), "query_mb": round(_resident())}
    await engine.close()
    return numbers


def _ingest_for_real() -> dict[str, Any]:
    async def ingest(folder: Path) -> dict[str, Any]:
        embedder, engine = _embedder(), SqliteKnowledge(folder, "real")
        await engine.stage("sample", "v1")
        began = time.perf_counter()
        for number, chunks in enumerate(_files("sample", EMBEDDED_FOR_REAL)):
            await engine.put("sample", "v1", f"{number}.md", chunks, await embedder.embed(chunks))
        taken = time.perf_counter() - began
        await engine.close()
        return {"embedded_and_put_chunks_per_s": round(EMBEDDED_FOR_REAL / taken, 1), "chunks": EMBEDDED_FOR_REAL}

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(ingest(Path(folder)))


def _embedder() -> Embedder:
    settings = read_settings()
    encoder = load_encoder(settings)
    return Embedder(encoder, fit(encoder, read_intents(settings.intent_folder).shipped, settings.model_cache))


def _tenant(number: int) -> str:
    return f"shop-{number:02d}"


def _scope(tenant: str, region: int) -> Scope:
    return Scope(tenant=tenant, region=REGIONS[region], on=TODAY)


def _files(tenant: str, each: int) -> Iterator[list[Chunk]]:
    for first in range(0, each, IN_FILE):
        yield [_chunk(tenant, number) for number in range(first, min(first + IN_FILE, each))]


def _chunk(tenant: str, number: int) -> Chunk:
    """Make a section; three in ten belong to three siblings which differ in their code and three words only."""
    text = " ".join(_words(tenant, number))
    return Chunk(
        document=f"d{number // IN_FILE}",
        title="Policy",
        version="1",
        section=f"s{number}",
        heading=f"Policy › {TOPICS[number % len(TOPICS)]}",
        text=f"{tenant} {text}",
        region=REGIONS[number // IN_FILE % len(REGIONS)],
        effective_from=date(2026, 1 + number % 10, 1),
        source=f"{number // IN_FILE}.md",
        codes=codes_of(text),
    ).sealed(tenant)


def _words(tenant: str, number: int) -> list[str]:
    sibling = number % IN_FILE < 3
    chance = Random(f"{tenant} {number // IN_FILE} {0 if sibling else number}")
    words = [
        chance.choice(PLAIN if dice < 0.45 else TOPICS if dice < 0.9 else RARE)
        for dice in (chance.random() for _ in range(WORDS))
    ]
    if sibling:
        own = Random(f"{tenant} {number}")
        for at in (20, 40, 60):
            words[at] = own.choice(TOPICS)
        words[10] = f"SKU-{1000 + number // IN_FILE}-{'ABC'[number % IN_FILE]}"
    elif number % IN_FILE == 3:
        words[10] = f"RET-{1000 + number // IN_FILE}"
    elif number % IN_FILE == 4:
        words[10] = f"{784_500_000_000 + number}"
    return words


def _questions(tenants: int, each: int, queries: int) -> Iterator[tuple[str, Scope, str]]:
    """Ask for sections in turn: by a code and stray words, or by seven of their words and two stray ones."""
    chance = Random(7)
    for turn in range(queries):
        tenant, number = _tenant(chance.randrange(tenants)), chance.randrange(each)
        if turn % 2:
            number -= number % IN_FILE - chance.randrange(3)
        words = _words(tenant, number)
        codes = codes_of(" ".join(words)) if turn % 2 else ()
        said = [words[10]] if codes else [word for word in chance.sample(words, 7) if not codes_of(word)]
        said += chance.sample(TOPICS, 2)
        region = number // IN_FILE % len(REGIONS)
        yield f"What about {' '.join(said)}?", _scope(tenant, region), codes[0] if codes else ""


def _embed(chunk: Chunk) -> Embedded:
    """Make up vectors: what matters is how many there are and how large."""
    row = np.sum([_direction(word) for word in chunk.text.split()], axis=0, dtype=np.float32)
    seed = int.from_bytes(bytes.fromhex(chunk.chunk_id[:16]))
    tokens = np.random.default_rng(seed).integers(-127, 128, (TOKENS, DIMENSIONS), dtype=np.int8)
    return Embedded(vectors=(row / np.linalg.norm(row))[None, :], tokens=tokens)


@cache
def _direction(word: str) -> "np.ndarray[Any, np.dtype[np.float32]]":
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(384).astype(np.float32)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _resident() -> float:
    """Read what this process holds now, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
