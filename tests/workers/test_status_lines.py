"""What a customer reads while activities run: written once, and never at the price of the activity."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.clients.redis_drafts import RedisDrafts
from api.stream import EventStream, Place
from policies.statuses import Status
from workers.status_lines import MOST_UNDER_WAY, StatusLines, stream_of
from workflows.messages import DraftLine, conversation_workflow_id, event_stream

STEPS = ("hydrate", "pin_policy", "get_eta")


@workflow.defn
class Working:
    """Runs three activities one after the other; the last fails once."""

    @workflow.run
    async def run(self) -> list[str]:
        quick = RetryPolicy(initial_interval=timedelta(milliseconds=1))
        return [
            await workflow.execute_activity(step, start_to_close_timeout=timedelta(seconds=10), retry_policy=quick)
            for step in STEPS
        ]


@activity.defn
async def hydrate() -> str:
    return "hydrated"


@activity.defn
def pin_policy() -> str:
    return "pinned"


@activity.defn
async def get_eta() -> str:
    if activity.info().attempt == 1:
        raise ApplicationError("once is not enough")
    return "tomorrow"


DONE = ["hydrated", "pinned", "tomorrow"]


async def work(client: Client, lines: StatusLines, workflow_id: str) -> list[str]:
    queue = uuid4().hex
    async with Worker(
        client,
        task_queue=queue,
        workflows=[Working],
        activities=[hydrate, pin_policy, get_eta],
        activity_executor=ThreadPoolExecutor(1),
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[lines],
    ):
        return await client.execute_workflow(Working.run, id=workflow_id, task_queue=queue)


class Slate:
    """Takes lines down, or does what `trouble` says first."""

    def __init__(self, trouble: Exception | asyncio.Event | None = None) -> None:
        self.lines: list[tuple[str, str]] = []
        self._trouble = trouble

    async def status(self, stream: str, word: str) -> None:
        self.lines.append((stream, word))
        if isinstance(self._trouble, Exception):
            raise self._trouble
        if self._trouble:
            await self._trouble.wait()


async def test_a_customer_reads_once_what_each_activity_does(temporal_client: Client) -> None:
    slate, talk = Slate(), uuid4().hex
    assert await work(temporal_client, StatusLines(slate), conversation_workflow_id("acme", talk)) == DONE
    stream = event_stream("acme", talk)
    assert slate.lines == [(stream, Status.ORDERS), (stream, Status.PARCEL)]


async def test_lines_come_through_redis_as_drafts_without_words_of_anybody(
    temporal_client: Client, redis_url: str
) -> None:
    drafts, stream, talk = RedisDrafts.at(redis_url), EventStream(redis_url), uuid4().hex
    await work(temporal_client, StatusLines(drafts), conversation_workflow_id("acme", talk))
    read: list[DraftLine] = []
    async with asyncio.timeout(10):
        while len(read) < 2:
            place = Place.of(read[-1]) if read else Place(0)
            read += [line for line in await stream.wait(event_stream("acme", talk), place, 1_000)]  # type: ignore[misc]
    assert [(line.kind, line.text) for line in read] == [("status", "orders"), ("status", "parcel")]
    await drafts.close()
    await stream.close()


@pytest.mark.parametrize("trouble", [RuntimeError("away"), asyncio.Event()], ids=["raises", "never answers"])
async def test_an_activity_neither_fails_nor_waits_for_its_line(
    temporal_client: Client, trouble: Exception | asyncio.Event
) -> None:
    slate = Slate(trouble)
    assert await work(temporal_client, StatusLines(slate), conversation_workflow_id("acme", uuid4().hex)) == DONE
    assert len(slate.lines) == 2


async def test_while_redis_does_not_answer_only_so_many_lines_wait_for_it() -> None:
    slate = Slate(asyncio.Event())
    lines = StatusLines(slate)
    about = replace(
        ActivityEnvironment.default_info(), activity_type="hydrate", workflow_id=conversation_workflow_id("acme", "c")
    )
    for _ in range(MOST_UNDER_WAY + 10):
        lines.tell(about)
    await asyncio.sleep(0)
    assert len(slate.lines) == MOST_UNDER_WAY


async def test_other_workflows_write_nothing(temporal_client: Client) -> None:
    slate = Slate()
    assert await work(temporal_client, StatusLines(slate), f"refund/acme/{uuid4().hex}") == DONE
    assert slate.lines == []


@pytest.mark.parametrize(
    ("workflow_id", "stream"),
    [
        ("conversation/acme/c-1", event_stream("acme", "c-1")),
        ("conversation/acme/a/b", event_stream("acme", "a/b")),
        ("conversation/acme/", None),
        ("conversation//c-1", None),
        ("conversation/acme", None),
        ("refund/acme/1/2", None),
        ("", None),
    ],
)
def test_only_a_conversation_has_a_stream(workflow_id: str, stream: str | None) -> None:
    assert stream_of(workflow_id) == stream
