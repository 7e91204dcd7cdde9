"""A worker of our workflows over doubles of the outside: each call goes to the desk of the tenant it names."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.catalog import tool_activities
from activities.desk import ChoosePerson, Chosen
from activities.desk_ports import Pause, Pauses
from activities.errors import Unavailable
from activities.event_log import AppendEvents, LogEnd
from activities.inference_ports import DraftPlace, Work
from activities.policy_store import PinPolicy, PolicyStore
from activities.ports import Caller, Shop
from activities.screening import Screened, ScreenTexts
from activities.tools.search_policy import PolicyHits, SearchPolicy, SearchScope
from activities.understanding import Utterance
from policies.amounts import amounts
from policies.bundle import Bundle
from policies.clauses import Clause
from policies.facts import Understanding
from policies.inbox import Row
from policies.inference import CallOutcome, Deployed, Usage
from tests.fakes.shop import ScriptedShop
from tests.fakes.understanding import KeywordUnderstanding
from tests.workflows.customer import CUSTOMER, Customer
from tests.workflows.scripted_models import TOKENS, ScriptedModels
from workers.service import TASKS_AT_ONCE
from workers.workflow_sandbox import sandboxed_runner
from workflows.conversation import Conversation
from workflows.inference import INFERENCE_QUEUE
from workflows.messages import CONVERSATION_QUEUE, Event
from workflows.refund import Refund
from workflows.turn import KNOWLEDGE_QUEUE, UNDERSTANDING_QUEUE

BUNDLES = Path("policies/bundles")
RETURNS = Clause(
    clause_id="returns.general",
    title="Returns",
    text="You can send things back for 30 days.",
    document="Returns policy",
    version="3",
    effective_from="2026-01-01",
    chunk_id="c-returns-general",
)


class ListedEvents:
    """An event log that keeps lists, skips offsets it has, and lets a test wait for what it wants to see."""

    def __init__(self) -> None:
        self.streams: dict[str, list[int]] = {}
        self.events: dict[str, list[Event]] = defaultdict(list)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self._grown = asyncio.Condition()

    @activity.defn(name="append_events")
    async def append_events(self, ask: AppendEvents) -> LogEnd:
        held = self.streams.setdefault(ask.stream, [])
        if ask.row:
            self.rows[ask.stream].append(ask.row)
        for event in ask.events:
            if event.offset not in held:
                held.append(event.offset)
                self.events[ask.stream].append(Event.model_validate_json(event.line))
        async with self._grown:
            self._grown.notify_all()
        return LogEnd(last_offset=held[-1] if held else 0)

    async def until(self, stream: str, wanted: Callable[[list[Event]], bool], seconds: float = 60) -> list[Event]:
        async with asyncio.timeout(seconds), self._grown:
            await self._grown.wait_for(lambda: wanted(self.events[stream]))
        return self.events[stream]


class Gate:
    """Holds calls back while closed, and tells when they have come."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._came = asyncio.Semaphore(0)

    async def pass_through(self) -> None:
        self._came.release()
        await self._open.wait()

    async def reached(self) -> None:
        """Wait for one more call to stand before the gate."""
        async with asyncio.timeout(60):
            await self._came.acquire()

    def open(self) -> None:
        self._open.set()


