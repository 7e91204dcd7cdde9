"""HTML, and what other formats are turned into it: headings, paragraphs, lists and tables in their order."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, PageElement, Tag

from activities.parsers.contents import BULLET, Contents, asked, heading, listing, paragraph, table, tidy
from activities.parsers.encodings import decode
from activities.parsers.html_tables import rows_of
from policies.documents import Block, BlockKind

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = ("ul", "ol")
NOT_READ = """
    script style nav footer noscript template svg math head iframe object canvas audio video button select textarea
"""
SET_APART = """
    html body main article section div header aside address p pre blockquote center figure figcaption fieldset form hr
    tr td th thead tbody tfoot caption li dt dd summary details ul ol dl table h1 h2 h3 h4 h5 h6
"""
DROPPED, BLOCKS = frozenset(NOT_READ.split()), frozenset(SET_APART.split())
UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Word marks its own places with a "_" in front.
ID = re.compile(r"(?!_)[\w.:-]{1,100}\Z")
# What authors write below a heading: <!-- asked: Can I send it back? | How long do I have? -->
ASKED = re.compile(r"\s*asked:(.*)\Z", re.DOTALL | re.IGNORECASE)
INDENT = "  "
# No page nests deeper; a hostile one does, and reading it would never end.
DEEPEST_NESTING = 200


def read(name: str, data: bytes) -> Contents:
    text, findings = decode(name, data, declared=True)
    page = BeautifulSoup(text, "lxml")
    language = str(page.html.get("lang") or "") if page.html else ""
    title = tidy(page.title.get_text()) if page.title else ""
    return Contents(_Reader().blocks_of(page), title=title, language=language, findings=findings)


def blocks_of(text: str) -> list[Block]:
    """Read a piece of HTML."""
    return _Reader().blocks_of(BeautifulSoup(text, "lxml"))


class _Reader:
    """Walks a page once; text that is in no block of its own is gathered until the next block begins."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._loose: list[str] = []
        self._heading: Block | None = None
        # By identity, for tags are equal when they say the same.
        self._holding: set[int] = set()
        # What the text after a folded passage belongs to again.
        self._unfolded: Block | None = None

    def blocks_of(self, page: BeautifulSoup) -> list[Block]:
        """Read a page; raises ValueError when it nests without end."""
        _check_depth(page)
        for block in page.find_all(BLOCKS):
            for around in block.parents:
                if id(around) in self._holding:
                    break
                self._holding.add(id(around))
        self._inside(page.body or page)
        self._flush()
        return self._blocks

    def _inside(self, node: Tag) -> None:
        for child in node.children:
            self._take(child)

    def _take(self, node: PageElement) -> None:
        if isinstance(node, Comment) and (questions := ASKED.match(node)):
            self._flush()
            self._blocks.append(asked(questions[1]))
        elif not isinstance(node, Tag):
            self._loose.append(_own(node))
        elif _is_seen(node):
            if node.name not in BLOCKS and id(node) not in self._holding:
                self._loose.append(_text(node))
                return
            self._flush()
            self._block(node)
            self._flush()

    def _block(self, node: Tag) -> None:
        match node.name:
            case name if name in HEADINGS:
                self._add(heading(_text(node), int(name[1]), _anchor(node)))
            case "ul" | "ol":
                self._add(listing(_lines(node)))
            case "dl":
                self._add(listing(_definitions(node)))
            case "table":
                self._table(node)
            case "details":
                self._details(node)
            case _:
                self._inside(node)

    def _table(self, node: Tag) -> None:
        # Old pages are laid out in tables: what holds headings or one column is no table to a reader.
        rows = [] if node.find(("table", *HEADINGS)) else rows_of(node, _text)
        if max(map(len, rows), default=0) < 2:
            self._inside(node)
            return
        if caption := node.find("caption", recursive=False):
            self._add(paragraph(_text(caption)))
        self._add(table(rows))

    def _details(self, node: Tag) -> None:
        above = self._heading
        summary = node.find("summary", recursive=False)
        if summary:
            self._add(heading(_text(summary), above.level + 1 if above else 2, _anchor(summary) or _anchor(node)))
            summary.extract()
        self._inside(node)
        self._flush()
        self._heading = self._unfolded = above

    def _flush(self) -> None:
        text, self._loose = "".join(self._loose), []
        if text.strip():
            self._add(paragraph(text))

    def _add(self, block: Block) -> None:
        if not (block.text or block.items):
            return
        if block.kind is BlockKind.HEADING:
            self._heading = block
        elif self._unfolded:
            self._blocks.append(self._unfolded.model_copy(update={"anchor": ""}))
        self._unfolded = None
        self._blocks.append(block)


def _check_depth(page: Tag) -> None:
    level = [page]
    for _ in range(DEEPEST_NESTING):
        level = [child for node in level for child in node.children if isinstance(child, Tag)]
    if level:
        raise ValueError(f"elements nested over {DEEPEST_NESTING} deep")


def _is_seen(node: Tag) -> bool:
    return node.name not in DROPPED and not node.has_attr("hidden") and not UNSEEN.search(str(node.get("style") or ""))


def _own(node: PageElement) -> str:
    """Give a plain string; comments and the like are kinds of strings too."""
    return str(node) if type(node) is NavigableString else ""


def _text(node: Tag, without: tuple[str, ...] = ()) -> str:
    return "".join(_strings(node, without))


def _strings(node: Tag, without: tuple[str, ...]) -> Iterator[str]:
    for child in node.children:
        if not isinstance(child, Tag):
            yield _own(child)
        elif child.name == "br":
            yield " "
        elif _is_seen(child) and child.name not in without:
            apart = " " if child.name in BLOCKS else ""
            yield apart
            yield from _strings(child, without)
            yield apart


def _anchor(node: Tag) -> str:
    inner = node.find("a", id=True) or node.find("a", attrs={"name": True})
    for given in (node.get("id"), *((inner.get("id"), inner.get("name")) if inner else ())):
        if given and ID.match(str(given)):
            return str(given)
    return ""


def _lines(node: Tag, depth: int = 0) -> Iterator[str]:
    start = str(node.get("start") or "1")
    number = int(start) if start.isdigit() and len(start) < 6 else 1
    for child in node.find_all(("li", *LISTS), recursive=False):
        if child.name in LISTS:
            yield from _lines(child, depth + 1)
            continue
        if text := tidy(_text(child, without=LISTS)):
            yield INDENT * depth + (f"{number}. " if node.name == "ol" else BULLET) + text
            number += 1
        for inner in _lists(child):
            yield from _lines(inner, depth + 1)


def _lists(node: Tag) -> Iterator[Tag]:
    """Find the lists in an item, not those in their items."""
    for child in node.children:
        if isinstance(child, Tag):
            yield from (child,) if child.name in LISTS else _lists(child)


def _definitions(node: Tag) -> Iterator[str]:
    term = ""
    for child in node.find_all(("dt", "dd")):
        text = tidy(_text(child))
        if child.name == "dt":
            term = text
        elif text:
            yield f"{BULLET}{term}: {text}" if term else BULLET + text
