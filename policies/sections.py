"""The sections of a document: a heading with what stands below it, up to the next heading; a clause to cite."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from policies.documents import Block, BlockKind, Parsed
from policies.terms import PARTED

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Section:
    """`path` leads from the document's title over the headings to the section's own; `anchor` is the author's id.

    `asked`: the questions its author says it answers.
    """

    path: tuple[str, ...]
    anchor: str = ""
    blocks: list[Block] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def sections_of(parsed: Parsed) -> list[Section]:
    """Give the sections that say something, in their order; text before the first heading is the document's own."""
    title = parsed.about.title
    sections = [Section((title,), parsed.about.document)]
    above: list[Block] = []
    for block in parsed.blocks:
        if block.kind is BlockKind.HEADING:
            above = [*(each for each in above if each.level < block.level), block]
            sections.append(Section(_path([title, *(each.text for each in above)]), block.anchor))
        elif block.kind is BlockKind.ASKED:
            sections[-1].asked.extend(block.items)
        elif block.text.strip() or any(item.strip() for item in block.items):
            sections[-1].blocks.append(block)
    return [section for section in sections if section.blocks]


def names_of(sections: Sequence[Section]) -> list[str]:
    """Name each section by its anchor, else after its headings; once in the document, so the second gets "-2"."""
    anchors = {section.anchor for section in sections}
    names: list[str] = []
    taken: set[str] = set()
    # What was tried before stays taken, so a thousand sections of one name do not each begin at 1.
    tried: dict[tuple[str, str], int] = {}
    for section in sections:
        wanted = section.anchor or slug(" ".join(section.path[1:] or section.path)) or "section"
        number = tried.get((wanted, section.anchor), 0) + 1
        while (name := _numbered(wanted, number)) in taken or (name in anchors and name != section.anchor):
            number += 1
        tried[wanted, section.anchor] = number
        taken.add(name)
        names.append(name)
    return names


def slug(text: str) -> str:
    """Write a text as a name: small letters and digits of any script, joined by "-"."""
    return PARTED.sub("-", unicodedata.normalize("NFKC", text).casefold())[:LONGEST_NAME].strip("-")


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _path(titles: list[str]) -> tuple[str, ...]:
    """Leave out a title that only says again what stands above it."""
    return tuple(title for at, title in enumerate(titles) if at == 0 or title.casefold() != titles[at - 1].casefold())
