"""Find clauses in force together that say different things of one matter, so that neither is told as the answer."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice, product
from math import ceil
from typing import NamedTuple

from policies.chunks import HEADING_STEP, Chunk
from policies.claim_words import LIMITED, content_of
from policies.clauses import EVERYWHERE
from policies.extracts import sentences
from policies.frozen import Fact
from policies.negations import Polarity, clashes, polarity
from policies.number_parts import Part, parts_of
from policies.quantities import without_numbers
from policies.terms import codes_of

# Shares of common words: in sentences of one section, and in sentences that are of one matter by their words alone.
SAME_SECTION, ELSEWHERE = 0.5, 0.8
FEWEST_IN_COMMON = 2
CLASHING = 0.5
MOST = 1_000
MOST_COMPARED = 1_000_000
HALF_STOP = re.compile(r";\s+")
# Words that make no other matter of it: "within 30 days" and "within 30 days of delivery".
NEUTRAL = frozenset(
    word
    for language, words in {
        "en": "delivery order item customer member most receive receipt tell want decide shop gold silver premium",
        "de": "lieferung bestellung artikel kunde mitglied erhalt wunsch gold silber premium",
    }.items()
    for word in content_of(words, language)
)


class Contradiction(Fact):
    """Two chunks that can both be told to one customer on one day, and what each says."""

    first: Chunk
    second: Chunk
    says: str


class _Statement(NamedTuple):
    """A sentence of a chunk, ready to compare; `telling` are its words but the neutral ones."""

    chunk: Chunk
    text: str
    words: frozenset[str]
    telling: frozenset[str]
    heading: frozenset[str]
    codes: tuple[str, ...]
    subject: str

    @property
    def parts(self) -> tuple[Part, ...]:
        return _parts(self.text, self.chunk.language, self.subject)

    @property
    def polarity(self) -> Polarity:
        return _polarity(self.text, self.chunk.language)


# Most statements are never compared with another; those that are, mostly more than once.
@lru_cache(maxsize=10_000)
def _parts(text: str, language: str, subject: str) -> tuple[Part, ...]:
    return parts_of(text, language, content_of(subject, language))


@lru_cache(maxsize=10_000)
def _polarity(text: str, language: str) -> Polarity:
    return polarity(text, language)


@lru_cache(maxsize=10_000)
def _words(text: str, language: str) -> frozenset[str]:
    return frozenset(content_of(without_numbers(text), language))


@lru_cache(maxsize=10_000)
def _codes(text: str) -> tuple[str, ...]:
    return codes_of(text)


@lru_cache(maxsize=10_000)
def _is_limited(text: str) -> bool:
    return LIMITED.search(text) is not None


def find(chunks: Sequence[Chunk]) -> tuple[Contradiction, ...]:
    """Compare what chunks of one tenant say; a pair of chunks is reported once, and at most a thousand pairs.

    Where documents say almost the same everywhere, only the first million pairs of sentences are compared.
    """
    found: dict[tuple[str, ...], Contradiction] = {}
    for one, other in islice(_pairs(list(_statements(chunks))), MOST_COMPARED):
        if not _meet(one, other):
            continue
        pair = tuple(sorted((_name(one.chunk), _name(other.chunk))))
        if pair not in found and (says := _difference(one, other)):
            found[pair] = Contradiction(first=one.chunk, second=other.chunk, says=says)
        if len(found) >= MOST:
            break
    return tuple(found.values())


def _name(chunk: Chunk) -> str:
    return chunk.chunk_id or f"{chunk.document} {chunk.version} {chunk.section} {chunk.part} {chunk.source}"


def _statements(chunks: Sequence[Chunk]) -> Iterator[_Statement]:
    """Give the sentences, the same one of a section in one scope and time but once."""
    seen = set()
    for chunk in chunks:
        heading = frozenset(content_of(chunk.heading.rpartition(HEADING_STEP)[2], chunk.language))
        for text, subject in _clauses(chunk.text):
            key = (text, chunk.section, chunk.document, *_scope(chunk), chunk.effective_from, chunk.effective_to)
            words = _words(text, chunk.language)
            if words and key not in seen:
                seen.add(key)
                yield _Statement(
                    chunk=chunk,
                    text=text,
                    words=words,
                    telling=words - NEUTRAL,
                    heading=heading,
                    codes=_codes(f"{chunk.heading}\n{text}"),
                    subject=subject,
                )


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Give the sentences, cut at their semicolons, each with what it is about where it is a row."""
    for each in sentences(text):
        yield from ((piece, each.subject) for piece in HALF_STOP.split(each.spoken))