@dataclass
class Desk:
    """Everything a test needs: the shop, the log, and customers at the other end of the line.

    `sensed` is what understanding finds whatever the words; a model without an answer `fails_as`.
    """

    client: Client
    shop: ScriptedShop
    understanding: KeywordUnderstanding = field(default_factory=KeywordUnderstanding)
    sensed: dict[str, Any] = field(default_factory=dict)
    log: ListedEvents = field(default_factory=ListedEvents)
    tenant: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    policies: Path = BUNDLES
    clauses: tuple[Clause, ...] = (RETURNS,)
    by_word: dict[str, tuple[Clause, ...]] = field(default_factory=dict)
    fleet: tuple[Deployed, ...] = ()
    model: Callable[[Work], str | None] = lambda work: None
    usage: Usage = TOKENS
    fails_as: CallOutcome = "unavailable"
    works: list[Work] = field(default_factory=list)
    drafted: list[tuple[str, DraftPlace, str]] = field(default_factory=list)
    refused: list[tuple[str, DraftPlace]] = field(default_factory=list)
    fences: list[int] = field(default_factory=list)
    highest_epoch: int = 0
    held_drafts: list[bool] = field(default_factory=list)
    at_work: dict[str, list[str]] = field(default_factory=dict)
    asked_for: list[ChoosePerson] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    searches: list[tuple[str, SearchScope]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    gates: dict[str, Gate] = field(default_factory=dict)

    def customer(self, customer_id: str = CUSTOMER, conversation_id: str | None = None) -> Customer:
        conversation_id = conversation_id or uuid.uuid4().hex[:12]
        return Customer(self.client, self.log, self.tenant, customer_id, conversation_id)

    @asynccontextmanager
    async def open(self, policies: Path = BUNDLES, *, models: bool = True) -> AsyncIterator["Desk"]:
        """Run workers for this desk alone, with or without one for models."""
        self.policies = policies
        exchange = Exchange()
        exchange.admit(self)
        async with exchange.working(self.client, models=models):
            yield self

    @contextmanager
    def held(self, call: str) -> Iterator[Gate]:
        """Let every call of this name wait until the block ends or the gate is opened."""
        self.gates[call] = gate = Gate()
        try:
            yield gate
        finally:
            del self.gates[call]
            gate.open()

    async def answers(self, call: str) -> None:
        """Pass the gate, if there is one, or be down."""
        if gate := self.gates.get(call):
            await gate.pass_through()
        if call in self.down or "everything" in self.down:
            raise Unavailable(f"{call} is down")


class AnyShop:
    """The shop of whichever tenant a call names first."""

    def __init__(self, desks: dict[str, Desk]) -> None:
        self._desks = desks

    def __getattr__(self, call: str) -> Callable[..., Any]:
        async def passed_on(tenant: str, *args: Any) -> Any:
            await self._desks[tenant].answers(call)
            return await getattr(self._desks[tenant].shop, call)(tenant, *args)

        return passed_on


class Exchange:
    """The activities of all desks, so that one worker serves every test of a session."""

    def __init__(self) -> None:
        self.desks: dict[str, Desk] = {}
        self.models = ScriptedModels(self.desks)
        self._stores: dict[Path, PolicyStore] = {}

    def admit(self, desk: Desk) -> Desk:
        self.desks[desk.tenant] = desk
        return desk

    @asynccontextmanager
    async def working(self, client: Client, *, models: bool = True) -> AsyncIterator["Exchange"]:
        shop = cast(Shop, AnyShop(self.desks))
        inference = Worker(client, task_queue=INFERENCE_QUEUE, activities=self.models.activities())
        async with (
            Worker(
                client,
                task_queue=CONVERSATION_QUEUE,
                workflows=[Conversation, Refund],
                activities=[
                    *tool_activities(shop, cast(Pauses, self)),
                    self.append_events,
                    self.choose_person,
                    self.models.raise_fence,
                    self.pin_policy,
                ],
                workflow_runner=sandboxed_runner(),
                max_concurrent_workflow_tasks=TASKS_AT_ONCE,
            ),
            Worker(
                client,
                task_queue=UNDERSTANDING_QUEUE,
                activities=[self.understand, self.screen_texts],
            ),
            inference if models else nullcontext(),
            Worker(client, task_queue=KNOWLEDGE_QUEUE, activities=[self.search_policy]),
        ):
            yield self

    async def paused(self, tenant: str) -> tuple[Pause, ...]:
        now = datetime.now(UTC)
        return tuple(Pause(tenant=tenant, intent=each, by="sue", at=now) for each in self.desks[tenant].paused)

    @activity.defn(name="append_events")
    async def append_events(self, ask: AppendEvents) -> LogEnd:
        desk = self.desks[ask.stream.split(":")[2]]
        await desk.answers("append_events")
        return await desk.log.append_events(ask)

    @activity.defn(name="choose_person")
    async def choose_person(self, ask: ChoosePerson) -> Chosen:
        desk = self.desks[ask.tenant]
        await desk.answers("choose_person")
        desk.asked_for.append(ask)
        free = [name for name in desk.at_work.get(ask.role, ()) if name not in ask.except_for]
        return Chosen(subject=free[0], name=free[0].title()) if free else Chosen()

    @activity.defn(name="pin_policy")
    async def pin_policy(self, ask: PinPolicy) -> Bundle:
        folder = self.desks[ask.tenant].policies
        if folder not in self._stores:
            self._stores[folder] = PolicyStore(folder)
        bundle = await self._stores[folder].pin_policy(ask)
        return bundle.model_copy(update={"fleet": self.desks[ask.tenant].fleet})

    @activity.defn(name="understand")
    async def understand(self, said: Utterance) -> Understanding:
        desk = self.desks[said.tenant]
        await desk.answers("understand")
        understood = await desk.understanding.understand(said)
        return understood.model_copy(update={"amounts": amounts(understood.redacted), **desk.sensed})

    @activity.defn(name="screen_texts")
    async def screen_texts(self, ask: ScreenTexts) -> Screened:
        return Screened(allowed=tuple("ignore your rules" not in text for text in ask.texts))

    @activity.defn(name="search_policy")
    async def search_policy(self, ask: SearchPolicy, caller: Caller, scope: SearchScope) -> PolicyHits:
        desk = self.desks[caller.tenant]
        await desk.answers("search_policy")
        desk.searches.append((ask.query, scope))
        found = next((found for word, found in desk.by_word.items() if word in ask.query), desk.clauses)
        return PolicyHits(clauses=found, confidence=0.9 if found else 0.2)
