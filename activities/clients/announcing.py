"""Announcing events: each subscribed endpoint gets a durable delivery of its own."""

import asyncio
import time
from collections.abc import Callable, Sequence

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import Malformed, Unavailable
from activities.webhook_ports import Endpoint, WebhookEndpoints
from activities.webhooks import DELIVERY, DeliveryOrder, delivery_workflow_id
from policies.webhooks import Logged, announcements, message_id

KEPT_SECONDS = 5.0
AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}


class Announcing:
    """Implement the Announcer port; who subscribes is read again after `kept` seconds."""

    def __init__(
        self,
        client: Client,
        endpoints: WebhookEndpoints,
        queue: str,
        kept: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._endpoints = endpoints
        self._queue = queue
        self._kept = kept
        self._clock = clock
        self._known: dict[str, tuple[float, tuple[Endpoint, ...]]] = {}

    async def announce(self, stream: str, lines: Sequence[str]) -> None:
        """Start a delivery for each endpoint that wants an event; one that was started before is left alone."""
        # A conversation's id may hold a colon, a tenant's may not.
        _, _, tenant, conversation_id = stream.split(":", 3)
        endpoints = await self._subscribed(tenant)
        if endpoints:
            orders = [order for line in lines for order in _orders(tenant, conversation_id, line, endpoints)]
            await asyncio.gather(*map(self._start, orders))

    async def _subscribed(self, tenant: str) -> tuple[Endpoint, ...]:
        now = self._clock()
        until, known = self._known.get(tenant, (now, ()))
        if until <= now:
            known = tuple(each for each in await self._endpoints.listed(tenant) if not each.disabled)
            self._known[tenant] = (now + self._kept, known)
        return known

    async def _start(self, order: DeliveryOrder) -> None:
        try:
            await self._client.start_workflow(
                DELIVERY,
                order,
                id=delivery_workflow_id(order.tenant, order.endpoint_id, order.message_id),
                task_queue=self._queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{order.tenant} · {order.type}",
            )
        except WorkflowAlreadyStartedError:
            pass
        except RPCError as error:
            said = f"a delivery could not be started: {error.status.name}"
            # What is not away does not come back either: trying for ever would hold up the conversation's log.
            raise (Unavailable(said) if error.status in AWAY else Malformed(said)) from None
        except RuntimeError as error:
            # A client that has not connected yet reports a refused connection as a bare RuntimeError.
            if "client connect" in str(error):
                raise Unavailable("a delivery could not be started: Temporal is away") from None
            raise


def _orders(tenant: str, conversation_id: str, line: str, endpoints: Sequence[Endpoint]) -> list[DeliveryOrder]:
    return [
        DeliveryOrder(
            tenant=tenant,
            endpoint_id=endpoint.id,
            message_id=message_id(tenant, endpoint.id, announcement),
            type=announcement.type,
            payload=announcement.payload,
            conversation_id=conversation_id,
        )
        for announcement in announcements(tenant, conversation_id, Logged.model_validate_json(line))
        for endpoint in endpoints
        if announcement.type in endpoint.events
    ]
