"""Export and erasure of one customer's data."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from api.references import References
from api.settings import Settings
from tests.api.conftest import OwnRedis
from tests.api.fakes.refund import start_refund
from tests.api.fakes.site import Site, bearer, slug, take
from workflows.messages import conversation_workflow_id, event_stream


@pytest.fixture
def who() -> dict[str, str]:
    """A customer of their own, so that erasing touches no other test."""
    return {"sub": f"u-{uuid4().hex[:8]}"}


async def erase(site: Site, path: str, **who: Any) -> Any:
    return await site.http.delete(path, headers=bearer(**who))


async def waiting_for(temporal: Client, query: str) -> None:
    """Wait until visibility, which lags a little behind, knows a workflow."""
    for _ in range(100):
        if (await temporal.count_workflows(query)).count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("never became visible")


async def exported(site: Site, path: str, count: int, **who: Any) -> list[dict[str, Any]]:
    """Poll until the export holds this many conversations: visibility lags a little behind."""
    for _ in range(100):
        conversations: list[dict[str, Any]] = (await site.get(path, **who)).json()["conversations"]
        if len(conversations) == count:
            return conversations
        await asyncio.sleep(0.05)
    raise AssertionError(f"not {count} but {len(conversations)} conversations")


def replies(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["reply"] for each in conversations for event in each["events"] if event["reply"]]


async def test_a_customer_exports_every_conversation_open_or_closed(site: Site, talk: str, who: dict[str, str]) -> None:
    await site.say(talk, "hello", **who)
    await site.say(f"{talk}-2", "close", **who)
    await site.say(f"{talk}-3", "hello", sub=f"not-{who['sub']}")
    mine = await exported(site, "/v1/me/export", 2, **who)
    assert {each["conversation_id"] for each in mine} == {talk, f"{talk}-2"}
    assert {each["events"][0]["text"] for each in mine} == {"hello", "close"}
    theirs = await exported(site, f"/v1/customers/{who['sub']}/export", 2, sub="sue", role="supervisor")
    told, explained = replies(mine), replies(theirs)
    assert [reply["text"] for reply in told] == [reply["text"] for reply in explained]
    assert [bool(reply["decision"]) for reply in told + explained] == [False] * len(told) + [True] * len(explained)


async def test_another_tenants_supervisor_exports_nothing(site: Site, talk: str, who: dict[str, str]) -> None:
    await site.say(talk, "hello", **who)
    await exported(site, "/v1/me/export", 1, **who)
    path = f"/v1/customers/{who['sub']}/export"
    assert (await site.get(path, tenant="other", sub="sue", role="supervisor")).json()["conversations"] == []


async def test_erasure_removes_conversations_and_streams_and_ends_followers(
    site: Site, talk: str, who: dict[str, str], temporal: Client, own_redis: OwnRedis
) -> None:
    await site.say(talk, "hello", **who)
    await exported(site, "/v1/me/export", 1, **who)
    async with site.follow(talk, **who) as heard:
        assert await take(heard, 2) == [1, 2]
        answer = await erase(site, "/v1/me", **who)
        assert answer.json() == {"conversations": 1, "runs": 1, "event_streams": 1}
        async with asyncio.timeout(60):
            assert [event async for event in heard] == []
    assert await own_redis.client.exists(event_stream("acme", talk)) == 0
    with pytest.raises(RPCError, match="not found"):
        await temporal.get_workflow_handle(conversation_workflow_id("acme", talk)).describe()
    assert (await site.get(f"/v1/conversations/{talk}", **who)).status_code == 404


async def test_a_supervisor_erases_a_closed_conversation(
    site: Site, talk: str, who: dict[str, str], own_redis: OwnRedis
) -> None:
    await site.say(talk, "close", **who)
    await exported(site, "/v1/me/export", 1, **who)
    answer = await erase(site, f"/v1/customers/{who['sub']}", sub="sue", role="supervisor")
    assert answer.json() == {"conversations": 1, "runs": 1, "event_streams": 1}
    assert await own_redis.client.exists(event_stream("acme", talk)) == 0


async def test_erasure_waits_for_money(site: Site, talk: str, who: dict[str, str]) -> None:
    await site.say(talk, "hello", **who)
    await site.say(f"{talk}-2", "paying", **who)
    await exported(site, "/v1/me/export", 2, **who)
    answer = await erase(site, "/v1/me", **who)
    assert (answer.status_code, slug(answer)) == (409, "refund-under-way")
    assert len(await exported(site, "/v1/me/export", 2, **who)) == 2


async def test_erasure_waits_for_a_refund_the_conversation_no_longer_talks_about(
    site: Site, talk: str, who: dict[str, str], temporal: Client, settings: Settings
) -> None:
    await site.say(talk, "hello", **who)
    reference = References(settings.reference_secret.get_secret_value()).customer("acme", who["sub"])
    refund = await start_refund(temporal, "acme", f"#{who['sub']}", reference)
    await waiting_for(temporal, f"HoldfastCustomer = '{reference}' AND WorkflowType = 'Refund'")
    answer = await erase(site, "/v1/me", **who)
    assert (answer.status_code, slug(answer)) == (409, "refund-under-way")
    await refund.signal("expire")
    await refund.result()


async def test_erasure_without_redis_removes_nothing_yet(
    site: Site, talk: str, who: dict[str, str], own_redis: OwnRedis
) -> None:
    await site.say(talk, "hello", **who)
    await exported(site, "/v1/me/export", 1, **who)
    own_redis.stop()
    try:
        answer = await erase(site, "/v1/me", **who)
        assert (answer.status_code, slug(answer)) == (503, "redis-unavailable")
        assert (await site.get(f"/v1/conversations/{talk}", **who)).status_code == 200
    finally:
        own_redis.start()


FORBIDDEN = [("GET", "/export"), ("DELETE", "")]


@pytest.mark.parametrize(("method", "end"), FORBIDDEN)
@pytest.mark.parametrize("role", ["customer", "agent", "ops"])
async def test_only_supervisors_touch_other_peoples_data(site: Site, method: str, end: str, role: str) -> None:
    answer = await site.http.request(method, f"/v1/customers/bob{end}", headers=bearer(role=role))
    assert (answer.status_code, slug(answer)) == (403, "role-not-allowed")
    if role != "customer":
        mine = await site.http.request(method, f"/v1/me{end}", headers=bearer(role=role))
        assert slug(mine) == "role-not-allowed"


@pytest.mark.parametrize("bad", ["a'b", "a%20b", "%00", "x" * 129])
async def test_an_odd_customer_id_is_refused(site: Site, bad: str) -> None:
    answer = await site.get(f"/v1/customers/{bad}/export", role="supervisor")
    assert (answer.status_code, slug(answer)) == (422, "request-invalid")
