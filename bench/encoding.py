"""Measure the encoder against torch, alternating in one run: `python -m bench.encoding [--cache FOLDER]`."""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import policies
from activities.encoder import Batcher, Encoder
from policies.intents import parse, pieces

MESSAGES = {
    "short": "where is my parcel",
    "two wishes": "Hello there, where is my parcel? And please send me the invoice.",
    "64 tokens": (
        "I ordered a lamp and a rug from you two weeks ago and only the lamp has come. Your courier writes that both "
        "were handed over, but nobody was at home that day. Please find out where the rug is, or pay me back what I "
        "gave for it, as the guests arrive this Friday evening."
    ),
}
ASKERS = 32


def main() -> None:
    """Print one JSON line for each measure, with both numbers and their ratio; the machine may be shared."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, help="where the graph is kept; without, a folder that is thrown away")
    options.add_argument("--rounds", type=int, default=30)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = given.cache or Path(scratch)
        building = _start("cache=Path(sys.argv[1])", cache)
        _say("start, s", torch=_start("exact=True", cache), graph=_start("cache=Path(sys.argv[1])", cache))
        _print({"measure": "start that builds the graph, s", "graph": building})
        graph, torch = Encoder(cache=cache), Encoder(exact=True)
    _say_agreement(torch, graph)
    for name, message in MESSAGES.items():
        _say_latency(name, _cut(message), torch, graph, given.rounds)
    _say_throughput(torch, graph, given.rounds)


def _cut(message: str) -> list[str]:
    return [piece.text for piece in pieces((message,))]


def _start(how: str, cache: Path) -> float:
    """Time a process of its own from its first line to a first vector: what is imported counts."""
    code = (
        "import sys, time; began = time.perf_counter(); from pathlib import Path;"
        f"from activities.encoder import Encoder; Encoder({how}).encode(['hello']); print(time.perf_counter() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, check=True)
    return float(done.stdout.split()[-1])


def _say_agreement(torch: Encoder, graph: Encoder) -> None:
    """Compare both on our exemplars: their likeness, and the intent of the nearest other exemplar."""
    files = sorted((Path(policies.__file__).parent / "intents").glob("*.yaml"))
    intents = [parse(file.read_text(encoding="utf-8"), file.name) for file in files]
    pairs = [(text, intent.id) for intent in intents for said in intent.exemplars.values() for text in said]
    texts, owner = [text for text, _ in pairs], np.array([name for _, name in pairs])
    slow, fast = torch.encode(texts), graph.encode(texts)
    likeness = (slow * fast).sum(axis=1)
    nearest = [owner[(rows @ rows.T - 2 * np.eye(len(rows))).argmax(axis=1)] for rows in (slow, fast)]
    _print(
        {
            "measure": "cosine with torch; intent of the nearest other exemplar",
            "count": len(texts),
            "mean": float(likeness.mean()),
            "least": float(likeness.min()),
            "same_intent": float((nearest[0] == nearest[1]).mean()),
            "torch_right": float((nearest[0] == owner).mean()),
            "graph_right": float((nearest[1] == owner).mean()),
        }
    )


def _say_latency(name: str, texts: Sequence[str], torch: Encoder, graph: Encoder, rounds: int) -> None:
    taken: dict[str, list[float]] = {"torch": [], "graph": []}
    for _ in range(rounds):
        taken["torch"].append(_seconds(torch, texts))
        taken["graph"].append(_seconds(graph, texts))
    for share in (50, 95):
        numbers = {which: 1000 * float(np.percentile(times, share)) for which, times in taken.items()}
        _say(f"{name}, {len(texts)} pieces, p{share}, ms", **numbers)


def _say_throughput(torch: Encoder, graph: Encoder, rounds: int) -> None:
    """Let 32 askers send all messages in turn, each its next when it has its answer."""
    _say(
        f"messages a second, {ASKERS} askers",
        torch=asyncio.run(_rate(Batcher(torch), max(1, rounds // 30))),
        graph=asyncio.run(_rate(Batcher(graph), max(1, rounds // 30))),
    )


async def _rate(batcher: Batcher, rounds: int) -> float:
    cut = [_cut(message) for message in MESSAGES.values()]

    async def ask() -> None:
        for texts in cut * rounds:
            await batcher.encode(texts)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(ASKERS)))
    return ASKERS * rounds * len(cut) / (time.perf_counter() - began)


def _seconds(encoder: Encoder, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    encoder.encode(texts)
    return time.perf_counter() - began


def _say(measure: str, *, torch: float, graph: float) -> None:
    _print({"measure": measure, "torch": torch, "graph": graph, "ratio": torch / graph})


def _print(numbers: Mapping[str, str | float]) -> None:
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in numbers.items()}
    print(json.dumps(rounded), flush=True)


if __name__ == "__main__":
    main()
