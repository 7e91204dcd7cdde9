"""The sandbox's import list: an I/O library in workflow code stops the worker before it takes any work."""

from collections.abc import Sequence

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from tests.workers.reaching_out import ReachingOut
from workers.queues import QUEUES
from workers.workflow_sandbox import IMPORTABLE, sandboxed_runner

REACHES_OUT = {"activities.clients", "httpx", "redis", "structlog", "torch", "yaml"}


def worker_of(client: Client, workflows: Sequence[type]) -> Worker:
    return Worker(client, task_queue="apart", workflows=workflows, workflow_runner=sandboxed_runner())


async def test_a_workflow_that_imports_a_client_library_is_refused_when_its_worker_is_made(
    temporal_client: Client,
) -> None:
    with pytest.raises(RuntimeError, match="ReachingOut") as refusal:
        worker_of(temporal_client, [ReachingOut])
    assert "Module redis was not intentionally passed through" in str(refusal.value.__cause__)


async def test_our_workflows_import_nothing_that_is_not_listed(temporal_client: Client) -> None:
    worker_of(temporal_client, QUEUES["conversation"].workflows)


def test_nothing_that_reaches_out_is_on_the_list() -> None:
    listed = {out for out in REACHES_OUT for name in IMPORTABLE if f"{out}.".startswith(f"{name}.")}
    assert not listed
