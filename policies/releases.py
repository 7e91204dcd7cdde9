"""Releases of a tenant's knowledge: staged, checked, made live in one step, and what was found on the way."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator

from policies.frozen import Fact

# Names become folders and keys, so nothing that could leave either gets in.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
# A heading may have megabytes; nobody reads a finding of that length, and no history holds it.
LONGEST = 400
State = Literal["staged", "live", "retired"]
Kind = Literal[
    "unreadable",
    "unreadable_but_live",
    "no_text",
    "encrypted",
    "too_large",
    "unknown_type",
    "wrong_encoding",
    "bad_metadata",
    "empty_section",
    "duplicate_document",
    "same_scope_twice",
    "no_date",
    "instructions",
    "contradiction",
    "differs_from_rules",
    "rule_without_clause",
]
STOPPING: frozenset[Kind] = frozenset({"bad_metadata", "same_scope_twice", "differs_from_rules", "unreadable_but_live"})
# Of a file with one of these it may be that nothing was read.
UNREADABLE: frozenset[Kind] = frozenset(
    {"unreadable", "no_text", "encrypted", "too_large", "unknown_type", "wrong_encoding"}
)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


Words = Annotated[str, AfterValidator(_cut)]


class Finding(Fact):
    """Something a tenant should look at: in which file, where in it, what is wrong and what to do.

    A release with a finding of a kind in STOPPING is not made live unless a person says so. Long words are cut.
    """

    kind: Kind
    source: str
    where: Words = ""
    says: Words

    @property
    def stops(self) -> bool:
        return self.kind in STOPPING


class Change(Fact):
    """How many chunks of one file a release has anew, without change, and no more."""

    source: str
    added: int = 0
    unchanged: int = 0
    removed: int = 0


def live_lost(change: Change) -> Finding:
    """Say that what is live of a file that cannot be read would go with this release."""
    says = f"{change.removed} passages of it are live and would go: mend the file, or say that they may go"
    return Finding(kind="unreadable_but_live", source=change.source, says=says)


class Release(Fact):
    """One state of a tenant's knowledge. `fingerprint` is what was approved: a hash over the ids of its chunks."""

    name: str
    state: State
    chunks: int
    documents: int
    fingerprint: str = ""
    published_at: datetime | None = None


def fingerprint(chunk_ids: Iterable[str]) -> str:
    """Hash the ids of a release's chunks; ids are hashes of what the chunks say, so this covers every word."""
    return hashlib.blake2b("\n".join(sorted(chunk_ids)).encode(), digest_size=16).hexdigest()
