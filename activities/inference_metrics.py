"""What operators count of model calls, under the names the dashboards use; silent outside an activity."""

from datetime import timedelta

from temporalio import activity

from policies.inference import ModelCall


def count_call(tenant: str, call: ModelCall, *, begun: bool) -> None:
    """Count one ModelCall; `begun` says that a first token came. Prompt tokens include the cached ones."""
    if not activity.in_activity():
        return
    meter, place = activity.metric_meter(), {"deployment": call.deployment, "tier": call.tier}
    meter.create_counter("holdfast_inference_calls_total").add(1, {"task": call.task, **place, "outcome": call.outcome})
    tokens = meter.create_counter("holdfast_inference_tokens_total")
    for kind, count in call.usage.model_dump().items():
        tokens.add(count, {**place, "kind": kind})
    meter.create_counter("holdfast_inference_cost_nano_usd_total").add(
        call.nano_usd, {"tenant": tenant, "tier": call.tier}
    )
    for name, milliseconds, measured in (
        ("holdfast_inference_queue_seconds", call.queued_ms, True),
        ("holdfast_inference_first_token_seconds", call.first_token_ms, begun),
    ):
        if measured:
            histogram = meter.create_histogram_timedelta(name, unit="duration")
            histogram.record(timedelta(milliseconds=milliseconds), {"deployment": call.deployment})
