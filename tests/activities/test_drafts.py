"""Drafts on a real Redis: only whoever has the word is heard, and nothing of them is left when the reply is there."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from temporalio.testing import ActivityEnvironment

from activities.clients.redis_drafts import RedisDrafts
from activities.clients.redis_log import RedisEventLog, fence_of
from activities.errors import Unavailable
from activities.event_log import Events, RaiseFence
from activities.inference_ports import DraftPlace
from workflows.messages import DraftLine


@dataclass
class Talk:
    """One stream with a log and drafts on it, as several workers and a reader see it."""

    redis: Any
    stream: str = field(default_factory=lambda: f"holdfast:events:acme:{uuid4()}")

    def __post_init__(self) -> None:
        self.log = RedisEventLog(self.redis)
        self.drafts = RedisDrafts(self.redis)

    def turn(self, after: int, epoch: int, attempt: int = 1) -> DraftPlace:
        return DraftPlace(self.stream, after, epoch, attempt)

    async def publish(self, *offsets: int) -> int:
        return await self.log.append(self.stream, [(offset, json.dumps({"offset": offset})) for offset in offsets])

    async def held(self) -> list[str]:
        """Return each entry with what it says: "1", "1-2 begin", "1-3 delta Your"."""
        return [_said(entry, fields) for entry, fields in await self.redis.xrange(self.stream)]


def _said(entry: str, fields: dict[str, str]) -> str:
    if "event" in fields:
        assert entry == f"{json.loads(fields['event'])['offset']}-0"
        return entry.removesuffix("-0")
    draft = DraftLine.model_validate_json(fields["draft"])
    assert entry == f"{draft.after}-{draft.number}"
    return f"{entry} {draft.kind} {draft.text}".rstrip()


@asynccontextmanager
async def talking(url: str) -> AsyncIterator[Talk]:
    async with Redis.from_url(url, decode_responses=True) as redis:
        yield Talk(redis)


@pytest.fixture
async def talk(redis_url: str) -> AsyncIterator[Talk]:
    async with talking(redis_url) as talk:
        yield talk


async def test_a_draft_stands_behind_its_event_until_the_next_one_is_committed(talk: Talk) -> None:
    turn = talk.turn(after=2, epoch=1)
    await talk.publish(1, 2)
    assert await talk.drafts.begin(turn)
    assert await talk.drafts.add(turn, "Your parcel ")
    assert await talk.drafts.add(turn, "“is” in Łódź 📦")
    assert await talk.held() == ["1", "2", "2-1 begin", "2-2 delta Your parcel", "2-3 delta “is” in Łódź 📦"]
    assert await talk.publish(3) == 3
    assert await talk.held() == ["1", "2", "3"]
    assert not await talk.drafts.add(turn, "too late")
    assert not await talk.drafts.begin(talk.turn(after=2, epoch=9))
    assert await talk.held() == ["1", "2", "3"]


async def test_a_line_says_who_drafted_it(talk: Talk) -> None:
    await talk.drafts.begin(talk.turn(after=0, epoch=7, attempt=2))
    await talk.drafts.add(talk.turn(after=0, epoch=7, attempt=2), "Hello")
    lines = [DraftLine.model_validate_json(fields["draft"]) for _, fields in await talk.redis.xrange(talk.stream)]
    assert lines[1] == DraftLine(after=0, number=2, epoch=7, attempt=2, kind="delta", text="Hello")


async def test_half_a_surrogate_pair_stops_no_reader(talk: Talk) -> None:
    await talk.drafts.begin(talk.turn(after=0, epoch=1))
    assert await talk.drafts.add(talk.turn(after=0, epoch=1), "ok \ud83d")
    assert await talk.held() == ["0-1 begin", "0-2 delta ok ?"]


async def test_a_dropped_draft_leaves_only_the_word_that_it_was_dropped(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=1)
    await talk.publish(1)
    assert await talk.drafts.drop(turn)
    assert await talk.held() == ["1"], "nothing was shown that could be dropped"
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "You are owed 900 euros")
    assert await talk.drafts.drop(turn)
    assert await talk.held() == ["1", "1-3 drop"]
    with pytest.raises(Unavailable, match="no draft is begun"):
        await talk.drafts.add(turn, " more")


async def test_a_worker_believed_dead_writes_nothing_more_once_its_successor_began(talk: Talk) -> None:
    dead, successor = talk.turn(after=1, epoch=3, attempt=1), talk.turn(after=1, epoch=3, attempt=2)
    await talk.publish(1)
    await talk.drafts.begin(dead)
    await talk.drafts.add(dead, "Your")
    assert await talk.drafts.begin(successor)
    assert not await talk.drafts.add(dead, " parcel")
    assert not await talk.drafts.drop(dead)
    assert not await talk.drafts.begin(dead)
    assert await talk.drafts.add(successor, "It")
    assert await talk.held() == ["1", "1-3 begin", "1-4 delta It"]


async def test_the_same_attempt_may_begin_again_with_another_model(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=3)
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "Your")
    assert await talk.drafts.begin(turn)
    assert await talk.drafts.add(turn, "It")
    assert await talk.held() == ["1-3 begin", "1-4 delta It"]


async def test_a_turn_that_was_overtaken_is_not_heard_any_more(talk: Talk) -> None:
    old, new = talk.turn(after=1, epoch=3, attempt=5), talk.turn(after=1, epoch=4)
    await talk.publish(1)
    await talk.drafts.begin(old)
    await talk.drafts.add(old, "Your")
    assert await talk.drafts.begin(new)
    assert not await talk.drafts.add(old, " parcel")
    assert not await talk.drafts.begin(old)
    assert await talk.held() == ["1", "1-3 begin"]


async def test_when_a_person_takes_over_in_mid_stream_the_draft_goes_and_stays_away(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=3)
    await talk.publish(1)
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "I can refund")
    await ActivityEnvironment().run(Events(talk.log, talk.drafts).raise_fence, RaiseFence(stream=talk.stream, epoch=4))
    assert await talk.held() == ["1", "1-3 drop"]
    assert not await talk.drafts.add(turn, " you everything")
    assert not await talk.drafts.drop(turn)
    await talk.drafts.raise_fence(talk.stream, 2)
    assert not await talk.drafts.begin(turn), "a fence is never lowered"
    assert await talk.drafts.begin(talk.turn(after=1, epoch=4))
    await talk.publish(2)
    assert await talk.held() == ["1", "2"]


async def test_a_fence_can_be_raised_before_anything_was_drafted_or_published(talk: Talk) -> None:
    await talk.drafts.raise_fence(talk.stream, 5)
    assert not await talk.drafts.begin(talk.turn(after=0, epoch=4))
    assert await talk.drafts.begin(talk.turn(after=0, epoch=5))


async def test_drafts_quicker_than_the_event_before_them_wait_behind_it(talk: Talk) -> None:
    turn = talk.turn(after=4, epoch=1)
    await talk.publish(1)
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "Your")
    assert await talk.publish(2, 3) == 3, "a draft is not an event"
    await talk.drafts.add(turn, " parcel")
    assert await talk.publish(4) == 4
    assert await talk.held() == ["1", "2", "3", "4", "4-1 begin", "4-2 delta Your", "4-3 delta  parcel"]
    assert await talk.drafts.add(turn, " is")
    assert await talk.publish(5) == 5
    assert await talk.held() == ["1", "2", "3", "4", "5"]


async def test_events_that_come_late_together_with_the_reply_leave_no_draft(talk: Talk) -> None:
    turn = talk.turn(after=3, epoch=1)
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "Your")
    assert await talk.publish(1, 2, 3, 4) == 4
    assert await talk.held() == ["1", "2", "3", "4"]


async def test_a_later_turn_ends_the_draft_of_one_whose_events_are_not_there_yet(talk: Talk) -> None:
    await talk.publish(1)
    await talk.drafts.begin(talk.turn(after=2, epoch=1))
    assert await talk.drafts.begin(talk.turn(after=4, epoch=2))
    assert await talk.held() == ["1", "4-1 begin"]
    await talk.publish(2, 3, 4)
    assert await talk.held() == ["1", "2", "3", "4", "4-1 begin"]


async def test_a_draft_whose_beginning_was_lost_is_not_continued(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=1)
    await talk.publish(1)
    await talk.drafts.begin(turn)
    await talk.redis.delete(talk.stream)
    with pytest.raises(Unavailable, match="beginning was lost"):
        await talk.drafts.add(turn, "parcel")
    await talk.redis.delete(fence_of(talk.stream))
    with pytest.raises(Unavailable, match="beginning was lost"):
        await talk.drafts.add(turn, "parcel")
    assert await talk.held() == []
    assert await talk.drafts.begin(turn)
    assert await talk.drafts.add(turn, "Your")


async def test_a_turn_still_under_way_drafts_nothing_into_a_log_that_was_forgotten(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=1)
    await talk.publish(1)
    await talk.drafts.begin(turn)
    await talk.log.forget(talk.stream)
    assert not await talk.drafts.add(turn, "Dear Ann")
    assert not await talk.drafts.begin(talk.turn(after=1, epoch=1, attempt=2))
    await talk.publish(1)
    assert await talk.held() == ["1"]
    assert 0 < await talk.redis.ttl(fence_of(talk.stream)) <= 120


# -- a person holds the word -------------------------------------------------------------------------------------


async def test_while_a_person_holds_the_word_nothing_is_drafted_in_any_epoch(talk: Talk) -> None:
    turn, later = talk.turn(after=1, epoch=3), talk.turn(after=1, epoch=9)
    await talk.publish(1)
    await talk.drafts.begin(turn)
    await talk.drafts.add(turn, "I can refund")
    claim = RaiseFence(stream=talk.stream, epoch=4, held=True)
    await ActivityEnvironment().run(Events(talk.log, talk.drafts).raise_fence, claim)
    for place in (turn, later):
        assert not await talk.drafts.begin(place)
        assert not await talk.drafts.add(place, " you everything")
        assert not await talk.drafts.drop(place)
    assert not await talk.drafts.status(talk.stream, "looking_up")
    assert await talk.held() == ["1", "1-3 drop"]


async def test_a_person_takes_the_word_within_the_epoch_of_a_turn_under_way(talk: Talk) -> None:
    turn = talk.turn(after=1, epoch=3, attempt=2)
    await talk.drafts.begin(turn)
    await talk.drafts.raise_fence(talk.stream, 3, held=True)
    assert await talk.held() == ["1-2 drop"]
    assert not await talk.drafts.add(turn, "late")
    await talk.drafts.raise_fence(talk.stream, 3)
    assert not await talk.drafts.begin(talk.turn(after=1, epoch=3, attempt=1)), "an attempt that was overtaken stays so"
    assert await talk.drafts.begin(turn)


async def test_only_whoever_comes_later_lets_go_of_the_word(talk: Talk) -> None:
    await talk.drafts.raise_fence(talk.stream, 5, held=True)
    await talk.drafts.raise_fence(talk.stream, 4)
    assert not await talk.drafts.begin(talk.turn(after=0, epoch=5)), "an earlier turn's fence lifts nothing"
    await talk.drafts.raise_fence(talk.stream, 6)
    assert await talk.drafts.begin(talk.turn(after=0, epoch=6))
    await talk.drafts.raise_fence(talk.stream, 5, held=True)
    assert await talk.drafts.add(talk.turn(after=0, epoch=6), "Hello"), (
        "nor is it taken by a claim that was handed back"
    )


async def test_a_persons_words_are_committed_while_they_hold_the_word(talk: Talk) -> None:
    await talk.drafts.raise_fence(talk.stream, 2, held=True)
    assert await talk.publish(1, 2) == 2
    assert not await talk.drafts.begin(talk.turn(after=2, epoch=2))
    assert await talk.held() == ["1", "2"]


# -- what is being done ------------------------------------------------------------------------------------------


async def test_statuses_stand_behind_the_newest_event_until_a_draft_begins(talk: Talk) -> None:
    turn = talk.turn(after=2, epoch=3, attempt=2)
    await talk.drafts.raise_fence(talk.stream, 3)
    await talk.publish(1, 2)
    assert await talk.drafts.status(talk.stream, "looking_up_order")
    assert await talk.drafts.status(talk.stream, "checking_policy")
    assert await talk.held() == ["1", "2", "2-1 status looking_up_order", "2-2 status checking_policy"]
    assert await talk.drafts.begin(turn)
    assert not await talk.drafts.status(talk.stream, "too_late")
    assert await talk.drafts.add(turn, "Your")
    assert await talk.held() == ["1", "2", "2-3 begin", "2-4 delta Your"]
    await talk.publish(3)
    assert await talk.drafts.status(talk.stream, "looking_up_order")
    assert await talk.drafts.status(talk.stream, "checking_policy")
    assert not await talk.drafts.add(turn, " parcel")
    assert await talk.held() == ["1", "2", "3", "3-1 status looking_up_order", "3-2 status checking_policy"]
    await talk.publish(4)
    assert await talk.held() == ["1", "2", "3", "4"]


async def test_a_status_is_told_in_the_name_of_the_turn_under_way(talk: Talk) -> None:
    await talk.drafts.begin(talk.turn(after=1, epoch=7, attempt=2))
    await talk.drafts.drop(talk.turn(after=1, epoch=7, attempt=2))
    assert await talk.drafts.status(talk.stream, "checking_policy")
    dropped, told = [DraftLine.model_validate_json(line["draft"]) for _, line in await talk.redis.xrange(talk.stream)]
    assert dropped.kind == "drop", "whoever comes back must still read that the draft is void"
    assert told == DraftLine(after=1, number=3, epoch=7, attempt=2, kind="status", text="checking_policy")


async def test_a_log_that_was_forgotten_gets_no_status(talk: Talk) -> None:
    await talk.publish(1)
    await talk.log.forget(talk.stream)
    assert not await talk.drafts.status(talk.stream, "looking_up_order")
    assert await talk.held() == []


# -- races ---------------------------------------------------------------------------------------------------------


async def race(talk: Talk, chance: Random) -> None:
    """Let three workers and their statuses write while a person takes the word: from then on the stream is silent."""

    async def write(epoch: int) -> None:
        turn = talk.turn(after=1, epoch=epoch, attempt=chance.choice([1, 2]))
        for _ in range(6):
            with suppress(Unavailable):
                match chance.choice(["begin", "begin", "add", "add", "add", "status", "drop"]):
                    case "begin":
                        await talk.drafts.begin(turn)
                    case "add":
                        await talk.drafts.add(turn, "never to be read")
                    case "status":
                        await talk.drafts.status(talk.stream, "never_to_be_read")
                    case "drop":
                        await talk.drafts.drop(turn)

    async def claim() -> list[str]:
        for _ in range(chance.randrange(4)):
            await talk.held()
        await talk.drafts.raise_fence(talk.stream, 3, held=True)
        return await talk.held()

    await talk.publish(1)
    seen, *_ = await asyncio.gather(claim(), *(write(epoch) for epoch in (1, 2, 3)))
    assert [entry.partition(" ")[2] for entry in seen] in ([""], ["", "drop"])
    assert await talk.held() == seen, "something was written after the fence had been raised"
    await talk.redis.delete(talk.stream, fence_of(talk.stream))


async def test_in_five_hundred_races_nothing_is_drafted_once_a_person_holds_the_word(redis_url: str) -> None:
    chance = Random(6)
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        for _ in range(25):
            await asyncio.gather(*(race(Talk(redis), chance) for _ in range(20)))


async def test_drafts_and_fence_expire(talk: Talk) -> None:
    await talk.drafts.begin(talk.turn(after=0, epoch=1))
    assert await talk.redis.ttl(talk.stream) > 86_400
    assert await talk.redis.ttl(fence_of(talk.stream)) > 86_400


async def test_an_absent_redis_is_unavailable() -> None:
    drafts = RedisDrafts.at("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable, match="ConnectionError"):
        await drafts.begin(DraftPlace("s", 0, 1))
    with pytest.raises(Unavailable):
        await drafts.raise_fence("s", 1)
    await drafts.close()


async def test_a_redis_that_never_answers_is_hardly_waited_for() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        drafts = RedisDrafts.at(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        with pytest.raises(Unavailable):
            async with asyncio.timeout(2):
                await drafts.begin(DraftPlace("s", 0, 1))
        await drafts.close()


# What may happen in any order, how far back from the newest turn or event, and in which attempt. A turn takes the next
# epoch behind the events numbered so far; the publisher is anywhere behind.
Step = tuple[str, int, int]
WHAT = [
    "turn",
    "begin",
    "begin",
    "add",
    "add",
    "add",
    "drop",
    "fence",
    "hold",
    "status",
    "number",
    "number",
    "publish",
    "publish",
    "read",
]
STEPS = st.lists(
    st.tuples(st.sampled_from(WHAT), st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([1, 1, 2])),
    min_size=20,
    max_size=60,
)


@dataclass
class Reader:
    """A client that follows by ids and asks the workflow when it sees a hole."""

    at: tuple[int, int] = (0, 0)
    events: list[int] = field(default_factory=list)

    async def read(self, talk: Talk, numbered: int, fence: int) -> None:
        while answer := await talk.redis.xread({talk.stream: "{}-{}".format(*self.at)}, count=3):
            for entry, fields in answer[0][1]:
                offset, number = map(int, entry.split("-"))
                if (offset if number else offset - 1) != self.at[0]:
                    self.learn(numbered)
                    break
                if "draft" in fields:
                    draft = DraftLine.model_validate_json(fields["draft"])
                    assert draft.epoch >= fence
                else:
                    self.events.append(offset)
                self.at = offset, number

    def learn(self, numbered: int) -> None:
        self.events.extend(range(self.at[0] + 1, numbered + 1))
        self.at = numbered, 0


class Story:
    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.behind = [0]
        self.begun: dict[int, int] = {}
        self.open: tuple[int, int] | None = None
        self.numbered = self.published = self.fence = 0
        self.person = False
        self.readers = [Reader(), Reader()]

    async def take(self, step: Step) -> None:
        what, back, attempt = step
        epoch = max(len(self.behind) - back, 1)
        turn = self.talk.turn(self.behind[epoch - 1], epoch, attempt)
        match what:
            case "turn":
                self.behind.append(self.numbered)
            case "begin":
                if self.judge(turn, await self.talk.drafts.begin(turn)):
                    self.open = epoch, attempt
            case "add":
                try:
                    written = await self.talk.drafts.add(turn, f"of {epoch}")
                    assert written == (self.open == (epoch, attempt) and self.published <= turn.after)
                except Unavailable:
                    assert self.open != (epoch, attempt)
            case "drop":
                if self.judge(turn, await self.talk.drafts.drop(turn)):
                    self.open = None
            case "fence" | "hold":
                await self.talk.drafts.raise_fence(self.talk.stream, epoch, held=what == "hold")
                if epoch > self.fence or (epoch == self.fence and what == "hold"):
                    self.fence, self.open = epoch, None
                if epoch == self.fence:
                    self.person = what == "hold"
            case "status":
                told = await self.talk.drafts.status(self.talk.stream, "looking_up_order")
                drafting = self.open is not None and self.published <= self.behind[self.open[0] - 1]
                assert told == (not self.person and not drafting)
            case "number":
                self.numbered += attempt
            case "publish":
                upto = max(self.published, self.numbered - back)
                await self.talk.publish(*range(max(self.published - 1, 0) + 1, upto + 1))
                self.published = upto
            case "read":
                await self.readers[0].read(self.talk, self.numbered, self.fence)

    def judge(self, turn: DraftPlace, written: bool) -> bool:
        fenced = self.person or turn.epoch < self.fence or turn.attempt < self.begun.get(turn.epoch, 0)
        assert written == (not fenced and self.published <= turn.after)
        if written:
            self.fence, self.begun[turn.epoch] = turn.epoch, turn.attempt
        return written

    async def end(self) -> None:
        """Number the reply, publish all, and let both readers catch up: one followed, one comes only now."""
        self.numbered += 1
        await self.talk.publish(*range(1, self.numbered + 1))
        assert await self.talk.held() == [str(offset) for offset in range(1, self.numbered + 1)]
        for reader in self.readers:
            await reader.read(self.talk, self.numbered, self.fence)
            assert reader.events == list(range(1, self.numbered + 1))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
async def test_whatever_happens_in_whatever_order_only_the_highest_epoch_is_heard_and_each_event_once(
    redis_url: str, steps: list[Step]
) -> None:
    async with talking(redis_url) as talk:
        story = Story(talk)
        for step in steps:
            await story.take(step)
        await story.end()
        await talk.redis.delete(talk.stream, fence_of(talk.stream))
