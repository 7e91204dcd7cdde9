"""A model server over real HTTP on loopback that answers by a script, and fails when the script is not kept to.

A request takes the first step left whose `when` fits its body. A step left over, or a request that no step was for,
fails the test at the end of the `async with`; a request taken by `answering` always has its step.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.fakes.model_steps import (
    Body,
    Cut,
    CutInTheMiddle,
    ErrorInStream,
    Held,
    MalformedJson,
    NotAStream,
    Say,
    SlowFirstToken,
    Stall,
    Status,
    Step,
    Wire,
)

__all__ = [
    "Asked",
    "Body",
    "CutInTheMiddle",
    "ErrorInStream",
    "Held",
    "MalformedJson",
    "ModelServerScript",
    "NotAStream",
    "Say",
    "SlowFirstToken",
    "Stall",
    "Status",
    "Step",
    "Wire",
    "answering",
]


@dataclass
class Asked:
    """One request, `line` its method and path; `hung_up` is set when the client left before its answer was complete."""

    line: str
    body: Body
    headers: Mapping[str, str]
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


class ModelServerScript:
    """Serve steps at `base_url` while the `async with` lasts; `requests` are those that came."""

    def __init__(self, steps: Iterable[Step] = (), always: Callable[[Body], str | Step] | None = None) -> None:
        self.requests: list[Asked] = []
        self.base_url = ""
        self._left = list(steps)
        self._always = always
        self._unexpected = 0
        self._open: set[asyncio.Task[None]] = set()
        self._arrival = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        if kind is None:
            self.check()

    async def request(self, number: int = 0) -> Asked:
        """Wait for a request, the first one when no number is given."""
        while len(self.requests) <= number:
            self._arrival.clear()
            await self._arrival.wait()
        return self.requests[number]

    def check(self) -> None:
        """Fail unless every step was used and every request had one."""
        assert not self._unexpected, f"{self._unexpected} requests came that no step was for"
        assert not self._left, f"steps left unused: {self._left}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            with suppress(Cut, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._answer(await _request(reader), reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the step of a request, and give it up as soon as the client hangs up."""
        self.requests.append(asked)
        self._arrival.set()
        playing = asyncio.ensure_future(self._step(asked).play(Wire(writer, asked.body)))
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                asked.hung_up.set()
                raise Cut
            playing.result()
        finally:
            for each in (playing, leaving):
                each.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)

    def _step(self, asked: Asked) -> Step:
        if asked.line == "POST /v1/chat/completions":
            if self._always:
                said = self._always(asked.body)
                return Say(said) if isinstance(said, str) else said
            for place, step in enumerate(self._left):
                if step.when is None or step.when(asked.body):
                    return self._left.pop(place)
        self._unexpected += 1
        return Status(500, said="no step is left for this request")


def answering(answer: Callable[[Body], str | Step]) -> ModelServerScript:
    """Answer every request with what a function makes of its body."""
    return ModelServerScript(always=answer)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
    said = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(head[0].rpartition(" ")[0], json.loads(said or "{}"), headers)
