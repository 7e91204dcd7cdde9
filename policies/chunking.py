"""Cut a document into chunks: one for each section, and for a long section several that overlap."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from policies.chunks import HEADING_STEP, Chunk
from policies.documents import Parsed
from policies.pieces import LIMIT, Count, Piece, Run, joined, runs_of, words_of
from policies.sections import Section, names_of, sections_of
from policies.terms import codes_of

# In tokens: what a part of a long section holds at least, and what it repeats of the part before.
ENOUGH = 400
LEAST_REPEATED, MOST_REPEATED = 50, 100


@dataclass(frozen=True, slots=True)
class Part:
    """The first `repeats` characters of `text` stand in the part before; `page` is where the others begin."""

    text: str
    repeats: int
    page: int | None


def cut(parsed: Parsed, tenant: str, count: Count) -> tuple[Chunk, ...]:
    """Cut a document into sealed chunks, in its order; `count` gives the tokens of a text, without any marks around it.

    A section of at most 600 tokens is one chunk. Of a longer one each part has 400 to 600, the last one fewer, and
    begins with 50 to 100 of the part before. A list or table that fits into a chunk is kept whole, so the part before
    it may be shorter, and repeat less; one that does not fit is cut between lines, and each part begins with the
    table's header.
    """
    counted = cache(count)
    sections = sections_of(parsed)
    return tuple(
        chunk.sealed(tenant)
        for section, name in zip(sections, names_of(sections), strict=True)
        for chunk in _chunks(parsed, section, name, counted)
    )


def _chunks(parsed: Parsed, section: Section, name: str, count: Count) -> Iterator[Chunk]:
    heading = HEADING_STEP.join(section.path)
    parts = list(_parts(runs_of(section.blocks, count), count))
    for number, part in enumerate(parts):
        yield Chunk(
            **parsed.about.model_dump(),
            section=name,
            heading=heading,
            text=part.text,
            part=number,
            parts=len(parts),
            repeats=part.repeats,
            asked=() if number else tuple(section.asked),
            source=_place(parsed.source, section, part.page),
            page=part.page,
            codes=codes_of(f"{heading}\n{part.text}"),
        )


def _place(file: str, section: Section, page: int | None) -> str:
    return f"{file} p. {page}" if page else HEADING_STEP.join([file, *section.path[1:]])


def _parts(runs: Sequence[Run], count: Count) -> Iterator[Part]:
    sizes = [sum(piece.tokens for piece in run) for run in runs]
    left, at = sum(sizes), 0
    new: list[Piece] = []
    while at < len(runs):
        repeated = _repeated(new, runs[at][0], LIMIT - sizes[at], count)
        size = sum(piece.tokens for piece in repeated)
        # What is left goes in even parts, so that the last is not a crumb.
        aim = max(ENOUGH, size + left / max(1, math.ceil(left / (LIMIT - size))))
        new = []
        while at < len(runs) and (not new or (size < aim and size + sizes[at] <= LIMIT)):
            new += runs[at]
            size += sizes[at]
            left -= sizes[at]
            at += 1
        again = joined(repeated).removeprefix(repeated[0].gap) if repeated else ""
        yield Part(again + joined(new), len(again), new[0].page)


def _repeated(before: Sequence[Piece], following: Piece, room: int, count: Count) -> list[Piece]:
    """Choose what a part says again before its own words: the last sentences, or a table's header and last rows."""
    header = following.header
    size = header.tokens if header else 0
    most = min(MOST_REPEATED, room)
    again: list[Piece] = []
    for piece in reversed(before):
        # A table's beginning is not crossed: rows stand below their own header.
        if size >= LEAST_REPEATED or piece is header:
            break
        new_header = piece.header if piece.header is not header else None
        cost = piece.tokens + (new_header.tokens if new_header else 0)
        if size + cost > most:
            if not piece.row:
                again = [*_last_words(piece, size, most, count), *again]
            break
        header = header or new_header
        again.insert(0, piece)
        size += cost
    return [header, *again] if header else again


def _last_words(piece: Piece, size: int, most: int, count: Count) -> list[Piece]:
    """Fill up with the end of a sentence that is too long to be repeated whole."""
    words: list[Piece] = []
    for word in reversed(words_of(piece, count)):
        if size >= LEAST_REPEATED or size + word.tokens > most:
            break
        words.insert(0, word)
        size += word.tokens
    return words
