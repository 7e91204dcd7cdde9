"""Delivering webhooks: one attempt at a time, reported as it went."""

from datetime import UTC, datetime

from temporalio import activity

from activities.webhook_ports import Courier, EndpointChange, WebhookEndpoints
from policies.frozen import Fact
from policies.webhooks import Answered, Told

DELIVERY = "Delivery"


def delivery_workflow_id(tenant: str, endpoint_id: str, message_id: str) -> str:
    """One id for one message to one endpoint: announcing it again starts nothing."""
    return f"webhook/{tenant}/{endpoint_id}/{message_id}"


class DeliveryOrder(Fact):
    """A message for an endpoint: what the workflow `Delivery` is started with, and what each attempt sends.

    With `once`, a failure is neither tried again nor kept.
    """

    tenant: str
    endpoint_id: str
    message_id: str
    type: Told
    payload: str
    conversation_id: str = ""
    once: bool = False


class DisableWebhook(Fact):
    """Send an endpoint nothing more, since it said that it is gone."""

    tenant: str
    endpoint_id: str


class Webhooks:
    """Looks up where a message goes at each attempt, so that it follows a changed address and a rotated secret."""

    def __init__(self, endpoints: WebhookEndpoints, courier: Courier) -> None:
        self._endpoints = endpoints
        self._courier = courier

    @activity.defn
    async def deliver_webhook(self, ask: DeliveryOrder) -> Answered:
        """Try once, and report what came of it; raises Unavailable when the store of endpoints is away."""
        answered = await self._deliver(ask)
        _count(answered)
        return answered

    @activity.defn
    async def disable_webhook(self, ask: DisableWebhook) -> None:
        """Disable an endpoint until a person enables it again; one that was removed stays so."""
        change = EndpointChange(disabled=True, disabled_by="gone")
        await self._endpoints.change(ask.tenant, ask.endpoint_id, change)

    async def _deliver(self, ask: DeliveryOrder) -> Answered:
        endpoint = await self._endpoints.find(ask.tenant, ask.endpoint_id)
        if endpoint is None:
            return Answered(error="removed")
        if endpoint.disabled:
            return Answered(error="disabled")
        secrets = await self._endpoints.secrets(ask.tenant, ask.endpoint_id, datetime.now(UTC))
        if not secrets:
            return Answered(error="no_secret")
        return await self._courier.post(endpoint.url, ask.message_id, ask.payload, secrets)


def _count(answered: Answered) -> None:
    """Count an attempt; `outcome` is a status class such as 2xx, or why there was no answer."""
    outcome = answered.error or f"{answered.status // 100}xx"
    activity.metric_meter().create_counter("holdfast_webhook_attempts_total").add(1, {"outcome": outcome})
