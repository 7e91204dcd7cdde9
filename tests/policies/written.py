"""The shipped policy documents as chunks, read as an ingest reads them."""

from pathlib import Path

import policies
from activities.parsers.files import parse
from policies.chunking import cut
from policies.chunks import Chunk

FOLDER = Path(policies.__file__).parent / "documents"


def shipped_chunks(tenant: str) -> list[Chunk]:
    """Read every document of a tenant."""
    parsed = (parse(path.name, path.read_bytes(), None, "1") for path in sorted((FOLDER / tenant).rglob("*.md")))
    return [chunk for each in parsed for chunk in cut(each, tenant, lambda text: len(text.split()))]
