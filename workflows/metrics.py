"""What operators count, under the names docs/operations.md promises; the SDK's meter is silent during a replay."""

from datetime import timedelta

from temporalio import workflow


def count_turn(tenant: str, playbook: str, outcome: str, took: timedelta) -> None:
    meter = workflow.metric_meter()
    meter.create_counter("holdfast_turns_total").add(1, {"tenant": tenant, "playbook": playbook, "outcome": outcome})
    meter.create_histogram_timedelta("holdfast_turn_seconds", unit="duration").record(took)
    if outcome == "handed_over":
        meter.create_counter("holdfast_escalations_total").add(1, {"tenant": tenant})


def count_flagged(tenant: str, verdict: str) -> None:
    """Count words that were not trusted; `verdict` is plain_text, refuse, or passage for a text from outside."""
    workflow.metric_meter().create_counter("holdfast_flagged_messages_total").add(
        1, {"tenant": tenant, "verdict": verdict}
    )


def count_tool(tool: str, outcome: str) -> None:
    """Count one tool call; `outcome` is ok, rejected, unavailable, malformed or unknown."""
    workflow.metric_meter().create_counter("holdfast_tool_calls_total").add(1, {"tool": tool, "outcome": outcome})


def count_refund(tenant: str, status: str) -> None:
    """Count a refund's status as read back from the shop."""
    workflow.metric_meter().create_counter("holdfast_refunds_total").add(1, {"tenant": tenant, "status": status})


def count_unknown_refund() -> None:
    workflow.metric_meter().create_counter("holdfast_refund_unknown_total").add(1)


def count_phrased(tenant: str, outcome: str) -> None:
    """Count a reply given to a model to put into words; `outcome` is ok, or why the templates were told instead."""
    workflow.metric_meter().create_counter("holdfast_replies_phrased_total").add(
        1, {"tenant": tenant, "outcome": outcome}
    )


def count_dropped_proposal(tenant: str, reason: str) -> None:
    workflow.metric_meter().create_counter("holdfast_proposals_dropped_total").add(
        1, {"tenant": tenant, "reason": reason}
    )


def count_breach(tenant: str, clock: str) -> None:
    """Count an answer of people that was not given in time; `clock` is first, next or resolution."""
    workflow.metric_meter().create_counter("holdfast_case_breaches_total").add(1, {"tenant": tenant, "clock": clock})


def count_ingest(tenant: str, outcome: str) -> None:
    """Count how a release was read; `outcome` is live, staged or stopped."""
    workflow.metric_meter().create_counter("holdfast_ingests_total").add(1, {"tenant": tenant, "outcome": outcome})
