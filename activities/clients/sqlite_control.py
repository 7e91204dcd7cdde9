"""Which releases a tenant has and which is live: one small SQLite file in each tenant's folder."""

import re
import secrets
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from activities.clients.sqlite_connections import Connections, Gone
from activities.errors import Rejected
from policies.releases import NAME, Release, State

RETIRED_KEPT = 2
OWN = ("control.db", "control.db-wal", "control.db-shm")
FORGOTTEN = ".forgotten-"
SCHEMA = """
create table release(
  tenant text not null, name text not null, file text not null unique, model text not null, state text not null,
  approved text not null default '', chunks integer not null default 0, documents integer not null default 0,
  published_at text, came text not null default '', before text not null default '', left_at integer not null default 0,
  primary key (tenant, name));
create unique index one_live on release(tenant) where state = 'live'
"""
COLUMNS = "name, file, model, state, approved, chunks, documents, published_at, came, before"
ORDER = "case state when 'live' then 0 when 'retired' then 1 else 2 end, left_at desc, name"
Row = tuple[str, str, str, State, str, int, int, str | None, str, str]


@dataclass(frozen=True)
class Held:
    """A release as it is written down; `before` is the file of the release that was live before it."""

    name: str
    path: Path
    model: str
    state: State
    approved: str
    chunks: int
    documents: int
    published_at: str | None
    came: str
    before: str

    def told(self) -> Release:
        at = datetime.fromisoformat(self.published_at) if self.published_at else None
        return Release(
            name=self.name,
            state=self.state,
            chunks=self.chunks,
            documents=self.documents,
            fingerprint=self.approved,
            published_at=at,
        )


def checked(name: str, what: str = "tenant") -> str:
    """Let only a name through that can be a file's; raises Rejected."""
    if not re.fullmatch(NAME, name):
        raise Rejected(
            f"{name[:80]!r} cannot be the name of a {what}: letters, digits, '.', '_' and '-', at most 63, "
            "the first a letter or a digit",
            reason="name_not_allowed",
        )
    return name


