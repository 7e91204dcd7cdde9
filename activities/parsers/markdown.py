"""Markdown: front matter taken off, the rest rendered to HTML and read as such."""

import re

from markdown_it import MarkdownIt

from activities.parsers.contents import Contents
from activities.parsers.encodings import decode
from activities.parsers.html import blocks_of

FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read(name: str, data: bytes) -> Contents:
    text, findings = decode(name, data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = FRONT.match(text)
    rendered = MarkdownIt("commonmark").enable("table").render(text[found.end() :] if found else text)
    # The line of dashes counts too, so that faults are told by the lines of the file.
    front = f"\n{found[1] or ''}" if found else None
    return Contents(blocks_of(rendered), front=front, findings=findings)
