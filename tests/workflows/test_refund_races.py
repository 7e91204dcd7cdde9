"""Two conversations, two tabs, a worker that dies, a stranger's workflow: one refund, and nobody unheard."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.policy_store import read_versions
from activities.ports import Caller
from policies import refunds
from policies.facts import FraudBand, FraudFacts, Money, ReasonCode
from policies.offers import Offer, offer_refund
from policies.refund_path import Step
from policies.refunds import Quote
from tests.fakes.shop import order
from tests.workflows.conftest import Here
from tests.workflows.desk import BUNDLES, Gate
from tests.workflows.refund_scenes import DISPUTE, REFUSES, MoodyShop, confirm, hears, moody, refund_id
from workflows.claim import RefundClaim
from workflows.messages import CONVERSATION_QUEUE
from workflows.refund import Refund

PART = "Refund me $20.00 for order #{order}, it never arrived"
CONFIRMED = (Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED)


async def test_two_conversations_with_one_claim_get_one_refund_and_both_hear_of_it(here: Here) -> None:
    desk = here()
    numbers = [str(number) for number in range(20001, 20011)]
    shop = moody(desk, *map(order, numbers))

    async def race(number: str) -> None:
        two = [desk.customer(), desk.customer()]
        await asyncio.gather(*(each.say(DISPUTE.format(order=number)) for each in two))
        await asyncio.gather(*(each.say("Yes, please.") for each in two))
        reference = next(record.refund_id for record in shop.refunds if record.order_id == number)
        for each in two:
            await hears(each, f"reference {reference}")

    await asyncio.gather(*map(race, numbers))
    assert sorted(record.order_id for record in shop.refunds) == numbers
    assert len(shop.sent) == len(numbers)


async def test_a_part_and_the_whole_together_never_exceed_what_was_paid(here: Here) -> None:
    desk = here()
    numbers = [str(number) for number in range(30001, 30005)]
    shop = moody(desk, *map(order, numbers))

    async def race(number: str) -> None:
        whole, part = desk.customer(), desk.customer()
        await asyncio.gather(whole.say(DISPUTE.format(order=number)), part.say(PART.format(order=number)))
        said = await asyncio.gather(whole.say("Yes, please."), part.say("Yes, please."))
        texts = [reply.text for reply in said]
        assert sum("has been paid" in text for text in texts) == 1, texts
        assert sum("I have not refunded anything" in text for text in texts) == 1, texts

    await asyncio.gather(*map(race, numbers))
    assert sorted(record.order_id for record in shop.refunds) == numbers
    assert {record.amount.minor for record in shop.refunds} <= {2000, 8999}


async def test_the_button_and_a_written_yes_at_once_are_one_confirmation(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    customer = desk.customer()
    offered = await customer.say(DISPUTE.format(order="12345"))
    assert offered.offer
    answers = await asyncio.gather(
        customer.press(offered.offer.digest), customer.say("Yes, please."), return_exceptions=True
    )
    for answer in answers:
        assert not isinstance(answer, BaseException) or isinstance(answer, WorkflowUpdateFailedError)
    await hears(customer, "has been paid (reference REF-1)")
    assert len(shop.refunds) == len(shop.sent) == 1


async def test_a_claim_after_the_settlement_is_denied_from_the_ledger(here: Here) -> None:
    desk = here()
    moody(desk, order())
    await confirm(desk.customer())
    again = await desk.customer().say(DISPUTE.format(order="12345"))
    assert again.offer is None
    assert "already been refunded in full" in again.text
    assert "reference REF-1" in again.text


async def test_a_yes_to_an_offer_that_another_conversation_has_used_up_is_answered_from_the_ledger(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    late = desk.customer()
    await late.say(DISPUTE.format(order="12345"))
    await confirm(desk.customer())
    await desk.client.get_workflow_handle(refund_id(desk, "12345")).result()
    reply = await late.say("Yes, please.")
    assert "$89.99 to your Visa ending 4242: paid, reference REF-1" in reply.text
    assert len(shop.sent) == 1


async def test_a_claim_that_was_not_paid_may_be_made_again(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.plays["12345"] = [REFUSES]
    assert "was not made" in (await confirm(desk.customer())).text
    assert "has been paid" in (await confirm(desk.customer())).text
    assert len(shop.refunds) == 1
    assert len(set(shop.keys("12345"))) == 1, "the same quote keeps its key"


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after the commit"])
async def test_a_worker_that_stops_while_paying_pays_once_after_its_restart(apart: Here, committed: bool) -> None:
    there = apart()
    shop = moody(there, order())
    customer = there.customer()
    gate = Gate()
    async with there.open():
        await customer.say(DISPUTE.format(order="12345"))
        if committed:
            shop.answering = gate
        else:
            there.gates["refund"] = gate
        yes = asyncio.create_task(customer.say("Yes, please."))
        await gate.reached()
    shop.answering = None
    there.gates.clear()
    async with there.open():
        await hears(customer, "has been paid (reference REF-1)")
        await yes
    assert len(shop.refunds) == 1
    assert len(shop.sent) == 1


def _offer(tenant: str, bundles: Path = BUNDLES) -> Offer:
    current, versions = read_versions(bundles)
    bundle, now = versions[current]["*"], datetime.now(UTC)
    quote = refunds.quote(tenant, order(), ReasonCode.DELIVERY_DISPUTE, None, now, bundle)
    assert isinstance(quote, Quote)
    cleared = refunds.clear(quote, order(), "standard", FraudFacts(score=0, band=FraudBand.LOW), now, bundle)
    return offer_refund(cleared, "", now, bundle)


def _more_money(offer: Offer) -> Offer:
    assert offer.refund
    quote = offer.refund.quote.model_copy(update={"amount": Money(minor=9999, currency="USD")})
    return offer.model_copy(update={"refund": offer.refund.model_copy(update={"quote": quote})})


UNPROVEN: dict[str, tuple[Callable[[Offer], Offer], tuple[Step, ...]]] = {
    "no fraud check": (lambda offer: offer, (Step.QUOTED, Step.OFFERED, Step.CONFIRMED)),
    "no confirmation": (lambda offer: offer, CONFIRMED[:3]),
    "no trail": (lambda offer: offer, ()),
    "further than confirmed": (lambda offer: offer, (*CONFIRMED, Step.RECHECKED)),
    "another amount": (_more_money, CONFIRMED),
    "another digest": (lambda offer: offer.model_copy(update={"digest": "0" * 64}), CONFIRMED),
    "another order": (lambda offer: offer.model_copy(update={"order_id": "54321"}), CONFIRMED),
    "no refund at all": (lambda offer: offer.model_copy(update={"refund": None}), CONFIRMED),
}


@pytest.mark.parametrize("case", UNPROVEN)
async def test_a_refund_that_proves_no_confirmation_fails_before_it_touches_the_shop(here: Here, case: str) -> None:
    desk = here()
    shop = moody(desk, order())
    bent, trail = UNPROVEN[case]
    cause = await _failure(desk.client, desk.tenant, bent(_offer(desk.tenant)), trail)
    assert cause.type == "Unproven", cause
    assert not shop.calls


async def test_a_refund_of_another_tenants_quote_fails_before_it_touches_the_shop(here: Here) -> None:
    desk, other = here(), here()
    shops: list[MoodyShop] = [moody(desk, order()), moody(other, order())]
    cause = await _failure(desk.client, desk.tenant, _offer(other.tenant), CONFIRMED)
    assert cause.type == "Unproven", cause
    assert not any(shop.calls for shop in shops)


async def _failure(client: Client, tenant: str, offer: Offer, trail: tuple[Step, ...]) -> ApplicationError:
    claim = RefundClaim(
        caller=Caller(tenant=tenant, customer_id="U789"),
        customer_ref="ref",
        conversation_id="c1",
        offer=offer,
        trail=trail,
        policy_version="2026-11-01",
        language="en",
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await client.execute_workflow(Refund.run, claim, id=f"refund/{tenant}/12345/x", task_queue=CONVERSATION_QUEUE)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause
