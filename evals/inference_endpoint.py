"""One model behind one address, asked as production asks it: the tasks' own gateway, with nobody else on the line."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

from activities.clients.openai_server import OpenAiServer
from activities.gateway import Gateway
from activities.inference_ports import (
    Admission,
    Generated,
    Generator,
    ModelFailed,
    ModelRequest,
    ModelServer,
    Piece,
    Sink,
    Work,
)
from policies.fleet import Deployment
from policies.inference import NANO, Allowance, CallOutcome, ModelCall

# One request, and one more where the server says when to come again.
CALLS = 2
BOUNDLESS = 1_000_000 * NANO


@dataclass(frozen=True)
class Endpoint:
    """A deployment with its gateway; `faults` counts what its server said where a call failed."""

    deployment: Deployment
    gateway: Generator
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def allowance(self) -> Allowance:
        """Give each task as long as the deployment's own timeouts let it take, at any price."""
        tier, seconds = self.deployment.tier, CALLS * self.deployment.timeouts.total
        return Allowance(
            tenant="evals", tiers=(tier,), rule="evals", calls=CALLS, seconds=seconds, nano_usd=BOUNDLESS, hedge=False
        )


@asynccontextmanager
async def endpoint(deployment: Deployment, key: str | None = None) -> AsyncIterator[Endpoint]:
    """Connect to a deployment; its switchboard lets everything through and its ledger is empty afterwards."""
    faults: Counter[str] = Counter()
    server = OpenAiServer(deployment, key)
    try:
        gateway = Gateway([deployment], {deployment.name: _Told(server, faults)}, _LetThrough(), _NoLedger())
        yield Endpoint(deployment, gateway, faults)
    finally:
        await server.close()


class Listening:
    """Implement the port Generator for one case, and keep what the model said, whole or cut.

    An answer that its task would cut off in production goes on to its end, so that all of it can be counted; the task
    is told "stopped" nevertheless.
    """

    def __init__(self, generator: Generator) -> None:
        self.request: ModelRequest | None = None
        self.said = ""
        self.whole = False
        self._generator = generator

    @property
    def cut(self) -> bool:
        return bool(self.said) and not self.whole

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        self.request = work.request
        tape = _Tape(self, sink)

        def hear(answer: str) -> bool:
            self.whole = True
            return accept(answer)

        generated = await self._generator.generate(work, hear, tape)
        return replace(generated, text=None, reason="stopped") if tape.refused else generated


class _Tape:
    """Takes all of an answer, and passes on what the task still wants to have."""

    def __init__(self, listening: Listening, sink: Sink | None) -> None:
        self.refused = False
        self._listening, self._sink = listening, sink

    async def begin(self) -> bool:
        self._listening.said, self._listening.whole = "", False
        self.refused = self._sink is not None and not await self._sink.begin()
        return True

    async def take(self, text: str) -> bool:
        self._listening.said += text
        if self._sink is not None and not self.refused:
            self.refused = not await self._sink.take(text)
        return True


class _Told:
    """Counts how a server refused, which a ModelCall only sorts; the words hold nothing of a prompt."""

    def __init__(self, server: ModelServer, faults: Counter[str]) -> None:
        self._server, self._faults = server, faults

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        async with aclosing(self._server.stream(request)) as pieces:
            try:
                async for piece in pieces:
                    yield piece
            except ModelFailed as failed:
                self._faults[f"{failed.outcome}: {failed}"] += 1
                raise

    async def close(self) -> None:
        await self._server.close()


class _LetThrough:
    async def admit(self, deployment: Deployment) -> Admission:
        return Admission("admitted")

    async def release(
        self, deployment: Deployment, lease: str, outcome: CallOutcome, retry_after: float | None = None
    ) -> None: ...


class _NoLedger:
    async def enter(self, tenant: str, call: ModelCall) -> None: ...
