"""Webhooks on their way: a real server whose time can be skipped, a real receiver that checks signatures."""

import asyncio
import re
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Worker

from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.webhook_post import WebhookPost
from activities.webhook_ports import EndpointChange, Issued
from activities.webhooks import DeliveryOrder, Webhooks, delivery_workflow_id
from policies.webhooks import REPLAYABLE_FOR, WAITS, Told, ToldOf, payload
from tests.fakes.webhook_receiver import Receiver, receiving
from tests.workflows.conftest import refusal_of
from tests.workflows.refund_scenes import until as happens
from workers.workflow_sandbox import sandboxed_runner
from workflows.case_file import STAGE, TENANT
from workflows.delivery import Delivery
from workflows.webhook_messages import NOT_DEAD, Attempt, DeadLetter, Deliveries, DeliveryStage, Replay

DAY = timedelta(days=1)
Run = WorkflowHandle[Delivery, Deliveries]
Forward = Callable[[Run, timedelta], Awaitable[object]]


@dataclass
class Sender:
    """One tenant's deliveries, carried out by a worker of their own queue."""

    server: WorkflowEnvironment
    store: RedisWebhooks
    queue: str
    tenant: str

    async def subscribe(self, url: str) -> Issued:
        issued = await self.store.add(self.tenant, url, (Told.CLOSED,), "", datetime.now(UTC))
        assert issued
        return issued

    async def send(self, endpoint_id: str, once: bool = False) -> Run:
        order = DeliveryOrder(
            tenant=self.tenant,
            endpoint_id=endpoint_id,
            message_id=f"msg_{uuid.uuid4().hex}",
            type=Told.CLOSED,
            payload=payload(
                Told.CLOSED, datetime.now(UTC), ToldOf(tenant=self.tenant, conversation_id="c-1", offset=7)
            ),
            conversation_id="c-1",
            once=once,
        )
        return await self.server.client.start_workflow(
            Delivery.run,
            order,
            id=delivery_workflow_id(self.tenant, endpoint_id, order.message_id),
            task_queue=self.queue,
        )


@pytest.fixture(scope="module")
async def sending(server: WorkflowEnvironment, redis_url: str) -> AsyncIterator[Sender]:
    store = RedisWebhooks.at(redis_url, "a key of at least thirty-two letters")
    queue = f"deliveries-{uuid.uuid4().hex[:8]}"
    async with WebhookPost(allow_private=True, seconds=10) as post:
        webhooks = Webhooks(store, post)
        async with Worker(
            server.client,
            task_queue=queue,
            workflows=[Delivery],
            activities=[webhooks.deliver_webhook, webhooks.disable_webhook],
            workflow_runner=sandboxed_runner(),
        ):
            yield Sender(server, store, queue, "")
    await store.close()


