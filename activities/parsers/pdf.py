"""PDF: the lines and ruled tables of each page, without what only repeats from page to page."""

import io
import re
from collections import Counter
from collections.abc import Iterable

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException

from activities.parsers.contents import Contents
from activities.parsers.pdf_layout import Grid, Line, Look, blocks_of
from policies.documents import Unreadable
from policies.releases import Finding, Kind

MOST_PAGES = 2_000
BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
UNMAPPED = re.compile(r"\(cid:\d+\)")
# More letters than this that the font does not name, and the text is not to be trusted.
MOST_UNMAPPED = 0.1
# Of a page's height, where headers and footers stand; and on which share of the pages they have to.
MARGIN, SHARE = 0.12, 0.4
PAGE_NUMBER = re.compile(r"[-–\s]*(page|seite|p\.|पृष्ठ)?\s*#(\s*(/|of|von|de)\s*#)?[-–\s]*", re.IGNORECASE)
SCAN = "it is probably a scan: run OCR (text recognition) over it first"


def read(name: str, data: bytes) -> Contents:
    try:
        with pdfplumber.open(io.BytesIO(data)) as book:
            if len(book.pages) > MOST_PAGES:
                says = f"{len(book.pages):,} pages are over the {MOST_PAGES:,} a file may have: split it"
                raise _unreadable("too_large", name, says)
            pages, scanned = [], []
            for page in book.pages:
                pages.append(_items(page))
                if not pages[-1] and page.images:
                    scanned.append(page.page_number)
                page.close()
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect | PDFEncryptionError):
            raise _unreadable("encrypted", name, "protected by a password: save it without one") from None
        if error.args and isinstance(error.args[0], MemoryError):
            raise error.args[0] from None
        raise
    if not any(pages):
        raise _unreadable("no_text", name, f"no text on any of its {len(pages)} pages; {SCAN}")
    _check_letters(name, pages)
    findings = []
    if scanned:
        where = "p. " + ", ".join(map(str, scanned[:20])) + (" …" if len(scanned) > 20 else "")
        findings.append(Finding(kind="no_text", source=name, where=where, says=f"no text on these pages; {SCAN}"))
    return Contents(blocks_of(_without_margins(pages)), findings=findings)


def _items(page: Page) -> list[Line | Grid]:
    """Give what stands on a page, from top to bottom."""
    tables = page.find_tables() if page.edges else []
    # A frame around a paragraph is a table of one cell to the finder.
    grids = [
        Grid(_cells(found.extract()), found.bbox[1], page.page_number)
        for found in tables
        if max(len(row.cells) for row in found.rows) > 1
    ]
    framed = [found.bbox for found in tables if max(len(row.cells) for row in found.rows) > 1]
    outside = page.filter(lambda thing: thing["object_type"] == "char" and thing["upright"] and not _in(thing, framed))
    lines = [_line(found, page) for found in outside.extract_text_lines(return_chars=True)]
    return sorted([*lines, *grids], key=lambda item: item.top)


def _cells(rows: list[list[str | None]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cell or "" for cell in row) for row in rows)


def _in(thing: dict[str, float], boxes: Iterable[tuple[float, float, float, float]]) -> bool:
    x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def _line(found: dict[str, object], page: Page) -> Line:
    chars = [char for char in found["chars"] if char["text"].strip()]  # type: ignore[attr-defined]  # a plain dict
    size = Counter(round(char["size"] * 2) / 2 for char in chars).most_common(1)[0][0]
    bold = sum(bool(BOLD.search(char["fontname"])) for char in chars) > 0.9 * len(chars)
    left, top, bottom = (float(str(found[edge])) for edge in ("x0", "top", "bottom"))
    at_edge = top < MARGIN * page.height or bottom > (1 - MARGIN) * page.height
    return Line(str(found["text"]), Look(size, bold), left, top, bottom, page.page_number, at_edge)


def _without_margins(pages: list[list[Line | Grid]]) -> list[Line | Grid]:
    """Drop headers and footers: at one height on many pages, the same but for numbers."""
    largest = max((item.look.size for page in pages for item in page if isinstance(item, Line)), default=0.0)
    seen = Counter(key for page in pages for key in {_key(item, largest) for item in page} if key)
    often = {key for key, count in seen.items() if count >= max(2, SHARE * len(pages)) or PAGE_NUMBER.fullmatch(key[0])}
    return [item for page in pages for item in page if _key(item, largest) not in often]


def _key(item: Line | Grid, largest: float) -> tuple[str, int] | None:
    # Chapters that each begin a page differ by a number only, but are set larger than any header.
    if isinstance(item, Grid) or not item.at_edge or item.look.size == largest > 12:
        return None
    return re.sub(r"\d+", "#", item.text), round(item.top / 4)


def _check_letters(name: str, pages: list[list[Line | Grid]]) -> None:
    text = " ".join(item.text for page in pages for item in page if isinstance(item, Line))
    readable, lost = UNMAPPED.subn("", text)
    if lost > MOST_UNMAPPED * (lost + len(readable)):
        says = "its fonts do not say which letters they draw: save it again as PDF/A, or run OCR over it"
        raise _unreadable("no_text", name, says)


def _unreadable(kind: Kind, name: str, says: str) -> Unreadable:
    return Unreadable(Finding(kind=kind, source=name, says=says))
