"""Whether messages have changed from one week to the next: bucket sizes and confidences, compared by PSI.

PSI, the population stability index, is Σ (p − q) · ln(p / q) over the buckets of two weeks.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import log, sqrt
from statistics import NormalDist
from typing import Literal

from policies.facts import Injection, Understanding
from policies.frozen import Fact

WEEK = re.compile(r"\d{4}-W\d{2}")
BUCKETS = 10
UNSURE = "unsure"
FLAGGED = "flagged"
# The customary limits: below 0.1 nothing happened, from 0.25 on the two weeks are different populations.
WATCH = 0.1
DRIFTED = 0.25
# One half of a message in every bucket, so that one empty week does not make the index infinite.
SMOOTHING = 0.5
FEWEST = 50
# A comparison that chance alone would push over WATCH more often than this is not made.
FALSE_ALARMS = 0.01

Tally = Mapping[str, int]
Outcome = Literal["stable", "watch", "drifted", "too few"]


class Drift(Fact):
    """One intent (or `unsure`, `flagged`, `overall`) in two weeks; an index is None where chance would decide it.

    `buckets` counts messages by confidence, from 0–0.1 to 0.9–1. `sizes` compares shares of all messages, `scores` the
    confidences.
    """

    of: str
    count: int
    count_before: int
    share: float
    share_before: float
    buckets: tuple[int, ...]
    buckets_before: tuple[int, ...]
    sizes: float | None
    scores: float | None
    verdict: Outcome


def tally_of(understood: Understanding) -> str:
    """Name the counter one message adds to, as `<what>:<bucket>`; a message counts once, by what it says first."""
    if understood.injection is not Injection.ALLOW:
        return f"{FLAGGED}:{_bucket(understood.injection_score)}"
    if understood.intents:
        return f"{understood.intents[0].id}:{_bucket(understood.intents[0].confidence)}"
    return f"{UNSURE}:{_bucket(max((guess.confidence for guess in understood.unsure), default=0.0))}"


def week_of(moment: datetime) -> str:
    """The ISO week of a moment, in UTC, such as "2026-W46"."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def week_before(week: str) -> str:
    """The ISO week before this one; raises ValueError for what is no week as `week_of` writes them."""
    if not WEEK.fullmatch(week):
        raise ValueError(f"{week!r} is no ISO week")
    return week_of(datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=UTC) - timedelta(days=7))


def psi(now: Sequence[int], before: Sequence[int]) -> float:
    """Compare two counts over the same buckets: 0 for equal shares, finite even where a bucket has emptied."""
    pairs = _used(now, before)
    if not pairs:
        return 0.0
    total = sum(pair[0] + SMOOTHING for pair in pairs)
    total_before = sum(pair[1] + SMOOTHING for pair in pairs)
    shares = [((one + SMOOTHING) / total, (other + SMOOTHING) / total_before) for one, other in pairs]
    return sum((one - other) * log(one / other) for one, other in shares)


def chance(now: Sequence[int], before: Sequence[int]) -> float:
    """The index that two samples of this size from one and the same population exceed once in a hundred times.

    Without drift, PSI is about (1/n + 1/m) · χ² with one degree less than there are buckets (Yurdakul and Naranjo,
    2020); the quantile of χ² is Wilson and Hilferty's.
    """
    degrees = len(_used(now, before)) - 1
    if degrees < 1:
        return 0.0
    if not (sum(now) and sum(before)):
        return float("inf")
    spread = 2 / (9 * degrees)
    quantile = degrees * (1 - spread + NormalDist().inv_cdf(1 - FALSE_ALARMS) * sqrt(spread)) ** 3
    return (1 / sum(now) + 1 / sum(before)) * quantile


def compare(week: Tally, before: Tally) -> tuple[Drift, ...]:
    """Compare two weeks' tallies: everything first, then each intent by name."""
    now, then = _table(week), _table(before)
    kinds = sorted(now.keys() | then.keys())
    sizes = [sum(now[kind]) for kind in kinds], [sum(then[kind]) for kind in kinds]
    all_now, all_then = sum(sizes[0]), sum(sizes[1])
    # How sure the detector is of an attack is another scale than how sure an intent is.
    intents = [kind for kind in kinds if kind != FLAGGED]
    scores = _summed([now[kind] for kind in intents]), _summed([then[kind] for kind in intents])
    found = [_drift("overall", (all_now, all_then), (all_now, all_then), sizes, scores)]
    for kind in kinds:
        counts = sum(now[kind]), sum(then[kind])
        split = [counts[0], all_now - counts[0]], [counts[1], all_then - counts[1]]
        found.append(_drift(kind, counts, (all_now, all_then), split, (now[kind], then[kind])))
    return tuple(found)


Two = tuple[Sequence[int], Sequence[int]]


def _drift(of: str, counts: tuple[int, int], totals: tuple[int, int], sizes: Two, scores: Two) -> Drift:
    by_size, by_score = _index(*sizes), _index(*scores)
    known = [index for index in (by_size, by_score) if index is not None]
    return Drift(
        of=of,
        count=counts[0],
        count_before=counts[1],
        share=round(counts[0] / totals[0], 4) if totals[0] else 0.0,
        share_before=round(counts[1] / totals[1], 4) if totals[1] else 0.0,
        buckets=tuple(scores[0]),
        buckets_before=tuple(scores[1]),
        sizes=by_size,
        scores=by_score,
        verdict=_verdict(max(known)) if known else "too few",
    )


def _index(now: Sequence[int], before: Sequence[int]) -> float | None:
    if min(sum(now), sum(before)) < FEWEST or chance(now, before) > WATCH:
        return None
    return round(psi(now, before), 4)


def _verdict(index: float) -> Outcome:
    return "drifted" if index >= DRIFTED else "watch" if index >= WATCH else "stable"


def _used(now: Sequence[int], before: Sequence[int]) -> list[tuple[int, int]]:
    return [pair for pair in zip(now, before, strict=True) if any(pair)]


def _table(tally: Tally) -> dict[str, list[int]]:
    """Read counters into buckets by kind; one that no version of us wrote is left out."""
    table: dict[str, list[int]] = defaultdict(lambda: [0] * BUCKETS)
    for field, count in tally.items():
        kind, _, bucket = field.rpartition(":")
        if kind and bucket.isdecimal() and int(bucket) < BUCKETS:
            table[kind][int(bucket)] += count
    return table


def _summed(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * BUCKETS


def _bucket(score: float) -> int:
    return min(int(score * BUCKETS), BUCKETS - 1)
