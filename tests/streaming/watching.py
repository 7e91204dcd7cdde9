"""A customer's browser: it sends messages and follows the conversation with its drafts, through the real API."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from tests.fakes.model_server import Body
from workers.settings import Settings
from workers.tokens import mint

TENANT, CUSTOMER = "northwind", "U789"
WHERE = "where is order 67890?"
SENTENCE = re.compile(r"Sentence \d+:\n<(quoted-\w+)>\n(.*?)\n</\1>", re.DOTALL)


def truthful(body: Body) -> str:
    """Word the sentences a model was given as themselves, in the form that is asked for."""
    told = " ".join(text for _, text in SENTENCE.findall(body["messages"][-1]["content"]))
    return f"<thought>Tell them as they are.</thought><response>{told}</response>"


@dataclass
class Seen:
    """One server-sent event."""

    name: str
    place: str
    data: dict[str, Any]


@dataclass
class Browser:
    """`seen` is everything that came on the open event stream, in order."""

    http: httpx.AsyncClient
    staff: httpx.AsyncClient
    conversation: str
    seen: list[Seen] = field(default_factory=list)
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def say(self, message_id: str, text: str = WHERE, **wish: object) -> dict[str, Any]:
        body = {"message_id": message_id, "text": text, "wish": wish or None}
        answer = await self.http.post(f"{self._address}/messages", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @asynccontextmanager
    async def following(self, behind: str = "0") -> AsyncIterator[None]:
        """Keep the event stream open, from behind a place on, while the block lasts."""
        task = asyncio.create_task(self._follow(behind))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, wanted: Callable[[list[Seen]], bool], seconds: float = 30) -> list[Seen]:
        """Wait for what was seen to be as wanted."""
        async with asyncio.timeout(seconds), self._grown:
            await self._grown.wait_for(lambda: wanted(self.seen))
        return self.seen

    async def decision(self, message_id: str) -> dict[str, Any]:
        """Read why the turn that answered a message went as it did, as staff may."""
        transcript = (await self.staff.get(self._address)).json()
        replies = [event["reply"] for event in transcript["events"] if event.get("reply")]
        (reply,) = [reply for reply in replies if message_id in reply["answers"]]
        return dict(reply["decision"])

    async def _follow(self, behind: str) -> None:
        params = {"drafts": "true", "after": behind}
        async with self.http.stream("GET", f"{self._address}/events", params=params, timeout=None) as answer:
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.strip()
                elif fields.get("data"):
                    await self._see(Seen(fields["event"], fields["id"], json.loads(fields["data"])))
                    fields = {}

    async def _see(self, event: Seen) -> None:
        async with self._grown:
            self.seen.append(event)
            self._grown.notify_all()

    @property
    def _address(self) -> str:
        return f"/v1/conversations/{self.conversation}"


@asynccontextmanager
async def browsing(settings: Settings, conversation: str) -> AsyncIterator[Browser]:
    """Open a browser for the demo's customer, with a colleague of the shop beside it."""

    def client(subject: str, role: str) -> httpx.AsyncClient:
        token = mint(settings, TENANT, subject, role, timedelta(hours=1))
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=settings.api_url, headers=headers, timeout=90, trust_env=False)

    async with client(CUSTOMER, "customer") as http, client("sue", "supervisor") as staff:
        yield Browser(http, staff, conversation)


def drafts(seen: list[Seen], epoch: int | None = None) -> list[dict[str, Any]]:
    """Pick the drafts out of what was seen, of one epoch or of all; a status line is none."""
    found = [event.data for event in seen if event.name == "reply.draft" and event.data["kind"] != "status"]
    return [each for each in found if epoch in (None, each["epoch"])]


def bubble(lines: list[dict[str, Any]]) -> str:
    """What a chat window shows after these drafts: a beginning or a drop clears it."""
    text = ""
    for line in lines:
        text = text + line["text"] if line["kind"] == "delta" else ""
    return text


def replies(seen: list[Seen]) -> list[str]:
    return [event.data["text"] for event in seen if event.name == "message.assistant"]
