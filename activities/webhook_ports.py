"""What webhooks need of the outside world: where endpoints are kept, and how one is reached."""

from datetime import datetime
from typing import Protocol

from pydantic import Field

from policies.frozen import Fact
from policies.webhooks import Answered, Told

MOST_ENDPOINTS = 20


class Endpoint(Fact):
    """Where a tenant wants to hear of what. `disabled_by` is "person", or "gone" when the endpoint answered 410."""

    id: str
    url: str
    events: tuple[Told, ...]
    description: str = ""
    disabled: bool = False
    disabled_by: str = ""
    created_at: datetime


class EndpointChange(Fact):
    """New values of an endpoint; None keeps the old one."""

    url: str | None = None
    events: tuple[Told, ...] | None = None
    description: str | None = None
    disabled: bool | None = None
    disabled_by: str = "person"


class Issued(Fact):
    """An endpoint with its new secret, the only time that it is told; the one before is valid until `old_until`."""

    endpoint: Endpoint
    secret: str = Field(repr=False)
    old_until: datetime | None = None


class WebhookEndpoints(Protocol):
    """Endpoints of tenants; a tenant never sees another's. All methods raise Unavailable."""

    async def listed(self, tenant: str) -> tuple[Endpoint, ...]:
        """Give a tenant's endpoints, the oldest first."""
        ...

    async def find(self, tenant: str, endpoint_id: str) -> Endpoint | None: ...

    async def secrets(self, tenant: str, endpoint_id: str, now: datetime) -> tuple[str, ...]:
        """Give what to sign with now, the newest first; none when they cannot be unsealed."""
        ...

    async def add(
        self, tenant: str, url: str, events: tuple[Told, ...], description: str, now: datetime, endpoint_id: str = ""
    ) -> Issued | None:
        """Keep a new endpoint; None where the tenant has `MOST_ENDPOINTS`.

        With an `endpoint_id` that is kept already, nothing changes: the endpoint comes back without a secret.
        """
        ...

    async def change(self, tenant: str, endpoint_id: str, change: EndpointChange) -> Endpoint | None: ...

    async def rotate(self, tenant: str, endpoint_id: str, now: datetime, act_id: str = "") -> Issued | None:
        """Make a new secret; the one before stays valid for a day, so that a receiver can change over.

        The same `act_id` as the last time changes nothing, and comes back without a secret.
        """
        ...

    async def remove(self, tenant: str, endpoint_id: str) -> bool: ...


class Courier(Protocol):
    async def post(self, url: str, message_id: str, payload: str, secrets: tuple[str, ...]) -> Answered:
        """Sign and send a message once; whatever happens is an answer, not an error."""
        ...
