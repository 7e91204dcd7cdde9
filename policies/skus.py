"""Article codes: those written "SKU-…", and those in the shapes a shop prints."""

import re
from collections.abc import Iterator

from policies.codes import DASHES, even, is_torn, runs
from policies.shapes import DEFAULT, Shape, spell

SKU = re.compile(
    rf"\bSKU[\s:{DASHES}]{{0,4}}(?=[A-Z]{{0,16}}\d)[A-Z0-9]{{1,16}}(?:[{DASHES}][A-Z0-9]{{1,12}}){{0,4}}\b",
    re.IGNORECASE,
)
# In "sku 1001 a new one" the letter is a word of its own.
LONE_WORD = re.compile(r" [^\W\d_]$")
MOST_TOKENS = 5
LIMIT = 10


def skus(text: str, shape: Shape = DEFAULT) -> tuple[str, ...]:
    """Find article codes, in the shop's spelling, or in capitals with plain dashes."""
    return tuple(dict.fromkeys(code for _, _, code in spans(even(text), shape)))[:LIMIT]


def spans(text: str, shape: Shape = DEFAULT) -> list[tuple[int, int, str]]:
    """Give start, end and code of the articles in an evened text, in the order written."""
    named = [(*match.span(), _spelled(match.group())) for match in SKU.finditer(text)]
    taken = {at for start, end, _ in named for at in (start, end)}
    return sorted((*named, *(each for each in _shaped(text, shape) if taken.isdisjoint(each[:2]))))


def _spelled(written: str) -> str:
    code = re.sub(rf"[\s:{DASHES}]+", "-", written.upper())
    return code if code.startswith("SKU-") else f"SKU-{code[3:]}"


def _shaped(text: str, shape: Shape) -> Iterator[tuple[int, int, str]]:
    last = 0
    for run in runs(text, MOST_TOKENS) if shape.skus else ():
        code = spell(run.key, shape.skus)
        if code and run.start >= last and not is_torn(text, run) and not LONE_WORD.search(text[run.start : run.end]):
            yield run.start, run.end, code
            last = run.end
