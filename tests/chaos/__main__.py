"""Break a stack on purpose: `python -m tests.chaos --runs 220 --seed 1`; exit status 1 when a promise was broken."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.campaign import Campaign
from tests.chaos.cells import plan
from tests.chaos.report import json_lines, table, violations
from workers.embedded import EmbeddedStack, on_free_ports
from workers.settings import read_settings


async def run(runs: int, seed: int, data: Path, out: Path) -> int:
    planned, began = plan(runs, seed), time.monotonic()
    async with EmbeddedStack(on_free_ports(read_settings(data=data)), say=_say) as stack:
        _say(f"{planned.runs} runs, {len(planned.waves)} SIGKILLs, seed {seed}; stack up in {_since(began)}")
        results = await Campaign(stack, seed, _say).play(planned)
    await asyncio.to_thread(out.write_text, json_lines(results, seed))
    broken = violations(results)
    print("", table(results), "", *broken, sep="\n")
    _say(f"{len(results)} runs, {len(broken)} broken promises, {_since(began)}; every run is in {out}")
    return 1 if broken else 0


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    options.add_argument("--runs", type=int, default=220)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--data", type=Path, help="the stack's folder; a temporary one unless given")
    options.add_argument("--out", type=Path, default=Path(".holdfast/chaos.jsonl"))
    given = options.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-chaos-") as folder:
        sys.exit(asyncio.run(run(given.runs, given.seed, given.data or Path(folder), given.out)))


if __name__ == "__main__":
    main()
