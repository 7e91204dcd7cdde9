"""The way to the models: deployment after deployment within an allowance, until an answer is accepted."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from activities.flight import Clock
from activities.inference_ports import Generated, Ledger, ModelServer, Sink, Switchboard, Work
from activities.trip import Means, Trip
from policies.fleet import Deployment

# Seconds the end of a worker waits for bookkeeping left over; a Redis that hangs is given up sooner.
LAST_WAIT = 3.0


class Gateway:
    """Implement the port Generator over a fleet: its servers by the names of their deployments.

    Requests are bounded by the allowance: in number (hedges and the one repetition among them), in seconds from the
    first question to the last token, and in money, reckoned at worst before each is sent. Every request gives one
    ModelCall; what a server did not count is estimated, see `candidates.estimate`. Bookkeeping may take a moment
    longer, `trip.SETTLING`; what is not done by then goes on beside the work that follows.
    """

    def __init__(
        self,
        fleet: Sequence[Deployment],
        servers: Mapping[str, ModelServer],
        switchboard: Switchboard,
        ledger: Ledger,
        clock: Clock = time.monotonic,
    ) -> None:
        missing = {each.name for each in fleet} - set(servers)
        if missing:
            raise ValueError(f"deployments without a server: {sorted(missing)}; give each of the fleet one")
        self._means = Means(tuple(fleet), servers, switchboard, ledger, clock)

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        """Try deployments within the allowance until an answer is accepted; cancelling ends it at the servers too."""
        trip = Trip(self._means, work)
        text: str | None = None
        try:
            async with asyncio.timeout(work.allowance.seconds) as limit:
                text = await trip.answer(accept, sink)
        except BaseException as error:
            late = isinstance(error, TimeoutError) and limit.expired()
            trip.end("timeout" if late else "cancelled")
            if not late:
                raise
        finally:
            await trip.settled()
        return Generated(text, tuple(trip.calls), "" if text is not None else trip.reason)

    async def close(self) -> None:
        """Let bookkeeping come to its end, before whoever opened servers, switchboard and ledger closes them."""
        if self._means.unsettled:
            await asyncio.wait(self._means.unsettled, timeout=LAST_WAIT)
