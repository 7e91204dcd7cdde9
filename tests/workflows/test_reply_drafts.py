"""Drafts of a reply under way: in order, of the turn that has the word, and void once somebody else has it."""

import asyncio

from activities.inference_ports import DraftPlace, Work
from tests.fakes.shop import order
from tests.workflows.conftest import Here, Policies
from tests.workflows.desk import Desk
from tests.workflows.model_scenes import (
    STATUS,
    aloud,
    choices_of,
    proposing,
    refund,
    reworded,
    rule_of,
    tasks_of,
    with_model,
    wording,
)
from tests.workflows.test_bursts import post
from workflows.messages import EventKind

WHERE = "where is order 12345"


def drafts_of(desk: Desk, epoch: int) -> list[tuple[str, str]]:
    return [(kind, text) for kind, place, text in desk.drafted if place.epoch == epoch]


def places(desk: Desk) -> list[DraftPlace]:
    return list(dict.fromkeys(place for _, place, _ in desk.drafted))


def dying(work: Work) -> str | None:
    raise RuntimeError("the worker is gone")


async def test_drafts_begin_and_add_up_to_what_is_said(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    before = await customer.transcript()
    reply = await customer.say(f"{WHERE} I want a refund, it never arrived")
    (place,) = places(desk)
    assert (place.stream, place.after, place.attempt) == (customer.stream, before.last_offset, 1)
    (first, *rest) = drafts_of(desk, place.epoch)
    assert first == ("begin", "")
    assert {kind for kind, _ in rest} == {"delta"}
    assert len(rest) == 2
    assert reply.offer
    assert reply.text == "".join(text for _, text in rest) + "\n" + reply.offer.text
    assert (desk.fences, desk.refused) == ([], [])


async def test_each_turn_writes_behind_the_one_before_it_and_with_a_higher_epoch(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    ends = [0]
    for _ in range(3):
        await customer.say(WHERE)
        ends.append((await customer.transcript()).last_offset)
    seen = places(desk)
    assert [place.after for place in seen] == ends[:3]
    assert [place.epoch for place in seen] == sorted({place.epoch for place in seen})
    assert desk.fences == []


async def test_a_message_that_comes_while_the_model_writes_supersedes_the_turn_and_its_drafts(here: Here) -> None:
    desk = with_model(here(order(), order("22222")), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("draft") as writing:
        first = await post(customer, WHERE)
        await writing.reached()
        (old,) = places(desk)
        second = await post(customer, "order 22222")
        await writing.reached()
    one, both = await asyncio.gather(*first, *second)
    await customer.rests()
    assert desk.fences == [old.epoch + 1]
    assert one == both
    assert set(one.answers) == {"burst0-where is "} or len(one.answers) == 2
    new = places(desk)[-1]
    assert (new.epoch, new.after) == (old.epoch + 1, old.after)
    assert drafts_of(desk, old.epoch) == [("begin", "")]
    assert drafts_of(desk, new.epoch)[0] == ("begin", "")
    assert one.text == "".join(text for _, text in drafts_of(desk, new.epoch))
    events = (await customer.transcript()).events
    assert [event.kind for event in events].count(EventKind.REPLY) == 2


async def test_asking_for_a_person_while_the_model_writes_hands_over_and_voids_the_draft(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("draft") as writing:
        first = await post(customer, WHERE)
        await writing.reached()
        (old,) = places(desk)
        handed = await customer.ask_for_person()
        (answered,) = await asyncio.gather(*first)
    assert handed == answered
    assert handed.stage == "with_person"
    await customer.rests()
    assert (desk.fences, len(desk.shop.tickets)) == ([old.epoch + 1], 1)
    assert drafts_of(desk, old.epoch) == [("begin", "")]
    assert "delta" not in {kind for kind, _, _ in desk.drafted}
    later = await customer.say(WHERE)
    assert later.text.startswith("A colleague has your case")
    assert tasks_of(desk).count("phrase") == 1


async def test_nobody_waits_for_a_fence_to_stand(here: Here) -> None:
    """The next turn begins in the very step that sends for the fence."""
    desk = with_model(here(order(), order("22222")), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("draft") as writing:
        waiting = await post(customer, WHERE)
        await writing.reached()
        waiting += await post(customer, "order 22222")
        await writing.reached()
    one, both = await asyncio.gather(*waiting)
    assert (one == both, rule_of(one)) == (True, "reply.borne_out")
    history = [event async for event in customer.handle.fetch_history_events()]
    scheduled = [event.activity_task_scheduled_event_attributes for event in history]
    at = {each.activity_type.name: each.workflow_task_completed_event_id for each in scheduled}
    assert at["raise_fence"] == at["understand"]


async def test_a_fence_that_cannot_be_raised_delays_no_answer(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    desk.down = {"raise_fence"}
    with desk.held("phrase") as model:
        first = await post(customer, WHERE)
        await model.reached()
        person = await customer.ask_for_person()
        (same,) = await asyncio.gather(*first)
    assert person == same
    assert (person.stage, len(person.answers), desk.fences) == ("with_person", 2, [])


async def test_a_message_that_comes_while_a_model_proposes_voids_no_draft(here: Here) -> None:
    desk = with_model(here(order()), proposing(refund()))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("propose") as thinking:
        first = await post(customer, "zzz")
        await thinking.reached()
        second = await post(customer, WHERE)
        one, both = await asyncio.gather(*first, *second)
    assert one == both
    assert (desk.fences, one.offer) == ([], None)
    assert "#12345" in one.text


async def test_drafts_that_cannot_be_shown_cost_the_reply_nothing(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    desk.down = {"draft"}
    reply = await desk.customer().say(WHERE)
    assert reply.text == reworded(desk.works[0])
    assert rule_of(reply) == "reply.borne_out"


async def test_a_second_attempt_begins_the_draft_again_under_its_own_number(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    model = desk.model
    desk.model = lambda work: dying(work) if work.attempt == 1 else model(work)
    reply = await desk.customer().say(WHERE)
    assert rule_of(reply) == "reply.borne_out"
    (place,) = places(desk)
    assert place.attempt == 2
    assert reply.text == "".join(text for _, text in drafts_of(desk, place.epoch))
    assert reply.decision
    assert [(call.outcome, call.attempt) for call in reply.decision.calls] == [("lost", 1), ("ok", 2)]
    assert [work.allowance.calls for work in desk.works] == [6, 1]


async def test_what_a_superseded_turn_took_is_gone_for_the_next_one(here: Here, policies: Policies) -> None:
    desk = with_model(here(order(), policies=policies(inference={"calls_per_turn": 1})), proposing(STATUS))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("propose") as thinking:
        waiting = await post(customer, "zzz")
        await thinking.reached()
        waiting += await post(customer, WHERE)
        reply, same = await asyncio.gather(*waiting)
    assert reply == same
    assert reply.decision
    assert choices_of(reply) == [("S", "tier.novel"), ("deterministic", "tier.calls_spent")]
    before, after = (float(choice.numbers["seconds"]) for choice in reply.decision.choices)
    assert after < before
    assert [(call.task, call.outcome) for call in reply.decision.calls] == [("propose", "cancelled")]
    assert (await customer.transcript()).spent.calls == 1
    assert "was delivered on" in reply.text


async def test_a_task_that_no_attempt_brings_back_is_on_the_record_and_models_rest(here: Here) -> None:
    desk = with_model(here(order()), dying)
    customer = desk.customer()
    reply = await customer.say(WHERE)
    assert rule_of(reply) == "reply.no_worker"
    assert reply.decision
    assert [(call.task, call.outcome) for call in reply.decision.calls] == [("phrase", "lost")]
    assert [work.attempt for work in desk.works] == [1, 2]
    assert choices_of(await customer.say(WHERE)) == [("deterministic", "tier.out_of_reach")]
    assert len(desk.works) == 2
