"""Announcing what happened, and one attempt at telling it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment

from activities.clients.announcing import Announcing
from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.webhook_post import WebhookPost
from activities.errors import Unavailable
from activities.webhook_ports import EndpointChange, Issued
from activities.webhooks import DeliveryOrder, DisableWebhook, Webhooks
from policies.webhooks import Answered, Told
from tests.fakes.webhook_receiver import receiving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLOSED = json.dumps({"offset": 7, "kind": "conversation.closed", "at": NOW.isoformat(), "text": "Goodbye"})
SPOKEN = json.dumps({"offset": 6, "kind": "message.customer", "at": NOW.isoformat(), "text": "hello"})


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisWebhooks]:
    store = RedisWebhooks.at(redis_url, "a key of at least thirty-two letters")
    yield store
    await store.close()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


async def subscribe(store: RedisWebhooks, tenant: str, url: str = "http://127.0.0.1:1/", *events: Told) -> Issued:
    issued = await store.add(tenant, url, events or (Told.CLOSED,), "", NOW)
    assert issued
    return issued


# -- announcing ----------------------------------------------------------------------------------------------------


async def started(client: Client, tenant: str) -> list[WorkflowHandle[Any, Any]]:
    """Deliveries of a tenant by the ids they must have; the queue has no worker, so each stays as it was started."""
    found = client.list_workflows(f"WorkflowId STARTS_WITH 'webhook/{tenant}/'")
    return [client.get_workflow_handle(each.id) async for each in found]


async def order_of(handle: WorkflowHandle[Any, Any]) -> DeliveryOrder:
    history = await handle.fetch_history()
    given = history.events[0].workflow_execution_started_event_attributes.input.payloads[0].data
    return DeliveryOrder.model_validate_json(given)


def announcing(client: Client, store: RedisWebhooks, **options: Any) -> Announcing:
    return Announcing(client, store, f"nobody-{uuid4().hex[:8]}", **options)


async def seen(client: Client, tenant: str, count: int) -> list[DeliveryOrder]:
    async with asyncio.timeout(30):
        while True:
            handles = await started(client, tenant)
            if len(handles) >= count:
                return [await order_of(handle) for handle in handles]
            await asyncio.sleep(0.02)


async def test_an_event_starts_a_delivery_for_each_endpoint_that_wants_it(
    temporal_client: Client, store: RedisWebhooks, tenant: str
) -> None:
    first, second = [await subscribe(store, tenant) for _ in range(2)]
    await subscribe(store, tenant, "http://127.0.0.1:1/", Told.FEEDBACK)
    disabled = await subscribe(store, tenant)
    await store.change(tenant, disabled.endpoint.id, EndpointChange(disabled=True))
    announcer = announcing(temporal_client, store)
    for _ in range(2):
        await announcer.announce(f"holdfast:events:{tenant}:web:c-1", [SPOKEN, CLOSED])
    orders = await seen(temporal_client, tenant, 2)
    assert {order.endpoint_id for order in orders} == {first.endpoint.id, second.endpoint.id}
    assert len({order.message_id for order in orders}) == 2
    for order in orders:
        assert (order.tenant, order.conversation_id, order.type) == (tenant, "web:c-1", Told.CLOSED)
        assert "Goodbye" not in order.payload
        assert first.secret not in order.model_dump_json()


async def test_a_delivery_that_has_ended_is_not_started_again(
    temporal_client: Client, store: RedisWebhooks, tenant: str
) -> None:
    await subscribe(store, tenant)
    stream = f"holdfast:events:{tenant}:c-1"
    await announcing(temporal_client, store).announce(stream, [CLOSED])
    await seen(temporal_client, tenant, 1)
    (handle,) = await started(temporal_client, tenant)
    await handle.terminate("as if it had been delivered")
    await announcing(temporal_client, store).announce(stream, [CLOSED])
    described = await handle.describe()
    assert described.status is not None
    assert described.status.name == "TERMINATED"


async def test_who_subscribes_is_read_again_after_a_few_seconds(
    temporal_client: Client, store: RedisWebhooks, tenant: str
) -> None:
    now = [0.0]
    announcer = announcing(temporal_client, store, kept=5, clock=lambda: now[0])
    stream = f"holdfast:events:{tenant}:c-1"
    await announcer.announce(stream, [CLOSED])
    await subscribe(store, tenant)
    now[0] = 4.9
    await announcer.announce(stream, [CLOSED])
    assert await started(temporal_client, tenant) == []
    now[0] = 5.0
    await announcer.announce(stream, [CLOSED])
    assert len(await seen(temporal_client, tenant, 1)) == 1


async def test_without_a_subscriber_temporal_is_not_asked(store: RedisWebhooks, tenant: str) -> None:
    away = await Client.connect("127.0.0.1:1", lazy=True)
    await announcing(away, store).announce(f"holdfast:events:{tenant}:c-1", [CLOSED])
    await subscribe(store, tenant, "http://127.0.0.1:1/", Told.FEEDBACK)
    await announcing(away, store).announce(f"holdfast:events:{tenant}:c-1", [CLOSED])


async def test_what_is_away_is_said_so_that_it_is_tried_again(
    temporal_client: Client, store: RedisWebhooks, tenant: str
) -> None:
    away = RedisWebhooks.at("redis://127.0.0.1:1/0", "k")
    with pytest.raises(Unavailable):
        await announcing(temporal_client, away).announce(f"holdfast:events:{tenant}:c-1", [CLOSED])
    await away.close()
    await subscribe(store, tenant)
    nowhere = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    with pytest.raises(Unavailable):
        await announcing(nowhere, store).announce(f"holdfast:events:{tenant}:c-1", [CLOSED])


# -- one attempt ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def webhooks(store: RedisWebhooks) -> AsyncIterator[Webhooks]:
    async with WebhookPost(allow_private=True, seconds=10) as post:
        yield Webhooks(store, post)


async def attempt(webhooks: Webhooks, tenant: str, endpoint_id: str) -> Answered:
    order = DeliveryOrder(
        tenant=tenant, endpoint_id=endpoint_id, message_id="msg_1", type=Told.CLOSED, payload='{"a":1}'
    )
    return await ActivityEnvironment().run(webhooks.deliver_webhook, order)


async def test_an_attempt_goes_where_the_endpoint_is_now_with_the_secrets_of_now(
    webhooks: Webhooks, store: RedisWebhooks, tenant: str
) -> None:
    with receiving() as receiver:
        old = await subscribe(store, tenant)
        name = old.endpoint.id
        assert (await attempt(webhooks, tenant, name)).error == "unreachable"
        await store.change(tenant, name, EndpointChange(url=receiver.url))
        new = await store.rotate(tenant, name, datetime.now(UTC))
        assert (await attempt(webhooks, tenant, name)).status == 204
    (heard,) = receiver.heard
    assert new
    assert heard.read(old.secret) == heard.read(new.secret) == {"a": 1}


async def test_nobody_is_called_for_an_endpoint_that_is_disabled_removed_or_has_no_secret(
    webhooks: Webhooks, store: RedisWebhooks, tenant: str, redis_url: str
) -> None:
    with receiving() as receiver:
        name = (await subscribe(store, tenant, receiver.url)).endpoint.id
        stranger = RedisWebhooks.at(redis_url, "another key")
        async with WebhookPost(allow_private=True) as post:
            assert (await attempt(Webhooks(stranger, post), tenant, name)).error == "no_secret"
        await stranger.close()
        await ActivityEnvironment().run(webhooks.disable_webhook, DisableWebhook(tenant=tenant, endpoint_id=name))
        assert (await attempt(webhooks, tenant, name)).error == "disabled"
        endpoint = await store.find(tenant, name)
        assert endpoint
        assert endpoint.disabled_by == "gone"
        await store.remove(tenant, name)
        assert (await attempt(webhooks, tenant, name)).error == "removed"
    assert receiver.heard == []
