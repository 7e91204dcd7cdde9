"""Handing back: the AI has the word again, and is bound by what a person decided."""

from datetime import timedelta

from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, Skip
from tests.workflows.people_scenes import DISPUTE, HALF_AN_HOUR, WHERE, claimed, kinds, row_until
from workflows.messages import EventKind
from workflows.people import Ruling

NO_REFUND = Ruling(matter="refund", order_id="12345", agreed=False, words="no refund, as the porter signed for it.")


async def test_the_ai_answers_again(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    customer, ann = await claimed(desk)
    await customer.say(WHERE)
    view = await ann.hand_back(note="only wanted to know where it is")
    left = await customer.hears(EventKind.RETURNED)
    assert (left.text, left.by) == (bundle.words("en").say("person_left", name="Ann"), "Ann")
    assert view.case is None
    assert view.lines[-1].text == "only wanted to know where it is"
    assert "building staff" in (await customer.say(WHERE)).text
    assert desk.held_drafts == [True, False]
    row = await row_until(customer, owner="ai")
    assert (row.claimed, row.assignee, row.due_at, row.waiting_since) == (False, "", None, None)


async def test_messages_that_wait_while_a_person_hands_back_are_answered_by_the_ai(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    await ann.hand_back()
    assert "building staff" in (await customer.say(WHERE)).text
    await ann.claim()
    assert (await customer.say(WHERE)).text == ""


async def test_the_ai_tells_what_was_decided_and_offers_nothing_against_it(here: Here, bundle: Bundle) -> None:
    desk = here(order(), order("22222"))
    customer, ann = await claimed(desk)
    view = await ann.hand_back(NO_REFUND)
    (decided,) = view.decisions
    assert (decided.by_name, decided.agreed) == ("Ann", False)
    told = await customer.say(DISPUTE)
    assert told.text == bundle.words("en").say("person_decided", name="Ann", decision=NO_REFUND.words)
    assert told.offer is None
    assert desk.shop.count("fraud") == 0
    other = await customer.say("I want a refund on order #22222, it never arrived")
    assert other.offer
    assert other.offer.order_id == "22222"


async def test_what_the_ledger_holds_is_told_beside_a_decision(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    await ann.hand_back(NO_REFUND)
    told = await customer.say("am I refunded yet, order 12345?")
    assert NO_REFUND.words in told.text
    assert "no refund" in told.text.casefold().replace(NO_REFUND.words, "")


async def test_a_later_decision_takes_the_place_of_an_earlier_one(here: Here) -> None:
    customer, ann = await claimed(here(order()))
    await ann.hand_back(NO_REFUND)
    ben = Colleague(customer, "ben")
    await ben.claim()
    await ben.hand_back(NO_REFUND.model_copy(update={"agreed": True, "words": "you get your money back by Friday."}))
    told = await customer.say(DISPUTE)
    assert "Ben from our team has decided this: you get your money back by Friday." in told.text
    assert NO_REFUND.words not in told.text


async def test_a_decision_on_the_whole_conversation_binds_every_order(here: Here) -> None:
    customer, ann = await claimed(here(order(), order("22222")))
    await ann.hand_back(NO_REFUND.model_copy(update={"order_id": ""}))
    for number in ("12345", "22222"):
        told = await customer.say(f"I want a refund on order #{number}, it never arrived")
        assert NO_REFUND.words in told.text
        assert told.offer is None


async def test_after_a_hand_back_silence_closes_as_it_does_without_people(here: Here, skip: Skip) -> None:
    customer, ann = await claimed(here(order()))
    await ann.tell("Done.")
    await ann.hand_back()
    await skip(customer, timedelta(minutes=29))
    assert not (await customer.transcript()).closed
    await skip(customer, HALF_AN_HOUR)
    await customer.hears(EventKind.CLOSED)
    assert (await kinds(customer))[-1] is EventKind.CLOSED
