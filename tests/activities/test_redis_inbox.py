"""The inbox on a real Redis: every view holds what it should in its order, whatever came when."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from activities.clients.redis_desk_keys import desk_of
from activities.clients.redis_inbox import LOOKED_AT, RedisInbox
from activities.clients.redis_log import RedisEventLog
from activities.event_log import AppendEvents, Events
from policies.cases import Priority
from policies.inbox import Row, View
from tests.activities.inbox_rows import NOON, expected, row

MINUTE = timedelta(minutes=1)
PERSON: dict[str, Any] = {"owner": "person", "why": "asked"}


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
def inbox(redis: Redis) -> RedisInbox:
    return RedisInbox(redis)


async def ids(inbox: RedisInbox, tenant: str, view: View, now: datetime = NOON, me: str = "sue") -> list[str]:
    return [one.conversation_id for one in (await inbox.page(tenant, view, me, now)).rows]


async def test_a_row_is_kept_as_it_was_filed_and_of_no_other_tenant(inbox: RedisInbox, tenant: str) -> None:
    filed = row(tenant, **PERSON, preview="Wo ist “mein” Paket?", tags=("lost",), due_at=NOON)
    assert await inbox.file(filed)
    assert await inbox.find(tenant, "c-1") == filed
    assert (await inbox.page(tenant, View.ALL, "sue", NOON)).rows == (filed,)
    other = f"{tenant}-too"
    assert await inbox.find(other, "c-1") is None
    assert (await inbox.page(other, View.ALL, "sue", NOON)).total == 0
    assert await inbox.search(other, "U789") == ()
    assert await inbox.place(other, "c-1") is None


async def test_a_lower_version_never_replaces_a_higher_one(inbox: RedisInbox, tenant: str) -> None:
    newer = row(tenant, version=3, **PERSON, assignee="sue")
    assert await inbox.file(newer)
    assert not await inbox.file(row(tenant, version=2))
    assert await inbox.file(newer), "an activity that is retried files the same version again"
    assert await inbox.find(tenant, "c-1") == newer
    assert await ids(inbox, tenant, View.MINE) == ["c-1"]
    assert await ids(inbox, tenant, View.AI) == []


async def test_a_row_leaves_the_views_words_and_queue_it_stood_in(inbox: RedisInbox, tenant: str, redis: Redis) -> None:
    await inbox.file(row(tenant, **PERSON, assignee="sue", order_id="A1", due_at=NOON, stage="waiting_approval"))
    await inbox.file(row(tenant, version=2, order_id="B2", closed=True))
    standing = {view for view, count in (await inbox.counts(tenant, "sue", NOON)).items() if count}
    assert standing == {View.CLOSED}
    assert await inbox.place(tenant, "c-1") is None
    assert await inbox.search(tenant, "A1") == ()
    assert [one.version for one in await inbox.search(tenant, "b2")] == [2]
    assert await redis.zcard(f"{desk_of(tenant)}cases:sue") == 0


async def test_a_snoozed_row_stands_nowhere_else_until_its_time(inbox: RedisInbox, tenant: str) -> None:
    until = NOON + MINUTE
    await inbox.file(row(tenant, **PERSON, assignee="sue", due_at=NOON, snoozed_until=until))
    counts = await inbox.counts(tenant, "sue", NOON)
    assert {view for view, count in counts.items() if count} == {View.SNOOZED}
    assert await ids(inbox, tenant, View.SNOOZED) == ["c-1"]
    assert await inbox.place(tenant, "c-1") == 0, "a customer's place in the queue is not snoozed"
    assert await ids(inbox, tenant, View.MINE, until) == ["c-1"]
    counts = await inbox.counts(tenant, "sue", until)
    assert {view for view, count in counts.items() if count} == {View.ALL, View.MINE, View.BREACHED}


async def test_a_row_is_late_when_its_time_has_come_without_being_filed_again(inbox: RedisInbox, tenant: str) -> None:
    await inbox.file(row(tenant, "later", **PERSON, due_at=NOON + 2 * MINUTE))
    await inbox.file(row(tenant, "soon", **PERSON, due_at=NOON + MINUTE))
    assert await inbox.page(tenant, View.BREACHED, "sue", NOON) == (await inbox.page(tenant, View.CLOSED, "sue", NOON))
    assert await ids(inbox, tenant, View.BREACHED, NOON + MINUTE) == ["soon"]
    page = await inbox.page(tenant, View.BREACHED, "sue", NOON + MINUTE)
    assert (page.total, page.cursor) == (1, "")
    assert (await inbox.counts(tenant, "sue", NOON + 2 * MINUTE))[View.BREACHED] == 2


async def test_pages_follow_each_other_without_a_gap(inbox: RedisInbox, tenant: str) -> None:
    rows = [row(tenant, f"c-{number:02}", updated_at=NOON - number * MINUTE) for number in range(12)]
    for one in rows:
        await inbox.file(one)
    first = await inbox.page(tenant, View.AI, "sue", NOON, most=5)
    # What the cursor names moves to the front, and what comes first of the rest goes: nothing else is missed.
    await inbox.file(rows[4].model_copy(update={"version": 2, "updated_at": NOON + MINUTE}))
    second = await inbox.page(tenant, View.AI, "sue", NOON, cursor=first.cursor, most=5)
    third = await inbox.page(tenant, View.AI, "sue", NOON, cursor=second.cursor, most=5)
    assert [page.total for page in (first, second, third)] == [12, 12, 12]
    seen = [one.conversation_id for page in (first, second, third) for one in page.rows]
    assert seen == [one.conversation_id for one in rows]
    assert third.cursor == ""


async def test_a_cursor_that_is_none_is_refused(inbox: RedisInbox, tenant: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await inbox.page(tenant, View.ALL, "sue", NOON, cursor="12; drop")


async def test_a_customer_is_told_how_many_come_before_them(inbox: RedisInbox, tenant: str) -> None:
    await inbox.file(row(tenant, "first", **PERSON, waiting_since=NOON))
    await inbox.file(row(tenant, "second", **PERSON, waiting_since=NOON + MINUTE, assignee="sue"))
    await inbox.file(row(tenant, "claimed", **PERSON, waiting_since=NOON - MINUTE, claimed=True))
    await inbox.file(row(tenant, "urgent", **PERSON, waiting_since=NOON + 2 * MINUTE, priority=Priority.URGENT))
    places = {name: await inbox.place(tenant, name) for name in ("urgent", "first", "second", "claimed", "never")}
    assert places == {"urgent": 0, "first": 1, "second": 2, "claimed": None, "never": None}


FOUND: dict[str, list[str]] = {
    "#123": ["c-new", "c-old"],
    "in-123": ["c-new", "c-old"],
    "123 LOS": ["c-new", "c-old"],
    "12345 lost": ["c-old"],
    "gross": ["c-other"],
    "su gr u789": ["c-other"],
    'u7 "c\\': ["c-new", "c-old", "c-other"],
    "lost sue": [],
    "view u7": [],
    "9": ["c-other"],
    "": [],
    "[ (": [],
    "*": [],
}


async def test_words_are_found_by_their_beginnings_all_of_them_newest_first(inbox: RedisInbox, tenant: str) -> None:
    await inbox.file(row(tenant, "c-old", order_id="IN-12345", tags=("Lost",)))
    await inbox.file(row(tenant, "c-new", order_id="IN-12399", tags=("lost",), updated_at=NOON + MINUTE))
    sues: dict[str, Any] = {**PERSON, "assignee": "sue", "assignee_name": "Sue Groß"}
    await inbox.file(row(tenant, "c-other", order_id="IN-99", **sues, updated_at=NOON - MINUTE))
    found = {asked: [one.conversation_id for one in await inbox.search(tenant, asked)] for asked in FOUND}
    assert found == FOUND
    assert len(await inbox.search(tenant, "c", most=2)) == 2


async def test_a_search_looks_at_so_many_entries_and_no_more(inbox: RedisInbox, tenant: str, redis: Redis) -> None:
    for number in range(3):
        await inbox.file(row(tenant, f"c-{number}", customer_id="ann", updated_at=NOON + number * MINUTE))
    padding = {f"ann 000{number:04} gone-{number}": 0.0 for number in range(LOOKED_AT)}
    await redis.zadd(f"{desk_of(tenant)}words", padding)
    assert await inbox.search(tenant, "ann", LOOKED_AT) == (), "entries that sort first use up what is looked at"
    await redis.zrem(f"{desk_of(tenant)}words", *list(padding)[:1])
    assert [one.conversation_id for one in await inbox.search(tenant, "ann", LOOKED_AT)] == ["c-2"]


async def test_an_erased_conversation_is_gone_and_not_taken_again_by_a_late_worker(
    inbox: RedisInbox, tenant: str, redis: Redis
) -> None:
    await inbox.file(row(tenant, "c-1", order_id="A1"))
    await inbox.file(row(tenant, "c-2", order_id="A2"))
    assert await inbox.forget(tenant, ["c-1", "c-9"]) == 1
    assert not await inbox.file(row(tenant, "c-1", version=7))
    assert await inbox.find(tenant, "c-1") is None
    assert [one.conversation_id for one in await inbox.search(tenant, "a")] == ["c-2"]
    assert await ids(inbox, tenant, View.ALL) == ["c-2"]
    assert await inbox.forget(tenant, []) == 0
    left = [key.decode() async for key in redis.scan_iter(f"{desk_of(tenant)}*c-1*".replace("{", "[{]"))]
    assert left == [f"{desk_of(tenant)}gone:c-1"]
    assert 0 < await redis.ttl(left[0]) <= 120


async def test_what_closed_long_ago_is_dropped(redis: Redis, tenant: str) -> None:
    inbox = RedisInbox(redis, closed_kept=timedelta(days=2))
    now = datetime.now(UTC)
    for name, age in {"old": 3, "young": 1}.items():
        await inbox.file(row(tenant, name, closed=True, updated_at=now - timedelta(days=age)))
    await inbox.file(row(tenant, "open", updated_at=now - timedelta(days=3)))
    assert await inbox.find(tenant, "old") is None
    assert await ids(inbox, tenant, View.CLOSED) == ["young"]
    assert {one.conversation_id for one in await inbox.search(tenant, "u789")} == {"young", "open"}
    assert 0 < await redis.ttl(f"{desk_of(tenant)}rows") <= 2 * 86_400, "nor does a shop that fell silent leave any"


async def test_a_view_heals_where_rows_were_lost(inbox: RedisInbox, tenant: str, redis: Redis) -> None:
    await inbox.file(row(tenant, "lost"))
    await inbox.file(row(tenant, "held"))
    await redis.hdel(f"{desk_of(tenant)}rows", "lost")
    assert await ids(inbox, tenant, View.ALL) == ["held"]
    assert (await inbox.page(tenant, View.ALL, "sue", NOON)).total == 1


async def test_the_publisher_files_the_row_with_its_events(inbox: RedisInbox, redis: Redis, tenant: str) -> None:
    events = Events(RedisEventLog(redis), inbox=inbox)
    await events.append_events(AppendEvents(stream=f"holdfast:events:{tenant}:c-1", events=(), row=row(tenant)))
    assert await ids(inbox, tenant, View.ALL) == ["c-1"]


MOMENTS = st.sampled_from([NOON + minutes * MINUTE for minutes in range(-3, 4)])
PEOPLE = st.sampled_from(["", "sue", "bob"])
ROWS = st.builds(
    dict,
    conversation_id=st.sampled_from([f"c-{number}" for number in range(6)]),
    version=st.integers(1, 6),
    owner=st.sampled_from(["ai", "person"]),
    assignee=PEOPLE,
    claimed=st.booleans(),
    stage=st.sampled_from(["open", "waiting_approval"]),
    updated_at=MOMENTS,
    due_at=st.none() | MOMENTS,
    snoozed_until=st.none() | MOMENTS,
    breached=st.booleans(),
    waits_for_customer=st.booleans(),
    closed=st.sampled_from([False, False, False, True]),
)


@settings(max_examples=50, deadline=None)
@given(given=st.lists(ROWS, max_size=14))
async def test_whatever_is_filed_in_whatever_order_each_view_holds_the_newest_of_each(
    redis_url: str, given: list[dict[str, Any]]
) -> None:
    tenant = f"t-{uuid4().hex[:8]}"
    newest: dict[str, Row] = {}
    async with Redis.from_url(redis_url) as redis:
        inbox = RedisInbox(redis)
        for one in (row(tenant, **shape) for shape in given):
            held = newest.get(one.conversation_id)
            assert await inbox.file(one) == (held is None or held.version <= one.version)
            if held is None or held.version <= one.version:
                newest[one.conversation_id] = one
        for now in (NOON, NOON + 2 * MINUTE):
            counts = await inbox.counts(tenant, "sue", now)
            for view in View:
                wanted = expected(newest.values(), view, "sue", now)
                page = await inbox.page(tenant, view, "sue", now)
                assert [one.conversation_id for one in page.rows] == wanted, view
                assert page.total == counts[view] == len(wanted), view
