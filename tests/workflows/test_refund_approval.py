"""Above a limit people decide: once each, two of them for much money, never about their own, on facts that hold."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.policy_store import read_versions
from activities.ports import Caller
from policies import refunds
from policies.facts import FraudBand, FraudFacts, ReasonCode
from policies.offers import offer_refund
from policies.refund_path import Step
from policies.refunds import Quote
from tests.fakes.shop import full_refund, order
from tests.workflows.conftest import Here
from tests.workflows.customer import CUSTOMER, Customer, refusal_of
from tests.workflows.desk import BUNDLES, Desk
from tests.workflows.refund_scenes import MoodyShop, confirm, decide, hears, moody, refund_id, refund_of, until
from workflows.case_file import NEEDS_HUMAN
from workflows.claim import RefundClaim
from workflows.messages import CONVERSATION_QUEUE, ApprovalCard, Refusal
from workflows.refund import Refund

DEAR, DEAREST = 20_000, 150_000


async def waiting(desk: Desk, total_minor: int = DEAR) -> tuple[Customer, MoodyShop, str]:
    """A refund that waits for people: who asked, the shop, and the digest to decide on."""
    shop = moody(desk, order(total_minor=total_minor))
    customer = desk.customer()
    reply = await confirm(customer)
    assert "waits for a colleague's approval" in reply.text
    card = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    return customer, shop, card.digest


async def test_a_waiting_refund_shows_operators_what_to_decide(here: Here) -> None:
    desk = here()
    customer, shop, digest = await waiting(desk)
    refund = refund_of(desk, "12345")
    shown = await refund.describe()
    card = ApprovalCard.model_validate(await shown.memo_value("card"))
    assert (card.digest, card.amount.minor, card.rule) == (digest, DEAR, "refund.above_auto_limit")
    assert (card.refund_workflow_id, card.conversation_id) == (refund.id, customer.conversation_id)
    assert CUSTOMER not in card.model_dump_json()
    assert shown.typed_search_attributes[NEEDS_HUMAN] is True
    assert not shop.sent
    receipt = await decide(desk, "12345", "ada", digest)
    assert (receipt.state, receipt.approved_by) == ("approved", ("ada",))
    await hears(customer, "has been paid (reference REF-1)")

    async def needs_nobody() -> bool:
        return (await refund.describe()).typed_search_attributes[NEEDS_HUMAN] is False

    await until(needs_nobody)
    assert [record.amount.minor for record in shop.refunds] == [DEAR]


async def test_the_card_names_the_evidence_but_not_whose_it_is(here: Here) -> None:
    desk = here()
    await waiting(desk)
    card = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    assert (card.payment_id, card.policy_version) == ("PAY-1", "2026-11-01")
    assert [(line.line_id, line.quantity) for line in card.lines] == [("1", 1)]
    assert (card.numbers["limit"], card.numbers["window_days"]) == (15_000, 30)
    assert card.order_version == order().version
    assert "4242" not in card.model_dump_json()


def test_a_card_in_a_memo_of_before_can_still_be_read() -> None:
    """A refund may wait for its approver while a new release is rolled out."""
    card = ApprovalCard.model_validate_json(
        """{"refund_workflow_id": "refund/acme/12345/x", "tenant": "acme", "conversation_id": "c1", "order_id": "12345",
        "digest": "c0ffee", "amount": {"minor": 20000, "currency": "USD"}, "reason_code": "DELIVERY_DISPUTE",
        "fraud_band": "low", "fraud_score": 0.1, "fraud_reasons": [], "rule": "refund.above_auto_limit",
        "requested_at": "2026-11-21T12:00:00Z", "deadline": "2026-11-22T12:00:00Z", "approvals_needed": 1}"""
    )
    assert (card.handled_by, card.lines, dict(card.numbers)) == ((), (), {})


async def test_whoever_had_the_conversation_does_not_approve_the_refund_it_led_to(here: Here) -> None:
    desk = here()
    shop = moody(desk, order(total_minor=DEAR))
    claim = _claim(desk, handled_by=("ada",))
    refund = await desk.client.start_workflow(
        Refund.run, claim, id=refund_id(desk, "12345"), task_queue=CONVERSATION_QUEUE
    )

    async def asked() -> bool:
        return await refund.query("card", result_type=ApprovalCard) is not None

    await until(asked)
    assert await refusal_of(decide(desk, "12345", "ada", claim.offer.digest)) == Refusal.FOUR_EYES
    assert not shop.sent
    receipt = await decide(desk, "12345", "grace", claim.offer.digest)
    assert (receipt.state, receipt.approved_by) == ("approved", ("grace",))
    assert (await refund.result()).amount.minor == DEAR


async def test_a_denial_is_told_with_its_reason_and_the_claim_may_be_made_again(here: Here) -> None:
    desk = here()
    customer, shop, digest = await waiting(desk)
    receipt = await decide(desk, "12345", "ada", digest, approve=False, reason="The photo shows your door.")
    assert receipt.state == "denied"
    await hears(customer, "did not approve the refund: The photo shows your door.")
    assert "The photo shows your door." in shop.notifications[-1].body
    assert not shop.sent
    await _ended(desk)
    again = await confirm(desk.customer())
    assert "waits for a colleague's approval" in again.text
    await decide(desk, "12345", "ada", digest, approve=False, reason="Still the same door.")
    await _ended(desk)
    assert ["photo" in note.body for note in shop.notifications] == [True, False], "each denial gets its own e-mail"


async def test_much_money_needs_two_different_people(here: Here) -> None:
    desk = here()
    customer, shop, digest = await waiting(desk, DEAREST)
    first = await decide(desk, "12345", "ada", digest)
    assert (first.state, first.approvals_needed) == ("waiting", 2)
    assert await refusal_of(decide(desk, "12345", "ada", digest)) == Refusal.FOUR_EYES
    assert not shop.sent
    second = await decide(desk, "12345", "grace", digest)
    assert second.approved_by == ("ada", "grace")
    await hears(customer, "has been paid (reference REF-1)")
    assert len(shop.refunds) == 1


@pytest.mark.parametrize(
    ("approver", "role", "digest", "refusal"),
    [
        (CUSTOMER, "agent", None, Refusal.FOUR_EYES),
        ("ada", "customer", None, Refusal.ROLE),
        ("ada", "ops", None, Refusal.ROLE),
        ("ada", "agent", "0" * 64, Refusal.OFFER_CHANGED),
    ],
)
async def test_a_word_that_may_not_count_is_refused(
    here: Here, approver: str, role: str, digest: str | None, refusal: Refusal
) -> None:
    desk = here()
    _, shop, right = await waiting(desk)
    assert await refusal_of(decide(desk, "12345", approver, digest or right, role=role)) == refusal
    card = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    assert card.approved_by == ()
    assert not shop.sent


async def test_the_same_decision_twice_gets_the_same_receipt(here: Here) -> None:
    desk = here()
    _, _, digest = await waiting(desk, DEAREST)
    first = await decide(desk, "12345", "ada", digest, decision_id="d1")
    assert await decide(desk, "12345", "ada", digest, decision_id="d1") == first
    assert first.approved_by == ("ada",)


async def test_an_approval_after_a_denial_is_too_late(here: Here) -> None:
    desk = here()
    _, shop, digest = await waiting(desk)
    with desk.held("notify"):
        await decide(desk, "12345", "ada", digest, approve=False)
        assert await refusal_of(decide(desk, "12345", "grace", digest)) == Refusal.ALREADY_DECIDED
    await _ended(desk)
    with pytest.raises(RPCError, match="completed"):
        await decide(desk, "12345", "grace", digest)
    assert not shop.sent


async def test_a_decision_on_a_refund_that_waits_for_nobody_is_refused(here: Here) -> None:
    desk = here()
    moody(desk, order())
    customer = desk.customer()
    with desk.held("refund") as gate:
        offered = await customer.say("I want a refund on order #12345, it never arrived")
        assert offered.offer
        paying = asyncio.create_task(customer.say("Yes, please."))
        await gate.reached()
        assert await refusal_of(decide(desk, "12345", "ada", offered.offer.digest)) == Refusal.ALREADY_DECIDED
        gate.open()
        await paying


@pytest.mark.parametrize("total_minor", [DEAR, DEAREST])
async def test_two_approvers_at_once_lead_to_one_payment(here: Here, total_minor: int) -> None:
    desk = here()
    customer, shop, digest = await waiting(desk, total_minor)
    words = [decide(desk, "12345", name, digest) for name in ("ada", "grace")]
    results = await asyncio.gather(*words, return_exceptions=True)
    assert any(not isinstance(result, BaseException) for result in results)
    await hears(customer, "has been paid (reference REF-1)")
    assert len(shop.refunds) == len(shop.sent) == 1


def bumped(shop: MoodyShop) -> None:
    shop.bump("12345")


def refunded_in_part_elsewhere(shop: MoodyShop) -> None:
    part = full_refund(shop.orders["12345"], ReasonCode.DAMAGED_ITEM).model_copy(
        update={"lines": (), "amount_minor": 5_000}
    )
    shop.ledger.enter(shop.orders["12345"], part, "by phone")
    shop.bump("12345")


def suspected(shop: MoodyShop) -> None:
    shop.frauds["12345"] = FraudFacts(score=0.9, band=FraudBand.HIGH, reasons=("new device",))


@pytest.mark.parametrize(
    ("change", "offered_minor"), [(bumped, DEAR), (refunded_in_part_elsewhere, DEAR - 5_000), (suspected, DEAR)]
)
async def test_facts_that_changed_meanwhile_are_not_paid_but_quoted_anew(
    here: Here, change: Callable[[MoodyShop], None], offered_minor: int
) -> None:
    desk = here()
    customer, shop, digest = await waiting(desk)
    change(shop)
    await decide(desk, "12345", "ada", digest)
    await hears(customer, "I have not refunded anything", "I can refund $")
    offer = (await customer.transcript()).offer
    assert offer
    assert offer.amount
    assert offer.amount.minor == offered_minor
    assert not shop.sent


async def test_a_claim_without_an_approval_limit_for_its_currency_takes_two_people(here: Here) -> None:
    desk = here()
    moody(desk, order(currency="CHF"))
    await confirm(desk.customer())
    card = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    assert (card.rule, card.approvals_needed) == ("refund.currency_without_limit", 2)


def _claim(desk: Desk, handled_by: tuple[str, ...]) -> RefundClaim:
    """A confirmed claim for all of a dear order, out of a conversation that these people had."""
    current, versions = read_versions(BUNDLES)
    bundle, now, bought = versions[current]["*"], datetime.now(UTC), order(total_minor=DEAR)
    quote = refunds.quote(desk.tenant, bought, ReasonCode.DELIVERY_DISPUTE, None, now, bundle)
    assert isinstance(quote, Quote)
    cleared = refunds.clear(quote, bought, "standard", FraudFacts(score=0, band=FraudBand.LOW), now, bundle)
    return RefundClaim(
        caller=Caller(tenant=desk.tenant, customer_id=CUSTOMER),
        customer_ref="ref",
        conversation_id="c1",
        offer=offer_refund(cleared, "", now, bundle),
        trail=(Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED),
        policy_version=current,
        language="en",
        handled_by=handled_by,
    )


async def _ended(desk: Desk) -> None:
    handle = desk.client.get_workflow_handle(refund_id(desk, "12345"))

    async def failed() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.FAILED

    await until(failed)
