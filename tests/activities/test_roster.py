"""Who is chosen for a conversation, on a real Redis: in turns, within capacity, and the same one when asked again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from activities.clients.redis_desk import RedisDesk
from activities.desk_ports import Member
from tests.activities.inbox_rows import NOON, row

BEAT = timedelta(seconds=90)
LATER = NOON + timedelta(seconds=61)


class Shift:
    """One shop's people at work, as several workers see them."""

    def __init__(self, redis: Redis) -> None:
        self.tenant = f"t-{uuid4().hex[:8]}"
        self.desk = RedisDesk(redis)

    async def come(self, *subjects: str, **given: Any) -> None:
        for subject in subjects:
            member = Member.model_validate({"subject": subject, "name": subject.title(), "until": NOON + BEAT, **given})
            await self.desk.seen(self.tenant, member)

    async def choose(self, conversation_id: str, *barred: str, role: Any = "agent", now: Any = NOON) -> str:
        chosen = await self.desk.choose(self.tenant, conversation_id, role, barred, now)
        return chosen.subject if chosen else ""

    async def give(self, conversation_id: str, subject: str, version: int = 1, **given: Any) -> None:
        """File a conversation as this person's."""
        given = {"owner": "person", "assignee": subject, **given}
        assert await self.desk.file(row(self.tenant, conversation_id, version=version, **given))


@pytest.fixture
async def shift(redis_url: str) -> AsyncIterator[Shift]:
    async with Redis.from_url(redis_url) as redis:
        yield Shift(redis)


async def test_conversations_are_given_in_turns(shift: Shift) -> None:
    await shift.come("ann", "bob", "cleo")
    assert [await shift.choose(f"c-{number}") for number in range(6)] == ["ann", "bob", "cleo"] * 2
    await shift.come("dan")
    assert [await shift.choose(f"d-{number}") for number in range(2)] == ["dan", "ann"], "the newest had none yet"


async def test_asking_again_finds_the_same_person_and_takes_no_more_of_them(shift: Shift) -> None:
    await shift.come("ann", "bob", capacity=1)
    assert {await shift.choose("c-1") for _ in range(5)} == {"ann"}
    assert await shift.choose("c-2") == "bob"
    assert await shift.choose("c-3") == ""
    await shift.give("c-1", "ann")
    assert await shift.choose("c-1", now=LATER) == "ann", "they have it"


async def test_a_reservation_lapses_where_the_conversation_never_came(shift: Shift) -> None:
    await shift.come("ann", capacity=1)
    assert await shift.choose("c-1") == "ann"
    assert await shift.choose("c-2", now=NOON + timedelta(seconds=59)) == ""
    await shift.come("ann", until=LATER + BEAT, capacity=1)
    assert await shift.choose("c-2", now=LATER) == "ann"
    assert await shift.choose("c-1", now=LATER) == "", "what lapsed is chosen anew, within capacity"


async def test_open_cases_count_until_they_are_closed_or_handed_back(shift: Shift) -> None:
    await shift.come("ann", capacity=2)
    await shift.give("c-1", "ann", snoozed_until=NOON + BEAT)
    await shift.give("c-2", "ann")
    assert await shift.choose("c-3") == ""
    await shift.give("c-1", "ann", version=2, closed=True)
    assert await shift.choose("c-3") == "ann"
    assert await shift.choose("c-4") == ""
    await shift.give("c-2", "ann", version=2, owner="ai")
    assert await shift.choose("c-4") == "ann"
    (member,) = await shift.desk.members(shift.tenant, NOON)
    assert member.open_cases == 2


async def test_a_case_is_counted_once_while_it_is_reserved_and_filed(shift: Shift) -> None:
    await shift.come("ann", capacity=2)
    assert await shift.choose("c-1") == "ann"
    await shift.give("c-1", "ann")
    assert await shift.choose("c-2") == "ann"


async def test_only_those_at_work_present_of_that_role_and_not_passed_over_are_chosen(shift: Shift) -> None:
    await shift.come("gone", until=NOON)
    await shift.come("away")
    await shift.desk.set(shift.tenant, "away", away=True)
    await shift.come("barred")
    await shift.come("boss", role="supervisor")
    assert await shift.choose("c-1", "barred") == ""
    assert await shift.choose("c-1", "barred", role="supervisor") == "boss"
    assert await shift.choose("c-1", "barred") == "", "a supervisor is not a free agent"
    assert await shift.choose("c-1") == "barred"


