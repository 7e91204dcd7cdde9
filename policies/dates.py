"""Days a customer names: "yesterday", "last Tuesday", "3rd of May", "vor drei Tagen", "il y a deux semaines", "kal".

A cheap look for cues finds short phrases; the library reads only those, each in its cue's language, never the clock.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from policies.codes import even
from policies.date_words import ARTICLES, CUE, FUTURE, LAST, NUMBERS, SPAN, TRANSLATED, WEEKDAY
from policies.facts import NamedDate

if TYPE_CHECKING:
    from dateparser.date import DateDataParser  # type: ignore[import-untyped]

MONTH_FIRST = frozenset({"US", "PH", "CA", "FM", "MH", "PW"})
# A day and a month alone: "24/7" and "1/2" are no dates.
SHORT_NUMERIC = re.compile(r"(\d{1,2})[/.](\d{1,2})\.?$")
NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?\.?$")
NO_DATES = frozenset({"24/7", "7/24", "9/11"})
LIMIT = 10
ANY_DAY = date(2020, 2, 29)


def dates(text: str, today: date, language: str = "", region: str = "") -> tuple[NamedDate, ...]:
    """Find the days a text names, counted from `today`; at most 10. "last week" is seven days, Monday to Sunday.

    `region` (ISO 3166) or `language` says whether "12/05" begins with the day; where neither does, both days are given.
    """
    found: dict[NamedDate, None] = {}
    for match in islice(CUE.finditer(even(text)), 4 * LIMIT):
        for first, last in _days(match, today, language, region):
            found[NamedDate(text=match[0], first=first, last=last)] = None
        if len(found) >= LIMIT:
            break
    return tuple(found)[:LIMIT]


def _days(match: re.Match[str], today: date, language: str, region: str) -> Iterator[tuple[date, date]]:
    spoken, phrase = match.lastgroup or "", match[0].casefold()
    if spoken == "numeric":
        yield from _numeric(phrase, today, language, region)
        return
    if spoken == "fr" and phrase == "hier" and language not in ("fr", ""):
        return
    if spoken == "hi":
        if phrase in ("kal", "कल", "parso", "parson") and FUTURE.search(match.string, match.end(), match.end() + 80):
            phrase = {"parso": "in 2 days", "parson": "in 2 days"}.get(phrase, "tomorrow")
        spoken, phrase = "en", _translated(phrase)
    read = _read(_digits(phrase, spoken), spoken, today, "DMY")
    if read:
        yield _stretch(*read, phrase)


def _numeric(phrase: str, today: date, language: str, region: str) -> Iterator[tuple[date, date]]:
    """Days and months in digits; where their order is not known, what can be read in both orders is given in both."""
    found: set[date] = set()
    if phrase in NO_DATES or ((short := SHORT_NUMERIC.match(phrase)) and len(short[1] + short[2]) < 3):
        return
    for order in _orders(phrase, language, region):
        read = _read(phrase.rstrip(".").replace(".", "/"), "en", today, order)
        if read and abs((read[0] - today).days) < 3660 and read[0] not in found:
            found.add(read[0])
            yield read[0], read[0]


def _orders(phrase: str, language: str, region: str) -> tuple[str, ...]:
    parts = NUMERIC.match(phrase)
    if not parts:
        return ("YMD",)
    if "." in phrase or region not in ("", *MONTH_FIRST) or language not in ("", "en"):
        return ("DMY",)
    one, two = int(parts[1]), int(parts[2])
    if one > 12 or two > 12:
        return ("DMY",) if one > 12 else ("MDY",)
    return ("MDY",) if region else ("MDY", "DMY")


def _read(phrase: str, language: str, today: date, order: str) -> tuple[date, str] | None:
    """Let the library read one phrase: the day, and whether it means a day, a week, a month or a year."""
    prefer = "future" if FUTURE.search(phrase) else "past"
    noon = datetime(today.year, today.month, today.day, 12)
    found = _reader(language, order, prefer, noon).get_date_data(phrase)
    return (found.date_obj.date(), found.period) if found.date_obj else None


@lru_cache(maxsize=64)
def _reader(language: str, order: str, prefer: str, noon: datetime) -> "DateDataParser":
    # Imported late: workflows import what reads messages, and need none of it.
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": noon,
        "PREFER_DATES_FROM": prefer,
        "DATE_ORDER": order,
        "TIMEZONE": "UTC",
        "TO_TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    return DateDataParser(languages=[language], settings=settings)


def preload() -> None:
    """Read the library's words for every language once, so that no message waits for it."""
    for phrase in ("yesterday", "gestern", "hier", "ayer", "ontem", "ieri", "gisteren", "12/05/2020"):
        dates(phrase, ANY_DAY)


def _stretch(day: date, period: str, phrase: str) -> tuple[date, date]:
    """Give the first and last day of the week, month or year that a phrase means."""
    words = SPAN.search(phrase)
    if period == "week" and words:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if period == "month" and words:
        return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    if period == "year" and words:
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return day, day


def _digits(phrase: str, language: str) -> str:
    """Write number words as digits, and leave out "last" before a weekday: the past is what is looked for anyway."""
    numbers = NUMBERS | ARTICLES if language == "en" else NUMBERS
    if WEEKDAY.search(phrase):
        phrase = LAST.sub(" ", phrase).strip()
    return re.sub(r"[^\W\d_]+", lambda word: numbers.get(word[0], word[0]), phrase)


def _translated(phrase: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: TRANSLATED.get(word[0], word[0]), phrase)
