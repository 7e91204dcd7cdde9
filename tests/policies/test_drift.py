"""Weeks compared by PSI: equal weeks are stable, moved ones are not, and few messages are no evidence."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.drift import (
    BUCKETS,
    FEWEST,
    WATCH,
    Drift,
    Outcome,
    Tally,
    chance,
    compare,
    psi,
    tally_of,
    week_before,
    week_of,
)
from policies.facts import Injection, IntentGuess, Understanding

COUNTS = st.lists(st.integers(0, 100_000), min_size=1, max_size=20)
WEEKS = st.integers(1, 20).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, 10_000), min_size=size, max_size=size)] * 2)
)


@given(WEEKS)
def test_the_index_is_never_negative_and_the_same_from_both_sides(weeks: tuple[list[int], list[int]]) -> None:
    one, other = weeks
    assert 0 <= psi(one, other) < 100
    assert psi(one, other) == pytest.approx(psi(other, one))


@given(COUNTS)
def test_a_week_does_not_differ_from_itself(counts: list[int]) -> None:
    assert psi(counts, counts) == 0


@given(WEEKS, st.randoms(use_true_random=False))
def test_the_order_of_buckets_does_not_matter(weeks: tuple[list[int], list[int]], dice: random.Random) -> None:
    pairs = list(zip(*weeks, strict=True))
    dice.shuffle(pairs)
    assert psi([one for one, _ in pairs], [other for _, other in pairs]) == pytest.approx(psi(*weeks))


@given(WEEKS)
def test_a_bucket_nobody_used_changes_nothing(weeks: tuple[list[int], list[int]]) -> None:
    one, other = weeks
    assert psi([*one, 0], [*other, 0]) == psi(one, other)
    assert chance([*one, 0], [*other, 0]) == chance(one, other)


@given(st.integers(100, 5_000), st.integers(1, 2_000))
def test_moving_more_messages_raises_the_index(messages: int, moved: int) -> None:
    before = [messages, messages]
    little = [messages - moved // 2, messages + moved // 2]
    much = [messages - moved, messages + moved]
    if moved <= messages:
        assert psi(little, before) <= psi(much, before)


def test_the_index_is_the_one_of_the_textbooks() -> None:
    # Σ (p − q) ln(p/q) of (.5, .5) and (.75, .25) is .25 · ln 1.5 + .25 · ln 2; a million messages drown the smoothing.
    assert psi([500_000, 500_000], [750_000, 250_000]) == pytest.approx(0.2747, abs=0.0001)


def test_two_samples_of_one_population_seldom_reach_watch_when_a_verdict_is_given() -> None:
    dice = random.Random(7)
    shares = [0.01, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.1, 0.2, 0.4]

    def sample() -> list[int]:
        drawn = Counter(dice.choices(range(10), shares, k=500))
        return [drawn[bucket] for bucket in range(10)]

    judged = alarms = 0
    for _ in range(1_000):
        now, before = sample(), sample()
        if chance(now, before) <= WATCH:
            judged += 1
            alarms += psi(now, before) >= WATCH
    assert judged == 1_000
    assert alarms <= 15


def week(**buckets: dict[int, int]) -> Tally:
    return {f"{kind}:{bucket}": count for kind, counts in buckets.items() for bucket, count in counts.items()}


SURE = {9: 900, 8: 100}
VERDICTS: dict[str, tuple[Tally, Tally, Outcome]] = {
    "the same": (week(a=SURE, b=SURE), week(a=SURE, b=SURE), "stable"),
    "twice as many of everything": (week(a={9: 2000}, b={9: 2000}), week(a={9: 1000}, b={9: 1000}), "stable"),
    "half as many again": (week(a={9: 1500}, b={9: 1000}), week(a={9: 1000}, b={9: 1300}), "watch"),
    "three times as many": (week(a={9: 3000}, b={9: 1000}), week(a={9: 1000}, b={9: 1000}), "drifted"),
    "less sure than before": (week(a={5: 600, 9: 400}, b=SURE), week(a=SURE, b=SURE), "drifted"),
    "gone": (week(b=SURE), week(a=SURE, b=SURE), "drifted"),
    "new": (week(a=SURE, b=SURE), week(b=SURE), "drifted"),
    "a quiet week": (week(a={9: 20}), week(a=SURE, b=SURE), "too few"),
    "no week before": (week(a=SURE), {}, "too few"),
}


@pytest.mark.parametrize(("now", "before", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_on_an_intent(now: Tally, before: Tally, verdict: Outcome) -> None:
    assert found(compare(now, before), "a").verdict == verdict


def found(drifts: tuple[Drift, ...], of: str) -> Drift:
    (drift,) = [drift for drift in drifts if drift.of == of]
    return drift


def test_everything_together_comes_first_with_counts_shares_and_buckets() -> None:
    overall, a, flagged = compare(week(a={9: 60, 2: 20}, flagged={9: 20}), week(a={9: 100}))
    assert (overall.of, overall.count, overall.count_before) == ("overall", 100, 100)
    assert overall.buckets == (0, 0, 20, 0, 0, 0, 0, 0, 0, 60), "how sure an attack is says nothing about intents"
    assert (a.share, a.share_before, a.buckets[2]) == (0.8, 1.0, 20)
    assert (flagged.count, flagged.count_before) == (20, 0)


def test_nothing_counted_is_too_few_and_no_failure() -> None:
    (overall,) = compare({}, {})
    assert (overall.verdict, overall.sizes, overall.count) == ("too few", None, 0)


def test_counters_of_another_version_are_left_out() -> None:
    drifts = compare({"a:9": 1, "a": 5, "a:10": 5, "a:x": 5, ":3": 5}, {})
    assert [(drift.of, drift.count) for drift in drifts] == [("overall", 1), ("a", 1)]


def test_below_the_least_count_there_is_no_verdict() -> None:
    for count, verdict in ((FEWEST - 1, "too few"), (FEWEST, "stable")):
        assert found(compare(week(a={9: count}), week(a={9: count})), "a").verdict == verdict


def guess(intent: str, confidence: float) -> IntentGuess:
    return IntentGuess(id=intent, confidence=confidence)


TALLIES = {
    "sure": (Understanding(redacted="x", intents=(guess("a", 0.95), guess("b", 0.9))), "a:9"),
    "certain": (Understanding(redacted="x", intents=(guess("a", 1),)), "a:9"),
    "not understood": (Understanding(redacted="x"), "unsure:0"),
    "not sure enough": (Understanding(redacted="x", unsure=(guess("a", 0.31), guess("b", 0.3))), "unsure:3"),
    "refused": (
        Understanding(redacted="x", intents=(guess("a", 1),), injection=Injection.REFUSE, injection_score=0.99),
        "flagged:9",
    ),
    "without tools": (Understanding(redacted="x", injection=Injection.PLAIN_TEXT, injection_score=0.5), "flagged:5"),
}


@pytest.mark.parametrize(("understood", "counter"), TALLIES.values(), ids=TALLIES)
def test_a_message_counts_once_by_what_it_says_first(understood: Understanding, counter: str) -> None:
    assert tally_of(understood) == counter


@given(st.floats(0, 1))
def test_every_confidence_has_its_bucket(confidence: float) -> None:
    kind, _, bucket = tally_of(Understanding(redacted="x", intents=(guess("a", confidence),))).partition(":")
    assert kind == "a"
    assert 0 <= int(bucket) < BUCKETS


@pytest.mark.parametrize(
    ("moment", "name", "before"),
    [
        (datetime(2026, 11, 21, tzinfo=UTC), "2026-W47", "2026-W46"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-W53", "2026-W52"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-W01", "2026-W53"),
    ],
)
def test_weeks_are_iso_weeks(moment: datetime, name: str, before: str) -> None:
    assert week_of(moment) == name
    assert week_before(name) == before


@pytest.mark.parametrize("bad", ["2026-W54", "2026-47", "", "2026-W00", "2026-W5", "2026-W46\n"])
def test_what_is_no_week_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"is no ISO week|time data|Invalid week"):
        week_before(bad)
