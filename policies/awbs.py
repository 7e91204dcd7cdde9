"""Parcel numbers: told by a carrier's check digit, or by a word for parcels beside them.

A number whose check digit is right at one of the shop's carriers needs no word. Beside a word it is reported even when
its check digit is wrong: it is what the customer typed, and whoever looks it up finds nothing.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from policies.carriers import LENGTHS, LONGEST_GROUPS, label_of
from policies.code_words import ORDER_WORD, OTHER_WORD, PARCEL_WORD, beside, says
from policies.codes import DASHES, Run, canonical, even, is_spaced, is_torn, runs
from policies.shapes import DEFAULT, Shape, spell
from policies.skus import SKU

# Shops without a carrier's numbers often print "AWB-20001" or "XY-AWB-7": the word is a part of the code there.
WORD_INSIDE = re.compile(rf"(?<![\w{DASHES}])[^\W\d_]{{1,6}}[{DASHES}]AWB[{DASHES}]?\d{{1,12}}(?!\w)", re.IGNORECASE)
MOST_TOKENS = 5
LIMIT = 10


def awbs(text: str, own: Sequence[str] = (), shape: Shape = DEFAULT) -> tuple[str, ...]:
    """Find parcel numbers, as a carrier prints them or as typed; `own` are the customer's orders, which are none."""
    return tuple(dict.fromkeys(code for _, _, code in spans(even(text), own, shape)))[:LIMIT]


def spans(text: str, own: Sequence[str] = (), shape: Shape = DEFAULT) -> list[tuple[int, int, str]]:
    """Give start, end and code of the parcel numbers in an evened text, in the order written."""
    orders = {canonical(order_id) for order_id in own}
    told = [(*match.span(), match.group()) for match in islice(WORD_INSIDE.finditer(text), LIMIT)]
    found: list[tuple[int, int, str]] = []
    for start, end, code in (*_shaped(text, shape), *_labelled(text, orders, shape), *told, *_named(text)):
        if not any(begin < end and start < stop for begin, stop, _ in found):
            found.append((start, end, code))
    return sorted(found)


def _named(text: str) -> Iterator[tuple[int, int, str]]:
    named = (each for each in beside(PARCEL_WORD, text) if not SKU.fullmatch(each[2]))
    return islice(named, LIMIT)


def _shaped(text: str, shape: Shape) -> Iterator[tuple[int, int, str]]:
    fitting = ((run, spell(run.key, shape.awbs)) for run in (runs(text, MOST_TOKENS) if shape.awbs else ()))
    return islice(((run.start, run.end, code) for run, code in fitting if code and _is_shops(text, run)), LIMIT)


def _is_shops(text: str, run: Run) -> bool:
    """A word before a number in a piece of its own is only the word: "AWB 67890" is 67890."""
    return not is_torn(text, run) and not is_spaced(text, run)


def _labelled(text: str, orders: set[str], shape: Shape) -> Iterator[tuple[int, int, str]]:
    """Numbers that their check digit tells; digits alone only in one piece and with no word against it."""
    last, count = 0, 0
    for run in runs(text, LONGEST_GROUPS):
        if run.start < last or len(run.key) not in LENGTHS or run.key in orders or is_torn(text, run):
            continue
        label = label_of(run.key.upper(), shape.carriers)
        if not label or (label.plain and not _may_be_one(run, text)):
            continue
        yield run.start, run.end, run.key.upper()
        last, count = run.end, count + 1
        if count >= LIMIT:
            return


def _may_be_one(run: Run, text: str) -> bool:
    if says(PARCEL_WORD, text, run.start):
        return True
    return run.tokens == 1 and not says(ORDER_WORD, text, run.start) and not says(OTHER_WORD, text, run.start)
