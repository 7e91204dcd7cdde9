"""Measure the grounding check on answers of our own to clauses of our own: faithful ones and falsified ones."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.measures import Measure, count, read_rows, table
from policies.clauses import Clause
from policies.grounding import check

ROWS = Path(__file__).with_suffix(".jsonl")
CAUGHT, REFUSED = 0.95, 0.10


def measure(path: Path = ROWS) -> Iterator[Measure]:
    """Count falsified answers that are caught, and faithful ones that are refused; only "fit" was tuned on."""
    rows = read_rows(path)
    for half in ("fit", "check"):
        judged = [(row, _grounded(row)) for row in rows if row["half"] == half]
        name = f"grounding/{half}"
        caught = [not grounded for row, grounded in judged if not row["grounded"]]
        refused = [not grounded for row, grounded in judged if row["grounded"]]
        yield from count("grounding", name, "ungrounded caught", caught, CAUGHT)
        yield from count("grounding", name, "faithful refused", refused, REFUSED, "at most")
        for kind in sorted({row["why"] for row, _ in judged if not row["grounded"]}):
            of_kind = [not grounded for row, grounded in judged if row["why"] == kind]
            yield from count("grounding", name, f"caught: {kind}", of_kind)


def _grounded(row: dict[str, Any]) -> bool:
    clause = Clause(
        clause_id="eval",
        title="",
        text=row["clause"],
        document="eval",
        version="1",
        effective_from="2026-01-01",
        language=row["language"],
    )
    return check(row["answer"], [clause], row.get("given", ()), row["language"]).grounded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=ROWS)
    print(table(list(measure(parser.parse_args().rows))))


if __name__ == "__main__":
    main()
