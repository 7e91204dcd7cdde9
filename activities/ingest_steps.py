"""What the steps of an ingest are asked and what they report: small enough for a history of ten thousand files."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Self, TypeVar

from pydantic import Field

from policies.frozen import Fact
from policies.releases import Change, Finding, Release

LARGEST_FILE = 20_000_000
LARGEST_RELEASE = 2_000_000_000
MOST_FILES = 10_000
# So many changes and findings are told in full, those that stop a release before all others.
TOLD = 1_000
# Temporal carries 2 MB at once: a report has one list of each, a plan all duplicates.
TOLD_BYTES = 500_000
DUPLICATES_BYTES = 1_000_000
Told = TypeVar("Told", bound=Fact)


class Waiting(Fact):
    """A file that waits to be read; `size` in bytes, `stamp` another one whenever it is written anew."""

    name: str
    size: int
    stamp: str = Field(default="", exclude=True)


class Duplicate(Fact):
    """A file whose content another one has, which is read."""

    name: str
    of: str


class ReleaseNamed(Fact):
    tenant: str
    release: str


class ReadFiles(Fact):
    """Read the files from `first` to `last`, by name, both included."""

    tenant: str
    release: str
    first: str
    last: str
    duplicates: tuple[Duplicate, ...] = ()


class FilesRead(Fact):
    """What reading brought; `added`, `unchanged` and `removed` count chunks of all files, also of those not listed."""

    files: int = 0
    chunks: int = 0
    added: int = 0
    unchanged: int = 0
    removed: int = 0
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    stops: bool = False

    @classmethod
    def of(cls, changes: Sequence[Change], findings: Sequence[Finding], files: int = 0) -> Self:
        """Sum up what was found in some files."""
        return cls(
            files=files,
            chunks=sum(change.added + change.unchanged for change in changes),
            added=sum(change.added for change in changes),
            unchanged=sum(change.unchanged for change in changes),
            removed=sum(change.removed for change in changes),
            changes=first(changes),
            findings=told(findings),
            stops=any(finding.stops for finding in findings),
        )

    def plus(self, more: "FilesRead") -> "FilesRead":
        """Add what was found in more files."""
        return FilesRead(
            files=self.files + more.files,
            chunks=self.chunks + more.chunks,
            added=self.added + more.added,
            unchanged=self.unchanged + more.unchanged,
            removed=self.removed + more.removed,
            changes=first((*self.changes, *more.changes)),
            findings=told((*self.findings, *more.findings)),
            stops=self.stops or more.stops,
        )


def told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the first of many findings, and of those that stop a release as many as there is room for."""
    some = first(findings)
    return some if len(some) == len(findings) else first(sorted(findings, key=lambda finding: not finding.stops))


def first(facts: Sequence[Told]) -> tuple[Told, ...]:
    """Keep as many as there is room for, `TOLD` or `TOLD_BYTES`."""
    size = 0
    for at, fact in enumerate(facts[:TOLD]):
        size += len(fact.model_dump_json().encode())
        if size > TOLD_BYTES:
            return tuple(facts[:at])
    return tuple(facts[:TOLD])


class Plan(Fact):
    """What to read, in batches; none, and `read` from earlier, when the release was read to its end already."""

    files: int
    batches: tuple[ReadFiles, ...]
    digest: str = ""
    read: FilesRead | None = None


class CheckRelease(Fact):
    """Check a staged release against itself and the rules of `on`; `digest` is that of the plan that was read.

    `unread`: files that should be in the release and could not be uploaded.
    """

    tenant: str
    release: str
    on: date
    digest: str = ""
    unread: tuple[str, ...] = ()


class ReleaseChecked(Fact):
    """`dropped`: files that are live and no more in this release; `removed` counts the chunks of all of them."""

    chunks: int
    fingerprint: str
    dropped: tuple[Change, ...] = ()
    removed: int = 0
    findings: tuple[Finding, ...] = ()
    stops: bool = False


class KeepReading(Fact):
    """Keep what reading brought with a release that is not live yet, and let go the files of `digest`."""

    tenant: str
    release: str
    read: FilesRead
    digest: str


class Noted(Fact):
    """What is kept with a staged release; `files` are those it was read from, each with its stamp."""

    read: FilesRead
    digest: str
    files: Mapping[str, str]


class ClearUploads(Fact):
    """Delete the note of a release, and with `unread` the files that wait for it."""

    tenant: str
    release: str
    unread: bool


class PublishRelease(Fact):
    tenant: str
    release: str
    fingerprint: str
    at: datetime


class Recheck(Fact):
    """Compare what is live with what was approved; of one tenant, or of all."""

    tenant: str = ""


class Rechecked(Fact):
    """`altered`: chunks whose words are not those their id was made of; `same`: live is what was approved."""

    tenant: str
    release: str
    chunks: int
    altered: int
    same: bool


class RecheckReport(Fact):
    tenants: tuple[Rechecked, ...]

    @property
    def same(self) -> bool:
        return all(each.same for each in self.tenants)


class KnowledgeAct(Fact):
    """What a person wants done with a tenant's releases as a whole.

    `live`: the release to roll back from. Where another is live already nothing is done, so that asking again is safe.
    """

    kind: Literal["list", "roll_back", "forget"]
    tenant: str
    at: datetime | None = None
    live: str = ""


class Releases(Fact):
    """What a tenant has afterwards, the live one first."""

    releases: tuple[Release, ...] = ()
