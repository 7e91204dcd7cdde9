"""What a scripted model server can answer a request with, in server-sent events as vLLM and OpenAI send them."""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from typing import Any

from policies.inference import Usage

Body = Mapping[str, Any]
COUNTED = Usage(prompt=100, cached=64, completion=10)


class Cut(Exception):
    """The connection ends here, in the middle of what was being said."""


class Wire:
    """The answering side of one connection: server-sent events in HTTP chunks."""

    def __init__(self, writer: asyncio.StreamWriter, body: Body) -> None:
        self._writer = writer
        self.body = body

    async def send_whole(self, status: int, kind: str, text: str, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {kind}"]
        lines += [f"Content-Length: {len(text.encode())}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self._send("\r\n".join(lines) + "\r\n\r\n" + text)

    async def begin(self) -> None:
        await self._send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await self.choice({"role": "assistant", "content": ""})

    async def choice(self, delta: Body, finish: str | None = None) -> None:
        await self.event(_chunk(self.body, [{"index": 0, "delta": delta, "finish_reason": finish}]))

    async def event(self, data: object) -> None:
        """Send one event: JSON of a value, or a string as it is."""
        line = f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
        await self._send(f"{len(line.encode()):x}\r\n{line}\r\n")

    async def end(self, finish: str | None, usage: Usage | None) -> None:
        """Finish as servers do: the reason, then the usage where it was asked for, then the mark."""
        await self.choice({}, finish)
        if usage and (self.body.get("stream_options") or {}).get("include_usage"):
            await self.event(_chunk(self.body, [], usage=_counted(usage)))
        await self.done()

    async def done(self) -> None:
        await self.event("[DONE]")
        await self._send("0\r\n\r\n")

    async def _send(self, text: str) -> None:
        self._writer.write(text.encode())
        await self._writer.drain()


@dataclass(frozen=True)
class Step(ABC):
    """What one request is answered with; `when` says whether it is for a request with this body."""

    _: KW_ONLY
    when: Callable[[Body], bool] | None = None

    @abstractmethod
    async def play(self, wire: Wire) -> None: ...


@dataclass(frozen=True)
class Say(Step):
    """Stream a text in `chunks` (its words), `pause` seconds apart; `usage` None is never told.

    Before it, `thinks` tokens of a thought are told apart from the answer.
    """

    text: str
    chunks: Sequence[str] | None = None
    usage: Usage | None = COUNTED
    finish: str | None = "stop"
    pause: float = 0.0
    thinks: int = 0

    async def play(self, wire: Wire) -> None:
        await wire.begin()
        for _ in range(self.thinks):
            await wire.choice({"reasoning": "hm "})
            await asyncio.sleep(self.pause)
        for chunk in self.pieces:
            await wire.choice({"content": chunk})
            await asyncio.sleep(self.pause)
        await wire.end(self.finish, self.usage)

    @property
    def pieces(self) -> Sequence[str]:
        return re.findall(r"\s*\S+\s*", self.text) if self.chunks is None else self.chunks


@dataclass(frozen=True)
class SlowFirstToken(Step):
    """Say the text after so many seconds without a token."""

    seconds: float
    text: str = "Late."

    async def play(self, wire: Wire) -> None:
        await asyncio.sleep(self.seconds)
        await Say(self.text).play(wire)


@dataclass(frozen=True)
class Held(Step):
    """Say the text once the gate is open."""

    gate: asyncio.Event
    text: str = "At last."

    async def play(self, wire: Wire) -> None:
        await self.gate.wait()
        await Say(self.text).play(wire)


@dataclass(frozen=True)
class Stall(Step):
    """Say `after` words, then nothing until the client hangs up."""

    after: int = 0
    text: str = "One two three four five six."

    async def play(self, wire: Wire) -> None:
        await _some(wire, self.text, self.after)
        await asyncio.Event().wait()


@dataclass(frozen=True)
class CutInTheMiddle(Step):
    """Drop the connection after `after` words."""

    after: int = 1
    text: str = "One two three four five six."

    async def play(self, wire: Wire) -> None:
        await _some(wire, self.text, self.after)
        raise Cut


@dataclass(frozen=True)
class Status(Step):
    """Refuse with a status; `retry_after` is the header, `said` what the body explains."""

    status: int
    retry_after: str | int | None = None
    said: str = "refused"

    async def play(self, wire: Wire) -> None:
        headers = {} if self.retry_after is None else {"Retry_After": str(self.retry_after)}
        text = json.dumps({"error": {"message": self.said, "code": self.status}})
        await wire.send_whole(self.status, "application/json", text, **headers)


@dataclass(frozen=True)
class ErrorInStream(Step):
    """Tell of an error as an event, after `after` words."""

    status: int
    after: int = 0
    said: str = "failed"

    async def play(self, wire: Wire) -> None:
        await _some(wire, "One two three four.", self.after)
        await wire.event({"error": {"message": self.said, "code": self.status}})
        await wire.done()


@dataclass(frozen=True)
class MalformedJson(Step):
    """Send an event that is no chunk, after `after` words."""

    after: int = 0
    event: str = '{"choices": [{"delta": {"cont'

    async def play(self, wire: Wire) -> None:
        await _some(wire, "One two three four.", self.after)
        await wire.event(self.event)
        await wire.end("stop", None)


@dataclass(frozen=True)
class NotAStream(Step):
    """Answer as if no stream had been asked for."""

    text: str = "All at once."

    async def play(self, wire: Wire) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": self.text}, "finish_reason": "stop"}
        whole = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        await wire.send_whole(200, "application/json", json.dumps(whole))


async def _some(wire: Wire, text: str, words: int) -> None:
    await wire.begin()
    for chunk in Say(text).pieces[:words]:
        await wire.choice({"content": chunk})


def _chunk(body: Body, choices: list[Body], **more: object) -> Body:
    model = body.get("model", "")
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": choices, **more}


def _counted(usage: Usage) -> Body:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }
