"""Where the sentences of a reply end, so that a text cut while it is written is cut as the whole would be."""

import re
from collections.abc import Iterator

from policies.extracts import DAY, MONTH, SHORT

# A line ends a sentence; so does a full stop before a space, unless a small letter or a month goes on.
END = re.compile(r"\n|[.!?…][\"”’»)\]]*(?=\s)")
# "J. DOE", "1. Your order": a letter or a list's number alone ends nothing.
INITIAL = re.compile(r"(?:(?<![^\W_])(?<!['’])[A-ZÄÖÜ]|(?:\A|\n)\s*\d{1,2})\.\Z")
NEXT = re.compile(r"\s*(\S.{0,3})", re.DOTALL)
LOOK_BACK = 24
# What follows a full stop has to be known so far before it is certain to end a sentence.
LOOK_AHEAD = 4


def sentences_of(text: str) -> tuple[tuple[int, int], ...]:
    """Give start and end of each sentence or line; together they are the whole text."""
    ends = [*ends_of(text), len(text)]
    return tuple((start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end)


def ends_of(text: str, *, growing: bool = False, since: int = 0) -> Iterator[int]:
    """Give where sentences end, before the last one; of a `growing` text only the ends that more text cannot undo.

    `since` is an end that is known: only those behind it are looked for.
    """
    for match in END.finditer(text, since):
        if match[0] == "\n":
            if match.end() < len(text):
                yield match.end()
            continue
        after = NEXT.match(text, match.end())
        if after is None or (growing and len(after[1]) < LOOK_AHEAD and not _is_line_over(text, match.end())):
            continue
        if not _goes_on(text, match.start() + 1, match.end(), after):
            yield match.end()


def _is_line_over(text: str, at: int) -> bool:
    return text[at : at + 1] == "\n"


def _goes_on(text: str, stop: int, end: int, after: re.Match[str]) -> bool:
    before = text[max(0, stop - LOOK_BACK) : stop]
    if "\n" in text[end : after.start(1)] or text[stop - 1] in "!?":
        return False
    if SHORT.search(before) or INITIAL.search(before) or after[1][0].islower():
        return True
    return bool(DAY.search(before) and MONTH.match(after[1].casefold()))
