"""People may pause the AI, everywhere or for one intent: it hands over, and an offer it made is not carried out."""

from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, refusal_of
from tests.workflows.people_scenes import DISPUTE, WHERE, kinds, opened
from tests.workflows.test_bursts import offered
from workflows.messages import EventKind, Refusal


async def test_a_pause_of_everything_hands_every_message_over(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    desk.paused = ["*"]
    customer = desk.customer()
    said = await customer.say(WHERE)
    assert said.text.startswith(bundle.words("en").say("ai_paused"))
    assert "building staff" not in said.text
    assert said.decision
    assert [verdict.rule for verdict in said.decision.verdicts if verdict.rule.startswith("ai.")] == ["ai.paused"]
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.case
    assert (seen.owner, seen.desk.case.why) == ("person", "paused")
    assert (await kinds(customer))[-1] is EventKind.HANDOFF
    desk.paused = []
    await Colleague(customer).hand_back()
    assert "building staff" in (await customer.say(WHERE)).text


async def test_a_pause_of_one_intent_leaves_the_others(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    desk.paused = ["delivery_dispute"]
    customer = desk.customer()
    assert "building staff" in (await customer.say(WHERE)).text
    said = await customer.say(DISPUTE)
    assert said.text.startswith(bundle.words("en").say("ai_paused"))
    assert (said.offer, desk.shop.count("fraud")) == (None, 0)


async def test_an_open_offer_under_a_pause_is_taken_back_and_not_paid(here: Here, bundle: Bundle) -> None:
    """Also when they asked about something else meanwhile: the pause is of what the offer is for."""
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    await customer.say(WHERE)
    desk.paused = ["delivery_dispute"]
    said = await customer.press(reply.offer.digest)
    assert said.text.startswith(bundle.words("en").say("offer_replaced"))
    assert said.stage == "with_person"
    assert await refusal_of(customer.press(reply.offer.digest)) == Refusal.OFFER_CHANGED
    assert desk.shop.count("refund") == 0
    assert (await customer.transcript()).offer is None


async def test_a_pause_of_another_intent_does_not_take_an_offer_back(here: Here) -> None:
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    await opened(desk)
    desk.paused = ["track_order"]
    assert (await customer.press(reply.offer.digest)).refund


async def test_a_pause_does_not_take_a_conversation_from_people(here: Here) -> None:
    desk = here(order())
    customer = await opened(desk)
    await customer.ask_for_person()
    desk.paused = ["*"]
    said = await customer.say(WHERE)
    assert "will answer you here by" in said.text
    assert (await kinds(customer)).count(EventKind.HANDOFF) == 1
