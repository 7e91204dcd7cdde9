"""What a worker tells about itself: JSON log lines, traces and metrics, none of them with a customer's words."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from temporalio import activity, workflow
from temporalio.client import Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import OpenTelemetryConfig, PrometheusConfig, Runtime, TelemetryConfig

from workers.settings import Settings

# A log is read by more people, and kept for longer, than a conversation is.
_WORDS = frozenset({"text", "texts", "subject", "body", "answer", "comment", "summary", "query", "address"})
# Seconds: fine where alerts and customers look, which the SDK's own boundaries are not.
_BUCKETS = {
    "holdfast_turn_seconds": (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0),
    "holdfast_inference_first_token_seconds": (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0),
    "holdfast_inference_queue_seconds": (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0),
}
_ORIGIN = ("workflow_id", "run_id", "workflow_type", "activity_type", "activity_id", "attempt", "update_name")


def write_json_logs(level: str) -> None:
    """Send every log line of this process, the SDK's and libraries' included, to stderr as one JSON object."""
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_origin,
        _drop_words,
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # One line for each request to the shop or a model says nothing that the activity's own line does not.
    for chatty in ("httpx", "httpx2", "openai"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def runtime(settings: Settings) -> Runtime:
    """Build the SDK's runtime, with metrics for Prometheus to scrape or for a collector, where settings name one."""
    metrics: PrometheusConfig | OpenTelemetryConfig | None = None
    if settings.metrics_bind:
        metrics = PrometheusConfig(
            settings.metrics_bind, durations_as_seconds=True, histogram_bucket_overrides=_BUCKETS
        )
    elif settings.otlp_endpoint:
        metrics = OpenTelemetryConfig(
            url=f"{settings.otlp_endpoint.rstrip('/')}/v1/metrics",
            http=True,
            durations_as_seconds=True,
            histogram_bucket_overrides=_BUCKETS,
        )
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


@contextmanager
def tracing(settings: Settings, service: str) -> Iterator[list[Interceptor]]:
    """Lend the interceptor that carries traces through workflows and activities; none without a collector."""
    if not settings.otlp_endpoint:
        yield []
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield [TracingInterceptor(provider.get_tracer("holdfast"))]
    finally:
        provider.shutdown()


def _name_origin(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take from an SDK record which workflow and activity it is about, and nothing else."""
    record = event.get("_record")
    for kind in ("temporal_workflow", "temporal_activity"):
        details = getattr(record, kind, None) or {}
        event.update({name: details[name] for name in _ORIGIN if name in details})
    return event


def _drop_words(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _WORDS & event.keys():
        event[name] = "…"
    return event
