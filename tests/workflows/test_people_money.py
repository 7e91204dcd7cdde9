"""Money and people: a claim never stops or repeats a payment, and what the ledger holds is shown without words."""

import asyncio

from policies.facts import RefundStatus
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.conftest import Here, Policies, refusal_of
from tests.workflows.people_scenes import events, kinds, opened, spoken_between
from tests.workflows.refund_scenes import decide, moody, refund_of
from tests.workflows.test_bursts import offered
from workflows.messages import ApprovalCard, EventKind, Refusal
from workflows.people import Claim


async def test_a_claim_while_a_refund_is_paid_lets_it_be_paid_and_told_by_nobody(here: Here) -> None:
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    ann = Colleague(customer)
    with desk.held("refund") as paying:
        pressed = asyncio.create_task(customer.press(reply.offer.digest, message_id="press"))
        await paying.reached()
        claim = await ann.start(Claim())
    receipt = await pressed
    view = await claim.result()
    assert (receipt.text, receipt.refund) == ("", None)
    assert await customer.press(reply.offer.digest, message_id="press") == receipt
    told = await customer.hears(EventKind.REFUND)
    assert told.refund
    assert (told.text, told.refund.order_id, len(desk.shop.refunds)) == ("", "12345", 1)
    assert [event.kind for event in (await events(customer))[-2:]] == [EventKind.REFUND, EventKind.CLAIMED]
    (withheld,) = [line for line in view.lines if line.text.startswith("not told to the customer")]
    assert desk.shop.refunds[0].refund_id in withheld.text
    assert not spoken_between(await events(customer), EventKind.CLAIMED, EventKind.RETURNED)


async def test_news_of_a_refund_reaches_a_claimed_conversation_without_words(here: Here, policies: Policies) -> None:
    desk = here(order(), policies=policies(answer_within_seconds=0.2))
    desk.shop.ledger.moves = False
    customer, reply = await offered(desk)
    assert reply.offer
    await customer.press(reply.offer.digest)
    ann = Colleague(customer)
    await ann.claim()
    assert await refusal_of(ann.resolve()) == Refusal.NOT_OVER
    desk.shop.ledger.moves = True
    paid = await customer.log.until(
        customer.stream, lambda held: any(event.refund and event.refund.status == "settled" for event in held)
    )
    told = [event for event in paid if event.kind is EventKind.REFUND]
    assert {(event.text, event.reply) for event in told} == {("", None)}
    assert len(desk.shop.refunds) == 1
    seen = await customer.transcript()
    assert seen.desk
    assert any("has been paid" in line.text for line in seen.desk.lines if line.kind == "system")
    await ann.resolve()
    assert (await customer.transcript()).closed


async def test_a_refund_that_fails_while_claimed_opens_no_second_case(here: Here, policies: Policies) -> None:
    desk = here(order(), policies=policies(answer_within_seconds=0.2))
    desk.shop.ledger.moves = False
    desk.shop.ledger.ends_as = RefundStatus.FAILED
    customer, reply = await offered(desk)
    assert reply.offer
    await customer.press(reply.offer.digest)
    await Colleague(customer).claim()
    desk.shop.ledger.moves = True
    await customer.log.until(
        customer.stream, lambda held: any(event.refund and event.refund.status == "failed" for event in held)
    )
    seen = await customer.transcript()
    assert seen.desk
    assert seen.desk.case
    assert (seen.desk.case.number, seen.desk.case.assignee, len(desk.shop.tickets)) == (1, "ann", 0)
    assert EventKind.HANDOFF not in await kinds(customer)


async def test_a_conversation_is_not_resolved_while_something_is_offered_or_unread(here: Here) -> None:
    desk = here(order())
    customer, reply = await offered(desk)
    assert reply.offer
    await customer.ask_for_person()
    ann = Colleague(customer)
    assert await refusal_of(ann.resolve()) == Refusal.NOT_OVER
    await customer.press(reply.offer.digest, accept=False)
    with desk.held("understand") as gate:
        writing = asyncio.create_task(customer.say("one more thing"))
        await gate.reached()
        assert await refusal_of(ann.resolve()) == Refusal.NOT_OVER
    await writing
    await ann.resolve("all done")
    closed = await customer.hears(EventKind.CLOSED)
    assert closed.by == "Ann"
    assert (await kinds(customer))[-1] is EventKind.CLOSED


async def test_whoever_had_the_conversation_does_not_approve_its_refund(here: Here) -> None:
    desk = here()
    moody(desk, order(total_minor=24_900))
    customer = await opened(desk)
    ann = Colleague(customer)
    await ann.claim()
    await ann.hand_back()
    offer = await customer.say("I want a refund on order #12345, it never arrived")
    assert offer.offer
    await customer.press(offer.offer.digest)
    await customer.hears(EventKind.APPROVAL)
    card: ApprovalCard = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    assert card.handled_by == ("ann",)
    assert await refusal_of(decide(desk, "12345", "ann", offer.offer.digest)) == Refusal.FOUR_EYES
    await decide(desk, "12345", "ben", offer.offer.digest)
    await customer.log.until(customer.stream, lambda held: any(event.refund for event in held))
