"""From lines on pages to blocks: headings by their letters, items by their bullets, paragraphs by the space between."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from activities.parsers.contents import BULLET, heading, listing, paragraph, table
from policies.documents import Block, BlockKind

BULLETS = re.compile(r"(?:\(cid:\d+\)|[•‣◦▪▫■●○–*·\uf0b7\uf0a7\u2212-])\s+(?=\S)")
NUMBER = re.compile(r"(?:\d{1,3}[.)]|[a-z]\))\s+\S")
# Against the size of the body's letters: how much larger a heading is, and the space between two paragraphs.
LARGER, APART = 1.1, 0.6
LONGEST_HEADING = 160


@dataclass(frozen=True, slots=True)
class Look:
    """The letters most of a line is set in; `size` in points."""

    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it stands, in points from the left and the top; `at_edge`: near the page's own."""

    text: str
    look: Look
    left: float
    top: float
    bottom: float
    page: int
    at_edge: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table."""

    rows: tuple[tuple[str, ...], ...]
    top: float
    page: int


def blocks_of(items: Sequence[Line | Grid]) -> list[Block]:
    """Read lines and tables in their order."""
    page = _Pages(_levels([item for item in items if isinstance(item, Line)]))
    for item in items:
        if isinstance(item, Grid):
            page.table(item)
        else:
            page.line(item)
    page.close()
    return page.blocks


def _levels(lines: Sequence[Line]) -> dict[Look, int]:
    """Rank the looks that are a heading's: larger than the body's, then as large but bold."""
    weight: Counter[Look] = Counter()
    for line in lines:
        weight[line.look] += len(line.text)
    if not weight:
        return {}
    body = weight.most_common(1)[0][0]
    larger = sorted({look.size for look in weight if look.size > body.size * LARGER}, reverse=True)
    ranks = {look: larger.index(look.size) + 1 for look in weight if look.size in larger}
    if not body.bold:
        bold = (look for look in weight if look.bold and abs(look.size - body.size) <= body.size * (LARGER - 1))
        ranks |= dict.fromkeys(bold, len(larger) + 1)
    return ranks


class _Pages:
    """Gathers the lines of one block until something shows that the next begins."""

    def __init__(self, levels: dict[Look, int]) -> None:
        self.blocks: list[Block] = []
        self._levels = levels
        self._kind: BlockKind | None = None
        self._lines: list[str] = []
        self._first: Line | None = None
        self._last: Line | None = None
        self._grid: Grid | None = None

    def line(self, line: Line) -> None:
        kind, text = self._read(line)
        goes_on = self._kind is not None and self._goes_on(kind, line)
        if goes_on and self._lines:
            self._lines[-1] = _hyphenated(self._lines[-1], line.text)
        elif kind is BlockKind.LIST and self._kind is BlockKind.LIST:
            self._lines.append(text)
            self._first = replace(line, page=self._first.page if self._first else line.page)
        else:
            self.close()
            self._kind, self._lines, self._first = kind, [text], line
        self._last, self._grid = line, None

    def table(self, grid: Grid) -> None:
        """Add a table, or the rest of one that began on the page before, without its header said again."""
        before, self_grid = self._grid, grid
        self.close()
        if before and grid.page == before.page + 1 and len(grid.rows[0]) == len(before.rows[0]):
            rows = grid.rows[1:] if grid.rows[0] == before.rows[0] else grid.rows
            last = self.blocks[-1]
            self.blocks[-1] = last.model_copy(update={"items": (*last.items, *table(rows).items)})
            self_grid = replace(grid, rows=before.rows[:1])
        else:
            self.blocks.append(table(grid.rows, grid.page))
        self._grid = self_grid

    def close(self) -> None:
        """Write what was gathered."""
        page = self._first.page if self._first else None
        match self._kind:
            case BlockKind.HEADING if self._first:
                self.blocks.append(heading(self._lines[0], self._levels[self._first.look], page=page))
            case BlockKind.LIST:
                self.blocks.append(listing(self._lines, page))
            case BlockKind.PARAGRAPH:
                self.blocks.append(paragraph(self._lines[0], page))
        self._kind, self._lines, self._first, self._last, self._grid = None, [], None, None, None

    def _read(self, line: Line) -> tuple[BlockKind, str]:
        if bullet := BULLETS.match(line.text):
            return BlockKind.LIST, BULLET + line.text[bullet.end() :]
        if line.look in self._levels and len(line.text) <= LONGEST_HEADING:
            return BlockKind.HEADING, line.text
        return (BlockKind.LIST if NUMBER.match(line.text) else BlockKind.PARAGRAPH), line.text

    def _goes_on(self, kind: BlockKind, line: Line) -> bool:
        """Whether a line belongs to the same heading, item or paragraph as the one before."""
        first, last = self._first, self._last
        if first is None or last is None:
            return False
        if last.page != line.page:
            unfinished = self._lines[-1][-1:] not in ".!?:।"
            return kind is BlockKind.PARAGRAPH and unfinished and line.text[:1].islower()
        if line.top - last.bottom > APART * line.look.size:
            return False
        if kind is BlockKind.HEADING or self._kind is BlockKind.HEADING:
            return kind is self._kind and line.look == last.look
        if kind is BlockKind.LIST:
            return False
        return self._kind is BlockKind.PARAGRAPH or line.left > first.left + 1


def _hyphenated(before: str, after: str) -> str:
    """Join two lines, and a word that was divided between them."""
    if re.search(r"[^\W\d_][-\u00ad]$", before) and after[:1].islower():
        return before[:-1] + after
    return f"{before} {after}"
