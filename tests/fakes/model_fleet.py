"""A fleet of scripted model servers behind a real gateway, with a switchboard and a ledger that live in memory."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from activities.clients.openai_server import OpenAiServer
from activities.flight import Clock
from activities.gateway import Gateway
from activities.inference_ports import Admission, ModelRequest, Work
from policies.fleet import Deployment
from policies.inference import Allowance, CallOutcome, ModelCall
from policies.prompts import ChatMessage
from tests.fakes.model_server import ModelServerScript, Step

TIMEOUTS = {"connect": 1, "first_token": 5, "next_token": 5, "total": 10}


@dataclass
class OpenSwitchboard:
    """Admit every call, but for the answers planned for a deployment; `left` are leases that nobody gave back."""

    planned: dict[str, list[Admission]] = field(default_factory=lambda: defaultdict(list))
    released: list[tuple[str, CallOutcome, float | None]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    async def admit(self, deployment: Deployment) -> Admission:
        if self.planned[deployment.name]:
            return self.planned[deployment.name].pop(0)
        self.left.append(f"{deployment.name} {len(self.left) + len(self.released)}")
        return Admission("admitted", self.left[-1])

    async def release(
        self, deployment: Deployment, lease: str, outcome: CallOutcome, retry_after: float | None = None
    ) -> None:
        self.left.remove(lease)
        self.released.append((deployment.name, outcome, retry_after))


@dataclass
class KeptLedger:
    entries: list[tuple[str, ModelCall]] = field(default_factory=list)

    async def enter(self, tenant: str, call: ModelCall) -> None:
        self.entries.append((tenant, call))


@dataclass
class KeptSink:
    """Take what comes, "|" for every beginning; refuse from the `enough`th call on."""

    enough: int = 1_000
    taken: list[str] = field(default_factory=list)

    async def begin(self) -> bool:
        return await self.take("|")

    async def take(self, text: str) -> bool:
        self.taken.append(text)
        return len(self.taken) < self.enough


@dataclass
class Fleet:
    gateway: Gateway
    servers: dict[str, ModelServerScript]
    switchboard: OpenSwitchboard
    ledger: KeptLedger


@dataclass(frozen=True)
class Place:
    """A deployment with what its server is to answer; `more` are further fields of the deployment."""

    name: str
    steps: tuple[Step, ...] = ()
    tier: str = "S"
    more: dict[str, Any] = field(default_factory=dict)

    def deployment(self, base_url: str) -> Deployment:
        given = {"name": self.name, "tier": self.tier, "base_url": base_url, "model": self.name, "timeouts": TIMEOUTS}
        return Deployment(**given | self.more)


def place(name: str, *steps: Step, tier: str = "S", **more: Any) -> Place:
    return Place(name, steps, tier, more)


@asynccontextmanager
async def fleet(*places: Place, clock: Clock | None = None, ledger: KeptLedger | None = None) -> AsyncIterator[Fleet]:
    """Serve the places and fail at the end on steps left unused, leases not given back, or calls not entered."""
    async with AsyncExitStack() as stack:
        scripts = {each.name: await stack.enter_async_context(ModelServerScript(each.steps)) for each in places}
        deployments = [each.deployment(scripts[each.name].base_url) for each in places]
        servers = {each.name: OpenAiServer(each) for each in deployments}
        for server in servers.values():
            stack.push_async_callback(server.close)
        switchboard, ledger = OpenSwitchboard(), ledger or KeptLedger()
        more = {"clock": clock} if clock else {}
        gateway = Gateway(deployments, servers, switchboard, ledger, **more)
        yield Fleet(gateway, scripts, switchboard, ledger)
        await gateway.close()
        assert not switchboard.left, f"leases nobody gave back: {switchboard.left}"
        assert len(ledger.entries) == sum(len(script.requests) for script in scripts.values())


def work(text: str = "Where is it?", most_tokens: int = 20, **bounds: Any) -> Work:
    """Ask the tenant acme's question within an allowance; `bounds` are fields of it."""
    given = {"tenant": "acme", "tiers": ("S",), "rule": "tier.light", "calls": 5, "seconds": 20, "nano_usd": 10**9}
    request = ModelRequest((ChatMessage(role="user", content=text),), most_tokens)
    return Work("phrase", "phrase/1", request, Allowance(**given | bounds))


def anything(_: str) -> bool:
    return True


def outcomes(calls: tuple[ModelCall, ...]) -> list[tuple[str, str]]:
    return [(call.deployment, call.outcome) for call in calls]