class Control:
    """Write down what is staged, live and retired; every change is one transaction.

    A release's file gets a name that was never used before, so whoever has it open never sees another one's content.
    """

    def __init__(self, folder: Path, connections: Connections) -> None:
        self._folder = folder.resolve()
        self._connections = connections
        self._finish_forgetting()

    def folder(self, tenant: str) -> Path:
        """Name a tenant's folder; raises Rejected for a name that cannot be one."""
        return self._folder / checked(tenant)

    def tenants(self) -> tuple[str, ...]:
        names = [path.parent.name for path in self._folder.glob("*/control.db")]
        return tuple(sorted(name for name in names if re.fullmatch(NAME, name) and self.all(name)))

    def all(self, tenant: str) -> list[Held]:
        """List the live release, then the retired ones, the last first, then the staged ones; [] when unknown."""
        try:
            with self._connections.reading(self._file(tenant)) as db:
                rows = db.execute(f"select {COLUMNS} from release where tenant = ? order by {ORDER}", (tenant,))
                return [self._held(tenant, row) for row in rows]
        except Gone:
            return []

    def known(self, tenant: str) -> list[Held]:
        """List what `all` does; raises Rejected for a tenant that has nothing."""
        releases = self.all(tenant)
        if not releases:
            raise Rejected(f"no knowledge is held of tenant {tenant!r}", reason="tenant_unknown")
        return releases

    def find(self, tenant: str, name: str) -> Held:
        """Find a release; raises Rejected."""
        checked(name, "release")
        for held in self.known(tenant):
            if held.name == name:
                return held
        raise Rejected(f"tenant {tenant!r} has no release {name!r}", reason="release_unknown")

    def staged(self, tenant: str, name: str) -> Held:
        """Find a release that may be written; raises Rejected."""
        held = self.find(tenant, name)
        if held.state != "staged":
            raise Rejected(f"release {name!r} is {held.state}; stage another one", reason="release_not_staged")
        return held

    def begin(self, tenant: str, name: str, model: str) -> Held:
        """Write down a staged release, or find the one begun; one begun with another model is begun anew."""
        path = self._file(tenant)
        checked(name, "release")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connections.create(path, SCHEMA)
        with self._connections.writing(path) as db:
            row = db.execute(
                "select state, model from release where tenant = ? and name = ?", (tenant, name)
            ).fetchone()
            if row and row[0] != "staged":
                raise Rejected(f"release {name!r} is {row[0]} already; take another name", reason="release_taken")
            if row is None or row[1] != model:
                file = f"{name}.{secrets.token_hex(8)}.db"
                db.execute("delete from release where tenant = ? and name = ?", (tenant, name))
                db.execute(
                    "insert into release(tenant, name, file, model, state) values (?, ?, ?, ?, 'staged')",
                    (tenant, name, file, model),
                )
        return self.staged(tenant, name)

    def switch(self, tenant: str, to: Held, approved: str, chunks: int, documents: int, at: datetime) -> None:
        """Make a staged release live and retire the one before; the oldest retired ones are struck out."""
        with self._connections.writing(self._file(tenant)) as db:
            live = _live(db, tenant)
            self._turn(db, tenant, to.path.name, at, "published")
            db.execute(
                "update release set approved = ?, chunks = ?, documents = ?, before = ? where file = ?",
                (approved, chunks, documents, live[1] if live else "", to.path.name),
            )
            db.execute(
                "delete from release where file in (select file from release where tenant = ? and state = 'retired'"
                " order by left_at desc limit -1 offset ?)",
                (tenant, RETIRED_KEPT),
            )

    def back(self, tenant: str, at: datetime) -> Held:
        """Make the release live that was before; asked again with the same `at`, leave it so. Raises Rejected."""
        self.known(tenant)
        with self._connections.writing(self._file(tenant)) as db:
            live = _live(db, tenant)
            held = self._held(tenant, live) if live else None
            if held and (held.came, held.published_at) == ("rolled back", at.isoformat()):
                return held
            before = (
                held
                and db.execute(
                    f"select {COLUMNS} from release where tenant = ? and file = ? and state = 'retired'",
                    (tenant, held.before),
                ).fetchone()
            )
            if not before:
                raise Rejected(f"tenant {tenant!r} has no release to go back to", reason="nothing_before")
            self._turn(db, tenant, before[1], at, "rolled back")
        return self.known(tenant)[0]

    def strike(self, tenant: str, name: str) -> None:
        """Take a release out that is not live; raises Rejected for one that is."""
        checked(name, "release")
        if not self.all(tenant):
            return
        with self._connections.writing(self._file(tenant)) as db:
            live = _live(db, tenant)
            if live and live[0] == name:
                raise Rejected(
                    f"release {name!r} is live; roll back or publish another first", reason="release_is_live"
                )
            db.execute("delete from release where tenant = ? and name = ?", (tenant, name))

    def sweep(self, tenant: str) -> None:
        """Delete the files of releases that are written down no more."""
        folder = self.folder(tenant)
        # Listed before the releases are read: a file is written down before it exists.
        found = [path for path in folder.glob("*.db*") if path.name not in OWN]
        kept = tuple(held.path.name for held in self.all(tenant))
        for path in found:
            if not path.name.startswith(kept):
                self._connections.drop(path)
                path.unlink(missing_ok=True)

    def forget(self, tenant: str) -> None:
        """Delete a tenant's folder; once it is renamed the tenant is unknown, whatever dies after."""
        folder = self.folder(tenant)
        if folder.is_dir():
            folder.rename(self._folder / f"{FORGOTTEN}{secrets.token_hex(8)}")
        self._connections.drop(folder)
        self._finish_forgetting()

    def _finish_forgetting(self) -> None:
        for folder in self._folder.glob(f"{FORGOTTEN}*"):
            shutil.rmtree(folder, onerror=_unless_gone)

    def _turn(self, db: sqlite3.Connection, tenant: str, file: str, at: datetime, came: str) -> None:
        db.execute(
            "update release set state = 'retired', left_at = 1 + (select max(left_at) from release)"
            " where tenant = ? and state = 'live'",
            (tenant,),
        )
        db.execute(
            "update release set state = 'live', published_at = ?, came = ? where file = ?", (at.isoformat(), came, file)
        )

    def _held(self, tenant: str, row: Row) -> Held:
        return Held(row[0], self.folder(tenant) / row[1], *row[2:])

    def _file(self, tenant: str) -> Path:
        return self.folder(tenant) / "control.db"


def _live(db: sqlite3.Connection, tenant: str) -> Row | None:
    row: Row | None = db.execute(
        f"select {COLUMNS} from release where tenant = ? and state = 'live'", (tenant,)
    ).fetchone()
    return row


def _unless_gone(_: object, path: str, failed: tuple[type[BaseException], BaseException, object]) -> None:
    """Go on when another process has deleted it first."""
    if not isinstance(failed[1], FileNotFoundError):
        raise failed[1]
