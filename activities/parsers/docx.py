"""Word files: checked for size, turned into HTML by mammoth, and read as such."""

import io
import zipfile

import mammoth  # type: ignore[import-untyped]  # it ships no types

from activities.parsers.contents import Contents
from activities.parsers.html import blocks_of
from policies.documents import Unreadable
from policies.releases import Finding

LARGEST_UNPACKED = 20_000_000
# Never unpacked; every other part is, whatever its name, once a relation leads to it.
PICTURES = "word/media/"
BODY = "word/document.xml"
STYLES = "p[style-name='Title'] => h1:fresh"


def read(name: str, data: bytes) -> Contents:
    _check(name, data)
    rendered = mammoth.convert_to_html(
        io.BytesIO(data), style_map=STYLES, convert_image=mammoth.images.img_element(lambda _: {})
    )
    return Contents(blocks_of(rendered.value))


def _check(name: str, data: bytes) -> None:
    """Refuse what would unpack without end; a directory that lies is found out, for no more than it says is read."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        unpacked = sum(entry.file_size for entry in packed.infolist() if not entry.filename.startswith(PICTURES))
        names = set(packed.namelist())
    if unpacked > LARGEST_UNPACKED:
        says = f"unpacks to {unpacked / 1e6:,.0f} MB, over the {LARGEST_UNPACKED / 1e6:,.0f} MB a document may have"
        raise Unreadable(Finding(kind="too_large", source=name, says=says))
    if BODY not in names:
        says = f"a ZIP archive without {BODY}: it is not a Word document. Save it as .docx"
        raise Unreadable(Finding(kind="unreadable", source=name, says=says))
