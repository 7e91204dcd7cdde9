"""The shipped policy documents as chunks, one for each section, by the few lines of Markdown that tests need."""

import re
from pathlib import Path

import yaml

import policies
from policies.chunks import Chunk
from policies.documents import About

FOLDER = Path(policies.__file__).parent / "documents"
HEADING = re.compile(r"^#{1,6} +(?P<heading>.+?) *(?:\{#(?P<anchor>[^}]+)\})?$", re.MULTILINE)


def shipped_chunks(tenant: str) -> list[Chunk]:
    """Read every document of a tenant."""
    return [chunk for path in sorted((FOLDER / tenant).rglob("*.md")) for chunk in _chunks(path, tenant)]


def _chunks(path: Path, tenant: str) -> list[Chunk]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    about = About.model_validate(yaml.safe_load(front))
    headings = list(HEADING.finditer(body))
    ends = [*(match.start() for match in headings[1:]), len(body)]
    return [
        Chunk(
            **about.model_dump(),
            section=match["anchor"] or match["heading"],
            heading=match["heading"],
            text=body[match.end() : end].strip(),
            source=path.name,
        ).sealed(tenant)
        for match, end in zip(headings, ends, strict=True)
        if body[match.end() : end].strip()
    ]
