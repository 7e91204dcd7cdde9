"""Supervisors and their webhooks: secrets shown once, addresses judged, a test at once, dead letters replayed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.webhook_post import WebhookPost
from activities.webhook_ports import MOST_ENDPOINTS
from activities.webhooks import DeliveryOrder, Webhooks, delivery_workflow_id
from api.settings import Settings
from policies.webhooks import EVENTS, Told
from tests.api.fakes.site import Site, bearer, serving, slug
from tests.fakes.webhook_receiver import receiving
from workers.workflow_sandbox import sandboxed_runner
from workflows.delivery import Delivery
from workflows.messages import CONVERSATION_QUEUE

URL = "https://shop.example/hooks"
NOBODY = "we_" + "0" * 16

pytestmark = pytest.mark.filterwarnings("ignore:Module workflows")


@pytest.fixture(scope="module")
async def deliveries(settings: Settings, temporal_client: Client, redis_url: str) -> AsyncIterator[Settings]:
    """A Temporal server apart from the one with this room's scripted conversations, and a worker that delivers."""
    store = RedisWebhooks.at(redis_url, settings.webhook_secret.get_secret_value())
    async with WebhookPost(allow_private=True, seconds=10) as post:
        webhooks = Webhooks(store, post)
        async with Worker(
            temporal_client,
            task_queue=CONVERSATION_QUEUE,
            workflows=[Delivery],
            activities=[webhooks.deliver_webhook, webhooks.disable_webhook],
            workflow_runner=sandboxed_runner(),
        ):
            address = temporal_client.service_client.config.target_host
            yield settings.model_copy(update={"temporal_address": address, "redis_url": redis_url})
    await store.close()


@pytest.fixture(scope="module")
async def shop(deliveries: Settings) -> AsyncIterator[Site]:
    """As in development, where webhooks may go to the loopback."""
    async with serving(deliveries.model_copy(update={"webhooks_private": True})) as site:
        yield site


@pytest.fixture(scope="module")
async def strict(deliveries: Settings) -> AsyncIterator[Site]:
    async with serving(deliveries.model_copy(update={"webhooks_private": False})) as site:
        yield site


@pytest.fixture
def sue() -> dict[str, str]:
    """A supervisor of a shop nobody used before."""
    return {"tenant": f"t-{uuid4().hex[:8]}", "sub": "sue", "role": "supervisor"}


async def add(site: Site, sue: dict[str, str], url: str = URL, *events: str) -> dict[str, Any]:
    answer = await site.post("/v1/webhooks", {"url": url, "events": list(events or EVENTS)}, **sue)
    assert answer.status_code == 200, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def change(site: Site, sue: dict[str, str], endpoint: str, **body: Any) -> httpx.Response:
    return await site.http.patch(f"/v1/webhooks/{endpoint}", json=body, headers=bearer(**sue))


async def test_a_secret_is_shown_when_it_is_made_and_never_again(shop: Site, sue: dict[str, str]) -> None:
    issued = await add(shop, sue)
    secret, endpoint = issued["secret"], issued["endpoint"]
    assert secret.startswith("whsec_")
    assert (endpoint["url"], endpoint["events"], endpoint["disabled"]) == (URL, list(EVENTS), False)
    listed = await shop.get("/v1/webhooks", **sue)
    assert listed.json() == [endpoint]
    rotated = (await shop.post(f"/v1/webhooks/{endpoint['id']}/rotate", {}, **sue)).json()
    assert rotated["endpoint"] == endpoint
    assert rotated["secret"] != secret
    assert rotated["old_until"]
    changed = await change(shop, sue, endpoint["id"], description="ours")
    assert changed.json() == {**endpoint, "description": "ours"}
    assert "whsec_" not in listed.text + changed.text


async def test_an_endpoint_is_changed_disabled_and_removed(shop: Site, sue: dict[str, str]) -> None:
    name = (await add(shop, sue))["endpoint"]["id"]
    moved = (await change(shop, sue, name, url="https://other.example/", events=[Told.CLOSED, Told.CLOSED])).json()
    assert (moved["url"], moved["events"]) == ("https://other.example/", ["conversation.closed"])
    disabled = (await change(shop, sue, name, disabled=True)).json()
    assert (disabled["disabled"], disabled["disabled_by"], disabled["url"]) == (True, "person", moved["url"])
    assert (await change(shop, sue, name, disabled=False)).json() == moved
    path = f"/v1/webhooks/{name}"
    assert (await shop.http.delete(path, headers=bearer(**sue))).json() == {"id": name}
    assert (await shop.get("/v1/webhooks", **sue)).json() == []
    again = await shop.http.delete(path, headers=bearer(**sue))
    assert (again.status_code, slug(again)) == (404, "webhook-not-found")