@pytest.fixture
def sender(sending: Sender) -> Sender:
    return Sender(sending.server, sending.store, sending.queue, f"t-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def forward(server: WorkflowEnvironment) -> Forward:
    """Move one delivery's clock, firing the timers on the way."""
    return TimeSkipper(server.client, config=TimeSkippingConfig(enabled=False)).fast_forward


@contextmanager
def failing(*plays: int) -> Iterator[Receiver]:
    """Receive with these statuses, and then with errors for ever."""
    with receiving([*plays, *[500] * 50]) as receiver:
        yield receiver


async def until(run: Run, stage: DeliveryStage) -> Deliveries:
    async with asyncio.timeout(60):
        while True:
            now: Deliveries = await run.query(Delivery.deliveries)
            if now.stage is stage:
                return now
            await asyncio.sleep(0.02)


async def replay(run: Run, by: str = "sue") -> Attempt:
    return await run.execute_update(Delivery.replay, Replay(by=by))


async def given_up(sender: Sender, url: str) -> tuple[Run, Issued]:
    """Send to a receiver that says at first that it is gone, and enable its endpoint again."""
    issued = await sender.subscribe(url)
    run = await sender.send(issued.endpoint.id)
    await until(run, DeliveryStage.DEAD)
    await sender.store.change(sender.tenant, issued.endpoint.id, EndpointChange(disabled=False))
    return run, issued


async def test_a_message_that_is_taken_ends_its_delivery(sender: Sender) -> None:
    with receiving() as receiver:
        issued = await sender.subscribe(receiver.url)
        run = await sender.send(issued.endpoint.id)
        done = await run.result()
    assert (done.stage, [attempt.status for attempt in done.attempts]) == (DeliveryStage.DELIVERED, [204])
    (heard,) = receiver.heard
    told = heard.read(issued.secret)
    assert (told["type"], told["data"]["conversation_id"]) == ("conversation.closed", "c-1")
    shown = (await run.describe()).typed_search_attributes
    assert (shown[TENANT], shown[STAGE]) == (sender.tenant, "delivered")


async def test_it_is_tried_again_under_the_same_id_with_a_new_time_and_signature(
    sender: Sender, forward: Forward
) -> None:
    with receiving([500, 302, 429, -1]) as receiver:
        issued = await sender.subscribe(receiver.url)
        run = await sender.send(issued.endpoint.id)
        await forward(run, DAY)
        done = await run.result()
    assert [attempt.status or attempt.error for attempt in done.attempts] == [500, 302, 429, "broken", 204]
    assert len({heard.id for heard in receiver.heard}) == 1
    assert len({heard.body for heard in receiver.heard}) == 1
    assert all(heard.read(issued.secret) for heard in receiver.heard)


async def test_after_ten_attempts_by_the_schedule_a_person_replays_it_under_its_old_id(
    sender: Sender, forward: Forward
) -> None:
    with failing() as receiver:
        issued = await sender.subscribe(receiver.url)
        run = await sender.send(issued.endpoint.id)
        await forward(run, 5 * DAY)
        attempts = (await until(run, DeliveryStage.DEAD)).attempts
        described = await run.describe()
        assert len(receiver.heard) == len(attempts) == 10
        receiver.plays.clear()
        assert (await replay(run)).status == 204
    gaps = [later.at - earlier.at for earlier, later in pairwise(attempts)]
    assert all(wait <= gap <= wait * 1.2 + timedelta(minutes=1) for wait, gap in zip(WAITS, gaps, strict=True)), gaps
    assert described.typed_search_attributes[STAGE] == "dead"
    letter = await described.memo_value("letter", type_hint=DeadLetter)
    assert (letter.endpoint_id, letter.type, letter.attempts) == (issued.endpoint.id, Told.CLOSED, 10)
    assert (letter.last.status, letter.until - letter.dead_since) == (500, REPLAYABLE_FOR)
    done = await run.result()
    assert (done.stage, done.attempts[-1].number, done.attempts[-1].by) == (DeliveryStage.DELIVERED, 11, "sue")
    assert len({heard.id for heard in receiver.heard}) == 1


async def test_a_replay_that_fails_says_so_and_begins_the_schedule_anew(sender: Sender, forward: Forward) -> None:
    with failing(410) as receiver:
        run, _ = await given_up(sender, receiver.url)
        assert (await replay(run)).status == 500
        assert await refusal_of(replay(run)) == NOT_DEAD
        await forward(run, timedelta(minutes=1))
        now = await until(run, DeliveryStage.DELIVERING)
        assert [attempt.status for attempt in now.attempts] == [410, 500, 500]
        assert now.next_at
        assert WAITS[1] <= now.next_at - now.attempts[-1].at <= WAITS[1] * 1.2 + timedelta(minutes=1)


async def test_what_nobody_replays_ends(sender: Sender, forward: Forward) -> None:
    with failing(410) as receiver:
        run, _ = await given_up(sender, receiver.url)
        await forward(run, REPLAYABLE_FOR + DAY)
    assert (await run.result()).stage is DeliveryStage.DEAD


async def test_an_endpoint_that_is_gone_is_disabled_and_called_no_more(sender: Sender) -> None:
    with failing(410) as receiver:
        issued = await sender.subscribe(receiver.url)
        name = issued.endpoint.id
        run = await sender.send(name)
        await until(run, DeliveryStage.DEAD)
        endpoint = await sender.store.find(sender.tenant, name)
        assert endpoint
        assert (endpoint.disabled, endpoint.disabled_by) == (True, "gone")
        assert (await replay(run)).error == "disabled"
        await until(run, DeliveryStage.DEAD)
        assert len(receiver.heard) == 1
        await sender.store.change(sender.tenant, name, EndpointChange(disabled=False))
        receiver.plays.clear()
        assert (await replay(run)).status == 204
    assert (await run.result()).stage is DeliveryStage.DELIVERED


async def test_a_removed_endpoint_ends_what_is_on_its_way(sender: Sender, forward: Forward) -> None:
    with failing() as receiver:
        name = (await sender.subscribe(receiver.url)).endpoint.id
        run = await sender.send(name)
        await forward(run, timedelta(minutes=1))
        await sender.store.remove(sender.tenant, name)
        await forward(run, DAY)
        done = await run.result()
    assert (done.stage, done.attempts[-1].error) == (DeliveryStage.DROPPED, "removed")


async def test_a_secret_rotated_between_two_attempts_signs_the_second_twice(sender: Sender, forward: Forward) -> None:
    with receiving([500, 500]) as receiver:
        old = await sender.subscribe(receiver.url)
        run = await sender.send(old.endpoint.id)
        await forward(run, timedelta(minutes=1))
        new = await sender.store.rotate(sender.tenant, old.endpoint.id, datetime.now(UTC))
        await forward(run, DAY)
        await run.result()
    assert new
    assert [len(heard.signatures) for heard in receiver.heard] == [1, 1, 2]
    assert receiver.heard[-1].read(old.secret) == receiver.heard[-1].read(new.secret)


async def test_a_test_is_sent_once_and_not_kept(sender: Sender) -> None:
    with failing() as receiver:
        run = await sender.send((await sender.subscribe(receiver.url)).endpoint.id, once=True)
        done = await run.result()
    assert (done.stage, len(receiver.heard), done.attempts[-1].status) == (DeliveryStage.DEAD, 1, 500)


async def test_neither_secret_nor_address_is_in_a_history(sender: Sender) -> None:
    with failing(410) as receiver:
        run, issued = await given_up(sender, receiver.url + "?token=t0ken")
        assert (await replay(run)).status == 500
        history = (await run.fetch_history()).to_json()
    payloads = " ".join(b64decode(data).decode() for data in re.findall(r'"data": "([A-Za-z0-9+/=]+)"', history))
    assert "conversation.closed" in payloads
    secret = issued.secret.removeprefix("whsec_")
    assert [each for each in (secret, "t0ken", "127.0.0.1", "v1,") if each in history + payloads] == []


async def test_it_waits_while_the_store_of_endpoints_is_away(server: WorkflowEnvironment, redis_url: str) -> None:
    """What is away on our side uses up nothing of the receiver's schedule."""
    away, store = RedisWebhooks.at("redis://127.0.0.1:1/0", "k"), RedisWebhooks.at(redis_url, "k")
    sender = Sender(server, store, f"deliveries-{uuid.uuid4().hex[:8]}", f"t-{uuid.uuid4().hex[:8]}")

    async def work(kept: RedisWebhooks, post: WebhookPost, done: Callable[[], Awaitable[bool]]) -> None:
        webhooks = Webhooks(kept, post)
        activities: Sequence[Any] = [webhooks.deliver_webhook, webhooks.disable_webhook]
        async with Worker(
            server.client,
            task_queue=sender.queue,
            workflows=[Delivery],
            activities=activities,
            workflow_runner=sandboxed_runner(),
        ):
            await happens(done)

    with receiving() as receiver:
        async with WebhookPost(allow_private=True) as post:
            run = await sender.send((await sender.subscribe(receiver.url)).endpoint.id)

            async def has_failed() -> bool:
                pending = (await run.describe()).raw_description.pending_activities
                return bool(pending) and pending[0].attempt > 1

            async def has_ended() -> bool:
                return (await run.describe()).status is WorkflowExecutionStatus.COMPLETED

            await work(away, post, has_failed)
            await work(store, post, has_ended)
    assert len((await run.result()).attempts) == len(receiver.heard) == 1
    await away.close()
    await store.close()
