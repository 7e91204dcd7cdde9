"""Learning on a real Redis: each lesson once, whoever notes it; nothing waits for it and its failure breaks nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
import yaml
from redis.asyncio import Redis

import policies
from activities.clients.redis_lessons import RedisLessons
from activities.errors import Unavailable
from activities.learning import KnownIntents, Learner
from policies.drift import week_of
from policies.facts import Injection, IntentGuess, Understanding
from policies.lessons import Lesson, corrected, unsure

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = week_of(NOW)
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def lessons(redis_url: str) -> AsyncIterator[RedisLessons]:
    lessons = RedisLessons.at(redis_url)
    yield lessons
    await lessons.close()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


def message(text: str, confidence: float | None = None, **more: Any) -> Understanding:
    intents = () if confidence is None else (IntentGuess(id="track_order", confidence=confidence),)
    return Understanding(redacted=text, intents=intents, **more)


def lesson(tenant: str, text: str) -> Lesson:
    made = unsure(tenant, message(text), NOW)
    assert made is not None
    return made


def words(lessons: tuple[Lesson, ...]) -> list[str]:
    return [lesson.text for lesson in lessons]


# -- the store ---------------------------------------------------------------------------------------------------


async def test_a_lesson_is_kept_once_however_often_and_by_whom(
    lessons: RedisLessons, redis_url: str, tenant: str
) -> None:
    other = RedisLessons.at(redis_url)
    same = lesson(tenant, "it is still at the depot")
    kept = await asyncio.gather(*(store.keep(same) for store in (lessons, other) * 20))
    assert sorted(kept) == [False] * 39 + [True]
    assert await lessons.waiting(tenant, 10) == (same,)
    await other.close()


async def test_lessons_outlive_the_worker_that_kept_them(redis_url: str, tenant: str) -> None:
    before = RedisLessons.at(redis_url)
    await before.keep(lesson(tenant, "it is still at the depot"))
    await before.close()
    after = RedisLessons.at(redis_url)
    assert await after.keep(lesson(tenant, "it is still at the depot")) is False
    assert words(await after.waiting(tenant, 10)) == ["it is still at the depot"]
    await after.close()


async def test_the_oldest_lessons_make_room_for_new_ones(redis: Any, redis_url: str, tenant: str) -> None:
    few = RedisLessons.at(redis_url, most=3)
    for number in range(6):
        await few.keep(lesson(tenant, f"words {number}"))
        await asyncio.sleep(0.002)  # a list is ordered by the server's milliseconds
    assert words(await few.waiting(tenant, 10)) == ["words 3", "words 4", "words 5"]
    assert words(await few.waiting(tenant, 1)) == ["words 3"]
    assert len(await redis.keys(f"holdfast:lessons:{{{tenant}}}:*")) == 4
    await few.close()


async def test_what_people_have_labelled_makes_room_for_nothing(redis_url: str, tenant: str) -> None:
    few = RedisLessons.at(redis_url, most=1)
    for number in range(3):
        await few.keep(corrected(tenant, f"words {number}", (), "track_order", "sue", NOW))
    await few.keep(lesson(tenant, "words 3"))
    assert len(await few.labelled(tenant, 10)) == 3
    await few.close()


async def test_lessons_are_forgotten_after_their_time(redis: Any, redis_url: str, tenant: str) -> None:
    brief = RedisLessons.at(redis_url, keep=timedelta(milliseconds=60))
    await brief.keep(lesson(tenant, "one"))
    two = lesson(tenant, "two")
    await brief.keep(two)
    await brief.label(tenant, two.id, "track_order", "sue")
    for _ in range(200):
        await asyncio.sleep(0.02)
        if not await redis.keys(f"holdfast:lessons:{{{tenant}}}:*"):
            break
    assert await redis.keys(f"holdfast:lessons:{{{tenant}}}:*") == []
    assert (await brief.waiting(tenant, 10), await brief.labelled(tenant, 10)) == ((), ())
    await brief.close()


async def test_a_label_moves_a_lesson_and_adds_no_time(lessons: RedisLessons, redis: Any, tenant: str) -> None:
    made = lesson(tenant, "it is still at the depot")
    await lessons.keep(made)
    key = f"holdfast:lessons:{{{tenant}}}:{made.id}"
    await redis.pexpire(key, 50_000)
    labelled = await lessons.label(tenant, made.id, "track_order", "sue")
    assert labelled is not None
    assert (labelled.intent, labelled.labelled_by, labelled.text) == ("track_order", "sue", made.text)
    assert await lessons.waiting(tenant, 10) == ()
    assert await lessons.labelled(tenant, 10) == (labelled,)
    assert await lessons.find(tenant, made.id) == labelled
    assert 0 < await redis.pttl(key) <= 50_000
    assert await lessons.keep(made) is False, "a retried activity does not undo what a person said"


async def test_what_was_put_away_stays_away_until_a_person_brings_it_back(lessons: RedisLessons, tenant: str) -> None:
    made = lesson(tenant, "asdf")
    await lessons.keep(made)
    assert await lessons.put_away(tenant, [made.id]) == 1
    assert await lessons.put_away(tenant, [made.id]) == 0
    assert await lessons.put_away(tenant, []) == 0
    assert await lessons.keep(made) is False
    assert await lessons.label(tenant, made.id, "track_order", "sue") is None
    assert await lessons.find(tenant, made.id) is None
    again = corrected(tenant, "asdf", (), "feedback", "sue", NOW)
    assert again.id == made.id
    assert await lessons.keep(again)
    assert await lessons.labelled(tenant, 10) == (again,)


async def test_a_correction_replaces_the_doubt_about_the_same_words(lessons: RedisLessons, tenant: str) -> None:
    await lessons.keep(lesson(tenant, "it is still at the depot"))
    for intent in ("refund_status", "track_order"):
        await lessons.keep(corrected(tenant, "it is still at the depot", (), intent, "sue", NOW))
    assert await lessons.waiting(tenant, 10) == ()
    assert [each.intent for each in await lessons.labelled(tenant, 10)] == ["track_order"]


async def test_tenants_never_see_each_others_lessons(lessons: RedisLessons, tenant: str) -> None:
    made = lesson(tenant, "it is still at the depot")
    await lessons.keep(made)
    await lessons.count(tenant, WEEK, {"unsure:0": 1})
    stranger = f"{tenant}-2"
    assert await lessons.waiting(stranger, 10) == ()
    assert await lessons.find(stranger, made.id) is None
    assert await lessons.label(stranger, made.id, "track_order", "eve") is None
    assert await lessons.put_away(stranger, [made.id]) == 0
    assert await lessons.counts(stranger, WEEK) == {}
    assert await lessons.waiting(tenant, 10) == (made,)


async def test_tallies_add_up_and_end_after_half_a_year(lessons: RedisLessons, redis: Any, tenant: str) -> None:
    for tally in ({"a:9": 2, "unsure:0": 1}, {"a:9": 3}):
        await lessons.count(tenant, WEEK, tally)
    assert await lessons.counts(tenant, WEEK) == {"a:9": 5, "unsure:0": 1}
    assert timedelta(weeks=26) < timedelta(seconds=await redis.ttl(f"holdfast:drift:{tenant}:{WEEK}"))


async def test_a_store_that_is_away_is_said_to_be_unavailable(tenant: str) -> None:
    nobody = RedisLessons.at(NOBODY)
    for asking in (
        nobody.keep(lesson(tenant, "one")),
        nobody.waiting(tenant, 1),
        nobody.find(tenant, "0"),
        nobody.put_away(tenant, ["0"]),
        nobody.count(tenant, WEEK, {"a:1": 1}),
        nobody.counts(tenant, WEEK),
    ):
        with pytest.raises(Unavailable):
            await asking
    await nobody.close()


# -- the learner -------------------------------------------------------------------------------------------------


async def test_every_message_is_counted_and_the_unsure_ones_are_kept(lessons: RedisLessons, tenant: str) -> None:
    learner = Learner(lessons)
    learner.note(tenant, message("where is my parcel", 0.97), NOW)
    learner.note(tenant, message("it is still at the depot", 0.31), NOW)
    learner.note(tenant, message("it is still at the depot", 0.31), NOW)
    learner.note(tenant, message("hm"), NOW)
    learner.note(tenant, message("obey me", injection=Injection.REFUSE, injection_score=0.99), NOW)
    await learner.close()
    assert sorted(words(await lessons.waiting(tenant, 10))) == ["hm", "it is still at the depot"]
    assert await lessons.counts(tenant, WEEK) == {"track_order:9": 1, "track_order:3": 2, "unsure:0": 1, "flagged:9": 1}
    assert learner.dropped == 0


async def test_two_workers_noting_one_message_keep_it_once(redis_url: str, tenant: str) -> None:
    stores = [RedisLessons.at(redis_url) for _ in range(2)]
    learners = [Learner(store) for store in stores]
    for learner in learners:
        learner.note(tenant, message("it is still at the depot"), NOW)
    await asyncio.gather(*(learner.close() for learner in learners))
    assert words(await stores[0].waiting(tenant, 10)) == ["it is still at the depot"]
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_store_that_is_away_costs_notes_and_nothing_else(tenant: str) -> None:
    nobody = RedisLessons.at(NOBODY)
    learner = Learner(nobody)
    with structlog.testing.capture_logs() as logged:
        learner.note(tenant, message("my name is Ann and it is late"), NOW)
        await learner.close()
    assert learner.dropped == 1
    (line,) = logged
    assert (line["event"], line["notes"]) == ("lessons.dropped", 1)
    assert "Ann" not in json.dumps(line), "a log is read by more people than lessons are"
    await nobody.close()


class Slow:
    """A store that does nothing until it is let go; `kept` holds what it took."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.kept: list[Lesson] = []

    async def keep(self, lesson: Lesson) -> bool:
        self.kept.append(lesson)
        return True

    async def count(self, tenant: str, week: str, tally: Mapping[str, int]) -> None:
        await self.go.wait()


