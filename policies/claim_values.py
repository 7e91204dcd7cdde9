"""The numbers and codes of a reply's sentence, where they stand and how they are bounded or named."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from policies.claim_words import MAXIMUM, MINIMUM
from policies.codes import canonical
from policies.quantities import quantities
from policies.terms import WORD

# "24.11." names a day of no year; "24. November" is read elsewhere.
SHORT_DAY = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(?!\d)")
LABEL = re.compile(
    r"(?P<order>#|\b(?:orders?|bestell(?:ung(?:en)?|nummer))(?: (?:number|no\.?|nummer|nr\.?))?)[\s:#]*\Z"
    r"|\b(?:(?P<ticket>ticket\w*)|(?P<reference>ref(?:erence|erenz)?(?:nummer)?\b)|(?P<ending>ending|endet))"
    r"(?: (?:number|nummer|in|is|ist|auf|mit))?[\s:#]*\Z",
    re.IGNORECASE,
)
BEFORE = re.compile(r"\b(?:before|vor)\s*\Z", re.IGNORECASE)
OVER = re.compile(r"\büber\s*\Z", re.IGNORECASE)
BLANK = "\0"
LABEL_REACH = 28
REACH = 30
# "2 refunds" is a count; so many digits more are a number of something.
LONGEST_COUNT = 2


class Value(NamedTuple):
    """An amount, date, time, duration or count; `bound` is "minimum", "maximum", "before" or ""."""

    unit: str
    amount: object
    bound: str
    text: str


class Code(NamedTuple):
    """An order, reference, ticket or any other word with digits; `label` is the word that says which, if one does."""

    key: str
    label: str
    text: str


class Span(NamedTuple):
    """Where a value or a code stands."""

    start: int
    end: int
    value: Value | None = None
    code: Code | None = None


def values_in(text: str) -> Iterator[Span]:
    """Find amounts, dates, times, durations and counts."""
    for match in SHORT_DAY.finditer(text):
        value = Value("month_day", 100 * int(match[2]) + int(match[1]), _bound(text, match.start()), match[0])
        yield Span(match.start(), match.end(), value)
    text = SHORT_DAY.sub(lambda match: BLANK * len(match[0]), text)
    for each in quantities(text):
        if each.text.casefold() == "am":
            continue
        bound = _bound(text, each.start)
        # "Erstattung über 45,50 €" is one of that amount.
        if bound == "minimum" and each.unit.isupper() and OVER.search(text[max(0, each.start - REACH) : each.start]):
            bound = ""
        yield Span(each.start, each.end, Value(each.unit, each.value, bound, each.text))


def _bound(text: str, at: int) -> str:
    before = text[max(0, at - REACH) : at].replace(BLANK, "")
    before = re.sub(r"\b(?:the|zum|den|dem|latest|spätestens)\s*\Z", "", before.rstrip(" ")) + " "
    if BEFORE.search(before):
        return "before"
    return "maximum" if MAXIMUM.search(before) else "minimum" if MINIMUM.search(before) else ""


def codes_in(text: str, plain: str, *, named: bool) -> Iterator[Span]:
    """Find codes in a text whose `plain` form still has what is blanked; `named` are those a word beside them names."""
    for match in WORD.finditer(text):
        word = match[0].rstrip("._-/")
        if not any(char.isdigit() for char in word):
            continue
        label = LABEL.search(plain, max(0, match.start() - LABEL_REACH), match.start())
        if label if named else len(word) > LONGEST_COUNT or not word.isdigit():
            kind = (label.lastgroup or "") if label else ""
            yield Span(match.start(), match.start() + len(word), code=Code(canonical(word), kind, word))


def blanked(text: str, spans: Sequence[Span]) -> str:
    """Hide what was read, and keep the place of everything else."""
    letters = list(text)
    for span in spans:
        letters[span.start : span.end] = BLANK * (span.end - span.start)
    return "".join(letters)
