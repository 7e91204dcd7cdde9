"""People deciding on refunds that wait for them."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from api.problems import PROBLEMS
from api.references import refund_id
from tests.api.fakes.refund import DIGEST, start_refund
from tests.api.fakes.site import Site, slug
from workflows.messages import Refusal


def decision(decision_id: str = "d1", reason: str = "carrier confirmed the loss", **more: str) -> dict[str, str]:
    return {"decision_id": decision_id, "digest": DIGEST, "reason": reason, **more}


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


async def waiting(site: Site, count: int = 1, **who: Any) -> list[dict[str, Any]]:
    """Poll until the list holds this many: visibility lags a little behind the workflow."""
    for _ in range(100):
        cards: list[dict[str, Any]] = (await site.get("/v1/approvals", **who)).json()
        if len(cards) == count:
            return cards
        await asyncio.sleep(0.05)
    raise AssertionError(f"not {count} but {len(cards)} refunds wait")


async def test_waiting_refunds_of_the_own_tenant_are_listed_until_decided(
    site: Site, temporal: Client, tenant: str
) -> None:
    await start_refund(temporal, tenant, "#W1")
    who = {"tenant": tenant, "sub": "sue", "role": "agent"}
    (card,) = await waiting(site, **who)
    assert (card["order_id"], card["amount"]) == ("#W1", {"minor": 8999, "currency": "USD"})
    receipt = await site.post(f"/v1/approvals/{card['refund_id']}/approve", decision(), **who)
    assert receipt.json()["state"] == "approved"
    assert receipt.json()["approved_by"] == ["sue"]
    await waiting(site, count=0, **who)


async def test_another_tenants_refund_looks_absent(site: Site, temporal: Client, tenant: str) -> None:
    handle = await start_refund(temporal, tenant, "#W1")
    intruder = {"tenant": "acme", "sub": "eve", "role": "supervisor"}
    assert (await site.get("/v1/approvals", **intruder)).json() == []
    answer = await site.post(f"/v1/approvals/{refund_id(tenant, handle.id)}/approve", decision(), **intruder)
    assert (answer.status_code, slug(answer)) == (404, "approval-not-found")


@pytest.mark.parametrize("bad", ["x", "____", "Li4vLi4", "a" * 513, "a.b"])
async def test_a_refund_id_that_was_never_listed_is_absent_or_refused(site: Site, bad: str) -> None:
    answer = await site.post(f"/v1/approvals/{bad}/deny", decision(), role="agent")
    assert slug(answer) in {"approval-not-found", "request-invalid"}


async def test_a_repeated_decision_gets_its_receipt_and_a_later_one_is_too_late(
    site: Site, temporal: Client, tenant: str
) -> None:
    handle = await start_refund(temporal, tenant, "#W1")
    path = f"/v1/approvals/{refund_id(tenant, handle.id)}"
    who = {"tenant": tenant, "sub": "sue", "role": "supervisor"}
    denied = await site.post(f"{path}/deny", decision("d1"), **who)
    await handle.result()
    assert (await site.post(f"{path}/deny", decision("d1"), **who)).text == denied.text
    late = await site.post(f"{path}/approve", decision("d2"), **who)
    assert (late.status_code, slug(late)) == (409, "approval-already-decided")


async def test_a_decision_after_the_deadline_hears_that_time_is_over(site: Site, temporal: Client, tenant: str) -> None:
    handle = await start_refund(temporal, tenant, "#W1")
    await handle.signal("expire")
    await handle.result()
    late = await site.post(
        f"/v1/approvals/{refund_id(tenant, handle.id)}/approve", decision(), tenant=tenant, role="agent"
    )
    assert (late.status_code, slug(late)) == (410, "approval-expired")


REFUSALS = [Refusal.ROLE, Refusal.FOUR_EYES, Refusal.ALREADY_DECIDED, Refusal.APPROVAL_EXPIRED]


async def test_what_a_refund_refuses_becomes_its_problem(site: Site, temporal: Client, tenant: str) -> None:
    handle = await start_refund(temporal, tenant, "#W1")
    path = f"/v1/approvals/{refund_id(tenant, handle.id)}/approve"
    for refusal in REFUSALS:
        answer = await site.post(path, decision(reason=f"refuse {refusal}"), tenant=tenant, role="agent")
        assert (answer.status_code, slug(answer)) == (PROBLEMS[refusal].status, refusal)
    changed = await site.post(path, decision(digest="0ther"), tenant=tenant, role="agent")
    assert slug(changed) == "offer-changed"


@pytest.mark.parametrize("role", ["customer", "ops"])
async def test_only_agents_and_supervisors_see_and_decide(site: Site, role: str) -> None:
    for answer in (
        await site.get("/v1/approvals", role=role),
        await site.post("/v1/approvals/abc/approve", decision(), role=role),
        await site.post("/v1/approvals/abc/deny", decision(), role=role),
    ):
        assert (answer.status_code, slug(answer)) == (403, "role-not-allowed")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\0b"], ids=["empty", "blank", "long", "binary"])
async def test_a_decision_needs_a_readable_reason(site: Site, reason: str) -> None:
    answer = await site.post("/v1/approvals/abc/deny", decision(reason=reason), role="agent")
    assert answer.status_code == 422
