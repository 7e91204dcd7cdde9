"""Faults a tester orders: rules kept in the database, so that a killed shop comes back just as broken."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from sandbox.contract import Contract
from sandbox.database import Database
from sandbox.problems import Problem


class FaultKind(StrEnum):
    LATENCY = "latency"
    ERROR_BEFORE_COMMIT = "error_before_commit"
    TIMEOUT_AFTER_COMMIT = "timeout_after_commit"
    RATE_LIMITED = "rate_limited"
    CHANGED_SCHEMA = "changed_schema"
    DOWN = "down"


class Fault(Contract):
    """Which calls go wrong and how: None matches everything, `times` None lasts until cleared; times in seconds."""

    kind: FaultKind
    method: Annotated[str, StringConstraints(pattern=r"^(GET|POST|PUT)$")] | None = None
    path_contains: str | None = None
    tenant: str | None = None
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: float = Field(default=2.0, ge=0, le=600)
    retry_after: int = Field(default=1, ge=0, le=600)

    def concerns(self, method: str, path: str) -> bool:
        return (
            self.method in (None, method)
            and (self.path_contains is None or self.path_contains in path)
            and (self.tenant is None or path.startswith(f"/v1/{self.tenant}/"))
        )


class FaultStanding(Contract):
    """A fault with its history: `remaining` None has no end, 0 is used up."""

    fault_id: int
    fault: Fault
    remaining: int | None
    hits: int


def order_fault(database: Database, fault: Fault) -> FaultStanding:
    with database.writing() as db:
        number = db.execute(
            "INSERT INTO faults (rule, remaining) VALUES (?, ?)", (fault.model_dump_json(), fault.times)
        ).lastrowid
    if number is None:
        raise Problem(500, "internal_error", "The fault was not stored.")
    return FaultStanding(fault_id=number, fault=fault, remaining=fault.times, hits=0)


def list_faults(database: Database) -> list[FaultStanding]:
    with database.reading() as db:
        rows = db.execute("SELECT * FROM faults ORDER BY number").fetchall()
    return [
        FaultStanding(
            fault_id=row["number"],
            fault=Fault.model_validate_json(row["rule"]),
            remaining=row["remaining"],
            hits=row["hits"],
        )
        for row in rows
    ]


def clear_faults(database: Database) -> int:
    with database.writing() as db:
        return db.execute("DELETE FROM faults").rowcount


def strike(database: Database, method: str, path: str) -> Fault | None:
    """Take the oldest fault that concerns this call and count it down, or None when the call goes well."""
    if not any(one.remaining != 0 and one.fault.concerns(method, path) for one in list_faults(database)):
        return None
    with database.writing() as db:
        for row in db.execute(
            "SELECT * FROM faults WHERE remaining IS NULL OR remaining > 0 ORDER BY number"
        ).fetchall():
            fault = Fault.model_validate_json(row["rule"])
            if fault.concerns(method, path):
                db.execute(
                    "UPDATE faults SET remaining = remaining - 1, hits = hits + 1 WHERE number = ?", (row["number"],)
                )
                return fault
    return None
