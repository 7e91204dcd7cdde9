"""Above a limit people decide: once each, two of them for much money, never about their own, on facts that hold."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from policies.facts import FraudBand, FraudFacts, ReasonCode
from tests.fakes.shop import full_refund, order
from tests.workflows.conftest import Here
from tests.workflows.customer import CUSTOMER, Customer, refusal_of
from tests.workflows.desk import Desk
from tests.workflows.refund_scenes import MoodyShop, confirm, decide, hears, moody, refund_id, refund_of, until
from workflows.case_file import NEEDS_HUMAN
from workflows.messages import ApprovalCard, Refusal

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


async def _ended(desk: Desk) -> None:
    handle = desk.client.get_workflow_handle(refund_id(desk, "12345"))

    async def failed() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.FAILED

    await until(failed)
