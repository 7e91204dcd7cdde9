"""Opening hours are counted as clocks on the wall show them, and instants come out in UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.opening_hours import ALWAYS, DAYS, OpeningHours

WORKDAYS = {day: ("09:00-12:00", "13:00-17:30") for day in DAYS[:5]}
NIGHTS = {day: ("22:00-24:00", "00:00-03:30") for day in DAYS}
BERLIN = OpeningHours(timezone="Europe/Berlin", week=WORKDAYS, holidays=(date(2026, 12, 25), date(2027, 1, 1)))
NEW_YORK = OpeningHours(timezone="America/New_York", week=NIGHTS)
RARE = OpeningHours(timezone="Australia/Lord_Howe", week={"sun": ("01:45-02:15",)})
# Clocks there go back at midnight, so that an hour of the day before comes again.
HAVANA = OpeningHours(timezone="America/Havana", week={day: ("00:30-01:30", "23:00-24:00") for day in DAYS})
# Open all day in a zone with clock changes: not ALWAYS, but as good.
ALL_DAY = OpeningHours(
    timezone="Europe/Berlin", week=dict.fromkeys(DAYS, ("00:00-24:00",)), holidays=(date(2001, 1, 1),)
)

# Both clock changes of 2026 and 2027 lie in here, in every zone above.
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
SECONDS = st.integers(1, 200 * 3600)
every_place = pytest.mark.parametrize(
    "hours", [BERLIN, NEW_YORK, RARE, HAVANA, ALL_DAY, ALWAYS], ids=lambda hours: hours.timezone
)


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)  # type: ignore[misc,arg-type]


@every_place
@given(start=MOMENTS, seconds=SECONDS)
def test_so_much_open_time_lies_before_the_instant_that_was_added(
    hours: OpeningHours, start: datetime, seconds: int
) -> None:
    assert hours.between(start, hours.add(start, seconds)) == seconds


@every_place
@given(start=MOMENTS, seconds=SECONDS)
def test_time_runs_out_at_the_first_instant_that_could_be_it(
    hours: OpeningHours, start: datetime, seconds: int
) -> None:
    end = hours.add(start, seconds)
    assert hours.between(start, end - timedelta(seconds=1)) == seconds - 1


@every_place
@given(start=MOMENTS, later=st.integers(0, 10**6), seconds=SECONDS, more=st.integers(0, 10**5))
def test_more_time_or_a_later_start_never_ends_earlier(
    hours: OpeningHours, start: datetime, later: int, seconds: int, more: int
) -> None:
    end = hours.add(start, seconds)
    assert end <= hours.add(start, seconds + more)
    assert end <= hours.add(start + timedelta(seconds=later), seconds)


@every_place
@given(start=MOMENTS, first=st.integers(0, 10**6), then=st.integers(0, 10**6))
def test_two_stretches_of_time_count_as_much_as_the_whole(
    hours: OpeningHours, start: datetime, first: int, then: int
) -> None:
    middle, end = start + timedelta(seconds=first), start + timedelta(seconds=first + then)
    assert hours.between(start, middle) + hours.between(middle, end) == hours.between(start, end)


@every_place
@given(now=MOMENTS)
def test_people_are_at_work_exactly_while_open_time_passes(hours: OpeningHours, now: datetime) -> None:
    opens = hours.opens_next(now)
    assert hours.open_at(now) is (opens == now) is (hours.between(now, now + timedelta(seconds=1)) > 0)
    assert hours.open_at(opens)
    assert hours.between(now, opens) == 0


@pytest.mark.parametrize("hours", [BERLIN, NEW_YORK, ALL_DAY], ids=lambda hours: hours.timezone)
@given(now=MOMENTS)
def test_open_means_that_the_clock_on_the_wall_stands_within_a_span(hours: OpeningHours, now: datetime) -> None:
    wall = now.astimezone(ZoneInfo(hours.timezone))
    shown = f"{wall:%H:%M}"
    spans = () if wall.date() in hours.holidays else hours.week.get(DAYS[wall.weekday()], ())
    assert hours.open_at(now) is any(span[:5] <= shown < span[6:] for span in spans)


@given(start=MOMENTS, seconds=st.floats(0, 1e7))
def test_around_the_clock_is_plain_arithmetic(start: datetime, seconds: float) -> None:
    later = start + timedelta(seconds=seconds)
    assert ALWAYS.open_at(start)
    assert ALWAYS.opens_next(start) == start
    assert ALWAYS.add(start, seconds) == ALL_DAY.add(start, seconds) == later
    assert ALWAYS.between(start, later) == ALL_DAY.between(start, later) == (later - start).total_seconds()


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ((2026, 11, 20, 9, 0), 1, (2026, 11, 20, 10, 0)),
        ((2026, 11, 20, 11, 30), 1, (2026, 11, 20, 13, 30)),
        ((2026, 11, 20, 17, 0), 1, (2026, 11, 23, 9, 30)),
        ((2026, 11, 20, 9, 0), 7.5, (2026, 11, 20, 17, 30)),
        ((2026, 11, 21, 15, 0), 2, (2026, 11, 23, 11, 0)),
        ((2026, 12, 24, 17, 0), 1, (2026, 12, 28, 9, 30)),
        ((2026, 3, 27, 17, 0), 1, (2026, 3, 30, 9, 30)),
        ((2026, 10, 23, 17, 0), 1, (2026, 10, 26, 9, 30)),
    ],
    ids=["morning", "over lunch", "over a weekend", "a whole day", "from a weekend", "a holiday", "spring", "autumn"],
)
def test_time_is_added_as_people_at_work_would_count_it(
    start: tuple[int, ...], hours: float, end: tuple[int, ...]
) -> None:
    assert BERLIN.add(berlin(*start), hours * 3600) == berlin(*end)


@pytest.mark.parametrize(
    ("day", "open_hours"),
    [((2026, 3, 29), 1), ((2026, 10, 25), 3), ((2026, 11, 1), 2)],
    ids=["spring", "autumn", "any"],
)
def test_an_hour_that_is_skipped_is_not_open_and_one_that_comes_twice_counts_twice(
    day: tuple[int, int, int], open_hours: int
) -> None:
    night = OpeningHours(timezone="Europe/Berlin", week={"sun": ("01:00-02:30", "02:30-03:00")})
    assert night.between(berlin(*day), berlin(*day, 23)) == open_hours * 3600


def test_hours_that_begin_in_the_skipped_hour_begin_when_clocks_skip_it() -> None:
    night = OpeningHours(timezone="Europe/Berlin", week={"sun": ("02:15-03:10",)})
    assert night.opens_next(berlin(2026, 3, 29)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert night.between(berlin(2026, 3, 29), berlin(2026, 3, 29, 12)) == 10 * 60


def test_hours_that_clocks_skip_altogether_are_no_hours() -> None:
    night = OpeningHours(timezone="Europe/Berlin", week={"sun": ("02:00-03:00",)})
    assert night.opens_next(berlin(2026, 3, 28)) == berlin(2026, 4, 5, 2)


def test_a_day_that_begins_twice_is_counted_from_its_first_midnight() -> None:
    """In 2010 clocks of St. John's went from 00:01 back to 23:01 of the day before."""
    hours = OpeningHours(timezone="America/St_Johns", week={"sat": ("23:00-23:30",), "sun": ("00:00-01:00",)})
    assert hours.between(datetime(2010, 11, 6, 12, tzinfo=UTC), datetime(2010, 11, 7, 12, tzinfo=UTC)) == 2.5 * 3600
    second_time = datetime(2010, 11, 7, 2, 45, tzinfo=UTC)
    assert second_time.astimezone(ZoneInfo(hours.timezone)).day == 6
    assert hours.between(second_time, second_time + timedelta(hours=6)) == 1.75 * 3600


