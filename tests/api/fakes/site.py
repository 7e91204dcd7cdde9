"""A running API and the people who use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from api.server import Server
from api.settings import DEVELOPMENT_DEFAULTS, Settings
from workers.ports import free_ports
from workflows.messages import DraftLine, Event


def token(**claims: Any) -> str:
    """Sign a good token for `ann` of `acme`; claims given replace its own, None removes one."""
    good = {"tenant": "acme", "sub": "ann", "role": "customer", "aud": "holdfast"}
    good["exp"] = datetime.now(UTC) + timedelta(minutes=10)
    kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(kept, DEVELOPMENT_DEFAULTS["jwt_secret"], algorithm="HS256")


def bearer(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**claims)}"}


@dataclass
class Heard:
    """One server-sent event as it came over the wire; a draft's id is text, as in "12-3"."""

    id: int | str
    kind: str
    event: Event | DraftLine


@dataclass
class Site:
    url: str
    server: Server
    http: httpx.AsyncClient

    async def say(self, conversation: str, text: str, message_id: str = "m1", **who: Any) -> httpx.Response:
        body = {"message_id": message_id, "text": text}
        return await self.http.post(f"/v1/conversations/{conversation}/messages", json=body, headers=bearer(**who))

    async def post(self, path: str, body: dict[str, Any], **who: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers=bearer(**who))

    async def get(self, path: str, **who: Any) -> httpx.Response:
        return await self.http.get(path, headers=bearer(**who))

    @asynccontextmanager
    async def follow(
        self, conversation: str, after: int | str | None = None, drafts: bool = False, **who: Any
    ) -> AsyncIterator[AsyncIterator[Heard]]:
        headers = bearer(**who) | ({} if after is None else {"Last-Event-ID": str(after)})
        path = f"/v1/conversations/{conversation}/events{'?drafts=true' if drafts else ''}"
        async with self.http.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _heard(answer)


def slug(answer: httpx.Response) -> str:
    """Read which problem an answer is; fails unless it is a well-formed problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    kind: str = document["type"].removeprefix("urn:holdfast:problem:")
    return kind


async def _heard(answer: httpx.Response) -> AsyncIterator[Heard]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            kind, data = fields["event"], fields["data"]
            if kind == "reply.draft":
                yield Heard(id=fields["id"], kind=kind, event=DraftLine.model_validate_json(data))
            else:
                yield Heard(id=int(fields["id"]), kind=kind, event=Event.model_validate_json(data))
            fields = {}


async def take(heard: AsyncIterator[Heard], count: int) -> list[int | str]:
    """Wait for this many events and return their ids."""
    async with asyncio.timeout(60):
        return [(await anext(heard)).id for _ in range(count)]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Site]:
    """Run the API on a port of its own and stop it the way a signal would."""
    settings = settings.model_copy(update={"api_port": free_ports(1)[0]})
    server = Server(settings)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done()
    url = f"http://127.0.0.1:{settings.api_port}"
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        yield Site(url, server, http)
    server.should_exit = True
    async with asyncio.timeout(60):
        await running
