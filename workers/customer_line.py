"""A customer's side of the HTTP API: what `holdfast chat` and the demo speak through."""

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from workers.settings import Settings
from workers.tokens import Role, mint
from workflows.messages import DraftLine, Event, Reply, Transcript
from workflows.record import Decision


class Refused(Exception):
    """The API answered with a problem document; the message is its title and detail."""


class CustomerLine:
    """One person in one conversation, with a development token; the API shows staff the decision records."""

    def __init__(
        self, settings: Settings, tenant: str, subject: str, conversation_id: str, role: Role = "customer"
    ) -> None:
        self.conversation_id = conversation_id
        self._path = f"/v1/conversations/{conversation_id}"
        self._http = httpx.AsyncClient(
            base_url=settings.api_url,
            headers={"Authorization": f"Bearer {mint(settings, tenant, subject, role)}"},
            timeout=httpx.Timeout(90),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def say(self, text: str) -> Reply:
        return await self._post("/messages", text=text)

    async def answer_offer(self, digest: str, accept: bool) -> Reply:
        return await self._post(f"/offers/{digest}/{'confirm' if accept else 'decline'}")

    async def transcript(self) -> Transcript:
        answer = await self._http.get(self._path)
        _refuse(answer)
        return Transcript.model_validate_json(answer.content)

    async def decision(self, turn: int) -> Decision | None:
        """Read why a turn went as it did; None for a customer, who is not shown it."""
        replies = [event.reply for event in (await self.transcript()).events if event.reply]
        return next((reply.decision for reply in replies if reply.turn == turn), None)

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """Follow the conversation from the event after offset `after`; ends when the API ends the stream."""
        async for line in self.lines(str(after), drafts=False):
            if isinstance(line, Event):
                yield line

    async def lines(self, after: str, drafts: bool = True) -> AsyncIterator[Event | DraftLine]:
        """Follow events, and drafts between them, from the one after the id `after`, as in "12" or "12-3"."""
        headers, wanted = {"Last-Event-ID": after}, {"drafts": drafts}
        path = f"{self._path}/events"
        async with self._http.stream("GET", path, params=wanted, headers=headers, timeout=None) as answer:
            if not answer.is_success:
                await answer.aread()
            _refuse(answer)
            kind = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                if name == "event":
                    kind = value.strip()
                elif name == "data":
                    shape = DraftLine if kind == "reply.draft" else Event
                    yield shape.model_validate_json(value.strip())

    async def _post(self, path: str, **body: str) -> Reply:
        # The id is chosen once, so that sending again after a lost answer is the same message.
        message = {"message_id": f"m-{uuid4()}", **body}
        answer = await self._http.post(self._path + path, json=message)
        _refuse(answer)
        return Reply.model_validate_json(answer.content)


def _refuse(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        problem: dict[str, Any] = answer.json()
    except json.JSONDecodeError:
        problem = {}
    title = problem.get("title") or answer.reason_phrase
    raise Refused(f"{answer.status_code} {title}: {problem.get('detail', '')}".rstrip(": "))
