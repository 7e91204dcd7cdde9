"""The pieces a section is made of: sentences, list items and table rows, and words where one of them is too long."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from policies.documents import Block, BlockKind

Count = Callable[[str], int]
# In tokens: what fits into a chunk.
LIMIT = 600
# A header longer than this would leave its rows too little room to be repeated.
LONGEST_HEADER = LIMIT // 2
LONGEST_WORD = 400
WORD = re.compile(rf"(\s*)(\S{{1,{LONGEST_WORD}}})")
BOUNDARY = re.compile(r"(?:(?<=[.!?…।])|(?<=[.!?…।][\"'”’»)\]]))\s+|\n+|(?<=[。！？])")
NEXT_BLOCK, NEXT_LINE = "\n\n", "\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that is kept whole, and the `gap` between it and the one before.

    `row`: a row of a table, its header included; `header` is what the other rows need to be understood.
    """

    gap: str
    text: str
    tokens: int
    page: int | None = None
    row: bool = False
    header: "Piece | None" = None


Run = tuple[Piece, ...]


def runs_of(blocks: Sequence[Block], count: Count) -> list[Run]:
    """Give the pieces of a section in their order; those of one run stay in one chunk, for together they fit.

    A run is a whole list or table where it fits, else one of its lines; or a sentence. Each text is counted once.
    """
    runs: list[Run] = []
    for block in blocks:
        gap = NEXT_BLOCK if runs else ""
        if block.kind is BlockKind.PARAGRAPH:
            runs += _sentences(block, gap, count)
        else:
            runs += _lines(block, gap, count)
    return runs


def words_of(piece: Piece, count: Count) -> list[Piece]:
    """Cut a piece between its words, and a word without end into lengths."""
    words = [replace(piece, gap=gap, text=word, tokens=count(word)) for gap, word in WORD.findall(piece.text)]
    return [replace(words[0], gap=piece.gap), *words[1:]]


def joined(pieces: Sequence[Piece]) -> str:
    """Write pieces as text, with the gaps before them."""
    return "".join(piece.gap + piece.text for piece in pieces)


def _sentences(block: Block, gap: str, count: Count) -> Iterator[Run]:
    for before, sentence in _cut_at_ends(block.text.strip()):
        piece = Piece(before or gap, sentence, count(sentence), block.page)
        if piece.tokens <= LIMIT:
            yield (piece,)
        else:
            yield from ((word,) for word in words_of(piece, count))


def _cut_at_ends(text: str) -> Iterator[tuple[str, str]]:
    """Give each sentence with the blank before it; a small letter after a full stop goes on with the sentence."""
    gap, start = "", 0
    for end in BOUNDARY.finditer(text):
        if end.end() < len(text) and not text[end.end()].islower():
            yield gap, text[start : end.start()]
            gap, start = end[0], end.end()
    if start < len(text):
        yield gap, text[start:]


def _lines(block: Block, gap: str, count: Count) -> list[Run]:
    table = block.kind is BlockKind.TABLE
    lines = [line.strip("\n").rstrip() for line in block.items if line.strip()]
    pieces = [Piece(NEXT_LINE, line, count(line), block.page, row=table) for line in lines]
    if not pieces:
        return []
    pieces[0] = replace(pieces[0], gap=gap)
    room = LIMIT
    if table and pieces[0].tokens <= LONGEST_HEADER:
        header = pieces[0]
        pieces[1:] = [replace(piece, header=header) for piece in pieces[1:]]
        room -= header.tokens
    if sum(piece.tokens for piece in pieces) <= LIMIT:
        return [tuple(pieces)]
    runs: list[Run] = [
        (piece,) for long in pieces for piece in ([long] if long.tokens <= room else words_of(long, count))
    ]
    # A header at the end of a chunk would say nothing there.
    return [(*runs[0], *runs[1]), *runs[2:]] if room < LIMIT else runs
