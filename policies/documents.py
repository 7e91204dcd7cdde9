"""A document as its parser hands it over: what it says of itself, and its text as blocks in their order."""

from datetime import date
from enum import StrEnum

from pydantic import Field, model_validator

from policies.chunks import Volatility
from policies.clauses import EVERYWHERE
from policies.frozen import Fact, Written
from policies.releases import Finding


class About(Written):
    """A document's metadata, from its front matter or the YAML file beside it; "*" means all.

    `effective_to` is the last day, absent until further notice. Documents that share `document`, `region`, `language`,
    `category` and `tier` are versions of one document, and only one of them may be in force on a day.
    """

    document: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,100}$")
    title: str = Field(min_length=1, max_length=300)
    version: str = Field(min_length=1, max_length=60)
    region: str = Field(default=EVERYWHERE, min_length=1, max_length=20)
    language: str = Field(default="en", pattern=r"^[a-z]{2}(-[A-Za-z]{2,4})?$")
    category: str = Field(default=EVERYWHERE, min_length=1, max_length=60)
    tier: str = Field(default=EVERYWHERE, min_length=1, max_length=60)
    effective_from: date
    effective_to: date | None = None
    volatility: Volatility = "stable"

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "About":
        if self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    ASKED = "asked"


class Block(Fact):
    """A piece of text that is kept whole where it fits: `items` are the lines of a list, or the rows of a table.

    Of ASKED they are questions, in customers' words, that the section answers: searched by, and never shown.

    A table's first row is its header; rows read "a | b | c". `level` is a heading's, 1 the highest; `anchor` the id its
    author gave it; `page` counts from 1 where the format has pages.
    """

    kind: BlockKind
    text: str = ""
    items: tuple[str, ...] = ()
    level: int = 0
    anchor: str = ""
    page: int | None = None


class Parsed(Fact):
    """A file that could be read; `findings` says what of it could not."""

    source: str
    about: About
    blocks: tuple[Block, ...]
    findings: tuple[Finding, ...] = ()


class Unreadable(Exception):
    """A file that cannot be used; the finding says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.says)
