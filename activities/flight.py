"""One request under way to one deployment: its first text, those that follow, and the record of it."""

import asyncio
from collections.abc import Callable

from activities.candidates import at_worst, estimate
from activities.inference_ports import ModelFailed, ModelServer, Work
from policies.fleet import Deployment
from policies.inference import CallOutcome, ModelCall, Usage, cost

Clock = Callable[[], float]


class Flight:
    """A request that was sent; `first` is the task that waits for its first text, and fails with ModelFailed.

    `lease` is what the switchboard admitted it with after `queued` seconds; `clock` counts seconds from anywhere.
    """

    def __init__(
        self,
        work: Work,
        deployment: Deployment,
        server: ModelServer,
        clock: Clock,
        *,
        lease: str,
        queued: float,
        hedge: bool,
    ) -> None:
        self.deployment, self.lease = deployment, lease
        self._work, self._clock = work, clock
        self._queued, self._hedge = queued, hedge
        self._usage: Usage | None = None
        self._received = 0
        self._sent = self._first_at = self._last_at = clock()
        self._pieces = server.stream(work.request)
        self.first: asyncio.Task[str] = asyncio.create_task(self._first())

    @property
    def may_cost(self) -> int:
        return at_worst(self.deployment, self._work.request)

    @property
    def begun(self) -> bool:
        return self._received > 0

    @property
    def tardy(self) -> bool:
        """Whether no text came in half the time that the deployment may take for its first."""
        return not self.begun and self._clock() - self._sent >= self.deployment.timeouts.first_token / 2

    async def next(self) -> str | None:
        """Return the next text, None when the answer is complete; raises ModelFailed."""
        async for piece in self._pieces:
            self._usage = piece.usage or self._usage
            if piece.text:
                self._last_at = self._clock()
                self._first_at = self._first_at if self.begun else self._last_at
                self._received += 1
                return piece.text
        return None

    async def close(self) -> None:
        """End the generation at the server, if it still goes on."""
        self.first.cancel()
        await asyncio.wait([self.first])
        if not self.first.cancelled():
            self.first.exception()
        await self._pieces.aclose()

    def call(self, outcome: CallOutcome) -> ModelCall:
        """Put the request on record; where no text came, `first_token_ms` is how long was waited for one."""
        usage = self._usage or estimate(self._work.request, outcome, self._received)
        first_at = self._first_at if self.begun else self._clock()
        return unsent(self._work, self.deployment, outcome, self._queued).model_copy(
            update={
                "usage": usage,
                "nano_usd": cost(usage, self.deployment.price),
                "first_token_ms": milliseconds(first_at - self._sent),
                "decode_ms": milliseconds(self._last_at - first_at) if self.begun else 0,
                "hedge": self._hedge,
            }
        )

    async def _first(self) -> str:
        text = await self.next()
        if text is None:
            raise ModelFailed("malformed", f"model deployment {self.deployment.name} sent an answer without words")
        return text


def unsent(work: Work, deployment: Deployment, outcome: CallOutcome, queued: float) -> ModelCall:
    """Record that a deployment was considered and nothing sent, after `queued` seconds."""
    return ModelCall(
        task=work.task,
        deployment=deployment.name,
        tier=deployment.tier,
        prompt=work.prompt,
        outcome=outcome,
        queued_ms=milliseconds(queued),
        attempt=work.attempt,
    )


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
