"""Releases of a tenant's knowledge: staged, checked, made live in one step, and what was found on the way."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from policies.frozen import Fact

# Names become folders and keys, so nothing that could leave either gets in.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
State = Literal["staged", "live", "retired"]
Kind = Literal[
    "unreadable",
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
STOPPING: frozenset[Kind] = frozenset({"bad_metadata", "same_scope_twice", "differs_from_rules"})


class Finding(Fact):
    """Something a tenant should look at: in which file, where in it, what is wrong and what to do.

    A release with a finding of a kind in STOPPING is not made live unless a person says so.
    """

    kind: Kind
    source: str
    where: str = ""
    says: str

    @property
    def stops(self) -> bool:
        return self.kind in STOPPING


class Change(Fact):
    """How many chunks of one file a release has anew, without change, and no more."""

    source: str
    added: int = 0
    unchanged: int = 0
    removed: int = 0


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
