import asyncio
from pathlib import Path

import pytest

from sandbox.database import Database
from sandbox.faults import Fault, FaultKind, list_faults, order_fault, strike
from tests.sandbox.desk import Desk, problem_of


async def test_an_error_before_the_commit_writes_nothing(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "error_before_commit", "method": "POST"})
    assert problem_of(await desk.refund("12345", key="k")) == (500, "internal_error")
    assert (await desk.get("/writes/k")).status_code == 404
    assert (await desk.refund("12345", key="k")).status_code == 201


async def test_a_timeout_after_the_commit_loses_only_the_answer(desk: Desk) -> None:
    fault = {"kind": "timeout_after_commit", "path_contains": "refunds", "seconds": 0.05}
    await desk.admin("POST", "/faults", json=fault)
    assert problem_of(await desk.refund("12345", key="k")) == (500, "internal_error")
    assert (await desk.get("/writes/k")).json()["status"] == 201
    again = await desk.refund("12345", key="k")
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")


async def test_too_many_calls_are_told_when_to_come_back(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "rate_limited", "retry_after": 7})
    answer = await desk.get("/orders/12345")
    assert problem_of(answer) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "7"


async def test_a_changed_schema_renames_a_field_after_the_commit(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "changed_schema", "method": "POST"})
    answer = await desk.refund("12345", key="k")
    assert answer.status_code == 201
    assert "status" not in answer.json()
    assert len(answer.content) == int(answer.headers["content-length"])
    assert (await desk.get("/writes/k")).json()["body"]["status"] == "pending"


async def test_a_closed_shop_stays_closed_until_it_is_told_to_open(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "down", "times": None})
    assert {problem_of(await desk.get("/orders/12345")) for _ in range(3)} == {(503, "shop_down")}
    assert (await desk.http.get("/healthz")).status_code == 200
    assert await desk.admin("DELETE", "/faults") == {"cleared": 1}
    assert (await desk.get("/orders/12345")).status_code == 200


async def test_a_slow_write_lands_although_nobody_waits_for_it(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "latency", "method": "POST", "seconds": 0.1})
    slow = asyncio.create_task(desk.refund("12345", key="k"))
    await asyncio.sleep(0.03)
    assert (await desk.get("/writes/k")).status_code == 404
    assert (await slow).status_code == 201


async def test_a_fault_strikes_as_often_as_ordered(desk: Desk) -> None:
    await desk.admin("POST", "/faults", json={"kind": "error_before_commit", "times": 2})
    assert [(await desk.get("/orders/12345")).status_code for _ in range(3)] == [500, 500, 200]
    (standing,) = (await desk.admin("GET", "/faults"))["faults"]
    assert (standing["remaining"], standing["hits"]) == (0, 2)


@pytest.mark.parametrize(
    ("fault", "method", "path", "concerned"),
    [
        ({}, "GET", "/v1/a/orders/1", True),
        ({"method": "POST"}, "GET", "/v1/a/orders/1", False),
        ({"path_contains": "refunds"}, "POST", "/v1/a/orders/1/refunds", True),
        ({"path_contains": "refunds"}, "POST", "/v1/a/orders/1/returns", False),
        ({"tenant": "a"}, "GET", "/v1/a/orders/1", True),
        ({"tenant": "a"}, "GET", "/v1/ab/orders/1", False),
    ],
)
def test_a_fault_concerns_the_calls_it_names(fault: dict[str, str], method: str, path: str, concerned: bool) -> None:
    assert Fault(kind=FaultKind.DOWN, **fault).concerns(method, path) is concerned


def test_faults_outlive_the_process(tmp_path: Path) -> None:
    before = Database(tmp_path)
    order_fault(before, Fault(kind=FaultKind.DOWN, times=3))
    assert strike(before, "GET", "/v1/a/orders/1")
    before.close()
    after = Database(tmp_path)
    assert [(fault.remaining, fault.hits) for fault in list_faults(after)] == [(2, 1)]
    after.close()


async def test_an_unknown_fault_is_refused(desk: Desk) -> None:
    answer = await desk.http.post(
        "/admin/faults", json={"kind": "gremlins"}, headers={"Authorization": "Bearer dev-admin-token"}
    )
    assert problem_of(answer) == (422, "request_invalid")
