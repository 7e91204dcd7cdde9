"""What outsiders ask of an ingest, and what they hear of it."""

from datetime import datetime
from typing import Literal

from policies.frozen import Fact
from policies.releases import Change, Finding


def ingest_workflow_id(tenant: str, release: str) -> str:
    """One id for one release: asking twice follows the run under way."""
    return f"knowledge/{tenant}/{release}"


IngestState = Literal["reading", "checking", "stopped", "staged", "live"]


class IngestJob(Fact):
    """Read a tenant's uploaded files into a release, check it, and make it live if `publish`.

    `despite`: a person has seen findings that stop, and publishes all the same. `by` is who asks. `unread`: files that
    belong to the release and could not be uploaded.
    """

    tenant: str
    release: str
    publish: bool = True
    despite: bool = False
    by: str = ""
    unread: tuple[str, ...] = ()


class IngestProgress(Fact):
    """How far an ingest is: `done` of `files`; "stopped": findings have to be looked at, the old release serves."""

    state: IngestState
    files: int = 0
    done: int = 0
    current: str = ""
    chunks: int = 0


class IngestReport(Fact):
    """What became of a job: totals of all files, and the first thousand changes and findings in full."""

    tenant: str
    release: str
    state: IngestState
    files: int
    chunks: int
    added: int
    unchanged: int
    removed: int
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    fingerprint: str = ""
    published_at: datetime | None = None
