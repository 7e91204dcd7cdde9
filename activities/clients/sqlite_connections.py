"""Connections to SQLite files, kept open between calls; each is used by one thread at a time."""

import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

Answer = TypeVar("Answer")
PATIENCE = 5.0
KEPT = 192
SWEEP_EVERY = 256
# Safe against a killed process; after a power cut the last commits may be missing, the file is whole.
SETTINGS = "pragma synchronous = normal; pragma cache_size = -1024; pragma temp_store = memory"


class Gone(Exception):
    """A file that is not there, or no more."""


@dataclass(frozen=True)
class _Open:
    path: Path
    inode: int
    db: sqlite3.Connection


class Connections:
    """Lend connections; at most `kept` idle ones stay open, those used last. `patience`: seconds for a lock."""

    def __init__(self, patience: float = PATIENCE, kept: int = KEPT) -> None:
        self._patience = patience
        self._kept = kept
        self._idle: OrderedDict[int, _Open] = OrderedDict()
        self._lock = Lock()
        self._lent = 0

    @contextmanager
    def reading(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Lend a connection to a file; raises Gone."""
        held = self._take(path)
        try:
            yield held.db
        finally:
            self._give(held)

    @contextmanager
    def writing(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Lend one inside a transaction that no other writer shares: all or none of it is kept."""
        with self.reading(path) as db:
            db.execute("begin immediate")
            yield db
            db.execute("commit")

    def look(self, path: Path, look: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        """Look into a file; None when it is not there."""
        try:
            with self.reading(path) as db:
                return look(db)
        except Gone:
            return None

    def create(self, path: Path, schema: str) -> None:
        """Make a file with these tables, unless it is there; whoever dies meanwhile leaves none without its tables."""
        if path.exists():
            return
        scratch = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        try:
            with closing(sqlite3.connect(scratch, isolation_level=None)) as db:
                db.execute("pragma page_size = 8192")
                db.execute("pragma journal_mode = wal")
                db.executescript(f"begin; {schema}; commit")
            with suppress(FileExistsError):
                path.hardlink_to(scratch)
        finally:
            scratch.unlink(missing_ok=True)

    def drop(self, place: Path) -> None:
        """Close what is idle on a file, or on the files of a folder."""
        with self._lock:
            ended = [key for key, held in self._idle.items() if place in (held.path, held.path.parent)]
            closing = [self._idle.pop(key) for key in ended]
        for held in closing:
            held.db.close()

    def close(self) -> None:
        with self._lock:
            closing = list(self._idle.values())
            self._idle.clear()
            self._kept = 0
        for held in closing:
            held.db.close()

    def _take(self, path: Path) -> _Open:
        inode = _inode(path)
        if inode is None:
            raise Gone(path.name)
        with self._lock:
            self._lent += 1
            due = self._lent % SWEEP_EVERY == 0
            # The last one given back knows its file best. An old file's inode is not reused while it is open here.
            key = next(
                (key for key, held in reversed(self._idle.items()) if (held.path, held.inode) == (path, inode)), 0
            )
            held = self._idle.pop(key) if key else None
        if due:
            self._sweep()
        return held or _connect(path, inode, self._patience)

    def _give(self, held: _Open) -> None:
        if held.db.in_transaction:
            held.db.execute("rollback")
        if _inode(held.path) != held.inode:
            held.db.close()
            return
        with self._lock:
            self._idle[id(held)] = held
            closing = [self._idle.popitem(last=False)[1] for _ in range(len(self._idle) - self._kept)]
        for old in closing:
            old.db.close()

    def _sweep(self) -> None:
        """Close what another process has deleted: an open file keeps its bytes."""
        with self._lock:
            ended = [key for key, held in self._idle.items() if _inode(held.path) != held.inode]
            closing = [self._idle.pop(key) for key in ended]
        for held in closing:
            held.db.close()


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def _connect(path: Path, inode: int, patience: float) -> _Open:
    try:
        db = sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=patience, isolation_level=None, check_same_thread=False
        )
    except sqlite3.OperationalError:
        if _inode(path) is None:
            raise Gone(path.name) from None
        raise
    if _inode(path) != inode:
        db.close()
        raise Gone(path.name)
    db.executescript(SETTINGS)
    return _Open(path, inode, db)
