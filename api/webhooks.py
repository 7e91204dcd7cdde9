"""Routes of supervisors who have their own systems told what happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, HttpUrl

from activities.errors import Unavailable
from activities.webhook_ports import Endpoint, EndpointChange
from api.auth import Visitor
from api.bodies import Readable
from api.problems import Problem, responses
from api.wiring import Parts, PartsDep, Supervisor
from policies.frozen import Fact, Written
from policies.webhooks import EVENTS, Told, url_fault
from workflows.messages import Refusal
from workflows.webhook_messages import NOT_DEAD, Attempt, DeadLetter

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

STORE = (Refusal.ROLE, "redis-unavailable")
BODY = ("body-too-large", "body-unreadable", "message-binary")
ABSENT = "webhook-not-found"

EndpointId = Annotated[str, Path(pattern=r"^we_[0-9a-f]{16}$", description="As listed by GET /v1/webhooks")]
MessageId = Annotated[str, Path(pattern=r"^msg_[0-9a-f]{32}$", description="As listed by GET /v1/webhooks/dead")]
Subscribable = Annotated[Told, Field(json_schema_extra={"enum": [*EVENTS]})]
Events = Annotated[tuple[Subscribable, ...], Field(min_length=1, max_length=len(EVENTS))]
Description = Annotated[str, Field(max_length=200), Readable]


class WebhookIn(Written):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://shop.example/holdfast", "events": [Told.HANDOFF, Told.REFUND_SETTLED]}]
        }
    )

    url: HttpUrl
    events: Events
    description: Description = ""


class WebhookChangeIn(Written):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"disabled": True}]})

    url: HttpUrl | None = None
    events: Events | None = None
    description: Description | None = None
    disabled: bool | None = None


class WithSecret(Fact):
    """An endpoint with its secret, which is told this once; the one before is valid until `old_until`."""

    endpoint: Endpoint
    secret: str
    old_until: datetime | None = None


class Removed(Fact):
    id: str


@router.get("", responses=responses(*STORE))
async def list_webhooks(visitor: Supervisor, parts: PartsDep) -> list[Endpoint]:
    """List your tenant's endpoints, the oldest first, without their secrets."""
    with _store():
        return list(await parts.webhooks.listed(visitor.tenant))


@router.post("", responses=responses(*STORE, *BODY, "webhooks-too-many"))
async def add_webhook(body: WebhookIn, visitor: Supervisor, parts: PartsDep) -> WithSecret:
    """Subscribe an endpoint to events; the answer is the only one that holds its secret."""
    return await subscribe(body, visitor, parts)


@router.patch("/{endpoint_id}", responses=responses(*STORE, *BODY, ABSENT))
async def change_webhook(
    endpoint_id: EndpointId, body: WebhookChangeIn, visitor: Supervisor, parts: PartsDep
) -> Endpoint:
    """Change an endpoint, disable it or enable it again; what is on its way goes where it is now."""
    change = EndpointChange(
        url=_url(parts, body.url) if body.url else None,
        events=_events(body.events) if body.events else None,
        description=body.description,
        disabled=body.disabled,
    )
    with _store():
        return _found(await parts.webhooks.change(visitor.tenant, endpoint_id, change))


@router.delete("/{endpoint_id}", responses=responses(*STORE, ABSENT))
async def remove_webhook(endpoint_id: EndpointId, visitor: Supervisor, parts: PartsDep) -> Removed:
    """Remove an endpoint; nothing that is still on its way to it is sent any more."""
    with _store():
        removed = await parts.webhooks.remove(visitor.tenant, endpoint_id)
    if not removed:
        raise Problem(ABSENT)
    return Removed(id=endpoint_id)


@router.post("/{endpoint_id}/rotate", responses=responses(*STORE, ABSENT))
async def rotate_secret(endpoint_id: EndpointId, visitor: Supervisor, parts: PartsDep) -> WithSecret:
    """Give an endpoint a new secret; for a day everything is signed with the old one as well."""
    return await renew_secret(endpoint_id, visitor, parts)


@router.post("/{endpoint_id}/test", responses=responses(*STORE, ABSENT, "still-working"))
async def test_webhook(endpoint_id: EndpointId, visitor: Supervisor, parts: PartsDep) -> Attempt:
    """Send a `webhook.test` once, and say what came of it."""
    with _store():
        _found(await parts.webhooks.find(visitor.tenant, endpoint_id))
    return await parts.deliveries.test(visitor.tenant, endpoint_id)


@router.get("/dead", responses=responses(*STORE))
async def list_dead(visitor: Supervisor, parts: PartsDep) -> list[DeadLetter]:
    """List messages to your endpoints that were given up and can be replayed, the oldest first."""
    with _store():
        known = {endpoint.id for endpoint in await parts.webhooks.listed(visitor.tenant)}
    return [letter for letter in await parts.deliveries.dead(visitor.tenant) if letter.endpoint_id in known]


@router.post(
    "/dead/{endpoint_id}/{message_id}/replay",
    responses=responses(Refusal.ROLE, "delivery-not-found", NOT_DEAD, "still-working"),
)
async def replay(endpoint_id: EndpointId, message_id: MessageId, visitor: Supervisor, parts: PartsDep) -> Attempt:
    """Try a message that was given up again, with the whole schedule; says what came of the first attempt."""
    return await parts.deliveries.replay(visitor.tenant, endpoint_id, message_id, visitor.subject)


async def subscribe(body: WebhookIn, visitor: Visitor, parts: Parts, endpoint_id: str = "") -> WithSecret:
    """Keep an endpoint; one that is kept under `endpoint_id` already is answered without a secret."""
    url = _url(parts, body.url)
    with _store():
        issued = await parts.webhooks.add(
            visitor.tenant, url, _events(body.events), body.description, datetime.now(UTC), endpoint_id
        )
    if issued is None:
        raise Problem("webhooks-too-many")
    return WithSecret.model_validate(issued.model_dump())


async def renew_secret(endpoint_id: str, visitor: Visitor, parts: Parts, act_id: str = "") -> WithSecret:
    """Make a new secret; a repeated `act_id` makes none and is answered without one."""
    with _store():
        issued = await parts.webhooks.rotate(visitor.tenant, endpoint_id, datetime.now(UTC), act_id)
    if issued is None:
        raise Problem(ABSENT)
    return WithSecret.model_validate(issued.model_dump())


def _url(parts: Parts, url: HttpUrl) -> str:
    """Give the address as it is kept; the parser has read every way of writing an IP address."""
    host, login = url.host or "", bool(url.username or url.password)
    why = url_fault(url.scheme, host, login, allow_private=parts.settings.webhooks_private)
    if why is None and url.fragment:
        why = "must not hold a fragment (#…)"
    if why:
        raise Problem("request-invalid", errors=[{"where": "body/url", "why": why}])
    return str(url)


def _events(events: tuple[Told, ...]) -> tuple[Told, ...]:
    if Told.TEST in events:
        why = f"{Told.TEST} is only sent on your wish; there are {', '.join(EVENTS)}"
        raise Problem("request-invalid", errors=[{"where": "body/events", "why": why}])
    return tuple(dict.fromkeys(events))


def _found(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise Problem(ABSENT)
    return endpoint


@contextmanager
def _store() -> Iterator[None]:
    try:
        yield
    except Unavailable:
        raise Problem("redis-unavailable") from None
