"""What an evaluation found: counts with their confidence interval, and the level they are held to."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Bound = Literal["at least", "at most"]


@dataclass(frozen=True)
class Measure:
    """A share of `dataset` rows: `hits` of `rows`; `level` in 0..1 is what it is held to, if anything."""

    part: str
    dataset: str
    name: str
    hits: int
    rows: int
    level: float | None = None
    bound: Bound = "at least"

    @property
    def share(self) -> float:
        return self.hits / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95 % Wilson interval of the share."""
        z = 1.96
        centre = (self.share + z * z / (2 * self.rows)) / (1 + z * z / self.rows)
        spread = self.share * (1 - self.share) / self.rows + z * z / (4 * self.rows**2)
        half = z / (1 + z * z / self.rows) * math.sqrt(spread)
        return max(0.0, centre - half), min(1.0, centre + half)

    @property
    def reached(self) -> bool | None:
        if self.level is None:
            return None
        return self.share >= self.level if self.bound == "at least" else self.share <= self.level

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        return {
            "part": self.part,
            "dataset": self.dataset,
            "measure": self.name,
            "hits": self.hits,
            "rows": self.rows,
            "share": round(self.share, 5),
            "low": round(low, 5),
            "high": round(high, 5),
            "level": self.level,
            "bound": self.bound,
            "reached": self.reached,
        }


def count(
    part: str, dataset: str, name: str, right: Iterable[bool], level: float | None = None, bound: Bound = "at least"
) -> Iterator[Measure]:
    """Count what is right; yields nothing where there are no rows to count."""
    marks = list(right)
    if marks:
        yield Measure(part, dataset, name, sum(marks), len(marks), level, bound)


def read_sets(data: Path, pattern: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Read every set of a folder that the pattern names, such as "intent/hint3_*": its name and its rows."""
    for path in sorted(data.glob(f"{pattern}.jsonl")):
        yield f"{path.parent.name}/{path.stem}", read_rows(path)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines. Rows hold U+2028 and its kin, at which `str.splitlines` would tear them apart."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def table(measures: Sequence[Measure]) -> str:
    """Lay measures out for people: one line each, the level beside the share and a mark where it is missed."""
    lines = [f"{'part':<10} {'set':<24} {'measure':<44} {'count':>11} {'share':>7}  {'95 % interval':<15} level"]
    for each in measures:
        low, high = each.interval
        level = "" if each.level is None else f"{'≥' if each.bound == 'at least' else '≤'} {each.level:.1%}"
        missed = "  MISSED" if each.reached is False else ""
        lines.append(
            f"{each.part:<10} {each.dataset:<24} {each.name:<44} {f'{each.hits}/{each.rows}':>11} {each.share:>7.1%}  "
            f"{f'{low:.1%} – {high:.1%}':<15} {level}{missed}"
        )
    return "\n".join(lines)