def _scope(chunk: Chunk) -> tuple[str, ...]:
    return chunk.language, chunk.region, chunk.category, chunk.tier


def _pairs(said: Sequence[_Statement]) -> Iterator[tuple[_Statement, _Statement]]:
    """Give the pairs worth comparing, some twice: of one section, under one heading, or with rare words in common.

    Two sets that share four fifths of their words share one of the few rarest of either (prefix filtering).
    """
    spread = Counter(word for each in said for word in each.telling)
    blocks: defaultdict[tuple[str, object], list[_Statement]] = defaultdict(list)
    for each in said:
        language = each.chunk.language
        blocks[language, each.chunk.section].append(each)
        blocks[language, each.heading].append(each)
        rarest = sorted(each.telling, key=lambda word: (spread[word], word))
        for word in rarest[: len(rarest) - ceil(ELSEWHERE * len(rarest)) + 1]:
            blocks[language, ("word", word)].append(each)
    for block in blocks.values():
        read_together: defaultdict[tuple[str, str], list[_Statement]] = defaultdict(list)
        for each in block:
            read_together[each.chunk.document, each.chunk.section].append(each)
        for ones, others in combinations(read_together.values(), 2):
            yield from product(ones, others)


def _meet(one: _Statement, other: _Statement) -> bool:
    """Whether two statements are of one matter and can both be told to one customer on one day."""
    a, b = one.chunk, other.chunk
    if a.document == b.document and a.version != b.version:
        return False
    if (a.effective_to and a.effective_to < b.effective_from) or (b.effective_to and b.effective_to < a.effective_from):
        return False
    if one.codes != other.codes or a.language != b.language or not _admits_both(a.region, b.region):
        return False
    # What holds for a category or a tier by its metadata is an exception to what holds for all.
    if (a.category, a.tier) != (b.category, b.tier):
        return False
    common = one.words & other.words
    if a.section == b.section or (one.heading and one.heading == other.heading):
        return a.region == b.region and len(common) >= SAME_SECTION * min(len(one.words), len(other.words))
    telling = one.telling & other.telling
    return len(common) >= FEWEST_IN_COMMON and len(telling) >= max(1, ELSEWHERE * len(one.telling | other.telling))


def _admits_both(one: str, other: str) -> bool:
    return one == other or EVERYWHERE in (one, other)


def _difference(one: _Statement, other: _Statement) -> str:
    if _differ_in_numbers(one.parts, other.parts) or _denies(one, other):
        return (
            f"{_place(one.chunk)} says: {one.text!r}; {_place(other.chunk)} says: {other.text!r}. "
            "Correct one of them, or give it a narrower region, category, tier or time."
        )
    return ""


def _place(chunk: Chunk) -> str:
    return f"{chunk.document} {chunk.version}, {chunk.section}"


def _differ_in_numbers(ones: Sequence[Part], others: Sequence[Part]) -> bool:
    """Whether parts that speak of the same give other values in one unit; more values may contain the fewer."""
    units = {(number.unit, number.of) for part in ones for number in part.numbers}
    return any(
        not _agrees(part, others, unit) and not any(_agrees(each, ones, unit) for each in others if _values(each, unit))
        for unit in units
        for part in ones
        if _values(part, unit) and any(_values(each, unit) for each in others)
    )


def _agrees(part: Part, others: Sequence[Part], unit: tuple[str, str]) -> bool:
    """Whether one of the closest parts on the other side has the same values; without a comparable one, it does."""
    mine = _values(part, unit)
    comparable = [each for each in others if each.classes == part.classes and _values(each, unit)]
    closest = max((len(each.words & part.words) for each in comparable), default=0)
    near = [_values(each, unit) for each in comparable if len(each.words & part.words) == closest]
    return not near or any(mine <= theirs or theirs <= mine for theirs in near)


def _values(part: Part, unit: tuple[str, str]) -> frozenset[object]:
    return frozenset(number.value for number in part.numbers if (number.unit, number.of) == unit)


def _denies(one: _Statement, other: _Statement) -> bool:
    """Whether one allows what the other denies; a condition on one side only makes it an exception."""
    if _is_limited(one.text) != _is_limited(other.text):
        return False
    clear = (one.polarity.affirmed ^ one.polarity.denied) & (other.polarity.affirmed ^ other.polarity.denied)
    return len(clear) >= FEWEST_IN_COMMON and len(clashes(one.polarity, other.polarity)) > CLASHING * len(clear)
