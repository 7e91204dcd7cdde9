"""The door of the parsers: a file's format by its name and content, its limits, and why one cannot be used."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from activities.parsers.contents import Contents, says_something
from activities.parsers.metadata import about
from policies.documents import Block, BlockKind, Parsed, Unreadable
from policies.releases import Finding, Kind

MEGABYTE = 1_000_000
LARGEST = 20 * MEGABYTE
FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "faq_csv",
    ".json": "faq_json",
    ".jsonl": "faq_json",
    ".txt": "plain",
}
PDF, ZIP, OLD_OFFICE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Word keeps a document with a password in the container of the old format, under this name.
LOCKED = "EncryptedPackage".encode("utf-16-le")
Reader = Callable[[str, bytes], Contents]


def parse(name: str, data: bytes, beside: bytes | None, release: str) -> Parsed:
    """Read a file into blocks, with findings on what it lacks; raises Unreadable.

    `name` is its path in the upload, `beside` what `<name>.about.yaml` holds if there is one, and `release` its version
    unless it gives itself one. Metadata stands either in the front matter of a Markdown file or in the file beside it.
    """
    if len(data) > LARGEST:
        says = f"{_megabytes(len(data))} is over the {_megabytes(LARGEST)} a file may have: split it"
        raise _unreadable("too_large", name, says)
    read = _reader(name, data)
    try:
        contents = read(name, data)
        if not any(map(says_something, contents.blocks)):
            raise _unreadable("no_text", name, "the file holds no text")
        known, findings = about(name, contents, beside, release)
    except Unreadable:
        raise
    # Whatever a library trips over in a stranger's file is that file's fault, and the other files are still read.
    except Exception as error:
        detail = " ".join(f"{type(error).__name__} {error}".split())[:200]
        says = f"damaged, or not in the format its name says: {detail}. Open it, save it again and upload it"
        raise _unreadable("unreadable", name, says) from error
    empty = _empty_sections(name, contents.blocks, known.title)
    return Parsed(
        source=name,
        about=known,
        blocks=tuple(filter(says_something, contents.blocks)),
        findings=(*contents.findings, *findings, *empty),
    )


def _reader(name: str, data: bytes) -> Reader:
    """Choose by the suffix, if the content agrees with it. Its libraries take a second, so they are loaded here."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in FORMATS:
        says = f"files of type {suffix or 'none'} are not read; supported are {', '.join(FORMATS)}"
        raise _unreadable("unknown_type", name, says)
    if data.startswith(OLD_OFFICE) and LOCKED in data:
        raise _unreadable("encrypted", name, "the document is protected by a password: save it without one")
    found = _content(suffix, data)
    if found != (suffix if suffix in (".pdf", ".docx") else "text"):
        says = f"the name ends in {suffix}, but the content is {_described(found)}: rename it, or save it as {suffix}"
        raise _unreadable("unreadable" if found == "text" else "unknown_type", name, says)
    read: Reader = importlib.import_module(f"activities.parsers.{FORMATS[suffix]}").read
    return read


def _content(suffix: str, data: bytes) -> str:
    # Readers of PDF allow other bytes before its mark, a text may well speak of it.
    if data.startswith(PDF) or (suffix == ".pdf" and PDF in data[:1024]):
        return ".pdf"
    if data.startswith(ZIP):
        return ".docx"
    return "old office" if data.startswith(OLD_OFFICE) else "text"


def _described(found: str) -> str:
    return {
        ".pdf": "a PDF",
        ".docx": "a ZIP archive, as Word writes it",
        "old office": "an old Office file (.doc, .xls)",
    }.get(found, "something else")


def _empty_sections(name: str, blocks: Sequence[Block], title: str) -> list[Finding]:
    """Find headings with nothing below them; the document's title need not have anything."""
    says = "a heading with nothing below it: write the section or take the heading out"
    following = [*blocks[1:], None]
    return [
        Finding(kind="empty_section", source=name, where=block.text, says=says)
        for at, (block, after) in enumerate(zip(blocks, following, strict=True))
        if block.kind is BlockKind.HEADING
        and (after is None or (after.kind is BlockKind.HEADING and after.level <= block.level))
        and (at or block.text != title or after is None)
    ]


def _unreadable(kind: Kind, name: str, says: str) -> Unreadable:
    return Unreadable(Finding(kind=kind, source=name, says=says))


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
