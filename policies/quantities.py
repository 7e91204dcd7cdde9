"""Read the numbers of a text with what they measure: days, money, percent, weights, dates, times, counts."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from policies.amounts import NAME, SIGN, SIGNS, WORDS
from policies.frozen import Fact
from policies.quantity_words import ARTICLES, BARE, BETWEEN, HALF, MEANING, MONTHS, NUMBER_WORD, SPELLED, UNIT, WEEKDAYS
from policies.terms import WORD, is_code, terms_of

COUNT = "count"
Unit = tuple[str, Decimal]
# Spaces that do not break stand in "30 €"; each is one character, so that positions stay.
# The Turkish "ı" and "İ" match an "i" in a pattern that ignores case, and no word of ours.
EVEN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u00ad": " ", "ı": "i", "İ": "I"})
WRITTEN = (
    r"\d{1,3}(?:[.,'’]\d{2,3}){1,5}(?:[.,]\d{1,2})?(?!\d)|\d{1,3}(?: \d{3}){1,4}(?!\d)|\d{1,12}(?:[.,]\d{1,2}(?!\d))?"
)
NUMBER = re.compile(
    rf"(?<!\w)(?<!\d[.,])(?:(?P<sign>{SIGN}|{NAME}) ?)?(?P<number>{HALF}|{NUMBER_WORD}|{WRITTEN})(?:[.,]-{{1,2}})?"
    rf"(?:[ \-‑]{{0,2}}(?:{UNIT})(?![^\W_])| ?(?P<after>{SIGN}|(?:{NAME})(?!\w))"
    r"|(?P<times>[ -]?(?:times|mal)\b)|(?!\w))",
    re.IGNORECASE,
)
FRACTION = re.compile(r"[.,](\d{1,2})\Z")
YEAR = range(1900, 2100)
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DATE = re.compile(
    r"(?<![\w.])(?:(?P<iso>\d{4}-\d{2}-\d{2})(?!\d)"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? ?(?:of )?(?P<month>{_MONTH})\b\.?(?:,? (?P<year>(?:19|20)\d\d)\b)?"
    rf"|(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.,:]\d|\d)(?:,? (?P<year2>(?:19|20)\d\d)\b)?"
    r"|(?P<one>\d{1,2})[./](?P<two>\d{1,2})[./](?P<year3>(?:19|20)\d\d))(?!\w)",
    re.IGNORECASE,
)
CLOCK = re.compile(
    r"(?<![\w.,])(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>[ap]\.?m\b|uhr\b|o['’]clock)"
    r"|(?P<hour2>\d{1,2}):(?P<minute2>\d{2}))(?!\w)",
    re.IGNORECASE,
)
WEEKDAY = re.compile(rf"\b(?P<name>{'|'.join(WEEKDAYS)})s?\b", re.IGNORECASE)
# "30-day-return", "30-Tage-Frist": shaped like a code.
SPAN = re.compile(r"\d+-(?:hour|day|week|month|year|stunden|tage|wochen|monats|jahres)-", re.IGNORECASE)
PART = re.compile(r"\bhalf(?= (?:of|the|price)\b)|\bhälfte\b", re.IGNORECASE)
TIMES = re.compile(r"\b(?:(?P<two>twice|zweimal)|once(?= (?:for|per|an?|only|within)\b|[.,;)]|\Z))", re.IGNORECASE)
# "1." before a line of a list, "[2]" after a sentence that cites.
MARK = re.compile(r"^\s*\d{1,2}[.)](?= )|\[\d{1,2}\]", re.MULTILINE)
SENTENCE_END = re.compile(r"[.!?]\s|\n\n")


class Quantity(Fact):
    """A number and what it measures, at `start` to `end` of its text.

    `unit` is canonical: "day" (weeks are days), "working_day", "month" (years are months), "hour", "percent", "gram",
    a currency such as "USD", "date" (`value` is a day's ordinal), "month_day" (100 · month + day), "clock" (minutes),
    "weekday" (Monday is 0), or "count", where `of` is the stem of what is counted.
    """

    value: Decimal
    unit: str
    of: str = ""
    text: str
    start: int
    end: int

    def equals(self, other: "Quantity") -> bool:
        return (self.value, self.unit) == (other.value, other.unit)


@lru_cache(maxsize=4_000)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Find quantities in their order. Both ends of a range are given; "12/05/2026" is given in both readings."""
    text = text.translate(EVEN)
    found: list[Quantity] = []
    for pattern, read in ((DATE, _days), (CLOCK, _clocks), (WEEKDAY, _weekdays), (PART, _parts), (TIMES, _times)):
        spans = []
        for match in pattern.finditer(text):
            for value, unit in read(match):
                found.append(
                    Quantity(value=Decimal(value), unit=unit, text=match[0], start=match.start(), end=match.end())
                )
                spans.append(match.span())
        text = _hidden(text, spans)
    text = _hidden(text, (match.span() for match in MARK.finditer(text)))
    text = _hidden(text, (match.span() for match in WORD.finditer(text) if _names_a_code(match[0])))
    return tuple(sorted((*found, *_numbers(text)), key=lambda each: (each.start, each.value)))


def without_numbers(text: str) -> str:
    """Leave out the quantities of a text with their units."""
    for each in reversed(quantities(text)):
        text = f"{text[: each.start]} {text[each.end :]}"
    return text


def _hidden(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def _names_a_code(word: str) -> bool:
    measured = NUMBER.fullmatch(word)
    return not word.isalpha() and is_code(word) and not (measured and _unit(measured)) and not SPAN.match(word)


def _days(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        orders = [(day, month)]
    elif match["one"]:
        year, one, two = int(match["year3"]), int(match["one"]), int(match["two"])
        orders = [(one, two)] if "." in match[0] or one == two else [(one, two), (two, one)]
    else:
        name = match["month"] or match["month2"]
        if name == "may":
            return
        year = int(match["year"] or match["year2"] or 0)
        orders = [(int(match["day"] or match["day2"]), MONTHS[name.casefold()])]
    for day, month in orders:
        try:
            ordinal = date(year or 2000, month, day).toordinal()
        except ValueError:
            continue
        yield (ordinal, "date") if year else (100 * month + day, "month_day")


def _clocks(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    hour, minute = int(match["hour"] or match["hour2"]), int(match["minute"] or match["minute2"] or 0)
    half = (match["half"] or "").casefold()
    if half.startswith(("a", "p")):
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour <= 24 and minute < 60:
        yield 60 * hour + minute, "clock"


def _weekdays(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    yield WEEKDAYS[match["name"].casefold()], "weekday"


def _parts(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    yield 50, "percent"


def _times(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    yield (2 if match["two"] else 1), COUNT


def _numbers(text: str) -> Iterator[Quantity]:
    matches = [match for match in NUMBER.finditer(text) if _is_number(match, text)]
    units: list[Unit | None] = []
    for match in matches:
        units.append(_unit(match) or _inherited(match, units, matches, text))
    for at in range(len(matches) - 2, -1, -1):
        if not units[at] and BETWEEN.fullmatch(text, matches[at].end(), matches[at + 1].start()):
            units[at] = units[at + 1]
    for match, unit in zip(matches, units, strict=True):
        name, factor = unit or (COUNT, Decimal(1))
        of = "" if unit else _counted(match, text)
        value = factor * _number(" ".join(match["number"].casefold().split()))
        yield Quantity(value=value, unit=name, of=of, text=match[0].strip(), start=match.start(), end=match.end())


def _is_number(match: re.Match[str], text: str) -> bool:
    """Whether a word like "a" or "one" is a number here: with a unit, or at the beginning of a range."""
    if match["number"].casefold() not in ARTICLES or _unit(match):
        return True
    return bool((range_ := BETWEEN.match(text, match.end())) and NUMBER.match(text, range_.end()))


def _unit(match: re.Match[str]) -> Unit | None:
    currency = match["sign"] or match["after"]
    if currency:
        return SIGNS.get(currency.upper()) or WORDS.get(currency.casefold()) or currency.upper(), Decimal(1)
    return next((unit for name, unit in MEANING.items() if match[name]), None)


def _inherited(match: re.Match[str], units: list[Unit | None], matches: list[re.Match[str]], text: str) -> Unit | None:
    """Give a bare number the unit of the one before it in its sentence: "five days by card and three by transfer"."""
    year = match["number"].isdigit() and int(match["number"]) in YEAR
    if not units or year or match["times"] or not BARE.match(text, match.end()):
        return None
    before = matches[len(units) - 1]
    return None if SENTENCE_END.search(text, before.end(), match.start()) else units[-1]


def _counted(match: re.Match[str], text: str) -> str:
    if match["times"]:
        return "time"
    after = WORD.search(text, match.end())
    if after is None or BARE.match(text, match.end()):
        return ""
    return next(iter(terms_of(after[0])), "")


def _number(written: str) -> Decimal:
    """Read "1,234.56", "1.234,56", "4,90" and "fourteen": a last group of one or two digits is a fraction."""
    if written in SPELLED:
        return SPELLED[written]
    if not written[0].isdigit():
        return Decimal("0.5")
    fraction = FRACTION.search(written)
    whole = written[: fraction.start()] if fraction else written
    digits = "".join(str(int(char)) for char in whole if char.isdigit())
    return Decimal(f"{digits}.{int(fraction[1]):0{len(fraction[1])}d}" if fraction else digits)
