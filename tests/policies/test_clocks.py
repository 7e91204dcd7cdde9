"""A clock counts opening hours while it runs, and keeps what is left while it stands."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies import clocks
from policies.opening_hours import ALWAYS, DAYS, OpeningHours

OFFICE = OpeningHours(timezone="UTC", week={day: ("09:00-17:00",) for day in DAYS[:5]})
FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
HOUR = 3600.0


def test_a_clock_runs_out_in_opening_hours() -> None:
    clock = clocks.start(2 * HOUR, FRIDAY)
    assert clocks.due(clock, OFFICE) == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert clocks.left(clock, FRIDAY + timedelta(days=1), OFFICE) == HOUR


def test_a_clock_that_stands_has_no_end_and_loses_nothing() -> None:
    clock = clocks.stopped(clocks.start(2 * HOUR, FRIDAY), FRIDAY + timedelta(minutes=30), OFFICE)
    assert clocks.due(clock, OFFICE) is None
    assert clocks.left(clock, FRIDAY + timedelta(days=30), OFFICE) == 1.5 * HOUR


def test_a_clock_that_runs_on_has_what_was_left() -> None:
    stood = clocks.stopped(clocks.start(2 * HOUR, FRIDAY), FRIDAY + timedelta(minutes=30), OFFICE)
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert clocks.due(clocks.resumed(stood, monday), OFFICE) == monday + timedelta(minutes=90)


def test_starting_or_stopping_twice_changes_nothing() -> None:
    runs = clocks.start(2 * HOUR, FRIDAY)
    later = FRIDAY + timedelta(minutes=10)
    assert clocks.resumed(runs, later) == runs
    stands = clocks.stopped(runs, later, OFFICE)
    assert clocks.stopped(stands, later + timedelta(minutes=10), OFFICE) == stands


def test_a_clock_that_is_over_counts_below_nothing_and_was_due_before() -> None:
    clock = clocks.start(HOUR, FRIDAY)
    late = FRIDAY + timedelta(days=4)
    assert clocks.left(clock, late, ALWAYS) == HOUR - 4 * 24 * HOUR
    stood = clocks.resumed(clocks.stopped(clock, late, ALWAYS), late)
    assert clocks.due(stood, ALWAYS) == late


@given(
    seconds=st.integers(1, 10**6),
    pauses=st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 10**6)), max_size=6),
)
def test_standing_for_however_long_costs_no_time(seconds: int, pauses: list[tuple[int, int]]) -> None:
    now, ran = FRIDAY, 0.0
    clock = clocks.start(seconds, now)
    for runs, stands in pauses:
        later = now + timedelta(seconds=runs)
        ran += OFFICE.between(now, later)
        now = later + timedelta(seconds=stands)
        clock = clocks.resumed(clocks.stopped(clock, later, OFFICE), now)
    assert clocks.left(clock, now, OFFICE) == seconds - ran
