"""Time a model's words on their way to a customer, through the whole embedded stack: `python -m bench.inference`.

Prints JSON Lines. `relay`: from the server's token that ends a sentence to that sentence at the client. `first_token`:
from the customer's request to the beginning of the draft. `history`: events and bytes that a turn adds to its workflow.
The server is one in this process that sends a token every 5 ms. With --base-url the first token of that one is timed.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from string import ascii_lowercase

import httpx
import yaml
from temporalio.client import Client

from tests.fakes.model_server import Body, ModelServerScript, Step, Wire
from workers.embedded import EmbeddedStack, on_free_ports
from workers.settings import Settings
from workers.tokens import mint
from workflows.messages import conversation_workflow_id

TENANT, CUSTOMER = "northwind", "U789"
# Conversations, and how long a customer reads and types; without a pause the machine is as busy as it can be.
LOADS = ((1, 0.0), (8, 3.0), (8, 0.0))
FIRST_TOKEN_S, NEXT_TOKEN_S = 0.04, 0.005
SENTENCE = re.compile(r"Sentence \d+:\n<(quoted-\w+)>\n(.*?)\n</\1>", re.DOTALL)
NAMED = re.compile(r"thanks, (\w+)")
# No sentence ends inside one of these, which the templates of a tracking reply have.
ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z])")
NAMES = ["".join(letters) for letters in product(ascii_lowercase, repeat=4)]


@dataclass
class Clock:
    """When each sentence left the server, and when it reached the client, by the name in its message."""

    sent: dict[tuple[str, str], float] = field(default_factory=dict)
    arrived: dict[tuple[str, str], float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)

    def relayed(self) -> list[float]:
        """Milliseconds of every sentence that was seen at both ends."""
        return [1000 * (at - self.sent[key]) for key, at in self.arrived.items() if key in self.sent]


@dataclass(frozen=True)
class Timed(Step):
    """Say the sentences that were given, a word at a time, and note when each of them is complete."""

    clock: Clock

    async def play(self, wire: Wire) -> None:
        prompt = wire.body["messages"][-1]["content"]
        name = NAMED.findall(prompt)[-1]
        sentences = [part for _, text in SENTENCE.findall(prompt) for part in ENDS.split(text)]
        await asyncio.sleep(FIRST_TOKEN_S)
        await wire.begin()
        await wire.choice({"content": "<thought>tell it</thought><response>"})
        for sentence in sentences:
            for word in sentence.split():
                await asyncio.sleep(NEXT_TOKEN_S)
                await wire.choice({"content": f"{word} "})
            self.clock.sent[name, sentence] = time.perf_counter()
        await wire.choice({"content": "</response>"})
        await wire.end("stop", None)


class Visitor:
    """One customer's conversation, followed with its drafts."""

    def __init__(self, http: httpx.AsyncClient, conversation: str, clock: Clock) -> None:
        self._http = http
        self._address = f"/v1/conversations/{conversation}"
        self._clock = clock
        self._name = ""
        self.first_tokens: list[float] = []

    async def say(self, name: str, **wish: float) -> None:
        """Ask where a parcel is, and wait for the answer."""
        self._name = name
        body = {"message_id": name, "text": f"where is order 67890? thanks, {name}", "wish": wish or None}
        self._clock.began[name] = time.perf_counter()
        answer = await self._http.post(f"{self._address}/messages", json=body)
        answer.raise_for_status()

    async def follow(self) -> None:
        async with self._http.stream("GET", f"{self._address}/events", params={"drafts": "true"}) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:") and '"epoch"' in line:
                    self._hear(json.loads(line[5:]), time.perf_counter())

    def _hear(self, draft: dict[str, str], now: float) -> None:
        if draft["kind"] == "begin":
            self.first_tokens.append(1000 * (now - self._clock.began[self._name]))
        for sentence in ENDS.split(draft["text"].strip()):
            self._clock.arrived[self._name, sentence] = now


@asynccontextmanager
async def stack(folder: Path, base_url: str, model: str) -> AsyncIterator[Settings]:
    """Run the embedded stack on free ports with one deployment, and a door that lets a customer write without pause."""
    os.environ["HOLDFAST_RATE_CUSTOMER"] = "100000/minute"
    patience = {"connect": 2, "first_token": 20, "next_token": 20, "total": 60}
    deployment = {"name": "measured", "tier": "S", "base_url": base_url, "model": model, "timeouts": patience}
    fleet = folder / "fleet.yaml"
    fleet.write_text(yaml.safe_dump({"version": "1", "deployments": [deployment]}), encoding="utf-8")
    settings = on_free_ports(Settings(data=folder / "data", fleet=fleet))
    async with EmbeddedStack(settings):
        yield settings


