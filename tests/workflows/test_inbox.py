"""What a conversation refuses at the door, and that a message it knows always gets its first answer."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.shop import order
from tests.workflows.conftest import Customer, Here, Skip, refusal_of
from tests.workflows.test_bursts import DISPUTE, offered, post
from workflows.messages import EventKind, Refusal

Attempt = Callable[[Customer], Awaitable[Any]]

REFUSED: dict[str, tuple[Attempt, Refusal]] = {
    "blank": (lambda customer: customer.say(" \n\t"), Refusal.BLANK),
    "empty": (lambda customer: customer.say(""), Refusal.BLANK),
    "too long": (lambda customer: customer.say("x" * 4001), Refusal.TOO_LONG),
    "100 kB": (lambda customer: customer.say("x" * 100_000), Refusal.TOO_LONG),
    "long reason for a person": (lambda customer: customer.ask_for_person("x" * 4001), Refusal.TOO_LONG),
    "confirm without offer": (lambda customer: customer.press("0" * 64), Refusal.NO_OFFER),
    "decline without offer": (lambda customer: customer.press("0" * 64, accept=False), Refusal.NO_OFFER),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_bad_input_is_refused_and_changes_nothing(here: Here, case: str) -> None:
    attempt, refusal = REFUSED[case]
    customer = here(order()).customer()
    await customer.say("hello")
    before = await customer.transcript()
    assert await refusal_of(attempt(customer)) == refusal
    assert await customer.transcript() == before
    assert (await customer.say("hello")).text.startswith("Hello!")


async def test_the_longest_message_is_taken(here: Here) -> None:
    assert (await here(order()).customer().say("x" * 4000)).turn == 1


async def test_somebody_elses_conversation_does_not_exist(here: Here) -> None:
    desk = here(order())
    customer, offer = await offered(desk)
    assert offer.offer
    stranger = desk.customer("U-stranger", customer.conversation_id)
    attempts = (
        stranger.say("hello", "s1"),
        stranger.press(offer.offer.digest),
        stranger.ask_for_person(),
        stranger.rate(),
    )
    assert [await refusal_of(attempt) for attempt in attempts] == [Refusal.NOT_YOURS] * 4
    assert desk.shop.count("refund") == 0


async def test_a_message_of_ours_is_not_given_to_a_stranger_by_its_id(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello", "m-known")
    stranger = desk.customer("U-stranger", customer.conversation_id)
    assert await refusal_of(stranger.say("hello", "m-known", update_id=uuid.uuid4().hex)) == Refusal.NOT_YOURS


async def test_more_than_eight_waiting_messages_are_too_many(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("understand") as gate:
        waiting = await post(customer, *["hello"] * 8)
        await gate.reached()
        assert await refusal_of(customer.say("hello", "ninth")) == Refusal.BUSY
    replies = await asyncio.gather(*waiting)
    assert len({reply.turn for reply in replies}) == 1
    assert (await customer.say("hello", "ninth", update_id="again")).turn == replies[0].turn + 1


@pytest.mark.parametrize("update_id", [None, "another"])
async def test_a_known_message_id_gets_the_first_answer(here: Here, update_id: str | None) -> None:
    desk = here(order())
    customer = desk.customer()
    first = await customer.say("where is order 12345?", "m1")
    again = await customer.say("I want a refund, it never arrived", "m1", update_id=update_id)
    assert again == first
    assert len(desk.understanding.asked) == 1
    assert (await customer.transcript()).last_offset == 2


async def test_the_same_message_twice_at_once_is_one_message(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    first, second = await asyncio.gather(
        customer.say("hello", "m1", update_id="u1"), customer.say("hello", "m1", update_id="u2")
    )
    assert first == second
    assert [event.kind for event in (await customer.transcript()).events] == [EventKind.CUSTOMER, EventKind.REPLY]


async def test_a_confirmation_sent_twice_gets_the_first_answer_and_pays_once(here: Here) -> None:
    desk = here(order())
    customer, offer = await offered(desk)
    assert offer.offer
    first = await customer.press(offer.offer.digest, message_id="press")
    again = await customer.press(offer.offer.digest, message_id="press")
    assert again == first
    assert len(desk.shop.refunds) == 1


async def test_a_closed_conversation_takes_thumbs_and_nothing_else(here: Here, skip: Skip) -> None:
    customer = here(order()).customer()
    first = await customer.say("hello", "m-first")
    await skip(customer, timedelta(minutes=31))
    await customer.hears(EventKind.CLOSED)
    assert await refusal_of(customer.say("one more thing")) == Refusal.CLOSED
    assert await refusal_of(customer.ask_for_person()) == Refusal.CLOSED
    assert await customer.say("hello", "m-first", update_id="again") == first
    assert (await customer.rate(comment="quick")).text.startswith("Thank you")
    assert (await customer.transcript()).events[-2].text == "[thumbs up] quick"


async def test_a_thumb_never_answers_an_offer(here: Here) -> None:
    """The comment beside a thumb is about us, whatever words it uses, also in one burst with a message."""
    desk = here(order())
    customer, _ = await offered(desk)
    with desk.held("understand") as gate:
        waiting = await post(customer, "please")
        await gate.reached()
        thumb = asyncio.create_task(customer.rate(comment="yes"))
        await gate.reached()
    await asyncio.gather(*waiting, thumb)
    assert desk.shop.count("refund") == 0
    assert (await customer.rate(up=False, comment="no")).text.startswith("Thank you")
    assert (await customer.transcript()).offer


async def test_a_dispute_takes_any_language_of_bytes_that_text_can_carry(here: Here) -> None:
    reply = await here(order()).customer().say("\x00\x07\ufffd\u202e" + DISPUTE)
    assert reply.offer
