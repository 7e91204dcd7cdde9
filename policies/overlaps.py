"""Find documents of which two versions would be in force on one day, so that nobody could say which one counts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from policies.chunks import HEADING_STEP, Chunk
from policies.frozen import Fact
from policies.releases import Finding


class Edition(Fact):
    """One file's version of a document, in force from `begins` to `ends` inclusive, or until further notice."""

    source: str
    version: str
    begins: date
    ends: date | None

    @property
    def last_day(self) -> date:
        return self.ends or date.max

    @property
    def span(self) -> str:
        return f"from {self.begins} {f'to {self.ends}' if self.ends else 'until further notice'}"


Shared = tuple[str, str, str, str, str]


def find(chunks: Iterable[Chunk]) -> tuple[Finding, ...]:
    """Report each file whose document another file has in force on one of its days, for the same customers."""
    editions: dict[Shared, set[Edition]] = defaultdict(set)
    for chunk in chunks:
        shared = (chunk.document, chunk.region, chunk.language, chunk.category, chunk.tier)
        editions[shared].add(
            Edition(source=file_of(chunk), version=chunk.version, begins=chunk.effective_from, ends=chunk.effective_to)
        )
    return tuple(
        _finding(shared, earlier, later)
        for shared, held in sorted(editions.items())
        for earlier, later in _overlapping(held)
    )


def file_of(chunk: Chunk) -> str:
    """Name the file a chunk was read from, without the page or heading path behind it."""
    if chunk.page is not None:
        return chunk.source.removesuffix(f" p. {chunk.page}")
    return chunk.source.partition(HEADING_STEP)[0]


def _overlapping(editions: Iterable[Edition]) -> Iterable[tuple[Edition, Edition]]:
    """Pair each edition with the earlier one that lasts longest, if that still holds when it begins."""
    longest: Edition | None = None
    for edition in sorted(editions, key=lambda each: (each.begins, each.source, each.version, each.last_day)):
        if longest and longest.source != edition.source and edition.begins <= longest.last_day:
            yield longest, edition
        if longest is None or edition.last_day > longest.last_day:
            longest = edition


def _finding(shared: Shared, earlier: Edition, later: Edition) -> Finding:
    document, region, language, category, tier = shared
    if earlier.begins < later.begins:
        remedy = f"give {earlier.source} `effective_to: {later.begins - timedelta(days=1)}`"
    else:
        remedy = "keep one of the two"
    return Finding(
        kind="same_scope_twice",
        source=later.source,
        where=earlier.source,
        says=(
            f"{document} (region {region}, language {language}, category {category}, tier {tier}) has two versions in "
            f"force on {later.begins}: {earlier.version} {earlier.span}, and {later.version} {later.span}: {remedy}"
        ),
    )
