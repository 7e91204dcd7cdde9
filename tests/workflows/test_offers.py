"""An offer binds a yes to exact terms: one digest, one use, one deadline; changes are sent once and read back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from activities.errors import Changed, Rejected, Unavailable, Unknown
from policies.facts import OrderStatus
from tests.fakes.shop import ScriptedShop, order
from tests.workflows.conftest import Customer, Desk, Here, Skip, refusal_of
from workflows.messages import EventKind, OfferCard, Refusal, Reply

DISPUTE = "I want a refund on order #12345, it never arrived"
ADDRESS = "5 High Street, Springfield, IL 62701, USA"
ENDINGS: dict[str, tuple[Callable[[Customer, OfferCard], Awaitable[Any]], Refusal]] = {
    "confirmed": (lambda customer, offer: customer.press(offer.digest), Refusal.OFFER_USED),
    "confirmed in words": (lambda customer, offer: customer.say("yes please"), Refusal.OFFER_USED),
    "declined": (lambda customer, offer: customer.press(offer.digest, accept=False), Refusal.OFFER_USED),
    "declined in words": (lambda customer, offer: customer.say("no thanks"), Refusal.OFFER_USED),
    "replaced": (lambda customer, offer: customer.say("cancel order 22222"), Refusal.OFFER_CHANGED),
}


async def offer_of(customer: Customer, text: str = DISPUTE) -> OfferCard:
    reply = await customer.say(text)
    assert reply.offer, reply.text
    return reply.offer


@pytest.mark.parametrize("ending", ENDINGS)
async def test_an_ended_offer_is_never_valid_again(here: Here, ending: str) -> None:
    desk = here(order(), order("22222", status="pending"))
    customer = desk.customer()
    offer = await offer_of(customer)
    end, refusal = ENDINGS[ending]
    await end(customer, offer)
    paid = len(desk.shop.refunds)
    for accept in (True, False):
        assert await refusal_of(customer.press(offer.digest, accept=accept)) == refusal
    assert len(desk.shop.refunds) == paid
    assert paid == (1 if ending.startswith("confirmed") else 0)


async def test_another_digest_is_not_this_offer(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await offer_of(customer)
    assert await refusal_of(customer.press("f" * 64)) == Refusal.OFFER_CHANGED
    assert desk.shop.count("refund") == 0


async def test_an_offer_expires_and_says_so(here: Here, skip: Skip) -> None:
    desk = here(order())
    customer = desk.customer()
    offer = await offer_of(customer)
    await skip(customer, timedelta(minutes=16))
    told = await customer.hears(EventKind.OFFER_CLOSED)
    assert told.text.startswith("My offer has expired and nothing was done")
    assert await refusal_of(customer.press(offer.digest)) == Refusal.OFFER_EXPIRED
    assert (await customer.say("yes")).refund is None
    assert desk.shop.count("refund") == 0


async def test_a_yes_taken_up_after_the_deadline_is_too_late(apart: Here, skip: Skip) -> None:
    """No worker ran when time was up: the yes and the timer come together, and the yes is looked at first."""
    desk = apart(order())
    customer = desk.customer()
    async with desk.open():
        await offer_of(customer)
        await customer.hears(EventKind.REPLY)
        await customer.rests()
    skipping = asyncio.create_task(skip(customer, timedelta(minutes=15, seconds=1)))
    async for event in customer.handle.fetch_history_events(wait_new_event=True):
        if event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
            break
    late = asyncio.create_task(customer.say("yes"))
    await asyncio.sleep(0.2)
    async with desk.open():
        reply = await late
    skipping.cancel()
    assert reply.text.startswith("My offer has expired")
    assert desk.shop.count("refund") == 0


async def test_only_a_clear_yes_confirms(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await offer_of(customer)
    for doubt in ("yes but to another card", "hm ok", "yes?", "is it safe?"):
        assert "I only go ahead on a clear yes" in (await customer.say(doubt)).text
    assert desk.shop.count("refund") == 0
    assert (await customer.say("Yes, please.")).refund


async def test_another_question_leaves_the_offer_open(here: Here) -> None:
    customer = here(order()).customer()
    offer = await offer_of(customer)
    reply = await customer.say("where is order 12345?")
    assert "My offer still stands" in reply.text
    assert reply.offer
    assert reply.offer.digest == offer.digest


# -- cancel, return, change of address ---------------------------------------------------------------------------------


def cancelled(shop: ScriptedShop) -> int:
    return sum(each.status is OrderStatus.CANCELLED for each in shop.orders.values())


# kind: status of the order, request, write of the port, how often it is done, sentence that says so
CHANGES: dict[str, tuple[str, str, str, Callable[[ScriptedShop], int], str]] = {
    "cancel": ("pending", "cancel order 12345", "cancel", cancelled, "Order #12345 is cancelled."),
    "return": (
        "delivered", "I want to send back order 12345", "open_return", lambda shop: len(shop.returns), "RET-1",
    ),
    "address": (
        "pending", "new address", "change_address", lambda shop: len(shop.addresses), "now goes to the new address",
    ),
}  # fmt: skip


async def change_offered(desk: Desk, kind: str) -> tuple[Customer, Reply]:
    customer = desk.customer()
    reply = await customer.say(CHANGES[kind][1])
    if kind == "address":
        assert reply.text.startswith("What is the new address for order #12345")
        reply = await customer.say(ADDRESS)
        assert "5 High Street" in reply.text
    assert reply.offer
    assert reply.offer.kind == kind
    return customer, reply


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_is_offered_confirmed_and_done(here: Here, kind: str) -> None:
    status, _, _, done, sentence = CHANGES[kind]
    desk = here(order(status=status))
    customer, _ = await change_offered(desk, kind)
    assert done(desk.shop) == 0
    reply = await customer.say("yes")
    assert done(desk.shop) == 1
    assert sentence in reply.text
    assert reply.stage == "open"


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("committed", [True, False], ids=["arrived", "lost"])
async def test_a_change_of_unknown_outcome_is_read_back_and_done_once(here: Here, kind: str, committed: bool) -> None:
    status, _, write, done, sentence = CHANGES[kind]
    desk = here(order(status=status))
    customer, _ = await change_offered(desk, kind)
    desk.shop.fail_next(write, Unknown("the answer was lost"), after_commit=committed)
    reply = await customer.say("yes")
    assert done(desk.shop) == 1
    assert sentence in reply.text
    assert desk.shop.count("write_landed") == 1
    assert desk.shop.count(write) == (1 if committed else 2)


@pytest.mark.parametrize("after", ["down", "refused"])
async def test_after_a_lost_change_nobody_claims_that_nothing_was_done(here: Here, impatient: Path, after: str) -> None:
    desk = here(order(status="pending"), policies=impatient)
    customer, _ = await change_offered(desk, "cancel")
    desk.shop.fail_next("cancel", Unknown("the answer was lost"))
    for _ in range(2):
        refusal = Rejected("no", "order_not_cancellable")
        desk.shop.fail_next("cancel", Unavailable("down") if after == "down" else refusal)
    reply = await customer.say("yes")
    assert reply.text.startswith("I have sent the change for order #12345, but I don't know yet")
    assert reply.stage == "with_person"
    assert len(desk.shop.tickets) == 1


async def test_a_change_that_cannot_be_read_back_is_not_called_done(here: Here, impatient: Path) -> None:
    desk = here(order(status="pending"), policies=impatient)
    customer, _ = await change_offered(desk, "cancel")
    desk.shop.fail_next("cancel", Unknown("the answer was lost"), after_commit=True)
    desk.down = {"write_landed"}
    reply = await customer.say("yes")
    assert "I don't know yet whether it was made" in reply.text
    assert "cancelled" not in reply.text
    assert cancelled(desk.shop) == 1


REFUSALS: dict[str, tuple[Exception, str]] = {
    "changed meanwhile": (Changed("moved", "version_stale"), "Your order has changed since I made that offer"),
    "refused": (Rejected("no", "order_not_cancellable"), "The shop did not accept the change"),
    "down": (Unavailable("down"), "I can't look into this right now"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_change_that_was_not_made_is_said_not_to_be(here: Here, case: str) -> None:
    desk = here(order(status="pending"))
    customer, _ = await change_offered(desk, "cancel")
    error, sentence = REFUSALS[case]
    desk.shop.fail_next("cancel", error)
    assert sentence in (await customer.say("yes")).text
    assert cancelled(desk.shop) == 0


# -- while an address is asked for -------------------------------------------------------------------------------------

INSTEAD = {
    "an unreadable address": ("somewhere nice", "I could not read that as an address"),
    "another wish": ("where is order 12345?", "has been received and not been packed"),
    "a person": ("I want a person", "I have passed this to a colleague"),
    "no": ("no thanks", "I have not changed anything"),
}


@pytest.mark.parametrize("case", INSTEAD)
async def test_a_question_for_an_address_holds_nobody_who_wants_something_else(here: Here, case: str) -> None:
    customer = here(order(status="pending")).customer()
    await customer.say(CHANGES["address"][1])
    text, sentence = INSTEAD[case]
    reply = await customer.say(text)
    assert sentence in reply.text
    assert reply.offer is None


async def test_an_order_on_its_way_can_neither_be_cancelled_nor_readdressed(here: Here) -> None:
    desk = here(order(status="in_transit"))
    customer = desk.customer()
    assert "can't be cancelled any more" in (await customer.say("cancel order 12345")).text
    assert "its address can't be changed any more" in (await customer.say("new address for order 12345")).text
    assert desk.shop.count("cancel") == desk.shop.count("change_address") == 0