async def converse(settings: Settings, conversations: int, turns: int, pause: float) -> tuple[Clock, list[float]]:
    """Hold conversations side by side; returns the clock and every time to the first token, without the first turns.

    Customers read and type for `pause` seconds on average before they write again.
    """
    clock, names, chance = Clock(), iter(NAMES), Random(conversations)
    CLOCKS.append(clock)
    async with client(settings) as http:

        async def hold(number: int) -> list[float]:
            visitor = Visitor(http, f"bench-{conversations}-{pause:g}-{number}", clock)
            await visitor.say(next(names))
            following = asyncio.create_task(visitor.follow())
            await asyncio.sleep(0.5)
            for _ in range(turns):
                await asyncio.sleep(chance.uniform(0, 2 * pause))
                await visitor.say(next(names))
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            return visitor.first_tokens

        held = await asyncio.gather(*map(hold, range(conversations)))
    return clock, [each for times in held for each in times]


# The scripted server outlives each round and writes into the newest clock.
CLOCKS: list[Clock] = []


@asynccontextmanager
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    token = mint(settings, TENANT, CUSTOMER, "customer", timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(
        base_url=settings.api_url, headers=headers, timeout=120, trust_env=False, limits=limits
    ) as http:
        yield http


async def history(settings: Settings, turns: int, **wish: float) -> dict[str, float]:
    """Count what a turn adds to the history of its conversation, the first turn and its beginnings left out."""
    conversation = "bench-history-" + ("models" if not wish else "templates")
    temporal = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    handle = temporal.get_workflow_handle(conversation_workflow_id(TENANT, conversation))

    async def size() -> tuple[int, int]:
        await asyncio.sleep(1)
        info = (await handle.describe()).raw_description.workflow_execution_info
        return info.history_length, info.history_size_bytes

    clock, names = Clock(), iter(NAMES[-500:])
    CLOCKS.append(clock)
    async with client(settings) as http:
        visitor = Visitor(http, conversation, clock)
        await visitor.say(next(names), **wish)
        before = await size()
        for _ in range(turns):
            await visitor.say(next(names), **wish)
        events, weight = (now - then for now, then in zip(await size(), before, strict=True))
    return {"events_per_turn": round(events / turns, 1), "bytes_per_turn": round(weight / turns)}


def told(part: str, times: Sequence[float], **more: object) -> None:
    ordered = sorted(times)
    p95 = ordered[int(0.95 * len(ordered))] if ordered else None
    middle = statistics.median(ordered) if ordered else None
    rounded = {name: each and round(each, 1) for name, each in (("ms_p50", middle), ("ms_p95", p95))}
    print(json.dumps({"part": part, **more, "count": len(ordered), **rounded}), flush=True)


async def measure(base_url: str | None, model: str, turns: int) -> None:
    def timed(body: Body) -> Step:
        return Timed(CLOCKS[-1])

    with tempfile.TemporaryDirectory() as folder:
        async with ModelServerScript(always=timed) as server:
            if base_url is None:
                async with stack(Path(folder), server.base_url, "scripted") as settings:
                    for conversations, pause in LOADS:
                        load = {"conversations": conversations, "pause_s": pause}
                        clock, first = await converse(settings, conversations, turns, pause)
                        told("relay", clock.relayed(), **load)
                        told("first_token", first, **load, server="scripted")
                    for wish in ({}, {"within_ms": 0}):
                        line = {"part": "history", "models": not wish, **await history(settings, turns, **wish)}
                        print(json.dumps(line), flush=True)
                return
        async with stack(Path(folder), base_url, model) as settings:
            for conversations, pause in LOADS:
                _, first = await converse(settings, conversations, turns, pause)
                told("first_token", first, conversations=conversations, pause_s=pause, server=base_url)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--base-url", help="a server of the OpenAI API, ending in /v1")
    options.add_argument("--model", default="tiny")
    options.add_argument("--turns", type=int, default=12, help="so many measured turns in each conversation")
    given = options.parse_args()
    asyncio.run(measure(given.base_url, given.model, given.turns))


if __name__ == "__main__":
    main()
