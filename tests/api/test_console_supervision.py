"""The supervisors' page: what is late, who has what, and pausing the AI with a step between."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from activities.desk_ports import EVERYWHERE, Member, Pause
from policies.drift import week_before, week_of
from policies.inbox import Row
from policies.inference import ModelCall
from tests.api.conftest import OwnRedis
from tests.fakes.queues import Queues, queues, signed_in

ASSETS = re.compile(r"/console/assets/[^\"]+")


@pytest.fixture
async def console(own_redis: OwnRedis) -> AsyncIterator[Queues]:
    async with queues(own_redis.url) as console:
        yield console


def now() -> datetime:
    """The whole suite lasts longer than some of the times spoken of here."""
    return datetime.now(UTC)


def row(console: Queues, name: str, **more: object) -> Row:
    plain = {"version": 1, "customer_id": f"customer-{name}", "opened_at": now(), "updated_at": now()}
    return Row.model_validate({"tenant": console.tenant, "conversation_id": f"c-{name}", **plain, **more})


async def at_work(console: Queues, subject: str, capacity: int = 5) -> None:
    member = Member(subject=subject, name=subject.title(), capacity=capacity, until=now() + timedelta(minutes=5))
    await console.desk.seen(console.tenant, member)


async def test_conversations_past_their_time_are_listed_with_who_has_them(console: Queues) -> None:
    late = {"owner": "person", "due_at": now() - timedelta(minutes=12), "waiting_since": now() - timedelta(hours=1)}
    await console.desk.file(row(console, "late", **late, assignee="ana", assignee_name="Ana", claimed=True))
    await console.desk.file(row(console, "soon", owner="person", due_at=now() + timedelta(hours=1)))
    html = (await signed_in(console, "sue", "supervisor").get("/console/supervision")).text
    assert 'href="/console/c/c-late"' in html
    assert "c-soon" not in html
    assert "1 in all" in html
    for told in ("customer-late", "Ana", "12 min", "1 h"):
        assert told in html, told


async def test_people_are_listed_with_their_load_and_can_be_set_away_or_given_more(console: Queues) -> None:
    await at_work(console, "ana", capacity=3)
    async with signed_in(console, "sue", "supervisor") as sue:
        assert "0 of 3" in (await sue.get("/console/supervision")).text
        headers = {"X-Holdfast": "console"}
        path = "/console/supervision/people/ana"
        assert (await sue.post(path, data={"away": "true"}, headers=headers)).status_code == 303
        assert (await sue.post(path, data={"capacity": "7"}, headers=headers)).status_code == 303
        too_many = await sue.post(path, data={"capacity": "100"}, headers=headers)
    assert too_many.status_code == 422
    (ana,) = await console.desk.members(console.tenant, now())
    assert (ana.away, ana.capacity) == (True, 7)


async def test_a_pause_is_confirmed_first_and_only_then_made(console: Queues) -> None:
    await console.desk.file(row(console, "talking"))
    async with signed_in(console, "sue", "supervisor") as sue:
        page = await sue.get("/console/supervision/pause", params={"intent": "refund_request", "where": "here"})
        assert "Pause the AI for refund request, in your shop?" in page.text
        assert await console.desk.paused(console.tenant) == ()
        form = {"intent": "refund_request", "where": "here", "reason": "wrong amounts"}
        await sue.post("/console/supervision/pause", data=form, headers={"X-Holdfast": "console"})
        (made,) = await console.desk.paused(console.tenant)
        assert (made.tenant, made.intent, made.by, made.reason) == (
            console.tenant,
            "refund_request",
            "sue",
            "wrong amounts",
        )
        assert "wrong amounts" in (await sue.get("/console/supervision")).text
        await sue.post("/console/supervision/resume", data=form, headers={"X-Holdfast": "console"})
    assert await console.desk.paused(console.tenant) == ()


async def test_a_pause_of_everything_says_how_many_conversations_it_meets(console: Queues) -> None:
    for name in ("one", "two"):
        await console.desk.file(row(console, name))
    html = (await signed_in(console, "sue", "supervisor").get("/console/supervision/pause")).text
    assert "2 conversations are with the AI right now" in html


async def test_every_shop_is_for_operations_and_others_see_why_not(console: Queues) -> None:
    async with signed_in(console, "sue", "supervisor") as sue:
        html = (await sue.get("/console/supervision")).text
        assert 'value="everywhere" disabled' in html
        assert "only operations (role ops) may do this" in html
        form = {"intent": EVERYWHERE, "where": "everywhere", "reason": "outage"}
        for path in ("pause", "resume"):
            answer = await sue.post(f"/console/supervision/{path}", data=form, headers={"X-Holdfast": "console"})
            assert answer.status_code == 403
    assert await console.desk.paused(console.tenant) == ()


async def test_operations_pause_every_shop_and_a_supervisor_cannot_resume_it(console: Queues) -> None:
    form = {"intent": "invoice", "where": "everywhere", "reason": "outage"}
    async with signed_in(console, "olga", "ops") as olga:
        assert 'value="everywhere" disabled' not in (await olga.get("/console/supervision")).text
        await olga.post("/console/supervision/pause", data=form, headers={"X-Holdfast": "console"})
        (made,) = await console.desk.paused("any-other-shop")
        sue = signed_in(console, "sue", "supervisor")
        html = (await sue.get("/console/supervision")).text
        await sue.post("/console/supervision/resume", data={**form, "where": "here"}, headers={"X-Holdfast": "console"})
        assert await console.desk.paused("any-other-shop") == (made,)
        await olga.post("/console/supervision/resume", data=form, headers={"X-Holdfast": "console"})
    assert (made.tenant, made.intent) == (EVERYWHERE, "invoice")
    assert "in every shop" in html
    assert "Only operations can resume this." in html
    assert await console.desk.paused("any-other-shop") == ()


async def test_an_intent_the_shop_does_not_know_cannot_be_paused(console: Queues) -> None:
    async with signed_in(console, "sue", "supervisor") as sue:
        form = {"intent": "<b>", "where": "here", "reason": "x"}
        posted = await sue.post("/console/supervision/pause", data=form, headers={"X-Holdfast": "console"})
        asked = await sue.get("/console/supervision/pause", params={"intent": "<b>"})
    assert (posted.status_code, asked.status_code) == (422, 422)
    assert "<b>" not in asked.text.replace("<b>Sue</b>", "")


async def test_another_shops_pauses_people_and_conversations_are_not_shown(console: Queues) -> None:
    other = Pause(tenant=f"{console.tenant}-b", intent="invoice", by="Zoe", at=now(), reason="secret of theirs")
    await console.desk.pause(other)
    async with signed_in(console, "sue", "supervisor") as sue:
        html = (await sue.get("/console/supervision")).text
    assert "secret of theirs" not in html
    assert "answers everything" in html


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_the_page_is_for_supervisors(console: Queues, role: str) -> None:
    async with signed_in(console, "ana", role) as ana:
        for path in ("/console/supervision", "/console/supervision/changes", "/console/supervision/pause"):
            assert (await ana.get(path)).status_code == 403
        form = {"intent": EVERYWHERE, "where": "here", "reason": "x"}
        assert (
            await ana.post("/console/supervision/pause", data=form, headers={"X-Holdfast": "console"})
        ).status_code == 403


async def test_what_models_cost_and_whether_messages_changed_is_said(console: Queues) -> None:
    for nano_usd in (1_500_000_000, 250_000_000):
        call = ModelCall(task="phrase", deployment="small", tier="S", outcome="ok", nano_usd=nano_usd)
        await console.parts.ledger.enter(console.tenant, call)
    week = week_of(datetime.now(UTC))
    await console.parts.lessons.count(console.tenant, week, {"refund_request:9": 400})
    await console.parts.lessons.count(console.tenant, week_before(week), {"track_order:9": 400})
    html = (await signed_in(console, "sue", "supervisor").get("/console/supervision")).text
    assert html.count("<b>$1.75</b>") == 2, "today and this month"
    assert "for 2 calls" in html
    assert "are not like last week's" in html
    assert "refund request" in html.split("are not like last week's")[1].split("</p>")[0]


async def test_an_open_page_is_brought_up_to_date_in_parts(console: Queues) -> None:
    await at_work(console, "ana")
    html = (await signed_in(console, "sue", "supervisor").get("/console/supervision/changes")).text
    for part in ("queues", "late", "load-ana"):
        assert f'id="{part}"' in html
    assert "<input" not in html


async def test_operations_look_on_and_change_nothing_in_the_shop(console: Queues) -> None:
    await at_work(console, "ana", capacity=3)
    late = {"owner": "person", "due_at": now() - timedelta(minutes=12)}
    await console.desk.file(row(console, "late", **late))
    ours = {"X-Holdfast": "console"}
    pause = {"intent": "invoice", "where": "here", "reason": "x"}
    await signed_in(console, "sue", "supervisor").post("/console/supervision/pause", data=pause, headers=ours)
    async with signed_in(console, "olga", "ops") as olga:
        html = (await olga.get("/console/supervision")).text
        posts = {
            "/console/supervision/people/ana": {"away": "true"},
            "/console/supervision/pause": {**pause, "intent": "track_order"},
            "/console/supervision/resume": pause,
        }
        for path, form in posts.items():
            assert (await olga.post(path, data=form, headers=ours)).status_code == 403, path
        assert (await olga.get("/console/supervision/pause", params={"where": "here"})).status_code == 403
        refused = (await olga.get("/console/approvals")).text
        for address in set(re.findall(r'href="(/console[^"#]*)"', html + refused)) - set(ASSETS.findall(html)):
            assert (await olga.get(address)).status_code == 200, address
    assert "Only supervisors of the shop can resume this." in html
    assert "/people/" not in html
    assert 'value="here" disabled' in html
    (ana,) = await console.desk.members(console.tenant, now())
    assert (ana.away, ana.capacity) == (False, 3)
    assert [each.intent for each in await console.desk.paused(console.tenant)] == ["invoice"]


async def test_who_paused_and_who_resumed_is_on_record(console: Queues) -> None:
    ours = {"X-Holdfast": "console"}
    form = {"intent": "invoice", "where": "here", "reason": "x"}
    await at_work(console, "sue")
    with structlog.testing.capture_logs() as lines:
        async with signed_in(console, "sue", "supervisor") as sue:
            await sue.post("/console/supervision/pause", data=form, headers=ours)
            assert "by Sue" in (await sue.get("/console/supervision")).text
            for _ in range(2):
                assert (await sue.post("/console/supervision/resume", data=form, headers=ours)).status_code == 303
    told = [(line["event"], line["tenant"], line["intent"], line["by"]) for line in lines]
    assert told == [(event, console.tenant, "invoice", "sue") for event in ("pause.begun", "pause.ended")]