BAD_URLS = {
    "http://shop.example/": "https://",
    "ftp://shop.example/": "URL scheme",
    "shop.example": "valid URL",
    "https://ann:secret@shop.example/": "password",
    "https://shop.example/#part": "fragment",
    "https://127.0.0.1/": "not a public address",
    "https://2130706433/": "not a public address",
    "https://0x7f.1/": "not a public address",
    "https://0177.0.0.1/": "not a public address",
    "https://[::ffff:169.254.169.254]/": "not a public address",
    "https://10.1.2.3:8443/": "not a public address",
}


@pytest.mark.parametrize(("url", "why"), BAD_URLS.items())
async def test_an_address_that_is_not_called_is_refused_with_why(
    strict: Site, sue: dict[str, str], url: str, why: str
) -> None:
    refused = await strict.post("/v1/webhooks", {"url": url, "events": ["conversation.closed"]}, **sue)
    assert (refused.status_code, slug(refused)) == (422, "request-invalid")
    (fault,) = refused.json()["errors"]
    assert fault["where"] == "body/url"
    assert why in fault["why"]
    assert "secret" not in refused.text
    name = (await add(strict, sue))["endpoint"]["id"]
    assert slug(await change(strict, sue, name, url=url)) == "request-invalid"
    assert (await strict.get("/v1/webhooks", **sue)).json()[0]["url"] == URL


@pytest.mark.parametrize("events", [[], ["webhook.test"], ["conversation.paused"], "conversation.closed"])
async def test_only_events_there_are_can_be_subscribed_to(shop: Site, sue: dict[str, str], events: Any) -> None:
    refused = await shop.post("/v1/webhooks", {"url": URL, "events": events}, **sue)
    assert slug(refused) == "request-invalid"
    assert refused.json()["errors"][0]["where"].startswith("body/events")


async def test_a_shop_has_twenty_endpoints_at_most(shop: Site, sue: dict[str, str]) -> None:
    for _ in range(MOST_ENDPOINTS):
        await add(shop, sue)
    refused = await shop.post("/v1/webhooks", {"url": URL, "events": ["conversation.closed"]}, **sue)
    assert (refused.status_code, slug(refused)) == (409, "webhooks-too-many")


# -- a test, and dead letters --------------------------------------------------------------------------------------


async def test_a_test_says_at_once_what_came_of_it(shop: Site, sue: dict[str, str]) -> None:
    with receiving([204, 500]) as receiver:
        issued = await add(shop, sue, receiver.url)
        path = f"/v1/webhooks/{issued['endpoint']['id']}/test"
        first, second = [(await shop.post(path, {}, **sue)).json() for _ in range(2)]
    assert (first["status"], first["error"], second["status"]) == (204, "", 500)
    told = receiver.heard[0].read(issued["secret"])
    assert (told["type"], told["data"]) == ("webhook.test", {"tenant": sue["tenant"]})
    assert (await shop.post(path, {}, **sue)).json()["error"] == "unreachable"
    assert (await shop.get("/v1/webhooks/dead", **sue)).json() == []


async def dead_letter(client: Client, tenant: str, endpoint: str) -> str:
    """Send something to an endpoint that is disabled, so that it is given up at once."""
    order = DeliveryOrder(
        tenant=tenant, endpoint_id=endpoint, message_id=f"msg_{uuid4().hex}", type=Told.CLOSED, payload='{"a":1}'
    )
    name = delivery_workflow_id(tenant, endpoint, order.message_id)
    await client.start_workflow("Delivery", order, id=name, task_queue=CONVERSATION_QUEUE)
    return order.message_id


async def listed_dead(site: Site, sue: dict[str, str], count: int) -> list[dict[str, Any]]:
    """Read dead letters until there are so many: the server's lists are a moment behind."""
    async with asyncio.timeout(30):
        while True:
            letters: list[dict[str, Any]] = (await site.get("/v1/webhooks/dead", **sue)).json()
            if len(letters) == count:
                return letters
            await asyncio.sleep(0.05)


async def test_a_dead_letter_is_listed_and_replayed(shop: Site, sue: dict[str, str], temporal_client: Client) -> None:
    with receiving() as receiver:
        issued = await add(shop, sue, receiver.url)
        name = issued["endpoint"]["id"]
        await change(shop, sue, name, disabled=True)
        message = await dead_letter(temporal_client, sue["tenant"], name)
        (letter,) = await listed_dead(shop, sue, 1)
        assert (letter["endpoint_id"], letter["message_id"], letter["last"]["error"]) == (name, message, "disabled")
        await change(shop, sue, name, disabled=False)
        path = f"/v1/webhooks/dead/{name}/{message}/replay"
        replayed = (await shop.post(path, {}, **sue)).json()
        assert (replayed["status"], replayed["by"], replayed["number"]) == (204, "sue", 2)
    assert receiver.heard[0].read(issued["secret"]) == {"a": 1}
    assert receiver.heard[0].id == message
    assert await listed_dead(shop, sue, 0) == []
    again = await shop.post(path, {}, **sue)
    assert (again.status_code, slug(again)) == (409, "delivery-not-dead")


