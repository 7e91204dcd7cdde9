"""Ask Temporal whether this container polls its task queue: the health check of a worker, `poller_health.py QUEUE`."""

import asyncio
import os
import socket
import sys
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

# A long poll lasts a minute, so a living worker is never silent for longer than that and a little.
_SILENCE = timedelta(seconds=90)


async def polls(queue: str, address: str, namespace: str, host: str) -> bool:
    """Say whether a worker of this host asked for work on the queue lately; the SDK names itself `pid@host`."""
    client = await Client.connect(address, namespace=namespace)
    since = datetime.now(UTC) - _SILENCE
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        request = DescribeTaskQueueRequest(namespace=namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
        answer = await client.workflow_service.describe_task_queue(request)
        for poller in answer.pollers:
            seen = poller.last_access_time.ToDatetime(tzinfo=UTC)
            if poller.identity.endswith(f"@{host}") and seen > since:
                return True
    return False


if __name__ == "__main__":
    address, namespace = os.environ["HOLDFAST_TEMPORAL_ADDRESS"], os.environ["HOLDFAST_TEMPORAL_NAMESPACE"]
    alive = asyncio.run(polls(sys.argv[1], address, namespace, socket.gethostname()))
    sys.stdout.flush()
    # The Temporal client may abort in the interpreter's own shutdown, which would look like an unhealthy worker.
    os._exit(0 if alive else 1)
