"""What a format's reader hands over, and how it writes blocks: text tidied in one way for all formats."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.documents import Block, BlockKind
from policies.releases import Finding
from policies.unicode import readable

ANCHOR = re.compile(r"\s*\{#([\w.:-]{1,100})\}$")
QUESTION = re.compile(r"[|\n]")
DEEPEST = 6
CELL = " | "
BULLET = "- "


@dataclass(frozen=True, slots=True)
class Contents:
    """The blocks of a file and what it says of itself: `front` is YAML, its line numbers those of the file."""

    blocks: Sequence[Block]
    front: str | None = None
    title: str = ""
    language: str = ""
    findings: Sequence[Finding] = ()


def tidy(text: str) -> str:
    """Give a text on one line, without characters nobody sees."""
    return " ".join(unicodedata.normalize("NFC", readable(text)).split())


def heading(text: str, level: int, anchor: str = "", page: int | None = None) -> Block:
    """Make a heading; `{#id}` at its end is its anchor."""
    text = tidy(text)
    if found := ANCHOR.search(text):
        text, anchor = text[: found.start()], found[1]
    return Block(kind=BlockKind.HEADING, text=text, level=min(max(level, 1), DEEPEST), anchor=anchor, page=page)


def paragraph(text: str, page: int | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=tidy(text), page=page)


def listing(lines: Iterable[str], page: int | None = None) -> Block:
    """Make a list of lines that begin with "- " or a number; blanks in front show how deep they lie."""
    indented = (line[: len(line) - len(line.lstrip(" "))] + tidy(line) for line in lines)
    return Block(kind=BlockKind.LIST, items=tuple(indented), page=page)


def table(rows: Iterable[Sequence[str]], page: int | None = None) -> Block:
    """Make a table of its cells, the header first; rows without any text are left out."""
    tidied = ([tidy(cell) for cell in row] for row in rows)
    return Block(kind=BlockKind.TABLE, items=tuple(CELL.join(row) for row in tidied if any(row)), page=page)


def asked(text: str) -> Block:
    """Make a block of questions that stand apart by "|" or on lines of their own."""
    questions = (tidy(question) for question in QUESTION.split(text))
    return Block(kind=BlockKind.ASKED, items=tuple(question for question in questions if question))


def says_something(block: Block) -> bool:
    return bool(block.text or block.items)
