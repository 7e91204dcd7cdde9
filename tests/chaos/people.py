"""A customer and an approver as real clients are: they repeat what got lost, under the same id, and read the stream."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from tests.chaos.books import Case
from workers.settings import Settings
from workers.tokens import Role, mint

PAUSE_S = 0.4
# Longer than the API itself waits for an answer, so that its own 504 is what a client sees.
ANSWER_S = 60
# An event stream that is silent for this long is taken for dead.
SILENCE_S = 30


@dataclass(frozen=True)
class Word:
    """One event of a conversation."""

    offset: int
    kind: str
    at: datetime
    text: str
    offer: str | None = None

    @classmethod
    def of(cls, event: dict[str, Any]) -> Self:
        offer = (event.get("reply") or {}).get("offer") or {}
        at = datetime.fromisoformat(event["at"])
        return cls(event["offset"], event["kind"], at, event["text"], offer.get("digest"))


@dataclass
class Sent:
    """A message and what came back: the status and text of the answer, or None while there is none."""

    message_id: str
    text: str
    status: int | None = None
    answer: str = ""
    offer: str | None = None


class Client:
    """HTTP with patience: a lost connection, a 5xx and a 429 are tried again until `patience` ends."""

    def __init__(self, settings: Settings, tenant: str, subject: str, role: Role) -> None:
        self.http = httpx.AsyncClient(
            base_url=settings.api_url,
            headers={"Authorization": f"Bearer {mint(settings, tenant, subject, role)}"},
            timeout=ANSWER_S,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def request(self, method: str, path: str, body: dict[str, Any] | None = None, patience: float = 90) -> Any:
        """Return the first answer that is neither a 5xx nor a 429; raise TimeoutError when there is none in time."""
        async with asyncio.timeout(patience):
            while True:
                with suppress(httpx.TransportError):
                    answer = await self.http.request(method, path, json=body)
                    if answer.status_code != 429 and not answer.is_server_error:
                        return answer
                await asyncio.sleep(PAUSE_S)


@dataclass
class Customer:
    """One customer in one conversation; `heard` is what the event stream has brought, by offset."""

    client: Client
    case: Case
    conversation_id: str
    sent: list[Sent] = field(default_factory=list)
    heard: dict[int, Word] = field(default_factory=dict)
    # Tells apart the message ids of two browser tabs.
    tab: str = "m"

    def __post_init__(self) -> None:
        self._path = f"/v1/conversations/{self.conversation_id}"
        self._advanced = asyncio.Condition()

    async def say(self, text: str) -> Sent:
        return await self._deliver("/messages", text, text=text)

    async def confirm(self, digest: str) -> Sent:
        return await self._deliver(f"/offers/{digest}/confirm", "[confirm]")

    async def listen(self) -> None:
        """Follow the stream, from the last word heard after every loss, until cancelled."""
        while True:
            with suppress(httpx.TransportError):
                await self._follow(max(self.heard, default=0))
            await asyncio.sleep(PAUSE_S)

    async def hear(self, wanted: Callable[[Word], bool], after: int = 0) -> Word:
        """Wait for a word behind offset `after` that is wanted."""
        async with self._advanced:
            while True:
                for offset in sorted(self.heard):
                    if offset > after and wanted(self.heard[offset]):
                        return self.heard[offset]
                await self._advanced.wait()

    async def transcript(self, patience: float = 30) -> tuple[Word, ...]:
        """Read every word of the conversation; none when there is no such conversation, or nobody to read it from."""
        with suppress(TimeoutError):
            answer = await self.client.request("GET", self._path, patience=patience)
            if answer.is_success:
                return tuple(map(Word.of, answer.json()["events"]))
        return ()

    async def _deliver(self, path: str, shown: str, **body: str) -> Sent:
        sent = Sent(f"{self.tab}-{len(self.sent) + 1}-{self.case.number}", shown)
        self.sent.append(sent)
        answer = await self.client.request("POST", self._path + path, {"message_id": sent.message_id, **body})
        told = answer.json()
        if answer.is_success:
            sent.answer, sent.offer = told["text"], (told["offer"] or {}).get("digest")
        else:
            sent.answer = told["type"].rpartition(":")[2]
        sent.status = answer.status_code
        return sent

    async def _follow(self, after: int) -> None:
        headers = {"Last-Event-ID": str(after)}
        path, patience = f"{self._path}/events", httpx.Timeout(ANSWER_S, read=SILENCE_S)
        async with self.client.http.stream("GET", path, headers=headers, timeout=patience) as answer:
            if not answer.is_success:
                return
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    word = Word.of(json.loads(line.removeprefix("data:")))
                    async with self._advanced:
                        self.heard[word.offset] = word
                        self._advanced.notify_all()


@dataclass
class Approver:
    """A person who decides on the one refund that waits in a tenant."""

    client: Client
    name: str

    async def find(self, patience: float = 60) -> dict[str, Any]:
        """Wait for the refund to appear among the approvals that wait."""
        async with asyncio.timeout(patience):
            while True:
                answer = await self.client.request("GET", "/v1/approvals")
                if answer.is_success and answer.json():
                    card: dict[str, Any] = answer.json()[0]
                    return card
                await asyncio.sleep(PAUSE_S)

    async def decide(self, card: dict[str, Any], approve: bool = True) -> httpx.Response:
        """Approve or deny; a lost answer is asked for again with the same decision."""
        decision = {"decision_id": f"d-{self.name}", "digest": card["digest"], "reason": "The carrier has no proof."}
        path = f"/v1/approvals/{card['refund_id']}/{'approve' if approve else 'deny'}"
        answer: httpx.Response = await self.client.request("POST", path, decision)
        return answer
