"""Find telephone numbers of every region: by "+", by the words beside them, and by grouping as some country does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from policies.number_words import (
    AFTER,
    BEFORE,
    IN_CODE,
    MASKED,
    MONEY_AFTER,
    MONEY_BEFORE,
    MY_NUMBER,
    NEAR,
    SHOP_NUMBER,
    is_date,
    is_something_else,
)
from policies.numbering import grouped_somewhere, international, known_somewhere, national

FEWEST, MOST = 7, 15
# Small countries have numbers of four digits; they count beside a word, and where the region is known.
SHORTEST = 4
LOOK = 48
# Asking all plans takes a tenth of a millisecond; past so many a text is a flood, and its grouped digits go unasked.
MOST_ASKED = 1_000
# A run of more groups is a table of numbers; only words or a "+" then make a telephone number of it.
MOST_GROUPS = 14
RUN = re.compile(r"(?<![\d@])(?:\+[ (]{0,2})?\(?\d(?:[ \t.\-/()]{0,3}\d)*")
EXTENSION = re.compile(r"[ ,]{0,2}(?:x|ext\.?|extension|durchwahl|poste|ramal)[ .:]{0,2}\d{1,6}(?!\w)", re.IGNORECASE)
CLASSIC = re.compile(
    r"\(\d{2,5}\)[ .\-]?\d[\d .\-]+|(?:1[ .\-])?\d{3}[ .\-]\d{3}[ .\-]\d{4}|\d{3}[ .\-]\d{3}[ .\-]\d{4}"
)
# Letters that belong to a code: "order PH0012345" is no telephone.
PREFIX = re.compile(r"[^\W\d_]{1,4}-?\Z")
MARKED = re.compile(r"#[ ]?[^\W\d_]{1,4}-?\Z")
DIALLED = re.compile(r"(?:00|011[ -]|001[ -])")


@dataclass(frozen=True)
class Group:
    """Digits without anything between them."""

    start: int
    end: int
    digits: str


class Phones:
    """The search through one text; `region` is where a number without "+" most likely belongs."""

    def __init__(self, text: str, region: str | None = None) -> None:
        self._text = text
        self._region = region
        self._asked = 0

    def find(self) -> Iterator[tuple[int, int]]:
        """Give the spans of telephone numbers, with their extensions."""
        for run in RUN.finditer(self._text):
            if run.end() - run.start() >= SHORTEST:
                for start, end in self._in_run(run):
                    extension = EXTENSION.match(self._text, end)
                    yield start, extension.end() if extension else end

    def _in_run(self, run: re.Match[str]) -> Iterator[tuple[int, int]]:
        groups = [Group(*found.span(), found[0]) for found in re.compile(r"\d+").finditer(self._text, *run.span())]
        count = sum(len(group.digits) for group in groups)
        if count < SHORTEST:
            return
        before = self._text[max(0, run.start() - LOOK) : run.start()]
        if count < FEWEST:
            if self._is_short(run[0], count, before):
                yield run.span()
        elif is_date(run[0]):
            return
        elif run[0].startswith("+"):
            yield run.start(), self._international(run.start(), groups)
        elif MASKED.search(before) or MARKED.search(before) or SHOP_NUMBER.search(PREFIX.sub("", before)):
            return
        elif self._said(before, groups, run.end()):
            yield run.start(), self._leading(groups)
        elif len(groups) > 1 and not IN_CODE.search(before) and not self._is_money(before, run.end()):
            yield from self._shaped(groups, before)

    def _international(self, start: int, groups: list[Group]) -> int:
        """Give the end of the longest valid number that starts with "+", else of what may be one."""
        ends = [group.end for group in _within(groups, MOST + 1)]
        return next(
            (end for end in reversed(ends) if international(self._text[start:end])), ends[-1] if ends else groups[0].end
        )

    def _said(self, before: str, groups: list[Group], end: int) -> bool:
        """Say whether words call these digits a telephone number; digits in one piece need the closer word."""
        if BEFORE.search(before):
            return sum(len(group.digits) for group in groups[:1]) <= MOST
        after = AFTER.match(self._text, end, end + LOOK)
        if IN_CODE.search(before) or self._text[end : end + 1].isalnum():
            return False
        mine = MY_NUMBER.search(before)
        if len(groups) == 1:
            if mine and national(groups[0].digits, self._region):
                return True
            return bool(after and after["end"] is not None) and len(groups[0].digits) <= MOST
        near = len(groups[0].digits) <= MOST and (after or mine or NEAR.search(before))
        return bool(near) and not is_something_else(self._text[groups[0].start : groups[-1].end])

    def _is_short(self, written: str, count: int, before: str) -> bool:
        """Say whether few digits straight beside a word are a number: six in groups, or what the region knows."""
        in_groups = count == FEWEST - 1 and not written.isdigit() and not is_something_else(written)
        if not (in_groups or self._region) or not BEFORE.search(before):
            return False
        return in_groups or bool(national(written, self._region))

    def _leading(self, groups: list[Group]) -> int:
        """Give the end of what words call a number: the longest part that some country knows, else all that fits."""
        fitting = _within(groups, MOST)
        for count in range(len(fitting), 0, -1):
            digits = "".join(group.digits for group in fitting[:count])
            if len(digits) >= FEWEST and self._ask() and known_somewhere(digits):
                return fitting[count - 1].end
        return fitting[-1].end

    def _shaped(self, groups: list[Group], before: str) -> Iterator[tuple[int, int]]:
        """Look at all groups together, then at parts that are set off by another separator."""
        if len(groups) > MOST_GROUPS:
            return
        first = 0
        while first < len(groups):
            for last in range(len(groups), first + 1, -1):
                if self._set_off(groups, first, last) and self._looks_like_phone(groups[first:last]):
                    yield self._opening(groups[first].start), groups[last - 1].end
                    first = last - 1
                    break
            first += 1

    def _set_off(self, groups: list[Group], first: int, last: int) -> bool:
        between = [self._text[one.end : two.start] for one, two in pairwise(groups)]
        inside = set(between[first : last - 1])
        edges = {*between[first - 1 : first], *between[last - 1 : last]} if first else {*between[last - 1 : last]}
        return not edges & inside

    def _looks_like_phone(self, groups: list[Group]) -> bool:
        digits = tuple(group.digits for group in groups)
        joined = "".join(digits)
        written = self._text[self._opening(groups[0].start) : groups[-1].end]
        if not FEWEST <= len(joined) <= MOST or is_something_else(written):
            return False
        if CLASSIC.fullmatch(written) or not self._ask():
            return True
        if DIALLED.match(joined) and international("+" + joined.lstrip("0").removeprefix("11")):
            return True
        if national(written, self._region):
            return True
        if len(groups) == 2 and not _is_long_pair(digits, written):
            return False
        opens = joined.startswith("0") or written.startswith("(")
        return grouped_somewhere(digits) or (opens and len(groups) > 2 and known_somewhere(joined))

    def _opening(self, start: int) -> int:
        return start - 1 if self._text[start - 1 : start] == "(" else start

    def _is_money(self, before: str, end: int) -> bool:
        return bool(MONEY_BEFORE.search(before) or MONEY_AFTER.match(self._text, end))

    def _ask(self) -> bool:
        self._asked += 1
        return self._asked <= MOST_ASKED


def _is_long_pair(digits: tuple[str, ...], written: str) -> bool:
    """Say whether two groups can be nothing shorter or nothing of a shop: a postcode and a house, "123-45678901"."""
    short = len("".join(digits)) < 9 or (len(digits[0]) == 5 and len(digits[1]) < 5)
    return not short and (" " in written or written.startswith(("0", "(")))


def number_of(written: str, region: str | None = None) -> str:
    """Give the form in which two spellings of one number are equal: E.164 where the region is certain, else digits."""
    plain = EXTENSION.sub("", written)
    known = international(plain) if "+" in plain else national(plain, region)
    return known or re.sub(r"\D", "", written)


def _within(groups: list[Group], most: int) -> list[Group]:
    """Take as many first groups as have no more than `most` digits."""
    taken, digits = [], 0
    for group in groups:
        digits += len(group.digits)
        if digits > most:
            break
        taken.append(group)
    return taken