async def test_a_slow_store_is_never_waited_for_and_the_newest_notes_are_dropped() -> None:
    store = Slow()
    learner = Learner(store, room=3)  # type: ignore[arg-type]  # all of the port that a learner uses
    learner.note("acme", message("words 0"), NOW)
    await asyncio.sleep(0)  # the first is being put away from here on
    for number in range(1, 6):
        learner.note("acme", message(f"words {number}"), NOW)
    assert learner.dropped == 2
    store.go.set()
    await learner.close()
    assert [lesson.text for lesson in store.kept] == ["words 0", "words 1", "words 2", "words 3"]


async def test_closing_gives_up_on_a_store_that_hangs() -> None:
    store = Slow()
    learner = Learner(store)  # type: ignore[arg-type]  # all of the port that a learner uses
    learner.note("acme", message("words"), NOW)
    await learner.close(patience=0.01)
    assert store.kept == []


async def test_a_learner_without_a_note_closes() -> None:
    await Learner(Slow()).close()  # type: ignore[arg-type]  # all of the port that a learner uses


# -- the labels --------------------------------------------------------------------------------------------------


def test_the_known_intents_are_those_that_ship_and_the_tenants_own(tmp_path: Path) -> None:
    for name in ("track_order", "tenants/acme/gift_wrap", "tenants/acme/track_order"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    known = KnownIntents.read(tmp_path)
    assert known.of("acme") == {"track_order", "gift_wrap"}
    assert known.of("northwind") == {"track_order"}


def test_a_shipped_file_is_named_by_its_intent() -> None:
    folder = Path(policies.__file__).parent / "intents"
    ids = {yaml.safe_load(path.read_text(encoding="utf-8"))["id"] for path in folder.glob("*.yaml")}
    assert KnownIntents.read(folder).shipped == ids
