"""The line to Temporal for webhooks: trying an endpoint, and what was given up."""

from asyncio import timeout
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import TimeoutError as TemporalTimeout

from activities.webhooks import DELIVERY, DeliveryOrder, delivery_workflow_id
from api.line_failures import Absent, problems
from api.problems import Problem
from api.references import quoted
from api.settings import Settings
from policies.webhooks import Told, ToldOf, payload
from workflows.messages import CONVERSATION_QUEUE
from workflows.webhook_messages import NOT_DEAD, Attempt, DeadLetter, Deliveries, DeliveryStage, Replay


class DeliveriesLine:
    """Starts, follows and replays deliveries; every failure leaves as a Problem."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._patience = settings.answer_wait_seconds
        self._read_timeout = timedelta(seconds=settings.read_wait_seconds)

    async def test(self, tenant: str, endpoint_id: str) -> Attempt:
        """Send an endpoint a `webhook.test`, once, and tell what came of it."""
        order = DeliveryOrder(
            tenant=tenant,
            endpoint_id=endpoint_id,
            message_id=f"msg_{uuid4().hex}",
            type=Told.TEST,
            payload=payload(Told.TEST, datetime.now(UTC), ToldOf(tenant=tenant)),
            once=True,
        )
        with problems(), _in_time():
            done: Deliveries = await self._client.execute_workflow(
                DELIVERY,
                order,
                id=delivery_workflow_id(tenant, endpoint_id, order.message_id),
                task_queue=CONVERSATION_QUEUE,
                result_type=Deliveries,
                # What nobody did in time is not done later, when the person has long asked again.
                execution_timeout=timedelta(seconds=self._patience),
                static_summary=f"{tenant} · {order.type}",
            )
        return done.attempts[-1]

    async def dead(self, tenant: str) -> list[DeadLetter]:
        """List what was given up and can be replayed, the oldest first; a change shows after about a second."""
        query = (
            f"WorkflowType = '{DELIVERY}' AND HoldfastTenant = {quoted(tenant)}"
            f" AND HoldfastStage = '{DeliveryStage.DEAD}' AND ExecutionStatus = 'Running'"
        )
        letters = []
        with problems("temporal-unavailable"):
            async for execution in self._client.list_workflows(query, limit=500, rpc_timeout=self._read_timeout):
                letter = await execution.memo_value("letter", None, type_hint=DeadLetter)
                if letter is not None:
                    letters.append(letter)
        return sorted(letters, key=lambda letter: letter.dead_since)

    async def replay(self, tenant: str, endpoint_id: str, message_id: str, by: str) -> Attempt:
        """Try a dead letter again, and tell what came of the first attempt."""
        handle = self._client.get_workflow_handle(delivery_workflow_id(tenant, endpoint_id, message_id))
        try:
            with problems():
                async with timeout(self._patience):
                    attempt: Attempt = await handle.execute_update("replay", Replay(by=by), result_type=Attempt)
                    return attempt
        except Absent:
            await self.attempts(tenant, endpoint_id, message_id)
            raise Problem(NOT_DEAD, "It was delivered, or its time to be replayed has passed.") from None

    async def attempts(self, tenant: str, endpoint_id: str, message_id: str) -> Deliveries:
        """Say how a delivery stands, and what came of its last attempts."""
        handle = self._client.get_workflow_handle(delivery_workflow_id(tenant, endpoint_id, message_id))
        with problems("delivery-not-found"):
            stands: Deliveries = await handle.query("attempts", result_type=Deliveries, rpc_timeout=self._read_timeout)
            return stands


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except WorkflowFailureError as failure:
        if isinstance(failure.cause, TemporalTimeout):
            raise Problem("still-working", "No worker sent it in time, and it is not sent later.") from failure
        raise
