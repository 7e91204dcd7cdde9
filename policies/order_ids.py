"""The orders a text names, in whatever way customers type them."""

import re
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import NamedTuple

from policies import awbs, skus
from policies.amounts import NAMED
from policies.carriers import label_of
from policies.code_words import CODE, DATE, ORDER_WORD, OTHER_WORD, PARCEL_WORD, beside, says
from policies.codes import DASHES, Run, canonical, even, is_spaced, is_torn, runs
from policies.shapes import DEFAULT, Shape, spell

MARKED = re.compile(rf"#\s?({CODE})")
BARE = re.compile(rf"(?<![\w#@.,:/{DASHES}+$€£₹¥])({CODE})(?![\w@%€£₹¥]|[.,]\d)")
# Shapes a number may have when no word says what it is: digits alone, or a few letters and digits as shops print them.
BARE_SHAPE = re.compile(
    rf"\d{{5,18}}|(?!awb|sku)[A-Z]{{1,4}}\d{{5,12}}|(?!awb|sku)[A-Z]{{1,4}}(?:[{DASHES}]\d{{2,10}}){{1,3}}",
    re.IGNORECASE,
)
# "12345,12346" and "12345/12346" are two orders; too many digits on both sides for a decimal or a date.
CRAMPED = re.compile(rf"(?<=\d{{5}}) ?[,/;|+&] ?(?=#?[A-Z]{{0,4}}[{DASHES}]?\d{{5}})")
PLACE = re.compile(r"(?:\b(?:in|near|at|ship to|deliver to|live in|aus|nach|à|en|em)|\b[A-Z]{2},?) $")
PART_BEFORE = re.compile(rf"(?<!\d)\d{{1,4}}[ .]\(?$|\+ ?$|\(\d{{1,5}}\)[ {DASHES}]?$")
# Two groups of five digits, the first with a zero or a plus before it.
PHONE_BEFORE, PHONE = re.compile(r"(?:\+|\b0)\d[\d ]{1,14} $"), re.compile(r"0\d{3,6} \d{5}")
UNIT_AFTER = re.compile(
    r" ?(?:km|kg|g|mg|ml|l|cm|mm|mah|watts?|volts?|points?|customers|people|followers|steps|hours?|minutes?|miles?"
    r"|times"
    r"|years?|items|pieces|units|euros?|percent|prozent)\b",
    re.IGNORECASE,
)
# "I want to order 200 shirts" names no order; "changes to order 12345" does.
ORDERING = re.compile(
    r"\b(?:want|like|need|able|how|wish|going|trying|plan\w*) to order $|\b(?:i|we|you) order $", re.IGNORECASE
)
NOT_AN_ORDER = f"{OTHER_WORD}|{PARCEL_WORD}|SKU"
MOST_TOKENS = 6
MOST_CANDIDATES = 400
SHORT = 3
LIMIT = 10


class _Candidate(NamedTuple):
    """A code that may be an order; `sure` where the text itself, or the customer's own list, says so."""

    start: int
    rank: int
    end: int
    code: str
    sure: bool


def order_ids(text: str, own: Sequence[str] = (), shape: Shape = DEFAULT) -> tuple[str, ...]:
    """Find the orders a text names: in the spelling of `own` where one of these is meant, else the shop's or as typed.

    At most 10. What another word names (an invoice, a parcel, a postcode), an amount or a date is no order.
    """
    text = NAMED.sub(lambda amount: " " * len(amount[0]), CRAMPED.sub(", ", even(text)))
    mine = {_folded(canonical(order_id)): order_id for order_id in own if canonical(order_id)}
    taken = {canonical(code) for _, _, code in (*awbs.spans(text, own, shape), *skus.spans(text, shape))}
    sources = (_own(text, mine), _shaped(text, shape), _named(text, shape), _marked(text), _bare(text, shape))
    found: dict[str, str] = {}
    last = 0
    for candidate in islice(merge(*sources), MOST_CANDIDATES):
        key = canonical(candidate.code)
        mine_too = _folded(key) in mine
        is_parcel = key in taken and not (candidate.sure and (mine_too or not _labelled(key, shape)))
        if candidate.start < last or is_parcel or _is_something_else(text, candidate):
            continue
        last = candidate.end
        found.setdefault(_folded(key), mine.get(_folded(key), candidate.code))
        if len(found) == LIMIT:
            break
    return tuple(found.values())


