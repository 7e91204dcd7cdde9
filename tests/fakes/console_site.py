"""The whole API on a port of its own with a real Redis, where conversations and the shop are doubles in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import jwt

from activities.clients.photos import Photos
from activities.clients.redis_desk import RedisDesk
from activities.clients.shop import HttpShop
from api.line import Line
from api.server import Server
from api.settings import DEVELOPMENT_DEFAULTS, Profile, Settings
from tests.fakes.desk_line import DeskLine
from tests.fakes.shop import ScriptedShop
from workers.ports import free_ports


@dataclass
class ConsoleSite:
    url: str
    tenant: str
    line: DeskLine
    desk: RedisDesk
    shop: ScriptedShop
    photos: Photos


def staff_token(tenant: str, subject: str, role: str = "agent", **claims: Any) -> str:
    """Sign a token of the development profile."""
    good: dict[str, Any] = {"tenant": tenant, "sub": subject, "name": subject.title(), "role": role, "aud": "holdfast"}
    good["exp"] = datetime.now(UTC) + timedelta(minutes=30)
    return jwt.encode({**good, **claims}, DEVELOPMENT_DEFAULTS["jwt_secret"], algorithm="HS256")


@asynccontextmanager
async def console_site(redis_url: str, folder: Path, tenant: str) -> AsyncIterator[ConsoleSite]:
    """Serve until left, and stop as a signal would."""
    settings = Settings(
        profile=Profile.DEVELOPMENT,
        api_port=free_ports(1)[0],
        # Nobody listens there: whatever still asked Temporal would fail.
        temporal_address="127.0.0.1:9",
        redis_url=redis_url,
        knowledge=folder / "knowledge",
        photos=folder / "photos",
        rate_customer="100000/minute",
        rate_tenant="100000/minute",
    )
    server = Server(settings)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done()
    parts = server.app.state.parts
    shop = ScriptedShop()
    line = DeskLine(parts.desk)
    server.app.state.parts = replace(parts, line=cast(Line, line), shop=cast(HttpShop, shop))
    yield ConsoleSite(f"http://127.0.0.1:{settings.api_port}", tenant, line, parts.desk, shop, parts.photos)
    server.should_exit = True
    async with asyncio.timeout(30):
        await running
