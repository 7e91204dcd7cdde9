"""The inbox, the roster and pauses over HTTP: for staff, each of their own shop, pausing for those who may."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from activities.clients.redis_desk import RedisDesk
from api.settings import Settings
from policies.inbox import Row
from tests.api.fakes.site import Site, bearer, serving, slug

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Who = dict[str, str]


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RedisDesk]:
    desk = RedisDesk.at(settings.redis_url)
    yield desk
    await desk.close()


@pytest.fixture
def sue() -> Who:
    """An agent of a shop nobody used before."""
    return {"tenant": f"t-{uuid4().hex[:8]}", "sub": "sue", "role": "agent"}


@pytest.fixture
def boss(sue: Who) -> Who:
    return {**sue, "sub": "boss", "role": "supervisor"}


@pytest.fixture
def olga(sue: Who) -> Who:
    return {**sue, "sub": "olga", "role": "ops"}


async def put(site: Site, path: str, body: dict[str, Any], who: Who) -> httpx.Response:
    return await site.http.put(path, json=body, headers=bearer(**who))


async def delete(site: Site, path: str, who: Who) -> httpx.Response:
    return await site.http.delete(path, headers=bearer(**who))


async def file(desk: RedisDesk, tenant: str, *conversations: str, **given: Any) -> None:
    for number, name in enumerate(conversations):
        shape = {"tenant": tenant, "conversation_id": name, "version": 1, "customer_id": "U789", "opened_at": NOW}
        assert await desk.file(Row.model_validate({**shape, "updated_at": NOW - timedelta(minutes=number), **given}))


async def test_an_agent_reads_a_view_page_by_page(site: Site, desk: RedisDesk, sue: Who) -> None:
    await file(desk, sue["tenant"], "c-1", "c-2", "c-3", owner="person", assignee="sue")
    await file(desk, sue["tenant"], "c-4", owner="person", assignee="bob")
    first = (await site.get("/v1/inbox?view=mine&limit=2", **sue)).json()
    whole = (await site.get("/v1/inbox", **sue)).json()
    rest = (await site.http.get(
        "/v1/inbox", params={"view": "mine", "limit": 2, "cursor": first["cursor"]}, headers=bearer(**sue)
    )).json()  # fmt: skip
    assert [row["conversation_id"] for row in first["rows"] + rest["rows"]] == ["c-1", "c-2", "c-3"]
    assert (first["total"], whole["total"], rest["cursor"]) == (3, 4, "")


async def test_counts_and_search_see_one_shop_only(site: Site, desk: RedisDesk, sue: Who) -> None:
    await file(desk, sue["tenant"], "c-1", order_id="IN-12345")
    await file(desk, f"{sue['tenant']}-too", "c-2", order_id="IN-12345")
    counts = (await site.get("/v1/inbox/counts", **sue)).json()
    assert {view for view, count in counts.items() if count} == {"all", "ai"}
    assert len(counts) == 9
    found = (await site.get("/v1/inbox/search?q=%23123", **sue)).json()
    assert [row["conversation_id"] for row in found] == ["c-1"]


BAD: dict[str, tuple[str, str]] = {
    "no such view": ("/v1/inbox?view=yours", "query/view"),
    "no cursor": ("/v1/inbox?cursor=12", "query/cursor"),
    "a cursor of no conversation": ("/v1/inbox?cursor=1~..", "query/cursor"),
    "too many": ("/v1/inbox?limit=201", "query/limit"),
    "no words": ("/v1/inbox/search?q=", "query/q"),
}


@pytest.mark.parametrize(("path", "where"), BAD.values(), ids=BAD)
async def test_a_bad_question_is_told_where_it_is_wrong(site: Site, sue: Who, path: str, where: str) -> None:
    answer = await site.get(path, **sue)
    assert slug(answer) == "request-invalid"
    assert [error["where"] for error in answer.json()["errors"]] == [where]


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/counts", "/v1/inbox/search?q=a", "/v1/roster", "/v1/pauses"])
async def test_customers_are_turned_away(site: Site, sue: Who, path: str) -> None:
    answer = await site.get(path, **{**sue, "role": "customer"})
    assert (answer.status_code, slug(answer)) == (403, "role-not-allowed")


# -- who is at work ------------------------------------------------------------------------------------------------


async def test_who_says_they_are_at_work_is_on_the_roster(site: Site, sue: Who, boss: Who) -> None:
    me = (await put(site, "/v1/me/presence", {"capacity": 3, "name": "Sue"}, sue)).json()
    assert {name: me[name] for name in ("subject", "name", "role", "away", "capacity", "open_cases")} == {
        "subject": "sue",
        "name": "Sue",
        "role": "agent",
        "away": False,
        "capacity": 3,
        "open_cases": 0,
    }
    left = datetime.fromisoformat(me["until"]) - datetime.now(UTC)
    assert timedelta(seconds=0) < left <= timedelta(seconds=90)
    again = (await put(site, "/v1/me/presence", {"away": True}, sue)).json()
    assert (again["name"], again["capacity"], again["away"]) == ("Sue", 3, True)
    named = (await put(site, "/v1/me/presence", {}, {**boss, "name": "The boss"})).json()
    assert (named["name"], named["role"]) == ("The boss", "supervisor")
    assert [one["subject"] for one in (await site.get("/v1/roster", **sue)).json()] == ["boss", "sue"]


@pytest.mark.parametrize("body", [{"capacity": -1}, {"capacity": 101}, {"subject": "bob"}, {"name": "x" * 101}])
async def test_a_presence_that_makes_no_sense_is_refused(site: Site, sue: Who, body: dict[str, Any]) -> None:
    assert slug(await put(site, "/v1/me/presence", body, sue)) == "request-invalid"


async def test_ops_answer_no_customers(site: Site, olga: Who) -> None:
    assert slug(await put(site, "/v1/me/presence", {}, olga)) == "role-not-allowed"


# -- pauses --------------------------------------------------------------------------------------------------------


async def test_a_supervisor_pauses_one_intent_or_all_of_their_shop(site: Site, sue: Who, boss: Who) -> None:
    one = (await put(site, "/v1/pauses/track_order", {"reason": "the carrier is down"}, boss)).json()
    both = (await put(site, "/v1/pauses/all", {}, boss)).json()
    assert [(each["intent"], each["by"], each["reason"]) for each in one] == [
        ("track_order", "boss", "the carrier is down")
    ]
    assert [each["intent"] for each in both] == ["track_order", "*"]
    assert (await site.get("/v1/pauses", **sue)).json() == both
    assert (await site.get("/v1/pauses", **{**sue, "tenant": f"{sue['tenant']}-too"})).json() == []
    left = (await delete(site, "/v1/pauses/all", boss)).json()
    assert [each["intent"] for each in left] == ["track_order"]
    answer = await delete(site, "/v1/pauses/all", boss)
    assert (answer.status_code, slug(answer)) == (404, "pause-not-found")


async def test_ops_pause_everywhere_and_nobody_else_ends_that(site: Site, sue: Who, boss: Who, olga: Who) -> None:
    await put(site, "/v1/pauses/track_order?everywhere=true", {}, olga)
    other = {**sue, "tenant": f"{sue['tenant']}-too"}
    assert [(one["tenant"], one["intent"]) for one in (await site.get("/v1/pauses", **other)).json()] == [
        ("*", "track_order")
    ]
    answer = await delete(site, "/v1/pauses/track_order", boss)
    assert slug(answer) == "pause-not-found"
    assert "only ops" in answer.json()["detail"]
    assert (await delete(site, "/v1/pauses/track_order?everywhere=true", olga)).json() == []


@pytest.mark.parametrize(
    ("role", "query"), [("agent", ""), ("supervisor", "?everywhere=true"), ("ops", ""), ("agent", "?everywhere=true")]
)
async def test_only_who_may_pauses(site: Site, sue: Who, role: str, query: str) -> None:
    who = {**sue, "role": role}
    assert slug(await put(site, f"/v1/pauses/all{query}", {}, who)) == "role-not-allowed"
    assert slug(await delete(site, f"/v1/pauses/all{query}", who)) == "role-not-allowed"
    assert (await site.get("/v1/pauses", **who)).json() == []


async def test_an_intent_the_shop_does_not_know_is_refused_with_those_it_knows(site: Site, boss: Who) -> None:
    answer = await put(site, "/v1/pauses/refundz", {}, boss)
    assert slug(answer) == "request-invalid"
    (error,) = answer.json()["errors"]
    assert error["where"] == "path/intent"
    assert "all, " in error["why"]
    assert "track_order" in error["why"]


async def test_a_store_that_is_away_is_said_so(settings: Settings, sue: Who, boss: Who) -> None:
    async with serving(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})) as site:
        for path in ("/v1/inbox", "/v1/inbox/counts", "/v1/inbox/search?q=a", "/v1/roster", "/v1/pauses"):
            answer = await site.get(path, **sue)
            assert (answer.status_code, slug(answer)) == (503, "redis-unavailable")
        for path in ("/v1/me/presence", "/v1/pauses/all"):
            assert slug(await put(site, path, {}, boss)) == "redis-unavailable"
