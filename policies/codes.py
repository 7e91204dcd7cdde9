"""How codes are written: one canonical form, and the runs of characters in a text that may be one code."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

DASHES = r"\-‐‑‒–—−"
TOKEN = re.compile(r"[^\W_]+")
# What may stand inside a code as people type it: "NW-10023", "nw 10023", "NW – 10023", "NW_10023", "#10-23".
GAP = re.compile(rf" ?[{DASHES}_/#.]? ?")
LONGER_BEFORE = re.compile(rf"(?:[\w@/{DASHES}]|\d[.,:])\Z")
LONGER_AFTER = re.compile(rf"[\w@%]|[.,:]\d|[/{DASHES}][^\W_]")
LONGEST = 40
LONGEST_LETTERS = 8
MOST_RUNS = 10_000


_Token = tuple[int, int, str]


class Run(NamedTuple):
    """Neighbouring tokens read as one code: where they stand, their letters and digits, and how many they are."""

    start: int
    end: int
    key: str
    tokens: int


def canonical(code: str) -> str:
    """Give the form in which two spellings of one code are equal: no case, no punctuation, no odd dashes."""
    return "".join(char for char in _western(code).casefold() if char.isalnum())


def even(text: str) -> str:
    """Bring the letters and spaces of a text into plain form, so that a code is looked for in one shape."""
    return " ".join(_western(text).split())


def runs(text: str, most: int) -> Iterator[Run]:
    """Give the runs of up to `most` tokens that have a digit, at each place the longest first.

    At most 10,000 runs: a message that holds more is not read to its end.
    """
    tokens = [(*match.span(), _kind(match[0])) for match in islice(TOKEN.finditer(text), MOST_RUNS)]
    return islice((run for at in _starts(tokens, most) for run in _from(text, tokens[at : at + most])), MOST_RUNS)


def is_torn(text: str, run: Run) -> bool:
    """Whether a run is a piece of something longer, such as a decimal, a time or an address."""
    before = LONGER_BEFORE.search(text[max(0, run.start - 2) : run.start])
    return bool(before or LONGER_AFTER.match(text, run.end))


def is_spaced(text: str, run: Run) -> bool:
    """Whether a space stands in a run."""
    return run.tokens > 1 and " " in text[run.start : run.end]


def _kind(token: str) -> str:
    if not token.isalpha():
        return "digits"
    return "letters" if len(token) <= LONGEST_LETTERS else "word"


def _starts(tokens: list[_Token], most: int) -> Iterator[int]:
    """Where a run may begin: no farther from a token with digits than a run is long, and no word in between."""
    last = 0
    for at, (_, _, kind) in enumerate(tokens):
        if kind == "digits":
            first = at
            while first > max(last, at - most + 1) and tokens[first - 1][2] == "letters":
                first -= 1
            yield from range(max(first, last), at + 1)
            last = at + 1


def _from(text: str, tokens: list[_Token]) -> list[Run]:
    found: list[Run] = []
    start = last = tokens[0][0]
    key, has_digits = "", False
    for count, (begin, end, kind) in enumerate(tokens, 1):
        key += text[begin:end].casefold()
        if kind == "word" or len(key) > LONGEST or (count > 1 and not GAP.fullmatch(text, last, begin)):
            break
        has_digits = has_digits or kind == "digits"
        if has_digits:
            found.append(Run(start, end, key, count))
        last = end
    return found[::-1]


def _western(text: str) -> str:
    """Write full-width letters and the digits of other scripts as plain ones."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in plain)
