"""Run the workers of one or several task queues in this process until a signal asks them to stop."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.worker import Worker

from workers.approvals_watch import watch_approvals
from workers.queues import QUEUES, Activities, Queue
from workers.schedules import watch_knowledge
from workers.settings import Settings
from workers.status_lines import StatusLines
from workers.telemetry import runtime, tracing
from workers.wiring import Outside
from workers.workflow_sandbox import sandboxed_runner
from workflows.messages import CONVERSATION_QUEUE
from workflows.turn import KNOWLEDGE_QUEUE

_LOG = structlog.get_logger(__name__)
_CONNECT_PATIENCE_S = 60
# A long conversation takes half a second of one processor to replay. More of them at a time, as after a restart, would
# share the processor until all of them exceed TASK_TIMEOUT and begin anew; those that wait their turn do not.
TASKS_AT_ONCE = 4


async def serve(settings: Settings, names: Sequence[str], ready_file: Path | None = None) -> None:
    """Poll the named queues; `ready_file` appears once they are polled. Returns after SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tracing(settings, f"holdfast-{names[0]}") as interceptors:
        async with Outside.open(settings) as outside:
            # Models load while the server may still be starting.
            activities = {name: await QUEUES[name].activities(outside) for name in names}
            shared = runtime(settings)
            client = await connect(settings, interceptors, shared)
            lines = StatusLines(outside.drafts)
            workers = [_worker(client, QUEUES[name], activities[name], settings, lines) for name in names]
            if KNOWLEDGE_QUEUE in names:
                await watch_knowledge(client)
            _LOG.info("polling", queues=list(names), temporal=settings.temporal_address)
            if ready_file:
                await asyncio.to_thread(ready_file.touch)
            watching = [watch_approvals(client, shared.metric_meter)] if CONVERSATION_QUEUE in names else []
            await _run_until(stop, workers, watching)


async def connect(
    settings: Settings, interceptors: Sequence[Interceptor] = (), shared: Runtime | None = None
) -> Client:
    """Connect to Temporal, waiting for a server that is still starting; raise RuntimeError after a minute."""
    deadline = asyncio.get_running_loop().time() + _CONNECT_PATIENCE_S
    shared = shared or runtime(settings)
    while True:
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                data_converter=pydantic_data_converter,
                interceptors=interceptors,
                runtime=shared,
            )
        except RuntimeError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)


async def _run_until(
    stop: asyncio.Event, workers: Sequence[Worker], beside: Sequence[Coroutine[None, None, None]]
) -> None:
    running = [asyncio.create_task(worker.run()) for worker in workers]
    watching = [asyncio.create_task(each) for each in beside]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
    _LOG.info("stopping")
    for task in watching:
        task.cancel()
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    # A worker that ended by itself did so with an error, which is raised here.
    await asyncio.gather(*running)


def _worker(client: Client, queue: Queue, activities: Activities, settings: Settings, lines: StatusLines) -> Worker:
    return Worker(
        client,
        task_queue=queue.name,
        workflows=queue.workflows,
        activities=activities,
        workflow_runner=sandboxed_runner(),
        interceptors=[lines],
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=TASKS_AT_ONCE,
        # With the default of 10 s a customer waits that long for the first answer after a worker was killed.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_s),
        max_eager_activity_reservations_per_workflow_task=8,
    )
