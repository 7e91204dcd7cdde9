"""People claim while replies are in flight: `python -m tests.chaos.claims --races 10000`; exit status 1 on a leak.

A leak is a word of the AI that reaches a customer between a claim and the hand-back: a reply on the log, a draft that
was let through, or an answer with words. Real Temporal, doubles of everything outside; moments are seeded.
"""

import argparse
import asyncio
import random
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from tests.fakes.shop import ScriptedShop, order
from tests.workflows.colleague import Colleague
from tests.workflows.customer import Customer
from tests.workflows.desk import Desk, Exchange
from tests.workflows.model_scenes import aloud, with_model, wording
from workers.binaries import locate
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES
from workflows.messages import Event, EventKind
from workflows.people import Claim, HandBack, Tell

WHERE = "where is order 12345?"
SIDE_BY_SIDE = 16
# So many calls go out for one reply, the writing of its drafts among them.
CALLS = 9
TELLS, WRITES_MEANWHILE = 0.2, 0.3
SHOWN = ("begin", "delta")
LOST = (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.UNAVAILABLE)

Answer = TypeVar("Answer")


@dataclass
class Score:
    """`cut` are replies that a claim ended on their way, `shown` those of them whose drafts had begun."""

    races: int = 0
    cut: int = 0
    shown: int = 0
    leaks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        in_time = f"{self.cut} replies cut off, {self.shown} of them with drafts shown"
        return f"{self.races} races, {len(self.leaks)} leaks, {self.seconds:.0f} s ({in_time})"


@dataclass
class SlowDesk(Desk):
    """A desk whose models think, and whose log comes late: until it does, nothing but the fence stops a draft."""

    calls: int = 0

    async def answers(self, call: str) -> None:
        self.calls += 1
        await asyncio.sleep({"draft": 0.08, "append_events": 0.2}.get(call, 0))
        await super().answers(call)


async def surely(sent: Callable[[], Awaitable[Answer]]) -> Answer:
    """Send again what met a conversation in the moment of its renewal, under the same id, as frontends do."""
    while True:
        try:
            return await sent()
        except RPCError as error:
            if error.status not in LOST:
                raise
            await asyncio.sleep(0.1)


@dataclass
class Line:
    """One conversation in which one race follows the other."""

    desk: SlowDesk
    customer: Customer
    chance: random.Random
    score: Score

    async def race(self, number: int) -> None:
        """Let a person claim at any moment of a reply, look at what comes out until they hand back."""
        before = len(self.desk.drafted)
        saying = asyncio.create_task(surely(lambda: self.customer.say(WHERE, f"m{number}")))
        at = self.desk.calls + self.chance.randint(0, CALLS)
        while self.desk.calls < at and not saying.done():  # noqa: ASYNC110  # nobody tells how far a reply has come
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.chance.random() * 0.05)
        person = Colleague(self.customer, f"ann{number}")
        act = Tell(text="Hello!") if self.chance.random() < TELLS else Claim()
        await surely(lambda: person.act(act, f"take{number}"))
        mark = len(self.desk.drafted)
        said = await saying
        if self.chance.random() < WRITES_MEANWHILE:
            while_held = await surely(lambda: self.customer.say(WHERE, f"w{number}"))
            self._leaked(f"answer: {while_held.text}", bool(while_held.text))
        late = self._drafts(mark)
        self._leaked(f"drafts: {late}", bool(late))
        await surely(lambda: person.act(HandBack(), f"back{number}"))
        self.score.races += 1
        self.score.cut += not said.text
        self.score.shown += not said.text and bool(self._drafts(before))

    async def look_back(self) -> None:
        """Read the whole log: nothing of the AI stands between a claim and its hand-back."""
        last = (await self.customer.transcript()).last_offset
        events = await self.customer.log.until(self.customer.stream, lambda held: len(held) >= last)
        for event in between(sorted(events, key=lambda each: each.offset)):
            self._leaked(f"reply: {event.text}", leaked=True)

    def _drafts(self, mark: int) -> list[str]:
        """Drafts that were let through since a mark."""
        return [text for kind, _, text in self.desk.drafted[mark:] if kind in SHOWN]

    def _leaked(self, what: str, leaked: bool) -> None:
        if leaked:
            self.score.leaks.append(f"{self.customer.conversation_id}: {what}")


def between(events: list[Event]) -> list[Event]:
    """Replies that stand after a claim and before its hand-back."""
    claimed, found = False, []
    for event in events:
        claimed = event.kind is EventKind.CLAIMED or (claimed and event.kind is not EventKind.RETURNED)
        found += [event] if claimed and event.kind is EventKind.REPLY else []
    return found


async def play(client: Client, races: int, seed: int) -> Score:
    """Run so many races, several conversations side by side."""
    score, began, exchange = Score(), time.monotonic(), Exchange()

    async def follow(line: int) -> None:
        desk = SlowDesk(client, ScriptedShop(order()), tenant=f"claims{line}-{uuid.uuid4().hex[:6]}")
        exchange.admit(with_model(desk, wording(aloud)))
        played = Line(desk, desk.customer(), random.Random(f"{seed}/{line}"), score)
        await played.customer.say("hello")
        for number in range(line, races, SIDE_BY_SIDE):
            await played.race(number)
            if score.races and score.races % 500 == 0:
                print(f"{score.races} races, {len(score.leaks)} leaks", file=sys.stderr, flush=True)
        await played.look_back()

    async with exchange.working(client), asyncio.TaskGroup() as group:
        for line in range(min(SIDE_BY_SIDE, races)):
            group.create_task(follow(line))
    score.seconds = time.monotonic() - began
    return score


async def run(races: int, seed: int) -> int:
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(locate("temporal")),
        dev_server_extra_args=PACE,
    ) as server:
        score = await play(server.client, races, seed)
    print(score, *score.leaks, sep="\n")
    return 1 if score.leaks else 0


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.chaos.claims", description=__doc__)
    options.add_argument("--races", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    sys.exit(asyncio.run(run(given.races, given.seed)))


if __name__ == "__main__":
    main()
