"""The console's queues over a real Redis, with a shop in memory and refunds that wait without Temporal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI

from activities.clients.photos import Photos
from activities.clients.redis_desk import RedisDesk
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_webhooks import RedisWebhooks
from activities.learning import KnownIntents
from api.auth import Gate
from api.console import approvals, assets, conversation, lessons, live, sessions, supervision, webhooks
from api.settings import Profile, Settings
from api.wiring import Parts
from tests.api.fakes.site import token
from tests.fakes.approval_line import ApprovalLine
from tests.fakes.orders import order
from tests.fakes.shop import ScriptedShop
from workers.ports import free_ports

Unused = cast(Any, None)
# What a part of a page sends with everything it asks.
HTMX = {"HX-Request": "true", "X-Holdfast": "console"}
ROOMS = (assets, sessions, live, conversation, approvals, supervision, lessons, webhooks)


class NoDeliveries:
    """Stand in for webhooks on their way: `letters` were given up, every attempt ends as `outcome`."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.outcome: Any = None
        self.asked: list[tuple[str, ...]] = []

    async def dead(self, tenant: str) -> list[Any]:
        return self.letters

    async def test(self, tenant: str, endpoint_id: str) -> Any:
        self.asked.append(("test", endpoint_id))
        return self.outcome

    async def replay(self, tenant: str, endpoint_id: str, message_id: str, by: str) -> Any:
        self.asked.append(("replay", endpoint_id, message_id, by))
        return self.outcome


@dataclass
class Queues:
    """A console and all that stands behind it; `tenant` is a shop nobody used before."""

    app: FastAPI
    parts: Parts
    line: ApprovalLine
    shop: ScriptedShop
    desk: RedisDesk
    deliveries: NoDeliveries
    tenant: str

    def refund(self, order_id: str = "12345", total_minor: int = 20_000, **more: Any) -> str:
        """Let a refund of a dear order wait for people; returns its id."""
        bought = order(order_id, total_minor=total_minor)
        self.shop.orders[order_id] = bought
        return self.line.put(self.tenant, bought, **more)


def signed_in(console: Queues, sub: str = "ana", role: str = "agent", **claims: Any) -> httpx.AsyncClient:
    """A browser, as far as the server can tell, with somebody signed in."""
    who = token(tenant=console.tenant, sub=sub, role=role, name=sub.title(), **claims)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(console.app),
        base_url="http://console",
        cookies={"holdfast": who},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


@asynccontextmanager
async def queues(redis_url: str, photos: Photos | None = None) -> AsyncIterator[Queues]:
    settings = Settings(profile=Profile.DEVELOPMENT, redis_url=redis_url, webhooks_private=True)
    line, shop, deliveries = ApprovalLine(), ScriptedShop(), NoDeliveries()
    desk, kept, ledger = RedisDesk.at(redis_url), RedisLessons.at(redis_url), RedisLedger.at(redis_url)
    hooks = RedisWebhooks.at(redis_url, settings.reference_secret.get_secret_value())
    parts = Parts(
        settings=settings,
        line=cast(Any, line),
        releases=Unused,
        stream=Unused,
        gate=Gate(settings),
        rates=Unused,
        lessons=kept,
        intents=KnownIntents.read(Path(settings.intent_folder)),
        uploads=Unused,
        knowledge=Unused,
        ledger=ledger,
        shop=cast(Any, shop),
        desk=desk,
        canned=Unused,
        photos=cast(Any, photos),
        webhooks=hooks,
        deliveries=cast(Any, deliveries),
    )
    app = FastAPI()
    app.state.settings, app.state.parts = settings, parts
    for room in ROOMS:
        app.include_router(room.router)
    yield Queues(app, parts, line, shop, desk, deliveries, f"t-{uuid4().hex[:8]}")
    parts.closing.set()
    for each in (desk, kept, ledger):
        await each.close()


@asynccontextmanager
async def served(console: Queues) -> AsyncIterator[str]:
    """Serve it for a browser; yields where."""
    (port,) = free_ports(1)
    config = uvicorn.Config(console.app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done()
    yield f"http://127.0.0.1:{port}"
    console.parts.closing.set()
    server.should_exit = True
    await running