async def test_who_did_not_answer_is_free_for_the_next_one(shift: Shift) -> None:
    await shift.come("ann", "bob", capacity=1)
    assert await shift.choose("c-1") == "ann"
    assert await shift.choose("c-1", "ann") == "bob"
    assert await shift.choose("c-2") == "ann"


async def test_another_shops_people_are_never_chosen(shift: Shift, redis_url: str) -> None:
    await shift.come("ann")
    async with Redis.from_url(redis_url) as redis:
        other = Shift(redis)
        assert await other.choose("c-1") == ""
        assert await other.desk.members(other.tenant, NOON) == ()


async def test_a_heartbeat_keeps_what_somebody_set_and_the_name_they_had(shift: Shift) -> None:
    await shift.desk.set(shift.tenant, "ann", capacity=9)
    await shift.come("ann", "bob")
    await shift.desk.set(shift.tenant, "ann", away=True)
    await shift.come("ann", "cleo", name="", until=NOON + 2 * BEAT)
    members = {one.subject: one for one in await shift.desk.members(shift.tenant, NOON)}
    assert members["ann"] == Member(subject="ann", name="Ann", away=True, capacity=9, until=NOON + 2 * BEAT)
    assert members["cleo"].name == "cleo"
    assert members["bob"] == Member(subject="bob", name="Bob", until=NOON + BEAT)


async def test_the_roster_lists_those_at_work_first_and_nobody_for_more_than_a_day(shift: Shift) -> None:
    await shift.come("ann", until=NOON - timedelta(hours=1))
    await shift.come("bob", "cleo")
    await shift.come("dan", until=NOON - timedelta(hours=25))
    await shift.desk.set(shift.tenant, "bob", away=True)
    assert [one.subject for one in await shift.desk.members(shift.tenant, NOON)] == ["cleo", "bob", "ann"]


async def test_two_hundred_at_once_never_exceed_a_capacity(shift: Shift, redis_url: str) -> None:
    capacities = {"ann": 5, "bob": 40, "cleo": 1, "dan": 0, "eve": 17}
    for subject, capacity in capacities.items():
        await shift.come(subject, capacity=capacity)
    workers = [RedisDesk.at(redis_url) for _ in range(4)]
    asked = [f"c-{number % 100}" for number in range(200)]
    chosen = await asyncio.gather(
        *(workers[turn % 4].choose(shift.tenant, name, "agent", (), NOON) for turn, name in enumerate(asked))
    )
    given = {(name, member.subject) for name, member in zip(asked, chosen, strict=True) if member}
    assert len(given) == 63, "each conversation has one person, and nobody who is free is left out"
    assert Counter(subject for _, subject in given) == {"ann": 5, "bob": 40, "cleo": 1, "eve": 17}
    for worker in workers:
        await worker.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["choose", "choose", "pass over", "file", "close", "wait"]),
        st.sampled_from([f"c-{number}" for number in range(8)]),
    ),
    max_size=30,
)


@settings(max_examples=50, deadline=None)
@given(steps=STEPS)
async def test_whatever_is_chosen_filed_and_closed_nobody_has_more_than_their_capacity(
    redis_url: str, steps: list[tuple[str, str]]
) -> None:
    async with Redis.from_url(redis_url) as redis:
        shift, now = Shift(redis), NOON
        has: dict[str, str] = {}
        for version, (step, name) in enumerate(steps):
            await shift.come("ann", "bob", until=now + BEAT, capacity=2)
            match step:
                case "choose" | "pass over":
                    barred = has.get(name, "") if step == "pass over" else ""
                    chosen = await shift.choose(name, barred, now=now)
                    assert not barred or chosen != barred
                    has[name] = chosen or has.get(name, "")
                    if chosen:
                        await shift.give(name, chosen, version)
                case "file" if has.get(name):
                    await shift.give(name, has[name], version)
                case "close":
                    await shift.give(name, has.pop(name, ""), version, closed=True)
                case "wait":
                    now = now + timedelta(seconds=61)
            counts = Counter(subject for subject in has.values() if subject)
            assert max(counts.values(), default=0) <= 2
