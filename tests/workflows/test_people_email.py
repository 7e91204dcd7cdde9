"""Who asked when nobody was at work reads the answer as an e-mail, too: once, and later where the outbox is down."""

from datetime import timedelta
from pathlib import Path

import pytest

from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Customer, Here, Policies, Skip
from tests.workflows.desk import Desk
from tests.workflows.people_scenes import closed_now, opened
from tests.workflows.refund_scenes import until
from workflows.messages import EventKind

JUST_OVER_A_MINUTE = timedelta(minutes=1, seconds=1)


@pytest.fixture(scope="module")
def at_night(policies: Policies) -> Path:
    return policies(service=closed_now())


async def mailed(desk: Desk, times: int = 1) -> None:
    async def sent() -> bool:
        return len(desk.shop.notifications) >= times

    await until(sent)


async def asked_at_night(desk: Desk) -> Customer:
    customer = await opened(desk)
    await customer.ask_for_person()
    return customer


async def test_a_persons_words_are_mailed_once(here: Here, at_night: Path, bundle: Bundle) -> None:
    desk = here(order(), policies=at_night)
    customer = await asked_at_night(desk)
    ann = Colleague(customer)
    await ann.tell("Your parcel is at the depot.", act_id="t1")
    await mailed(desk)
    await ann.tell("Your parcel is at the depot.", act_id="t1")
    await ann.tell("It comes tomorrow.")
    await mailed(desk, 2)
    await customer.rests()
    first, second = desk.shop.notifications
    assert first.body == "Your parcel is at the depot.\n\nAnn"
    assert second.body == "It comes tomorrow.\n\nAnn"
    assert first.subject == bundle.words("en").say("person_mail_subject", tenant=desk.tenant.title())


async def test_in_opening_hours_nothing_is_mailed(here: Here) -> None:
    desk = here(order())
    customer = await asked_at_night(desk)
    await Colleague(customer).tell("Hello!")
    await customer.say("thanks")
    await customer.rests()
    assert not desk.shop.notifications


async def test_an_outbox_that_is_down_is_asked_again_and_nobody_waits_for_it(
    here: Here, at_night: Path, skip: Skip
) -> None:
    """The gate never opens while they work: an act, a message and a claim all come through."""
    desk = here(order(), policies=at_night)
    customer = await asked_at_night(desk)
    ann = Colleague(customer)
    with desk.held("notify") as outbox:
        await ann.tell("Your parcel is at the depot.")
        await outbox.reached()
        await ann.tell("It comes tomorrow.")
        assert (await customer.say("thanks")).text == ""
        await Colleague(customer, "sue", "supervisor").claim(force=True)
        assert not desk.shop.notifications
        desk.down = {"notify"}
    desk.down = set()
    await customer.rests()
    await skip(customer, JUST_OVER_A_MINUTE)
    await mailed(desk, 2)
    await customer.rests()
    assert [sent.body.split(".")[0] for sent in desk.shop.notifications] == [
        "Your parcel is at the depot",
        "It comes tomorrow",
    ]


async def test_while_the_outbox_is_down_clocks_and_the_helpdesk_are_still_looked_after(
    here: Here, policies: Policies, skip: Skip
) -> None:
    rules = policies(service=closed_now(), patience_seconds=2)
    desk = here(order(), policies=rules)
    desk.down = {"notify", "open_ticket"}
    customer = await asked_at_night(desk)
    with desk.held("notify") as outbox:
        await Colleague(customer).tell("Your parcel is at the depot.")
        await outbox.reached()
    await customer.rests()
    desk.down = {"notify"}
    await skip(customer, timedelta(seconds=31))

    async def has_ticket() -> bool:
        return bool(desk.shop.tickets)

    await until(has_ticket)
    await customer.say("and when does it come?")
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.due_at
    assert not desk.shop.notifications
    desk.down = set()
    await skip(customer, JUST_OVER_A_MINUTE)
    await mailed(desk)
    assert EventKind.CLOSED not in [event.kind for event in seen.events]
