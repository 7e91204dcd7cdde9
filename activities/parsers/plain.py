"""Plain text: paragraphs between blank lines, and lines that begin with a bullet or a number."""

import re

from activities.parsers.contents import BULLET, Contents, listing, paragraph
from activities.parsers.encodings import decode
from policies.documents import Block

BREAK = re.compile(r"\n[ \t]*\n\s*")
MARKED = re.compile(r"\s*(?:[-*•‣◦▪–]\s+|(?=\d{1,3}[.)]\s))")


def read(name: str, data: bytes) -> Contents:
    text, findings = decode(name, data)
    return Contents(blocks_of(text), findings=findings)


def blocks_of(text: str) -> list[Block]:
    """Read text that has no headings."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return [block for piece in BREAK.split(lines) if piece for block in _blocks(piece.split("\n"))]


def _blocks(lines: list[str]) -> list[Block]:
    """An item goes on over the lines after it that have no bullet; what stands before the first is a paragraph."""
    first = next((at for at, line in enumerate(lines) if MARKED.match(line)), len(lines))
    items: list[str] = []
    for line in lines[first:]:
        if marked := MARKED.match(line):
            bullet = BULLET if marked[0].strip() else ""
            items.append(bullet + line[marked.end() :].strip())
        else:
            items[-1] += " " + line.strip()
    before = [paragraph(" ".join(lines[:first]))] if first else []
    return [*before, *([listing(items)] if items else [])]
