"""The vectors of live releases in memory, searched by brute force: exact, and fast enough to some 100,000 chunks."""

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from activities.clients.sqlite_connections import Connections
from activities.clients.sqlite_release import FIELDS
from policies.retrieval import Hit, Scope

AT_MOST = 512 * 2**20
# Products of one vector may differ in their last bits with the row they stand in; ties must still be ties.
DIGITS = 6


@dataclass(frozen=True)
class Matrix:
    """All vectors of a release, and what each chunk is filtered by.

    `rows`: float32, windows × dimensions, of length 1; `starts`: each chunk's first row, None where every chunk has
    one. `codes` holds for each field a number for each chunk, `values` what the numbers stand for.
    """

    ids: list[str]
    rows: NDArray[np.float32]
    starts: NDArray[np.int64] | None
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    codes: Mapping[str, NDArray[np.int32]]
    values: Mapping[str, dict[str, int]]

    @property
    def bytes(self) -> int:
        return self.rows.nbytes + 200 * len(self.ids)

    def nearest(
        self, vector: NDArray[np.float32], scope: Scope, wanted: Mapping[str, Sequence[str]], most: int
    ) -> list[Hit]:
        """Rank the chunks in scope by the best cosine of their windows; ties by id."""
        admitted = np.flatnonzero(self._admitted(scope, wanted))
        if not len(admitted) or most < 1:
            return []
        # Not "@": BLAS would wake a thread for each core, which spin for milliseconds after half a one of work.
        products = np.einsum("ij,j->i", self.rows, vector)
        best = products if self.starts is None else np.maximum.reduceat(products, self.starts)
        scores = np.round(best[admitted].astype(np.float64), DIGITS)
        if len(scores) > most:
            least = np.partition(scores, len(scores) - most)[len(scores) - most]
            admitted, scores = admitted[scores >= least], scores[scores >= least]
        ranked = sorted((-score, self.ids[at]) for at, score in zip(admitted, scores.tolist(), strict=True))
        return [Hit(chunk_id=chunk_id, score=-score) for score, chunk_id in ranked[:most]]

    def _admitted(self, scope: Scope, wanted: Mapping[str, Sequence[str]]) -> NDArray[np.bool_]:
        day = scope.on.toordinal()
        mask = (self.begins <= day) & (day <= self.ends)
        for field, values in wanted.items():
            allowed = np.zeros(len(self.values[field]), dtype=bool)
            allowed[[code for value, code in self.values[field].items() if value in values]] = True
            mask &= allowed[self.codes[field]]
        return mask


class Matrices:
    """Read a release's matrix when it is first asked for; those used last stay, up to `at_most` bytes.

    What is live is never written again, and its file's name never used again: a matrix once read stays right.
    """

    def __init__(self, connections: Connections, at_most: int = AT_MOST) -> None:
        self._connections = connections
        self._at_most = at_most
        self._held: OrderedDict[Path, Matrix] = OrderedDict()
        self._reading: dict[Path, Lock] = {}
        self._lock = Lock()

    def of(self, path: Path) -> Matrix:
        """Give the matrix of a release's file; raises Gone."""
        if held := self._find(path):
            return held
        with self._lock:
            turn = self._reading.setdefault(path, Lock())
        with turn:
            if held := self._find(path):
                return held
            with self._connections.reading(path) as db:
                matrix = _read(db)
            self._keep(path, matrix)
        return matrix

    def drop(self, folder: Path) -> None:
        """Let go of what was read from a folder's files."""
        with self._lock:
            for path in [path for path in self._held if path.parent == folder]:
                del self._held[path]

    def _find(self, path: Path) -> Matrix | None:
        with self._lock:
            held = self._held.get(path)
            if held:
                self._held.move_to_end(path)
            return held

    def _keep(self, path: Path, matrix: Matrix) -> None:
        with self._lock:
            self._reading.pop(path, None)
            self._held[path] = matrix
            gone = [old for old in self._held if old != path and not old.exists()]
            for old in gone:
                del self._held[old]
            while len(self._held) > 1 and sum(held.bytes for held in self._held.values()) > self._at_most:
                self._held.popitem(last=False)


def _read(db: sqlite3.Connection) -> Matrix:
    held = db.execute(f"select chunk_id, begins, ends, {', '.join(FIELDS)} from chunk order by rid").fetchall()
    blobs = db.execute("select dimensions, vectors from vector order by rid").fetchall()
    dimensions = blobs[0][0] if blobs else 1
    windows = np.array([len(blob) // (2 * dimensions) for _, blob in blobs], dtype=np.int64)
    rows = np.frombuffer(b"".join(blob for _, blob in blobs), "<f2").astype(np.float32).reshape(-1, dimensions)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    columns = list(zip(*held, strict=True)) or [()] * (3 + len(FIELDS))
    numbered = {field: _number(column) for field, column in zip(FIELDS, columns[3:], strict=True)}
    return Matrix(
        ids=list(columns[0]),
        rows=rows,
        starts=None if (windows == 1).all() else np.concatenate([[0], windows.cumsum()[:-1]]),
        begins=np.array(columns[1], dtype=np.int32),
        ends=np.array(columns[2], dtype=np.int32),
        codes={field: codes for field, (codes, _) in numbered.items()},
        values={field: values for field, (_, values) in numbered.items()},
    )


def _number(column: Sequence[str]) -> tuple[NDArray[np.int32], dict[str, int]]:
    values = {value: code for code, value in enumerate(dict.fromkeys(column))}
    return np.array([values[value] for value in column], dtype=np.int32), values
