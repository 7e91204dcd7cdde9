"""What routes are handed: the parts built once per process, the visitor of a request, and role checks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from activities.canned_files import Canned
from activities.clients.knowledge import Knowledge
from activities.clients.photos import Photos
from activities.clients.redis_desk import RedisDesk
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.shop import HttpShop
from activities.clients.uploads import Uploads
from activities.learning import KnownIntents
from api.auth import Gate, Role, Visitor
from api.line import Line
from api.line_deliveries import DeliveriesLine
from api.line_knowledge import KnowledgeLine
from api.problems import Problem
from api.rates import Rates
from api.settings import Settings
from api.stream import EventStream
from workflows.messages import Refusal

bearer = HTTPBearer(bearerFormat="JWT", description="Claims: tenant, sub, role, exp, aud = holdfast.", auto_error=False)


@dataclass(frozen=True)
class Parts:
    """Everything with a lifetime; `closing` is set when the process is asked to end."""

    settings: Settings
    line: Line
    releases: KnowledgeLine
    stream: EventStream
    gate: Gate
    rates: Rates
    lessons: RedisLessons
    intents: KnownIntents
    uploads: Uploads
    knowledge: Knowledge
    ledger: RedisLedger
    shop: HttpShop
    desk: RedisDesk
    canned: Canned
    photos: Photos
    webhooks: RedisWebhooks
    deliveries: DeliveriesLine
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]


async def admit(
    parts: PartsDep, response: Response, token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Visitor:
    """Check the token, then spend one request of the visitor's budgets."""
    visitor = await parts.gate.admit(token.credentials if token else None)
    response.headers.update(await parts.rates.take(visitor))
    response.headers["Cache-Control"] = "no-store"
    return visitor


def only(*roles: Role) -> Any:
    """Require one of these roles of the visitor."""

    async def check(visitor: Annotated[Visitor, Depends(admit)]) -> Visitor:
        if visitor.role not in roles:
            raise Problem(Refusal.ROLE, f"This needs the role {' or '.join(roles)}.")
        return visitor

    checked: Callable[[Visitor], Awaitable[Visitor]] = check
    return Depends(checked)


AnyVisitor = Annotated[Visitor, Depends(admit)]
Customer = Annotated[Visitor, only(Role.CUSTOMER)]
Approver = Annotated[Visitor, only(Role.AGENT, Role.SUPERVISOR)]
Supervisor = Annotated[Visitor, only(Role.SUPERVISOR)]