def _own(text: str, mine: dict[str, str]) -> Iterator[_Candidate]:
    for run in runs(text, MOST_TOKENS) if mine else ():
        code = mine.get(_folded(run.key))
        if code and _is_one_piece(run, text):
            yield _Candidate(run.start, 0, run.end, code, _is_told(text, run.start))


def _shaped(text: str, shape: Shape) -> Iterator[_Candidate]:
    for run in runs(text, MOST_TOKENS) if shape.order_ids else ():
        code = spell(run.key, shape.order_ids)
        if code and _is_one_piece(run, text):
            told = _is_told(text, run.start)
            if told or not _is_a_quantity(text, run.start, run.end):
                yield _Candidate(run.start, 1, run.end, code, told)


def _named(text: str, shape: Shape) -> Iterator[_Candidate]:
    for start, end, typed in beside(ORDER_WORD, text):
        yield _Candidate(start, 2, end, spell(canonical(typed), shape.order_ids) or _as_typed(text, start, typed), True)


def _marked(text: str) -> Iterator[_Candidate]:
    for match in MARKED.finditer(text):
        yield _Candidate(match.start(1), 3, match.end(), _as_typed(text, match.start(1), match[1]), True)


def _bare(text: str, shape: Shape) -> Iterator[_Candidate]:
    """Codes without a word; where the shop's shapes are known, only as the whole answer to a question of ours."""
    for match in BARE.finditer(text):
        start, end = match.span()
        if not BARE_SHAPE.fullmatch(match[1]) or DATE.fullmatch(match[1]) or _is_a_quantity(text, start, end):
            continue
        if not shape.order_ids or text.strip(" .!?'\"") == match[1]:
            yield _Candidate(start, 4, end, match[1], False)


def _is_one_piece(run: Run, text: str) -> bool:
    """Whether a run is typed as one code is: "123 45" and "KI 2" are only where a word says what they are."""
    if is_torn(text, run):
        return False
    short = sum(map(str.isdigit, run.key)) < SHORT
    doubtful = (is_spaced(text, run) and (run.key.isdigit() or short)) or (short and run.key.isdigit())
    return not doubtful or _is_told(text, run.start)


def _is_told(text: str, start: int) -> bool:
    return text[max(0, start - 2) : start].endswith(("#", "# ")) or says(ORDER_WORD, text, start)


def _is_a_quantity(text: str, start: int, end: int) -> bool:
    """Whether digits that no word names are a place, a measure or a piece of a phone number."""
    before = text[max(0, start - 24) : start]
    phone = PHONE_BEFORE.search(before) or PHONE.match(text, start)
    return bool(phone or PLACE.search(before) or PART_BEFORE.search(before) or UNIT_AFTER.match(text, end))


def _is_something_else(text: str, candidate: _Candidate) -> bool:
    """Say whether the words just before a code give it another meaning, such as an invoice or a postcode."""
    before = text[max(0, candidate.start - 24) : candidate.start]
    if candidate.sure and len(candidate.code) <= SHORT + 1 and ORDERING.search(before):
        return True
    return says(OTHER_WORD if candidate.sure else NOT_AN_ORDER, text, candidate.start)


def _labelled(key: str, shape: Shape) -> bool:
    label = label_of(key.upper(), shape.carriers)
    return label is not None and not label.plain


def _as_typed(text: str, start: int, code: str) -> str:
    """Keep a '#' that belongs to the id; before plain digits it is only how people write "number"."""
    code = code.replace(" ", "") if code[0].isdigit() else code
    return f"#{code}" if text[max(0, start - 2) : start].rstrip().endswith("#") and not code.isdigit() else code


def _folded(key: str) -> str:
    """Read the letter O as a zero: customers copy ids from paper."""
    return key.replace("o", "0")
