"""Money moves at most once, whatever happens to the answer, and every sentence about it is the ledger's."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus

from activities.errors import Rejected
from policies.facts import RefundStatus
from tests.fakes.shop import order
from tests.workflows.conftest import Here, Policies
from tests.workflows.refund_scenes import (
    ANSWER_LOST,
    DISPUTE,
    DOWN,
    LOST,
    PAYS,
    REFUSES,
    STALE,
    Witness,
    confirm,
    hears,
    moody,
    refund_of,
    until,
)
from workflows.case_file import NEEDS_HUMAN
from workflows.messages import EventKind, Transcript

# What happens to each sending of one payment, how often it is sent, and what the ledger holds in the end.
FATES = {
    "10001": ((PAYS,), 1, 1),
    "10002": ((ANSWER_LOST,), 1, 1),
    "10003": ((LOST,), 2, 1),
    "10004": ((LOST, ANSWER_LOST), 2, 1),
    "10005": ((DOWN,), 2, 1),
    "10006": ((LOST, DOWN), 3, 1),
    "10007": ((DOWN, LOST, REFUSES, PAYS), 4, 1),
    "10008": ((REFUSES,), 1, 0),
    "10009": ((STALE,), 1, 0),
    "10010": ((LOST, LOST, LOST, LOST, ANSWER_LOST), 5, 1),
}


@pytest.mark.parametrize("ends_as", [RefundStatus.SETTLED, RefundStatus.FAILED])
async def test_no_sentence_about_money_is_ahead_of_the_ledger(
    here: Here, policies: Policies, ends_as: RefundStatus
) -> None:
    desk = here(policies=policies(answer_within_seconds=1))
    shop = moody(desk, *(order(order_id) for order_id in FATES))
    shop.ledger.ends_as = ends_as
    for order_id, (plays, _, _) in FATES.items():
        shop.plays[order_id] = list(plays)
    paid = "has been paid" if ends_as is RefundStatus.SETTLED else "has failed"

    async def play(order_id: str, sendings: int, refunds: int) -> None:
        customer = desk.customer()
        await confirm(customer, order_id)
        told = {"10008": "was not made", "10009": "I have not refunded anything"}.get(order_id, paid)
        await hears(customer, told)
        assert len(shop.keys(order_id)) == sendings, order_id
        assert len(set(shop.keys(order_id))) == 1, "each sending of a payment carries the same key"
        held = [record for record in shop.refunds if record.order_id == order_id]
        assert [record.amount.minor for record in held] == [8999] * refunds, order_id

    await asyncio.gather(*(play(order_id, sendings, refunds) for order_id, (_, sendings, refunds) in FATES.items()))
    witness = desk.log
    assert isinstance(witness, Witness)
    assert not witness.lies
    assert witness.sentences >= len(FATES)


async def test_an_answer_lost_after_the_commit_is_found_by_reading_back(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.plays["12345"] = [ANSWER_LOST]
    reply = await confirm(desk.customer())
    assert reply.refund
    assert reply.refund.refund_id == "REF-1"
    assert len(shop.sent) == 1
    outcomes = [use.outcome for use in reply.decision.tools if use.tool == "initiate_refund"] if reply.decision else []
    assert outcomes == ["notknown: initiate_refund"]


async def test_facts_are_checked_again_before_the_same_key_goes_out_again(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.plays["12345"] = [LOST]
    reply = await confirm(desk.customer())
    assert reply.decision
    tools = [use.tool for use in reply.decision.tools if use.tool != "send_notification"]
    sendings = [place for place, tool in enumerate(tools) if tool == "initiate_refund"]
    between = tools[sendings[0] : sendings[1]]
    assert between == ["initiate_refund", "read_back_refund", "get_order_status", "check_fraud_score"]


async def test_while_the_ledger_is_dark_nothing_is_sent_and_nothing_claimed(here: Here, impatient: Path) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    shop.plays["12345"] = [ANSWER_LOST]
    desk.down.add("find_refund")
    customer = desk.customer()
    reply = await confirm(customer)
    assert "I don't know yet" in reply.text
    assert reply.refund is None
    assert len(shop.sent) == 1
    desk.down.clear()
    await hears(customer, "has been paid")
    assert len(shop.sent) == len(shop.refunds) == 1


async def test_a_payment_nobody_can_find_calls_a_person_and_is_told_when_it_shows_up(
    here: Here, impatient: Path
) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    shop.plays["12345"] = [LOST] * 5
    customer = desk.customer()
    reply = await confirm(customer)
    assert "I don't know yet" in reply.text
    refund = refund_of(desk, "12345")

    async def needs_human() -> bool:
        return (await refund.describe()).typed_search_attributes.get(NEEDS_HUMAN) is True

    await until(needs_human)
    assert [ticket.subject for ticket in shop.tickets] == ["Refund with unknown outcome on order 12345"]
    await shop.arrive_late()
    spoken = await hears(customer, "has been paid")
    assert spoken.count("I don't know yet") == 1
    assert len(shop.refunds) == 1


async def test_a_lost_payment_whose_order_moved_on_is_told_as_not_made_with_a_new_offer(
    here: Here, impatient: Path
) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    shop.plays["12345"] = [LOST] * 5
    customer = desk.customer()
    await confirm(customer)
    shop.bump("12345")
    await hears(customer, "I have not refunded anything")
    transcript = await customer.handle.query("transcript", result_type=Transcript)
    assert transcript.offer
    assert transcript.offer.amount
    assert transcript.offer.amount.minor == 8999
    assert not shop.refunds


async def test_a_ledger_that_lags_behind_its_shop_is_waited_for(here: Here, impatient: Path) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    shop.blind["12345"] = 3
    customer = desk.customer()
    await confirm(customer)
    spoken = await hears(customer, "has been paid")
    assert "not refunded" not in spoken
    assert len(shop.refunds) == len(shop.sent) == 1


async def test_a_refused_payment_is_told_and_handed_over(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.plays["12345"] = [REFUSES]
    reply = await confirm(desk.customer())
    assert "was not made, and no money has moved" in reply.text
    assert shop.tickets[0].id in reply.text
    assert "was not made" in shop.notifications[0].body


async def test_a_part_that_became_stale_is_offered_again_as_that_part(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.plays["12345"] = [STALE]
    reply = await confirm(desk.customer(), text="Refund me $20.00 for order #{order}, it never arrived")
    assert "I have not refunded anything" in reply.text
    assert reply.offer
    assert reply.offer.amount
    assert reply.offer.amount.minor == 2000


async def test_a_fraud_check_that_refuses_to_answer_ends_unpaid(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    customer = desk.customer()
    await customer.say(DISPUTE.format(order="12345"))
    shop.fail_next("fraud", Rejected("no such order", "order_absent"))
    reply = await customer.say("Yes, please.")
    assert "I have not refunded anything" in reply.text
    assert not shop.sent


async def test_a_slow_settlement_is_told_as_far_as_the_record_has_come(here: Here, impatient: Path) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    shop.ledger.moves = False
    customer = desk.customer()
    await confirm(customer)
    assert "has been" not in await hears(customer, "has recorded your refund of $89.99")
    shop.ledger.moves = True
    await hears(customer, "has been paid (reference REF-1)")
    event = await customer.hears(EventKind.REFUND)
    assert event.refund
    assert event.refund.refund_id == "REF-1"


async def test_a_failed_refund_is_handed_over_and_frees_the_claim(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    shop.ledger.ends_as = RefundStatus.FAILED
    reply = await confirm(desk.customer())
    assert "has failed (reference REF-1)" in reply.text
    assert shop.tickets
    assert (await refund_of(desk, "12345").describe()).status is WorkflowExecutionStatus.FAILED
    shop.ledger.ends_as = RefundStatus.SETTLED
    again = await confirm(desk.customer())
    assert "has been paid (reference REF-2)" in again.text
    assert len(set(shop.keys("12345"))) == 2


async def test_an_outbox_that_is_down_does_not_keep_the_truth_from_the_conversation(
    here: Here, impatient: Path
) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order())
    desk.down.add("notify")
    customer = desk.customer()
    await confirm(customer)
    await hears(customer, "has been paid (reference REF-1)")
    assert not shop.notifications
    desk.down.remove("notify")

    async def mailed() -> bool:
        return ["has been paid" in note.body for note in shop.notifications] == [True]

    await until(mailed)


async def test_a_refund_that_settles_at_once_is_worth_one_mail(here: Here) -> None:
    desk = here()
    shop = moody(desk, order())
    await confirm(desk.customer())
    assert ["has been paid" in note.body for note in shop.notifications] == [True]
