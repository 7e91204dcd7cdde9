"""Endpoints in a real Redis: secrets that nobody reads there, rotations, tenants apart."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import redis.asyncio

from activities.clients.redis_webhooks import RedisWebhooks
from activities.errors import Unavailable
from activities.webhook_ports import MOST_ENDPOINTS, EndpointChange, Issued
from policies.webhooks import SECRET_OVERLAP, Told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + SECRET_OVERLAP
EVENTS = (Told.CLOSED, Told.HANDOFF)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisWebhooks]:
    store = RedisWebhooks.at(redis_url, "a key of at least thirty-two letters")
    yield store
    await store.close()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


async def added(store: RedisWebhooks, tenant: str, now: datetime = NOW) -> Issued:
    issued = await store.add(tenant, "https://shop.example/hooks", EVENTS, "ours", now)
    assert issued is not None
    return issued


async def test_an_endpoint_is_listed_without_its_secret(store: RedisWebhooks, tenant: str) -> None:
    first = await added(store, tenant)
    second = await added(store, tenant, NOW + timedelta(seconds=1))
    assert await store.listed(tenant) == (first.endpoint, second.endpoint)
    assert await store.find(tenant, first.endpoint.id) == first.endpoint
    assert first.secret.startswith("whsec_")
    assert first.secret != second.secret
    assert first.secret not in f"{first!r} {await store.listed(tenant)}"
    assert await store.secrets(tenant, first.endpoint.id, NOW) == (first.secret,)


async def test_who_reads_redis_reads_no_secret(store: RedisWebhooks, tenant: str, redis_url: str) -> None:
    issued = await added(store, tenant)
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        held = b"".join(await client.hvals(f"holdfast:webhooks:{tenant}"))
    assert issued.endpoint.id.encode() in held
    assert issued.secret.removeprefix("whsec_").encode() not in held
    stranger = RedisWebhooks.at(redis_url, "another key of thirty-two letters")
    assert await stranger.secrets(tenant, issued.endpoint.id, NOW) == ()
    renewed = await stranger.rotate(tenant, issued.endpoint.id, NOW)
    assert renewed is not None
    assert await stranger.secrets(tenant, issued.endpoint.id, NOW) == (renewed.secret,)
    await stranger.close()


async def test_the_old_secret_is_valid_for_a_day_after_a_rotation(store: RedisWebhooks, tenant: str) -> None:
    old = await added(store, tenant)
    name = old.endpoint.id
    new = await store.rotate(tenant, name, NOW)
    assert new is not None
    assert (new.endpoint, new.old_until) == (old.endpoint, LATER)
    assert await store.secrets(tenant, name, NOW) == (new.secret, old.secret)
    assert await store.secrets(tenant, name, LATER - timedelta(seconds=1)) == (new.secret, old.secret)
    assert await store.secrets(tenant, name, LATER) == (new.secret,)


async def test_rotating_again_does_not_lengthen_an_old_secrets_life(store: RedisWebhooks, tenant: str) -> None:
    old = await added(store, tenant)
    name, noon = old.endpoint.id, NOW + timedelta(hours=12)
    new = await store.rotate(tenant, name, NOW)
    newest = await store.rotate(tenant, name, noon)
    assert new
    assert newest
    assert await store.secrets(tenant, name, noon) == (newest.secret, new.secret, old.secret)
    assert await store.secrets(tenant, name, LATER) == (newest.secret, new.secret)
    last = await store.rotate(tenant, name, noon)
    assert last
    assert await store.secrets(tenant, name, noon) == (last.secret, newest.secret, new.secret)


async def test_a_change_keeps_what_it_does_not_name(store: RedisWebhooks, tenant: str) -> None:
    issued = await added(store, tenant)
    name = issued.endpoint.id
    moved = await store.change(tenant, name, EndpointChange(url="https://other.example/", description=""))
    assert moved == issued.endpoint.model_copy(update={"url": "https://other.example/", "description": ""})
    gone = await store.change(tenant, name, EndpointChange(disabled=True, disabled_by="gone"))
    assert gone
    assert (gone.disabled, gone.disabled_by, gone.url) == (True, "gone", "https://other.example/")
    back = await store.change(tenant, name, EndpointChange(disabled=False, events=(Told.FEEDBACK,)))
    assert back
    assert (back.disabled, back.disabled_by, back.events) == (False, "", (Told.FEEDBACK,))
    assert await store.secrets(tenant, name, NOW) == (issued.secret,)


async def test_a_removed_endpoint_is_not_brought_back(store: RedisWebhooks, tenant: str) -> None:
    name = (await added(store, tenant)).endpoint.id
    assert await store.remove(tenant, name) is True
    assert await store.remove(tenant, name) is False
    assert await store.change(tenant, name, EndpointChange(disabled=True)) is None
    assert await store.rotate(tenant, name, NOW) is None
    assert (await store.find(tenant, name), await store.listed(tenant)) == (None, ())
    assert await store.secrets(tenant, name, NOW) == ()


async def test_another_tenants_endpoint_looks_absent(store: RedisWebhooks, tenant: str) -> None:
    name, other = (await added(store, tenant)).endpoint.id, f"{tenant}-2"
    assert (await store.listed(other), await store.find(other, name)) == ((), None)
    assert await store.rotate(other, name, NOW) is None
    assert await store.remove(other, name) is False
    assert await store.secrets(other, name, NOW) == ()
    assert await store.find(tenant, name) is not None


async def test_a_tenant_has_no_more_endpoints_than_it_may(store: RedisWebhooks, tenant: str) -> None:
    for _ in range(MOST_ENDPOINTS):
        await added(store, tenant)
    assert await store.add(tenant, "https://shop.example/", EVENTS, "", NOW) is None
    assert len(await store.listed(tenant)) == MOST_ENDPOINTS


async def test_without_redis_it_says_so(tenant: str) -> None:
    away = RedisWebhooks.at("redis://127.0.0.1:1/0", "k")
    for work in (
        away.listed(tenant),
        away.find(tenant, "we_1"),
        away.secrets(tenant, "we_1", NOW),
        away.add(tenant, "https://shop.example/", EVENTS, "", NOW),
        away.change(tenant, "we_1", EndpointChange(disabled=True)),
        away.rotate(tenant, "we_1", NOW),
        away.remove(tenant, "we_1"),
    ):
        with pytest.raises(Unavailable, match="away"):
            await work
    await away.close()
