"""A tenant's written policy: Markdown with a front matter, cut into clauses that can be cited."""

import re
from collections.abc import Iterator
from datetime import date

from pydantic import Field

from policies.facts import Clause
from policies.frozen import Fact, Written
from policies.yaml_lines import BadFile, load

EVERYWHERE = "*"
FRONT = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
HEADING = re.compile(r"^## +(?P<title>.+?) +\{#(?P<id>[a-z0-9][a-z0-9.-]*)\}$")


class FrontMatter(Written):
    """What a document says of itself; `region` may be "*", an absent `effective_to` means until further notice."""

    document: str = Field(min_length=1)
    title: str = Field(min_length=1)
    version: str = Field(min_length=1)
    region: str = Field(min_length=1)
    effective_from: date
    effective_to: date | None = None


class PolicyClause(Fact):
    """A clause with where and when it holds: from `effective_from` to `effective_to`, both days included."""

    tenant: str
    region: str
    effective_from: date
    effective_to: date | None
    clause: Clause

    def holds(self, tenant: str, region: str, on: date) -> bool:
        """Say whether this clause is in force for a customer on a day."""
        ended = self.effective_to is not None and on > self.effective_to
        return self.tenant == tenant and self.region in (region, EVERYWHERE) and self.effective_from <= on and not ended


def parse(text: str, source: str, tenant: str) -> tuple[PolicyClause, ...]:
    """Read one document; raises BadFile naming file, line and reason."""
    front = FRONT.match(text)
    if not front:
        raise BadFile(source, [(1, "expected a front matter between two lines of ---")])
    try:
        about = load(front[1], FrontMatter, source)
    except BadFile as error:
        raise BadFile(source, [(line + 1, reason) for line, reason in error.faults]) from None
    if about.effective_to and about.effective_to < about.effective_from:
        raise BadFile(source, [(1, "effective_to: lies before effective_from")])
    return tuple(
        PolicyClause(
            tenant=tenant,
            region=about.region,
            effective_from=about.effective_from,
            effective_to=about.effective_to,
            clause=Clause(
                clause_id=clause_id,
                title=title,
                text=body,
                document=about.document,
                version=about.version,
                effective_from=about.effective_from.isoformat(),
            ),
        )
        for clause_id, title, body in _sections(text[front.end() :], source, front[0].count("\n") + 1)
    )


def _sections(body: str, source: str, first_line: int) -> Iterator[tuple[str, str, str]]:
    """Cut a body at its `## Title {#clause-id}` lines: id, title and text of each clause."""
    starts: list[tuple[int, str, str]] = []
    lines = body.splitlines()
    for at, line in enumerate(lines):
        if line.startswith("## "):
            heading = HEADING.match(line)
            if not heading:
                raise BadFile(source, [(first_line + at, "a clause starts with '## Title {#clause-id}'")])
            if heading["id"] in {clause_id for _, clause_id, _ in starts}:
                raise BadFile(source, [(first_line + at, f"clause {heading['id']!r} is given twice")])
            starts.append((at, heading["id"], heading["title"]))
    if not starts:
        raise BadFile(source, [(first_line, "the document has no clause")])
    for (at, clause_id, title), end in zip(starts, [*(at for at, _, _ in starts[1:]), len(lines)], strict=True):
        text = " ".join(" ".join(lines[at + 1 : end]).split())
        if not text:
            raise BadFile(source, [(first_line + at, f"clause {clause_id!r} has no text")])
        yield clause_id, title, text
