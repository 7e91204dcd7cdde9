"""People saying what messages meant: in a conversation or from the list, each for their own shop only."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from activities.clients.redis_lessons import RedisLessons
from api.lessons import said
from api.settings import Settings
from policies.facts import Understanding
from policies.lessons import Lesson, unsure
from tests.api.fakes.site import Site, bearer, serving, slug
from workflows.messages import Event, EventKind, Reply, Transcript
from workflows.record import Decision

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def lessons(settings: Settings) -> AsyncIterator[RedisLessons]:
    lessons = RedisLessons.at(settings.redis_url)
    yield lessons
    await lessons.close()


@pytest.fixture
def sue() -> dict[str, str]:
    """An agent of a shop nobody used before."""
    return {"tenant": f"t-{uuid4().hex[:8]}", "sub": "sue", "role": "agent"}


def lesson(tenant: str, text: str) -> Lesson:
    made = unsure(tenant, Understanding(redacted=text), NOW)
    assert made is not None
    return made


async def put(site: Site, path: str, intent: str = "track_order", **who: Any) -> httpx.Response:
    return await site.http.put(path, json={"intent": intent}, headers=bearer(**who))


# -- in a conversation -------------------------------------------------------------------------------------------


async def test_a_correction_keeps_the_message_redacted_with_what_was_guessed(
    site: Site, talk: str, sue: dict[str, str], lessons: RedisLessons
) -> None:
    who = {"tenant": sue["tenant"]}
    await site.say(talk, "hello", "m1", **who)
    await site.say(talk, "it is still there, write to ann@example.com", "m2", **who)
    answer = await put(site, f"/v1/conversations/{talk}/messages/m2/intent", **sue)
    assert answer.status_code == 200
    kept = Lesson.model_validate_json(answer.text)
    assert (kept.intent, kept.labelled_by, kept.why, kept.tenant) == ("track_order", "sue", "corrected", sue["tenant"])
    assert kept.text.startswith("it is still there, write to [email")
    assert [guess.id for guess in kept.guesses] == ["greeting"]
    assert await lessons.labelled(sue["tenant"], 10) == (kept,)
    for personal in ("ann@example.com", talk, '"ann"'):
        assert personal not in answer.text, "a lesson does not say who wrote it, nor where"


async def test_a_correction_may_be_repeated_and_changed(
    site: Site, talk: str, sue: dict[str, str], lessons: RedisLessons
) -> None:
    await site.say(talk, "it is still there", "m1", tenant=sue["tenant"])
    for intent in ("complaint", "track_order", "track_order"):
        assert (await put(site, f"/v1/conversations/{talk}/messages/m1/intent", intent, **sue)).status_code == 200
    assert [kept.intent for kept in await lessons.labelled(sue["tenant"], 10)] == ["track_order"]


async def test_a_correction_keeps_the_language_that_understanding_found(
    site: Site, talk: str, sue: dict[str, str], lessons: RedisLessons
) -> None:
    doubt = lesson(sue["tenant"], "steckt es fest?").model_copy(update={"language": "de"})
    await lessons.keep(doubt)
    await site.say(talk, "Steckt es fest?", "m1", tenant=sue["tenant"])
    answer = await put(site, f"/v1/conversations/{talk}/messages/m1/intent", **sue)
    assert (answer.json()["id"], answer.json()["language"]) == (doubt.id, "de")
    assert await lessons.waiting(sue["tenant"], 10) == ()


async def test_another_shops_conversation_looks_absent(
    site: Site, talk: str, sue: dict[str, str], lessons: RedisLessons
) -> None:
    await site.say(talk, "it is still there", "m1", tenant="acme")
    answer = await put(site, f"/v1/conversations/{talk}/messages/m1/intent", **sue)
    assert (answer.status_code, slug(answer)) == (404, "conversation-not-found")
    assert await lessons.labelled(sue["tenant"], 10) == ()


async def test_a_message_the_transcript_does_not_hold_is_absent(site: Site, talk: str, sue: dict[str, str]) -> None:
    await site.say(talk, "hello", "m1", tenant=sue["tenant"])
    answer = await put(site, f"/v1/conversations/{talk}/messages/m9/intent", **sue)
    assert (answer.status_code, slug(answer)) == (404, "route-not-found")


def transcript(*events: tuple[EventKind, str, tuple[str, ...]]) -> Transcript:
    """A conversation of these events: kind, text, and for a reply the messages it answers."""
    decision = Decision(turn=1, at=NOW, intent="none", confidence=0, playbook="none", policy_version="1")
    logged = []
    for offset, (kind, text, answers) in enumerate(events, 1):
        reply = Reply(offset=offset, turn=1, answers=answers, text=text, at=NOW, stage="open", decision=decision)
        logged.append(Event(offset=offset, kind=kind, at=NOW, text=text, reply=reply if answers else None))
    return Transcript(
        tenant="acme",
        conversation_id="c",
        customer_id="ann",
        policy_version="1",
        stage="open",
        owner="ai",
        closed=False,
        offer=None,
        summary="",
        events=tuple(logged),
        last_offset=len(logged),
    )


WROTE, REPLIED, THUMB = EventKind.CUSTOMER, EventKind.REPLY, EventKind.FEEDBACK
FINDS: dict[str, tuple[Transcript, str | None]] = {
    "alone": (transcript((WROTE, "one", ()), (REPLIED, "ok", ("m",))), "one"),
    "first of a burst": (transcript((WROTE, "one", ()), (WROTE, "two", ()), (REPLIED, "ok", ("m", "n"))), "one"),
    "last of a burst": (transcript((WROTE, "one", ()), (WROTE, "two", ()), (REPLIED, "ok", ("l", "m"))), "two"),
    "after another turn": (
        transcript((WROTE, "one", ()), (REPLIED, "ok", ("l",)), (WROTE, "two", ()), (REPLIED, "ok", ("m",))),
        "two",
    ),
    "with an offer closed in between": (
        transcript((WROTE, "one", ()), (EventKind.OFFER_CLOSED, "", ()), (REPLIED, "ok", ("m",))),
        "one",
    ),
    "beside a thumb": (transcript((THUMB, "[thumbs up]", ()), (WROTE, "one", ()), (REPLIED, "ok", ("l", "m"))), "one"),
    "a thumb": (transcript((THUMB, "[thumbs up] nice", ()), (REPLIED, "ok", ("m",))), None),
    "a press": (transcript((WROTE, "[confirmed]", ()), (REPLIED, "ok", ("m",))), None),
    "no longer held": (transcript((REPLIED, "ok", ("m",))), None),
    "not answered yet": (transcript((WROTE, "one", ())), None),
}


@pytest.mark.parametrize(("held", "text"), FINDS.values(), ids=FINDS)
def test_a_message_is_found_by_the_reply_that_answers_it(held: Transcript, text: str | None) -> None:
    assert said(held, "m") == (None if text is None else (text, ()))


# -- from the list -----------------------------------------------------------------------------------------------


async def test_waiting_lessons_are_listed_labelled_and_deleted(
    site: Site, sue: dict[str, str], lessons: RedisLessons
) -> None:
    first, second = lesson(sue["tenant"], "it is still there"), lesson(sue["tenant"], "asdf")
    for each in (first, second):
        await lessons.keep(each)
    listed = (await site.get("/v1/lessons", **sue)).json()
    assert {row["id"] for row in listed} == {first.id, second.id}
    assert len((await site.get("/v1/lessons?limit=1", **sue)).json()) == 1
    labelled = await put(site, f"/v1/lessons/{first.id}/intent", **sue)
    assert (labelled.json()["intent"], labelled.json()["labelled_by"]) == ("track_order", "sue")
    deleted = await site.http.delete(f"/v1/lessons/{second.id}", headers=bearer(**sue))
    assert deleted.json() == {"id": second.id}
    assert (await site.get("/v1/lessons", **sue)).json() == []
    assert await lessons.find(sue["tenant"], second.id) is None
    again = await site.http.delete(f"/v1/lessons/{second.id}", headers=bearer(**sue))
    assert (again.status_code, slug(again)) == (404, "route-not-found")


async def test_another_shops_lesson_looks_absent(site: Site, sue: dict[str, str], lessons: RedisLessons) -> None:
    theirs = lesson(f"{sue['tenant']}-2", "it is still there")
    await lessons.keep(theirs)
    assert (await site.get("/v1/lessons", **sue)).json() == []
    for answer in (
        await put(site, f"/v1/lessons/{theirs.id}/intent", **sue),
        await site.http.delete(f"/v1/lessons/{theirs.id}", headers=bearer(**sue)),
    ):
        assert (answer.status_code, slug(answer)) == (404, "route-not-found")
    assert await lessons.waiting(theirs.tenant, 10) == (theirs,)


PATHS = ("/v1/conversations/c/messages/m/intent", f"/v1/lessons/{'0' * 32}/intent")


@pytest.mark.parametrize("path", PATHS)
async def test_an_intent_nobody_knows_is_refused_with_those_there_are(
    site: Site, sue: dict[str, str], path: str
) -> None:
    answer = await put(site, path, "sing", **sue)
    assert (answer.status_code, slug(answer)) == (422, "request-invalid")
    (fault,) = answer.json()["errors"]
    assert fault["where"] == "body/intent"
    assert "refund_request, refund_status" in fault["why"]


@pytest.mark.parametrize("role", ["customer", "ops"])
async def test_only_agents_and_supervisors_teach(site: Site, role: str) -> None:
    for answer in (
        await site.get("/v1/lessons", role=role),
        await site.http.delete(f"/v1/lessons/{'0' * 32}", headers=bearer(role=role)),
        *[await put(site, path, role=role) for path in PATHS],
    ):
        assert (answer.status_code, slug(answer)) == (403, "role-not-allowed")


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x"])
async def test_a_limit_is_a_small_number(site: Site, sue: dict[str, str], query: str) -> None:
    assert slug(await site.get(f"/v1/lessons?{query}", **sue)) == "request-invalid"


@pytest.mark.parametrize("bad", ["x", "0" * 31, "A" * 32, "..%2f.."])
async def test_a_lesson_id_that_was_never_listed_is_refused_or_absent(
    site: Site, sue: dict[str, str], bad: str
) -> None:
    assert slug(await put(site, f"/v1/lessons/{bad}/intent", **sue)) in {"request-invalid", "route-not-found"}


async def test_without_its_store_teaching_says_so(settings: Settings, talk: str, sue: dict[str, str]) -> None:
    async with serving(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})) as site:
        for answer in (
            await site.get("/v1/lessons", **sue),
            await put(site, PATHS[1], **sue),
            await site.http.delete(f"/v1/lessons/{'0' * 32}", headers=bearer(**sue)),
        ):
            assert (answer.status_code, slug(answer)) == (503, "redis-unavailable")
