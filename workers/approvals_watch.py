"""Tell operators how many refunds wait for people, and how long the most urgent one still has."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime

import structlog
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.service import RPCError

from workflows.messages import ApprovalCard

_LOG = structlog.get_logger(__name__)
_WAITING = "WorkflowType = 'Refund' AND ExecutionStatus = 'Running' AND HoldfastNeedsHuman = true"
_EVERY_S = 30


async def watch_approvals(client: Client, meter: MetricMeter) -> None:
    """Set the gauges every half minute, until cancelled. Each conversation worker sets the same values."""
    waiting = meter.create_gauge("holdfast_approvals_waiting")
    urgency = meter.create_gauge("holdfast_approval_deadline_seconds")
    seen: set[str] = set()
    while True:
        try:
            deadlines = await _deadlines(client)
        except RPCError as error:
            _LOG.warning("waiting approvals not counted", status=error.status.name)
        else:
            seen |= deadlines.keys()
            for tenant in seen:
                waiting.set(len(deadlines[tenant]), {"tenant": tenant})
                soonest = min(deadlines[tenant], default=None)
                left = (soonest - datetime.now(UTC)).total_seconds() if soonest else 0
                urgency.set(max(int(left), 0), {"tenant": tenant})
        await asyncio.sleep(_EVERY_S)


async def _deadlines(client: Client) -> defaultdict[str, list[datetime]]:
    """The deadlines of all waiting refunds, by tenant."""
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    async for execution in client.list_workflows(_WAITING):
        card = await execution.memo_value("card", default=None, type_hint=ApprovalCard)
        if card:
            found[card.tenant].append(card.deadline)
    return found
