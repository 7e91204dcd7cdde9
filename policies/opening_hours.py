"""When people are at work: a week in one place's own time, its holidays, and arithmetic in open seconds."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from policies.frozen import Fact

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
AROUND_THE_CLOCK = ("00:00-24:00",)
MIDNIGHT = 24 * 60
LONGEST_CLOSED = 366
ONE_DAY = timedelta(days=1)


@cache
def minutes_of(span: str) -> tuple[int, int]:
    """Read "09:00-17:30" as minutes since midnight; the end may be 24:00. Raises ValueError."""
    match = SPAN.fullmatch(span)
    if not match:
        raise ValueError(f'{span!r} is no span of hours; write it as "09:00-17:30"')
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or end > MIDNIGHT:
        raise ValueError(f"{span!r} names a time that no clock shows; the last one is 24:00")
    if start >= end:
        raise ValueError(f"{span!r} ends before it begins; write hours over midnight as two spans, on two days")
    return start, end


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: "Europe" is a folder of zones
        raise ValueError(f"unknown time zone {name!r}; name it as IANA does, such as Europe/Berlin") from None
    return name


def _plain_span(span: str) -> str:
    minutes_of(span)
    return span


Span = Annotated[str, AfterValidator(_plain_span)]
Holiday = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


class OpeningHours(Fact):
    """The hours of a week, as clocks show them in `timezone`; a day that is not named is closed, as is a holiday.

    Instants come and go in UTC. An hour that a clock change skips is not open; one that comes twice counts twice.
    """

    timezone: Annotated[str, AfterValidator(_known_zone)]
    week: Mapping[Day, tuple[Span, ...]]
    holidays: tuple[Holiday, ...] = Field(default=(), max_length=1_000)

    @property
    def always(self) -> bool:
        """Whether somebody is at work at every instant."""
        return not self.holidays and all(self.week.get(day) == AROUND_THE_CLOCK for day in DAYS)

    def open_at(self, now: datetime) -> bool:
        """Whether people are at work; the instant at which they leave is closed."""
        return self.opens_next(now) == now

    def opens_next(self, now: datetime) -> datetime:
        """Say when people are at work again: `now` while they are."""
        return now if self.always else max(now, next(self._open_from(now))[0])

    def add(self, start: datetime, seconds: float) -> datetime:
        """Say at which instant so many open seconds have passed since `start`; `start` itself where none are left."""
        left = timedelta(seconds=max(seconds, 0))
        if self.always or not left:
            return start + left
        for opens, closes in self._open_from(start):
            begins = max(opens, start)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        raise AssertionError("a week that opens goes on for ever")

    def between(self, start: datetime, end: datetime) -> float:
        """Count the open seconds from `start` to `end`; 0 where `end` lies before `start`."""
        if end <= start:
            return 0.0
        if self.always:
            return (end - start).total_seconds()
        passed = timedelta()
        for opens, closes in self._open_from(start):
            if opens >= end:
                break
            passed += min(closes, end) - max(opens, start)
        return passed.total_seconds()

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans that end after `start`, in order and without end, in UTC."""
        zone = ZoneInfo(self.timezone)
        day = start.astimezone(zone).date()
        while True:
            for first, last in self._spans(day):
                opens, closes = _instant(zone, day, first), _instant(zone, day, last)
                if closes > max(start, opens):
                    yield opens, closes
            day += ONE_DAY

    def _spans(self, day: date) -> list[tuple[int, int]]:
        if day in self.holidays:
            return []
        return sorted(minutes_of(span) for span in self.week.get(DAYS[day.weekday()], ()))

    @model_validator(mode="after")
    def _no_overlap(self) -> "OpeningHours":
        for day, spans in self.week.items():
            read = sorted((*minutes_of(span), span) for span in spans)
            for (_, closes, one), (opens, _, other) in pairwise(read):
                if opens < closes:
                    raise ValueError(f"{day} has two spans for one hour: {one} and {other}")
        return self

    @model_validator(mode="after")
    def _opens_within_a_year(self) -> "OpeningHours":
        if not any(self.week.values()):
            raise ValueError("the week has no hours at all; name at least one span, such as mon: [09:00-17:30]")
        for day in self.holidays:
            if not any(self._spans(day + ahead * ONE_DAY) for ahead in range(1, LONGEST_CLOSED + 1)):
                raise ValueError(f"nobody is at work for {LONGEST_CLOSED} days after the holiday {day}")
        return self


ALWAYS = OpeningHours(timezone="UTC", week=dict.fromkeys(DAYS, AROUND_THE_CLOCK))


def _instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """Find when clocks of a zone first show a minute of a day; one they skip is the moment they skip it."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    before = wall.replace(tzinfo=zone).utcoffset()
    earliest = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    skipped = range(int((found - earliest).total_seconds()))
    at = bisect_left(skipped, True, key=lambda second: _offset(earliest + timedelta(seconds=second), zone) != before)
    return earliest + timedelta(seconds=at)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()
