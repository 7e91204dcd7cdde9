"""Errors and facts keep their names and their shape on the way through a real Temporal server."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from activities.catalog import tool_activities
    from activities.errors import Changed, Malformed, OutsideError, Rejected, Unavailable, Unknown
    from activities.ports import Caller
    from activities.tools.initiate_refund import ConfirmedRefund
    from policies.facts import RefundRecord
    from tests.fakes.shop import ScriptedShop, full_refund, order


@workflow.defn
class Pays:
    @workflow.run
    async def run(self, confirmed: ConfirmedRefund) -> RefundRecord:
        paid: RefundRecord = await workflow.execute_activity(
            "initiate_refund",
            confirmed,
            result_type=RefundRecord,
            start_to_close_timeout=timedelta(seconds=10),
            heartbeat_timeout=timedelta(seconds=2),
        )
        return paid


async def pay(client: Client, shop: ScriptedShop) -> RefundRecord:
    queue, (bought,) = str(uuid4()), shop.orders.values()
    caller = Caller(tenant="acme", customer_id=bought.customer_id)
    confirmed = ConfirmedRefund(caller=caller, order=full_refund(bought), key="k")
    async with Worker(client, task_queue=queue, workflows=[Pays], activities=tool_activities(shop)):
        return await client.execute_workflow(Pays.run, confirmed, id=queue, task_queue=queue)


async def test_a_confirmed_refund_comes_back_as_the_ledger_has_it(temporal_client: Client) -> None:
    with ScriptedShop(order()) as shop:
        assert await pay(temporal_client, shop) == shop.refunds[0]


async def test_temporal_waits_as_long_as_the_shop_asked(temporal_client: Client) -> None:
    with ScriptedShop(order()) as shop:
        shop.fail_next("refund", Unavailable("busy", retry_after=timedelta(seconds=2)))
        began = time.monotonic()
        assert await pay(temporal_client, shop)
        assert time.monotonic() - began >= 2, "the default would have been one second"
        assert shop.count("refund") == 2


FINAL: list[tuple[OutsideError, str, Sequence[str]]] = [
    (Rejected("no", "amount_above_refundable"), "Rejected", ["amount_above_refundable"]),
    (Changed("moved on", "version_stale"), "Changed", ["version_stale"]),
    (Malformed("odd"), "Malformed", []),
    (Unknown("lost"), "Unknown", []),
]


@pytest.mark.parametrize(("error", "name", "details"), FINAL, ids=[row[1] for row in FINAL])
async def test_what_must_not_be_retried_reaches_the_workflow_by_name_at_once(
    error: OutsideError, name: str, details: Sequence[str], temporal_client: Client
) -> None:
    with ScriptedShop(order()) as shop:
        shop.fail_next("refund", error)
        with pytest.raises(WorkflowFailureError) as caught:
            await pay(temporal_client, shop)
        assert isinstance(caught.value.cause, ActivityError)
        reached = caught.value.cause.cause
        assert isinstance(reached, ApplicationError)
        assert (reached.type, list(reached.details)) == (name, details)
        assert shop.count("refund") == 1
