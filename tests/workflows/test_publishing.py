"""The log that clients follow: every event once, in order, and a log that is down delays nobody's answer."""

import asyncio

from temporalio.api.enums.v1 import EventType

from tests.fakes.shop import order
from tests.workflows.conftest import Here
from workflows.messages import EventKind


async def test_events_arrive_once_each_at_the_offsets_of_the_transcript(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    await customer.say("I want a refund on order #12345, it never arrived")
    await customer.say("yes")
    transcript = await customer.transcript()
    held = await desk.log.until(customer.stream, lambda events: len(events) >= transcript.last_offset)
    assert held == list(transcript.events)
    assert [event.offset for event in held] == list(range(1, len(held) + 1))


async def test_a_log_that_is_down_for_a_while_gets_everything_afterwards(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    desk.down = {"append_events"}
    for _ in range(3):
        assert (await customer.say("hello")).text.startswith("Hello!")
    assert not desk.log.events[customer.stream]
    desk.down = set()
    await customer.hears(EventKind.REPLY, 3)
    assert desk.log.streams[customer.stream] == [1, 2, 3, 4, 5, 6]


async def test_a_slow_log_gets_what_came_meanwhile_in_one_append(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    with desk.held("append_events") as log:
        await customer.say("hello")
        await log.reached()
        await asyncio.gather(*(customer.say("hello", f"m{number}-more") for number in range(3)))
    await desk.log.until(customer.stream, lambda held: sum(len(e.reply.answers) for e in held if e.reply) == 4)
    appends = 0
    async for event in customer.handle.fetch_history_events():
        scheduled = event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        name = event.activity_task_scheduled_event_attributes.activity_type.name
        appends += scheduled and name == "append_events"
    assert appends == 2


async def test_events_after_an_offset_can_be_read_from_the_workflow_itself(here: Here) -> None:
    customer = here(order()).customer()
    await customer.say("hello")
    await customer.say("hello")
    rest = await customer.handle.query("events_after", 2)
    assert [event["offset"] for event in rest["events"]] == [3, 4]
