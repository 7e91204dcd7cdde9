"""Claims: one person gets the word, and from then on not one word of the AI reaches the customer."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, refusal_of
from tests.workflows.model_scenes import aloud, with_model, wording
from tests.workflows.people_scenes import DISPUTE, WHERE, claimed, events, kinds, opened, row_until, spoken_between
from tests.workflows.test_bursts import offered, post
from workflows.messages import EventKind, Refusal


async def test_a_claim_takes_a_conversation_from_the_ai(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    customer, ann = await claimed(desk)
    joined = await customer.hears(EventKind.CLAIMED)
    assert (joined.text, joined.by) == (bundle.words("en").say("person_joined", name="Ann"), "Ann")
    receipt = await customer.say(WHERE, "m-where")
    assert (receipt.text, receipt.stage, receipt.answers) == ("", "with_person", ("m-where",))
    assert await customer.say(WHERE, "m-where", update_id="again") == receipt
    assert (await kinds(customer)).count(EventKind.CUSTOMER) == 2
    await ann.tell("It is on its way.")
    told = await customer.hears(EventKind.PERSON)
    assert (told.text, told.by) == ("It is on its way.", "Ann")
    seen = await customer.transcript()
    assert seen.person
    assert (seen.owner, seen.person.state, seen.person.name) == ("person", "talking", "Ann")
    row = await row_until(customer, claimed=True, waits_for_customer=True)
    assert (row.assignee, row.preview) == ("ann", "It is on its way.")
    assert desk.held_drafts == [True]
    assert not desk.shop.tickets


async def test_a_claim_takes_a_queued_conversation_from_whoever_was_asked(here: Here) -> None:
    desk = here(order())
    desk.at_work = {"agent": ["ben"]}
    customer = await opened(desk)
    await customer.ask_for_person()
    view = await Colleague(customer).claim()
    assert view.case
    assert (view.case.number, view.case.assignee, view.case.claimed) == (1, "ann", True)
    assert (await customer.say("thanks")).text == ""


async def test_of_two_people_who_claim_at_once_one_gets_it(here: Here) -> None:
    customer = await opened(here(order()))
    names = ["ann", "ben", "cem", "dee"]
    claims = await asyncio.gather(*(Colleague(customer, name).claim() for name in names), return_exceptions=True)
    refused = [claim for claim in claims if isinstance(claim, WorkflowUpdateFailedError)]
    assert [getattr(each.cause, "type", "") for each in refused] == [Refusal.CASE_TAKEN] * 3
    (view,) = [claim for claim in claims if not isinstance(claim, BaseException)]
    assert view.case
    assert (await kinds(customer)).count(EventKind.CLAIMED) == 1
    assert await refusal_of(Colleague(customer, "eve").tell("me too")) == Refusal.NOT_YOUR_CASE


async def test_only_a_supervisor_takes_the_word_from_a_colleague(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    sue = Colleague(customer, "sue", "supervisor")
    assert await refusal_of(Colleague(customer, "ben").claim(force=True)) == Refusal.CASE_TAKEN
    assert await refusal_of(sue.claim()) == Refusal.CASE_TAKEN
    view = await sue.claim(force=True)
    assert view.case
    assert view.case.assignee == "sue"
    assert await refusal_of(ann.tell("but I was here")) == Refusal.NOT_YOUR_CASE
    assert (await customer.hears(EventKind.CLAIMED, 2)).by == "Sue"


async def test_whoever_has_the_word_may_claim_again_and_nothing_is_told(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    before = await kinds(customer)
    view = await ann.claim()
    assert await kinds(customer) == before
    assert view.lines[-1].text == "again"


async def test_writing_to_the_customer_claims(here: Here) -> None:
    customer = await opened(here(order()))
    view = await Colleague(customer).tell("Let me look.")
    assert view.case
    assert view.case.claimed
    assert (await kinds(customer))[-2:] == [EventKind.CLAIMED, EventKind.PERSON]
    assert (await customer.say("thank you")).text == ""


GATES = {"while a model words it": "phrase", "while drafts are shown": "draft", "while an order is read": "order"}


@pytest.mark.parametrize("when", GATES)
@pytest.mark.parametrize("act", ["claim", "tell"])
async def test_a_reply_in_progress_is_dropped_and_its_message_gets_a_receipt(here: Here, when: str, act: str) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = await opened(desk)
    ann = Colleague(customer)
    with desk.held(GATES[when]) as gate:
        waiting = await post(customer, WHERE)
        await gate.reached()
        await (ann.claim() if act == "claim" else ann.tell("Let me look."))
        (receipt,) = await asyncio.gather(*waiting)
        shown = len(desk.drafted)
    assert receipt.text == ""
    await customer.rests()
    assert not spoken_between(await events(customer), EventKind.CLAIMED, EventKind.RETURNED)
    assert "delta" not in {kind for kind, _, _ in desk.drafted[shown:]}
    assert (await kinds(customer)).count(EventKind.REPLY) == 1
    assert desk.held_drafts[-1] is True


async def test_no_unheld_fence_follows_the_one_of_a_claim(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = await opened(desk)
    with desk.held("phrase") as gate:
        waiting = await post(customer, WHERE)
        await gate.reached()
        await Colleague(customer).claim()
    await asyncio.gather(*waiting)
    await customer.rests()
    assert desk.held_drafts == [True]


async def test_a_claim_does_not_wait_for_a_fence_that_cannot_be_raised(here: Here) -> None:
    desk = here(order())
    desk.down = {"raise_fence"}
    customer, _ = await claimed(desk)
    assert (await customer.say(WHERE)).text == ""


async def test_an_open_offer_is_withdrawn_and_its_button_is_dead(here: Here) -> None:
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    ann = Colleague(customer)
    await ann.claim()
    assert (await kinds(customer))[-2:] == [EventKind.OFFER_CLOSED, EventKind.CLAIMED]
    assert await refusal_of(customer.press(reply.offer.digest)) == Refusal.OFFER_CHANGED
    assert (await customer.say("yes")).text == ""
    await ann.hand_back()
    assert await refusal_of(customer.press(reply.offer.digest)) == Refusal.OFFER_CHANGED
    assert (await customer.say("yes")).refund is None
    assert desk.shop.count("refund") == 0


async def test_a_button_pressed_before_the_claim_is_not_carried_out_after_it(here: Here) -> None:
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    with desk.held("customer") as hydrating:
        pressed = asyncio.create_task(customer.press(reply.offer.digest))
        await hydrating.reached()
        await Colleague(customer).claim()
        assert await refusal_of(pressed) == Refusal.OFFER_CHANGED
    assert desk.shop.count("refund") == 0


async def test_an_offer_made_in_the_moment_of_a_claim_never_reaches_the_customer(here: Here) -> None:
    desk = here(order())
    customer = await opened(desk)
    with desk.held("fraud") as gate:
        waiting = await post(customer, DISPUTE)
        await gate.reached()
        await Colleague(customer).claim()
    (receipt,) = await asyncio.gather(*waiting)
    assert (receipt.text, receipt.offer) == ("", None)
    assert (await customer.transcript()).offer is None