def test_what_is_left_of_nothing_has_passed_already() -> None:
    closed = berlin(2026, 11, 21, 12)
    assert BERLIN.add(closed, 0) == BERLIN.add(closed, -60) == closed
    assert BERLIN.between(closed, closed - timedelta(days=3)) == 0
    assert ALWAYS.between(closed, closed - timedelta(days=3)) == 0


def test_a_holiday_closes_a_shop_that_never_sleeps() -> None:
    never = OpeningHours(timezone="UTC", week=ALWAYS.week, holidays=(date(2026, 12, 25),))
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    assert not never.open_at(christmas)
    assert never.opens_next(christmas) == christmas + timedelta(days=1)


def test_hours_survive_being_written_down_and_read_again() -> None:
    assert OpeningHours.model_validate_json(BERLIN.model_dump_json()) == BERLIN
    assert OpeningHours.model_validate(BERLIN.model_dump()) == BERLIN


A_YEAR_OF_MONDAYS = tuple(date(2027, 1, 4) + timedelta(weeks=week) for week in range(54))
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown zone": ({"timezone": "Europe/Atlantis"}, "unknown time zone 'Europe/Atlantis'; name it as IANA does"),
    "folder of zones": ({"timezone": "Europe"}, "unknown time zone"),
    "path": ({"timezone": "../../etc/passwd"}, "unknown time zone"),
    "no week": ({"week": {}}, "the week has no hours at all"),
    "closed week": ({"week": {"mon": ()}}, "the week has no hours at all"),
    "unknown day": ({"week": {"monday": ("09:00-17:00",)}}, "Input should be 'mon'"),
    "no span": ({"week": {"mon": ("9-17",)}}, r"'9-17' is no span of hours; write it as \"09:00-17:30\""),
    "no minute": ({"week": {"mon": ("09:00-17:60",)}}, "names a time that no clock shows"),
    "no minute to begin": ({"week": {"mon": ("09:60-17:00",)}}, "names a time that no clock shows"),
    "after midnight": ({"week": {"mon": ("09:00-24:01",)}}, "names a time that no clock shows"),
    "backwards": ({"week": {"mon": ("22:00-06:00",)}}, "write hours over midnight as two spans"),
    "nothing": ({"week": {"mon": ("09:00-09:00",)}}, "ends before it begins"),
    "overlap": ({"week": {"mon": ("13:00-18:00", "09:00-13:01")}}, "mon has two spans for one hour: 09:00-13:01 and"),
    "no date": ({"holidays": ("2027-02-30",)}, "date"),
    "far": ({"holidays": ("9999-12-31",)}, "less than or equal to 2199-12-31"),
    "closed for a year": (
        {"week": {"mon": ("09:00-10:00",)}, "holidays": A_YEAR_OF_MONDAYS},
        "nobody is at work for 366 days after the holiday 2027-01-04",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_hours_nobody_could_keep_are_refused_with_what_is_wrong(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        OpeningHours.model_validate({"timezone": "Europe/Berlin", "week": WORKDAYS} | changes)


def test_spans_that_touch_are_one_stretch() -> None:
    touching = OpeningHours(timezone="UTC", week={"mon": ("09:00-12:00", "12:00-17:00")})
    assert touching.open_at(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
