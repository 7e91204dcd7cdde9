"""Time the whole understand activity on messages given as JSON Lines: `python -m bench.understanding FILE`."""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from activities.understanding import Understander, Utterance
from workers.settings import read_settings
from workers.understanding import understander

TODAY = date(2026, 11, 21)
LONGEST_TOKENS = 64
AT_ONCE = 32


def main() -> None:
    """Print one JSON line: milliseconds alone, and messages a second one by one and with 32 askers at once."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path, help='lines of {"text": …}')
    options.add_argument("--most", type=int, default=1000, help="so many messages, taken evenly")
    given = options.parse_args()
    texts = [json.loads(line)["text"] for line in given.file.read_text(encoding="utf-8").split("\n") if line.strip()]
    understands = understander(read_settings())
    texts = [text for text in texts if len(text.split()) <= LONGEST_TOKENS]
    step = max(1, len(texts) // given.most)
    print(json.dumps(asyncio.run(_measure(understands, texts[::step][: given.most]))))


async def _measure(understands: Understander, texts: Sequence[str]) -> dict[str, float | int]:
    for text in texts[:20]:
        await understands.read(_said(text))
    alone, began = [], time.perf_counter()
    for text in texts:
        start = time.perf_counter()
        await understands.read(_said(text))
        alone.append(1000 * (time.perf_counter() - start))
    one_by_one = len(texts) / (time.perf_counter() - began)
    began = time.perf_counter()
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(text: str) -> None:
        async with room:
            await understands.read(_said(text))

    await asyncio.gather(*map(ask, texts))
    batched = len(texts) / (time.perf_counter() - began)
    alone.sort()
    return {
        "messages": len(texts),
        "words_p50": statistics.median(len(text.split()) for text in texts),
        "ms_p50": round(statistics.median(alone), 2),
        "ms_p95": round(alone[int(0.95 * len(alone))], 2),
        "per_second_alone": round(one_by_one, 1),
        "per_second_batched": round(batched, 1),
        "batched_to_alone": round(batched / one_by_one, 2),
    }


def _said(text: str) -> Utterance:
    return Utterance(tenant="northwind", texts=(text,), today=TODAY)


if __name__ == "__main__":
    main()
