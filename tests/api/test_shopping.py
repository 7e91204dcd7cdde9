"""What a chat shows beside the talk: orders, photos of deliveries, the place in the queue."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from activities.clients.shop import HttpShop
from activities.errors import Malformed
from api.auth import Visitor
from api.line import Line
from api.problems import Problem
from api.settings import Settings
from api.wiring import Parts
from policies.inbox import Row
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import Site, serving, slug
from tests.fakes.processes import SandboxProcess, running_sandbox
from workflows.messages import Refusal, Transcript
from workflows.people import WithPerson

DANA = {"tenant": "northwind", "sub": "U789"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("shop")) as process:
        yield process


@pytest.fixture(scope="module")
async def site(settings: Settings, worker: None, shop: SandboxProcess) -> AsyncIterator[Site]:
    at_the_shop = {"shop_url": shop.url, "shop_token": SecretStr(shop.token)}
    async with serving(settings.model_copy(update=at_the_shop)) as site:
        yield site


@pytest.fixture
def faults(shop: SandboxProcess) -> Iterator[SandboxProcess]:
    yield shop
    shop.clear_faults()


class OneTranscript:
    """Knows one conversation, and who it waits for."""

    def __init__(self, person: WithPerson | None) -> None:
        self._person = person

    async def transcript(self, visitor: Visitor, conversation_id: str, after: int | None = None) -> Transcript:
        if not visitor.may_read("ann"):
            raise Problem(Refusal.NOT_YOURS)
        return Transcript(
            tenant=visitor.tenant,
            conversation_id=conversation_id,
            customer_id="ann",
            policy_version="test",
            stage="open",
            owner="person",
            closed=False,
            offer=None,
            summary="",
            events=(),
            last_offset=0,
            person=self._person,
        )


@contextmanager
def with_person(site: Site, person: WithPerson | None) -> Iterator[Parts]:
    """Let every conversation of `ann` wait for or talk to this person."""
    state = site.server.app.state
    before: Parts = state.parts
    state.parts = replace(before, line=cast(Line, OneTranscript(person)))
    try:
        yield before
    finally:
        state.parts = before


def waiting(tenant: str, conversation_id: str, minute: int) -> Row:
    at = NOW.replace(minute=minute)
    return Row(
        tenant=tenant,
        conversation_id=conversation_id,
        version=1,
        customer_id="ann",
        owner="person",
        opened_at=at,
        updated_at=at,
        waiting_since=at,
        due_at=at,
    )


async def queue(site: Site, talk: str, **who: Any) -> Any:
    return (await site.get(f"/v1/conversations/{talk}/queue", **who)).json()


# -- orders -----------------------------------------------------------------------------------------------------------


async def test_a_customer_lists_their_own_orders_newest_first(site: Site) -> None:
    orders = (await site.get("/v1/me/orders", **DANA)).json()["orders"]
    assert [each["order_id"] for each in orders] == ["67890", "12345"]
    placed_at = orders[1].pop("placed_at")
    assert datetime.fromisoformat(placed_at) < datetime.now(UTC)
    assert orders[1] == {
        "order_id": "12345",
        "status": "delivered",
        "items": ["Nimbus Runner Shoes"],
        "total_minor": 8999,
        "currency": "USD",
    }


async def test_somebody_the_shop_does_not_know_has_no_orders(site: Site) -> None:
    assert (await site.get("/v1/me/orders", tenant="northwind", sub="nobody")).json() == {"orders": []}


async def test_orders_are_for_customers(site: Site) -> None:
    assert slug(await site.get("/v1/me/orders", role="agent")) == "role-not-allowed"


@pytest.mark.parametrize("kind", ["down", "error_before_commit", "changed_schema"])
async def test_while_the_shop_fails_orders_say_so(site: Site, faults: SandboxProcess, kind: str) -> None:
    faults.fault(kind, path_contains="orders")
    answer = await site.get("/v1/me/orders", **DANA)
    assert (answer.status_code, slug(answer)) == (503, "shop-unavailable")
    assert "retry-after" in answer.headers


# -- photos of deliveries ---------------------------------------------------------------------------------------------


async def test_whoever_may_read_the_conversation_sees_its_customers_parcels(site: Site, talk: str) -> None:
    await site.say(talk, "hello", **DANA)
    for who in (DANA, {"tenant": "northwind", "sub": "sue", "role": "agent"}):
        answer = await site.get(f"/v1/conversations/{talk}/parcels/12345/photo", **who)
        assert answer.status_code == 200
        assert Image.open(io.BytesIO(answer.content)).format == "PNG"
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("awb", ["AWB-20002", "67890", "never-was", "..%2F12345", "%2e%2e", "12345%00"])
async def test_no_parcel_but_a_delivered_one_of_the_customer_has_a_photo(site: Site, talk: str, awb: str) -> None:
    await site.say(talk, "hello", **DANA)
    for who in (DANA, {"tenant": "northwind", "sub": "sue", "role": "agent"}):
        answer = await site.get(f"/v1/conversations/{talk}/parcels/{awb}/photo", **who)
        assert answer.status_code == 404
        assert slug(answer) in {"parcel-photo-not-found", "route-not-found"}


@pytest.mark.parametrize("who", [{"tenant": "northwind", "sub": "U100"}, {"tenant": "other", "role": "agent"}], ids=str)
async def test_others_see_neither_conversation_nor_parcel(site: Site, talk: str, who: dict[str, str]) -> None:
    await site.say(talk, "hello", **DANA)
    answer = await site.get(f"/v1/conversations/{talk}/parcels/12345/photo", **who)
    assert (answer.status_code, slug(answer)) == (404, "conversation-not-found")


async def test_while_the_shop_is_away_photos_say_so(site: Site, talk: str, faults: SandboxProcess) -> None:
    await site.say(talk, "hello", **DANA)
    faults.fault("down", path_contains="photo")
    answer = await site.get(f"/v1/conversations/{talk}/parcels/12345/photo", **DANA)
    assert (answer.status_code, slug(answer)) == (503, "shop-unavailable")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "", "image/jpeg, text/html"])
async def test_what_the_shop_calls_no_picture_is_not_passed_on(kind: str) -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, content=b"<script>", headers={"Content-Type": kind}))
    async with HttpShop("http://shop.test", "token", transport=page) as shop:
        with pytest.raises(Malformed):
            await shop.photo("acme", "7")


# -- the queue --------------------------------------------------------------------------------------------------------


async def test_with_the_ai_nobody_waits(site: Site, talk: str) -> None:
    await site.say(talk, "hello")
    assert await queue(site, talk) == {"state": "none", "name": "", "promised_at": None, "place": None}


async def test_who_waits_reads_their_place_and_until_when(site: Site) -> None:
    tenant, person = f"t-{uuid4().hex[:8]}", WithPerson(state="waiting", promised_at=NOW)
    with with_person(site, person) as parts:
        for minute, talk in enumerate(("first", "second")):
            await parts.desk.file(waiting(tenant, talk, minute))
        read = [await queue(site, talk, tenant=tenant) for talk in ("first", "second", "not-there-yet")]
    assert [each["place"] for each in read] == [0, 1, None]
    assert {each["state"] for each in read} == {"waiting"}
    assert datetime.fromisoformat(read[0]["promised_at"]) == NOW


async def test_who_talks_to_a_person_reads_their_name_and_has_no_place(site: Site) -> None:
    tenant = f"t-{uuid4().hex[:8]}"
    with with_person(site, WithPerson(state="talking", name="Sue")) as parts:
        await parts.desk.file(waiting(tenant, "c", 0))
        assert await queue(site, "c", tenant=tenant) == {
            "state": "talking",
            "name": "Sue",
            "promised_at": None,
            "place": None,
        }


async def test_the_queue_of_somebody_elses_conversation_is_not_shown(site: Site) -> None:
    with with_person(site, WithPerson(state="waiting")):
        answer = await site.get("/v1/conversations/c/queue", sub="bob")
    assert (answer.status_code, slug(answer)) == (404, "conversation-not-found")


async def test_without_redis_the_place_is_unknown_and_the_rest_is_told(site: Site, own_redis: OwnRedis) -> None:
    own_redis.stop()
    try:
        with with_person(site, WithPerson(state="waiting", promised_at=NOW)):
            read = await queue(site, "c")
    finally:
        own_redis.start()
    assert (read["state"], read["place"]) == ("waiting", None)
    assert read["promised_at"]