async def test_letters_to_a_removed_endpoint_are_listed_no_more(
    shop: Site, sue: dict[str, str], temporal_client: Client
) -> None:
    name = (await add(shop, sue))["endpoint"]["id"]
    await change(shop, sue, name, disabled=True)
    await dead_letter(temporal_client, sue["tenant"], name)
    await listed_dead(shop, sue, 1)
    await shop.http.delete(f"/v1/webhooks/{name}", headers=bearer(**sue))
    assert (await shop.get("/v1/webhooks/dead", **sue)).json() == []


# -- who may, and what is absent -----------------------------------------------------------------------------------


async def every(site: Site, name: str, message: str = "msg_" + "0" * 32, **who: str) -> list[httpx.Response]:
    return [
        await change(site, who, name, disabled=True),
        await site.http.delete(f"/v1/webhooks/{name}", headers=bearer(**who)),
        await site.post(f"/v1/webhooks/{name}/rotate", {}, **who),
        await site.post(f"/v1/webhooks/{name}/test", {}, **who),
        await site.post(f"/v1/webhooks/dead/{name}/{message}/replay", {}, **who),
    ]


async def test_another_shops_webhooks_look_absent(shop: Site, sue: dict[str, str], temporal_client: Client) -> None:
    theirs = {**sue, "tenant": f"{sue['tenant']}-2"}
    name = (await add(shop, theirs))["endpoint"]["id"]
    await change(shop, theirs, name, disabled=True)
    message = await dead_letter(temporal_client, theirs["tenant"], name)
    await listed_dead(shop, theirs, 1)
    answers = await every(shop, name, message, **sue)
    assert [slug(answer) for answer in answers] == ["webhook-not-found"] * 4 + ["delivery-not-found"]
    assert (await shop.get("/v1/webhooks", **sue)).json() == (await shop.get("/v1/webhooks/dead", **sue)).json() == []


@pytest.mark.parametrize("role", ["customer", "agent", "ops"])
async def test_only_supervisors_have_webhooks(shop: Site, sue: dict[str, str], role: str) -> None:
    who = {**sue, "role": role}
    answers = [
        await shop.get("/v1/webhooks", **who),
        await shop.get("/v1/webhooks/dead", **who),
        await shop.post("/v1/webhooks", {"url": URL, "events": ["conversation.closed"]}, **who),
        *await every(shop, NOBODY, **who),
    ]
    assert {slug(answer) for answer in answers} == {"role-not-allowed"}


@pytest.mark.parametrize("name", ["x", "we_1", "we_" + "G" * 16, "..%2f.."])
async def test_an_id_that_was_never_listed_is_refused_or_absent(shop: Site, sue: dict[str, str], name: str) -> None:
    assert {slug(answer) for answer in await every(shop, name, **sue)} <= {"request-invalid", "route-not-found"}


async def test_without_its_store_or_temporal_it_says_so(deliveries: Settings, sue: dict[str, str]) -> None:
    async with serving(deliveries.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})) as site:
        answers = [
            await site.get("/v1/webhooks", **sue),
            await site.get("/v1/webhooks/dead", **sue),
            await site.post("/v1/webhooks", {"url": URL, "events": ["conversation.closed"]}, **sue),
            *(await every(site, NOBODY, **sue))[:4],
        ]
        assert {slug(answer) for answer in answers} == {"redis-unavailable"}
    async with serving(deliveries.model_copy(update={"temporal_address": "127.0.0.1:1"})) as site:
        issued = await add(site, sue)
        for answer in (
            await site.get("/v1/webhooks/dead", **sue),
            await site.post(f"/v1/webhooks/{issued['endpoint']['id']}/test", {}, **sue),
            (await every(site, NOBODY, **sue))[4],
        ):
            assert slug(answer) == "temporal-unavailable"


async def test_a_test_that_nobody_sends_in_time_is_not_ready(
    settings: Settings, redis_url: str, sue: dict[str, str]
) -> None:
    # The room's own Temporal has no worker that delivers.
    hasty = {"redis_url": redis_url, "answer_wait_seconds": 1.0, "webhooks_private": True}
    async with serving(settings.model_copy(update=hasty)) as site:
        issued = await add(site, sue)
        answer = await site.post(f"/v1/webhooks/{issued['endpoint']['id']}/test", {}, **sue)
    assert (answer.status_code, slug(answer)) == (504, "still-working")
    assert "not sent later" in answer.json()["detail"]
