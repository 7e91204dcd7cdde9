"""One piece of work on its way through the fleet: what is left to try, what is under way, what it took."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from activities.candidates import at_worst, candidates
from activities.flight import Clock, Flight, unsent
from activities.hedging import lead
from activities.inference_metrics import count_call
from activities.inference_ports import Ledger, ModelFailed, ModelServer, Sink, Switchboard, Work
from activities.waiting import admission
from policies.fleet import Deployment
from policies.inference import CallOutcome, ModelCall, spent

# Seconds an answer waits for its bookkeeping, beyond the allowance if need be; Temporal ends the activity after one.
SETTLING = 0.3

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Means:
    """What every trip goes by: the fleet, its servers by name, who lets calls through, who keeps what they cost.

    `unsettled` are calls whose bookkeeping goes on; it outlives the trip, and nobody else would hold on to it.
    """

    fleet: tuple[Deployment, ...]
    servers: Mapping[str, ModelServer]
    switchboard: Switchboard
    ledger: Ledger
    clock: Clock
    unsettled: set[asyncio.Task[None]] = field(default_factory=set)


class Trip:
    """Send one piece of work until an answer is accepted; whoever started it calls `end` and `settled` in any case."""

    def __init__(self, means: Means, work: Work) -> None:
        self.calls: list[ModelCall] = []
        self._means, self._work, self._allowance = means, work, work.allowance
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + work.allowance.seconds
        fitting = candidates(means.fleet, work.allowance, work.request)
        self._left, self._none_fits = list(fitting), not fitting
        self._limited: list[tuple[float, Deployment]] = []
        self._flying: list[Flight] = []
        self._landing: list[asyncio.Task[None]] = []
        self._sent = 0
        self._repeated = self._stopped = False

    @property
    def reason(self) -> str:
        """Why there is no answer, as `Generated` names it."""
        if self._stopped:
            return "stopped"
        if not self.calls:
            return "no_model" if self._none_fits else "too_dear"
        return "malformed" if any(call.outcome == "malformed" for call in self.calls) else "failed"

    async def answer(self, accept: Callable[[str], bool], sink: Sink | None) -> str | None:
        """Return the first answer that is accepted, None when nothing is left to try or the sink wants no more."""
        while sent := await self._send_next() or await self._send_again():
            flight = await lead(sent, self._patience(sent), self._send_hedge, self._land)
            if flight is None:
                continue
            try:
                text = await _relay(flight, sink)
            except ModelFailed as failed:
                self._land(flight, failed.outcome, failed.retry_after)
                continue
            if text is None:
                self._stopped = True
                self._land(flight, "cancelled")
                return None
            accepted = accept(text)
            self._land(flight, "ok" if accepted else "malformed")
            if accepted:
                return text
        return None

    def end(self, outcome: CallOutcome) -> None:
        """Give up what is still under way; that we had no more time is held against a tardy deployment alone."""
        for flight in list(self._flying):
            self._land(flight, outcome, told=outcome if flight.tardy else "cancelled")

    async def settled(self) -> None:
        """Wait a moment for every flight to be closed, its lease given back and its call entered."""
        if self._landing:
            await asyncio.wait(self._landing, timeout=SETTLING)

    async def _send_next(self) -> Flight | None:
        """Send to the next deployment that lets the request through; None when none is left or may be asked."""
        while deployment := next(filter(self._affords, self._left), None):
            self._left.remove(deployment)
            begun = self._loop.time()
            try:
                answer = await admission(self._means.switchboard, deployment, deployment.wait_seconds)
            except asyncio.CancelledError:
                self._pass_by(deployment, "busy", begun)
                raise
            if answer.state == "admitted":
                return self._send(deployment, answer.lease, self._loop.time() - begun)
            self._pass_by(deployment, answer.state, begun)
        return None

    async def _send_again(self) -> Flight | None:
        """Repeat one request that was rate-limited, once, when the server's wait ends before the deadline.

        The wait is counted from when the switchboard heard of it: until then it shuts the deployment.
        """
        if self._repeated or not any(call.outcome == "rate_limited" for call in self.calls):
            return None
        await asyncio.wait(self._landing)
        waits = [(ready, each) for ready, each in self._limited if ready < self._deadline and self._affords(each)]
        if not waits:
            return None
        self._repeated = True
        ready, deployment = min(waits, key=lambda wait: wait[0])
        await asyncio.sleep(ready - self._loop.time())
        self._left.append(deployment)
        return await self._send_next()

    async def _send_hedge(self) -> Flight | None:
        """Send to the first of those left that has a token free at once; the others keep their turn."""
        for deployment in filter(self._affords, list(self._left)):
            answer = await admission(self._means.switchboard, deployment, 0)
            if answer.state == "admitted":
                self._left.remove(deployment)
                return self._send(deployment, answer.lease, 0, hedge=True)
        return None

    def _affords(self, deployment: Deployment) -> bool:
        under_way = sum(each.may_cost for each in self._flying)
        at_most = spent(self.calls) + under_way + at_worst(deployment, self._work.request)
        return self._sent < self._allowance.calls and at_most <= self._allowance.nano_usd

    def _patience(self, flight: Flight) -> float | None:
        return flight.deployment.hedge_seconds if self._allowance.hedge else None

    def _send(self, deployment: Deployment, lease: str, queued: float, hedge: bool = False) -> Flight:
        server = self._means.servers[deployment.name]
        flight = Flight(self._work, deployment, server, self._means.clock, lease=lease, queued=queued, hedge=hedge)
        self._flying.append(flight)
        self._sent += 1
        return flight

    def _pass_by(self, deployment: Deployment, outcome: CallOutcome, since: float) -> None:
        call = unsent(self._work, deployment, outcome, self._loop.time() - since)
        self.calls.append(call)
        count_call(self._allowance.tenant, call, begun=False)

    def _land(
        self,
        flight: Flight,
        outcome: CallOutcome,
        retry_after: float | None = None,
        told: CallOutcome | None = None,
    ) -> None:
        """Put a flight on record at once, and close it beside the work; `told` is what the switchboard hears of it."""
        self._flying.remove(flight)
        call = flight.call(outcome)
        self.calls.append(call)
        count_call(self._allowance.tenant, call, begun=flight.begun)
        settling = asyncio.create_task(self._settle(flight, call, told or outcome, retry_after))
        self._landing.append(settling)
        self._means.unsettled.add(settling)
        settling.add_done_callback(self._means.unsettled.discard)

    async def _settle(self, flight: Flight, call: ModelCall, outcome: CallOutcome, retry_after: float | None) -> None:
        switchboard, ledger = self._means.switchboard, self._means.ledger
        try:
            try:
                await flight.close()
            finally:
                await switchboard.release(flight.deployment, flight.lease, outcome, retry_after)
                if outcome == "rate_limited" and retry_after is not None:
                    self._limited.append((self._loop.time() + retry_after, flight.deployment))
                await ledger.enter(self._allowance.tenant, call)
        except Exception as error:
            # An answer is not lost over bookkeeping; a lease that was not given back runs out by itself.
            log.warning("model call not settled", deployment=call.deployment, error=type(error).__name__)


async def _relay(flight: Flight, sink: Sink | None) -> str | None:
    """Collect an answer from its first text on, handing it to the sink; None when the sink wants no more."""
    if sink and not await sink.begin():
        return None
    said = []
    text: str | None = flight.first.result()
    while text is not None:
        said.append(text)
        if sink and not await sink.take(text):
            return None
        text = await flight.next()
    return "".join(said)
