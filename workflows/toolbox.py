"""The only way from a workflow to a tool: permission first, then the activity, then a line in the record."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from policies.bundle import Bundle
from policies.permissions import Effect, may_use
from policies.verdict import Verdict
from workflows import metrics
from workflows.record import ToolUse

Result = TypeVar("Result")

PATIENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=2)
)
ONCE = RetryPolicy(maximum_attempts=1)
# A write reports a heartbeat twice a second, so that a killed worker is noticed within this.
WRITE_HEARTBEAT = timedelta(seconds=2)
WRITE_TIMEOUT = timedelta(seconds=15)
READ_TIMEOUT = timedelta(seconds=5)


class NotPermitted(Exception):
    """A playbook reached for a tool it does not have: a bug in a flow, shown in the record."""


class Outage(Exception):
    """A tool could not be had within our patience; nothing was done."""

    counted_as = "unavailable"


class Malformed(Outage):
    """A tool answered outside its contract: for the customer an outage, for engineers an alert."""

    counted_as = "malformed"


class Refused(Exception):
    """The outside said no; `reason` is its code, `changed` tells that facts moved since they were read."""

    counted_as = "rejected"

    def __init__(self, reason: str, changed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.changed = changed


class NotKnown(Exception):
    """A write may or may not have happened."""

    counted_as = "unknown"


class Toolbox:
    """The tools of one turn. Each playbook counts its calls for one matter; every call leaves a ToolUse in `uses`."""

    def __init__(self, bundle: Bundle, uses: list[ToolUse] | None = None) -> None:
        self.bundle = bundle
        self.uses = uses if uses is not None else []
        self.verdicts: list[Verdict] = []
        self._calls: dict[str, int] = {}
        self.trusted = True

    def begin_matter(self) -> None:
        """Count calls anew: each matter of a message has its own."""
        self._calls = {}

    def left(self, playbook: str) -> int:
        """Say how many more calls a playbook has for this matter."""
        return self.bundle.rules.playbooks[playbook].turns - self._calls.get(playbook, 0)

    def distrust(self) -> None:
        """Let this turn read at most: its words looked like orders to the machine."""
        self.trusted = False

    async def read(
        self, playbook: str, tool: str, returns: type[Result], *asked: Any, note: str, queue: str | None = None
    ) -> Result:
        """Use a reading tool; raises Outage or Refused."""
        self._permit(playbook, tool, Effect.READ, confirmed=False, note=note)
        return await self._recorded(
            tool, note, fetch(tool, returns, *asked, note=note, bundle=self.bundle, queue=queue)
        )

    async def write(
        self, playbook: str, tool: str, effect: Effect, returns: type[Result], asked: Any, *, confirmed: bool, note: str
    ) -> Result:
        """Use a writing tool once; raises Outage (not sent), Refused or NotKnown (may have happened)."""
        self._permit(playbook, tool, effect, confirmed=confirmed, note=note)
        return await self._recorded(tool, note, send_once(tool, returns, asked, note=note))

    async def tell(
        self,
        playbook: str,
        tool: str,
        returns: type[Result],
        asked: Any,
        *,
        note: str,
        patience: timedelta | None = None,
    ) -> Result:
        """Use a tool that tells people something: its key makes trying again harmless, so it is tried with patience."""
        self._permit(playbook, tool, Effect.CHANGE, confirmed=False, note=note)
        return await self._recorded(
            tool, note, fetch(tool, returns, asked, note=note, bundle=self.bundle, patience=patience)
        )

    def _permit(self, playbook: str, tool: str, effect: Effect, confirmed: bool, note: str) -> None:
        used = self._calls.get(playbook, 0)
        verdict = may_use(playbook, tool, effect, used, confirmed, self.bundle, trusted=self.trusted)
        if not verdict.allowed:
            self.verdicts.append(verdict)
            self.uses.append(ToolUse(tool=tool, outcome=f"denied: {verdict.rule}", note=note))
            raise NotPermitted(verdict.rule)
        self._calls[playbook] = used + 1

    async def _recorded(self, tool: str, note: str, call: Awaitable[Result]) -> Result:
        try:
            result = await call
        except (Outage, Refused, NotKnown) as failure:
            outcome = f"{type(failure).__name__.lower()}: {failure}"
            self.uses.append(ToolUse(tool=tool, outcome=outcome, note=note))
            metrics.count_tool(tool, failure.counted_as)
            raise
        metrics.count_tool(tool, "ok")
        self.uses.append(ToolUse(tool=tool, outcome="ok", note=note))
        return result


async def fetch(
    activity: str,
    returns: type[Result],
    *asked: Any,
    note: str,
    bundle: Bundle,
    queue: str | None = None,
    patience: timedelta | None = None,
) -> Result:
    """Ask until it answers or our patience ends, the policy's where none is given; raises Outage or Refused."""
    try:
        result: Result = await workflow.execute_activity(
            activity,
            args=asked,
            result_type=returns,
            task_queue=queue,
            start_to_close_timeout=READ_TIMEOUT,
            schedule_to_close_timeout=patience or timedelta(seconds=bundle.rules.talk.patience_seconds),
            retry_policy=PATIENT,
            summary=note,
        )
        return result
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        raise _reading(activity, error) from error


async def send_once(activity: str, returns: type[Result], asked: Any, *, note: str) -> Result:
    """Send a write exactly one time; raises Outage (certainly not done), Refused or NotKnown."""
    try:
        result: Result = await workflow.execute_activity(
            activity,
            asked,
            result_type=returns,
            start_to_close_timeout=WRITE_TIMEOUT,
            schedule_to_close_timeout=WRITE_TIMEOUT * 2,
            heartbeat_timeout=WRITE_HEARTBEAT,
            retry_policy=ONCE,
            summary=note,
        )
        return result
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        raise _writing(activity, error) from error


def _reading(activity: str, error: ActivityError) -> Exception:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in ("Rejected", "Changed"):
        return Refused(_reason(cause), changed=cause.type == "Changed")
    malformed = isinstance(cause, ApplicationError) and cause.type == "Malformed"
    return Malformed(activity) if malformed else Outage(activity)


def _writing(activity: str, error: ActivityError) -> Exception:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in ("Rejected", "Changed"):
        return Refused(_reason(cause), changed=cause.type == "Changed")
    if isinstance(cause, ApplicationError) and cause.type == "Unavailable":
        return Outage(activity)
    # A timeout, a lost worker or an error nobody foresaw: whatever was sent may have arrived.
    return NotKnown(activity)


def _reason(cause: ApplicationError) -> str:
    return str(cause.details[0]) if cause.details else "rejected"
