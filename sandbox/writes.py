"""Idempotency: a write and the memory of it are one transaction, so neither exists without the other."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Response
from pydantic import BaseModel

from sandbox.contract import Order
from sandbox.database import Database
from sandbox.moments import write_moment
from sandbox.problems import Problem

LONGEST_KEY = 128


@dataclass(frozen=True)
class Write:
    """What the caller sent, as far as it decides whether two requests are the same one."""

    tenant: str
    key: str
    method: str
    path: str
    body: BaseModel

    @property
    def fingerprint(self) -> str:
        told = "\n".join((self.method, self.path, self.body.model_dump_json()))
        return hashlib.sha256(told.encode()).hexdigest()


def checked_key(key: str | None) -> str:
    """Take an Idempotency-Key header: 1 to 128 printable characters."""
    if not key:
        raise Problem(400, "idempotency_key_missing", "Every write needs an Idempotency-Key header.")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Problem(
            400, "idempotency_key_malformed", f"The key must be 1 to {LONGEST_KEY} printable ASCII characters."
        )
    return key


def commit_once(
    database: Database, write: Write, status: int, now: datetime, act: Callable[[sqlite3.Connection], BaseModel]
) -> Response:
    """Do the write and remember its answer, or repeat the answer it had. A refusal raised by `act` uses no key."""
    with database.writing() as db:
        earlier = db.execute(
            "SELECT fingerprint, status, answer FROM writes WHERE tenant = ? AND idempotency_key = ?",
            (write.tenant, write.key),
        ).fetchone()
        if earlier is not None:
            if earlier["fingerprint"] != write.fingerprint:
                raise Problem(422, "idempotency_key_reused", "This key belongs to another write.")
            return _answer(earlier["status"], earlier["answer"], {"Idempotent-Replay": "true"})
        done = act(db)
        answer = done.model_dump_json()
        db.execute(
            "INSERT INTO writes (tenant, idempotency_key, method, path, fingerprint, status, answer, committed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (write.tenant, write.key, write.method, write.path, write.fingerprint, status, answer, write_moment(now)),
        )
    return _answer(status, answer, {"ETag": f'"{done.version}"'} if isinstance(done, Order) else {})


def require_version(sent: str | None, order: Order) -> None:
    """Compare an If-Match header with the order; the caller made sure that it was sent."""
    if sent != f'"{order.version}"':
        raise Problem(412, "version_stale", f'The order is at version "{order.version}".')


def _answer(status: int, body: str, headers: dict[str, str]) -> Response:
    return Response(body, status_code=status, headers=headers, media_type="application/json")
