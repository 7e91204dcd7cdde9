"""Canned replies: what people at work send often, with the gaps that are filled in for each conversation."""

from collections.abc import Mapping
from string import Formatter
from typing import Annotated

from pydantic import Field

from policies.frozen import Written
from policies.replies import quoting
from policies.yaml_lines import BadFile, load, locate_each


class CannedReply(Written):
    """A text a person sends after looking at it; `name` is what they type for it, in kebab-case."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    text: Annotated[str, Field(min_length=1, max_length=2_000), quoting("customer", "order", "agent", "tenant")]


class CannedFile(Written):
    """The replies of one language, of one tenant or of all."""

    replies: tuple[CannedReply, ...] = Field(min_length=1, max_length=200)


def parse(text: str, source: str) -> tuple[CannedReply, ...]:
    """Read a file of canned replies; raises BadFile naming `source`, also for a name given twice."""
    replies = load(text, CannedFile, source).replies
    names = [reply.name for reply in replies]
    if twice := [at for at, name in enumerate(names) if name in names[:at]]:
        lines = locate_each(text, [("replies", at, "name") for at in twice])
        raise BadFile(source, [(line, f"{names[at]}: is given twice") for at, line in zip(twice, lines, strict=True)])
    return replies


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a reply's gaps; one that is missing or empty stays a gap, for the person to see."""
    pieces = Formatter().parse(text)
    return "".join(words + (values.get(name) or f"{{{name}}}" if name else "") for words, name, _, _ in pieces)
