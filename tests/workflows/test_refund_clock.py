"""Nothing about money waits for ever: deadlines for people, for the ledger, and for a refund that went silent."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

from policies.facts import RefundStatus
from tests.fakes.shop import order
from tests.workflows.conftest import Here
from tests.workflows.customer import Customer, refusal_of
from tests.workflows.desk import Desk
from tests.workflows.refund_scenes import LOST, confirm, decide, hears, moody, refund_of, until
from workflows.case_file import NEEDS_HUMAN
from workflows.messages import ApprovalCard, Refusal

Forward = Callable[[Any, timedelta], Awaitable[object]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def forward(server: WorkflowEnvironment) -> Forward:
    """Move one refund's clock, firing the timers on the way."""
    return TimeSkipper(server.client, config=TimeSkippingConfig(enabled=False)).fast_forward


@pytest.fixture(scope="session")
def hasty(policies: Callable[..., Path]) -> Path:
    """Rules that wait one day for a settlement."""
    folder = policies(patience_seconds=0.5, answer_within_seconds=2)
    for rules in folder.glob("*/rules.yaml"):
        rules.write_text(rules.read_text().replace("settle_days: 10", "settle_days: 1"))
    return folder


async def _waiting(desk: Desk) -> tuple[Customer, str]:
    customer = desk.customer()
    await confirm(customer)
    card = await refund_of(desk, "12345").query("card", result_type=ApprovalCard)
    return customer, card.digest


async def test_an_approval_nobody_gives_is_told_and_handed_over(here: Here, forward: Forward) -> None:
    desk = here()
    shop = moody(desk, order(total_minor=20_000))
    customer, digest = await _waiting(desk)
    with desk.held("notify") as mail:
        await forward(refund_of(desk, "12345"), DAY)
        await mail.reached()
        assert await refusal_of(decide(desk, "12345", "ada", digest)) == Refusal.APPROVAL_EXPIRED
    spoken = await hears(customer, "Nobody could decide on your refund", "I have passed this to a colleague")
    assert shop.tickets[0].id in spoken
    assert "Nobody could decide" in shop.notifications[0].body
    await _closed(desk, WorkflowExecutionStatus.FAILED)
    with pytest.raises(RPCError, match="completed"):
        await decide(desk, "12345", "ada", digest)
    assert not shop.sent


async def test_an_approval_in_the_last_hour_still_counts(here: Here, forward: Forward) -> None:
    desk = here()
    shop = moody(desk, order(total_minor=20_000))
    customer, digest = await _waiting(desk)
    await forward(refund_of(desk, "12345"), 23 * HOUR)
    await decide(desk, "12345", "ada", digest)
    await hears(customer, "has been paid (reference REF-1)")
    assert len(shop.refunds) == 1


async def test_a_refund_that_does_not_settle_in_time_goes_to_a_person(
    here: Here, hasty: Path, forward: Forward
) -> None:
    desk = here(policies=hasty)
    shop = moody(desk, order())
    shop.ledger.moves = False
    customer = desk.customer()
    await confirm(customer)
    await forward(refund_of(desk, "12345"), 2 * DAY)
    spoken = await hears(customer, "I have passed this to a colleague")
    assert spoken.count("has recorded your refund") == 1
    assert "has been paid" not in spoken
    assert len(shop.tickets) == 1
    refund = await refund_of(desk, "12345").result()
    assert refund.status is RefundStatus.PENDING


async def test_a_lost_payment_that_never_shows_up_is_told_as_not_made(
    here: Here, hasty: Path, forward: Forward
) -> None:
    desk = here(policies=hasty)
    shop = moody(desk, order())
    shop.plays["12345"] = [LOST] * 5
    customer = desk.customer()
    reply = await confirm(customer)
    assert "I don't know yet" in reply.text
    await forward(refund_of(desk, "12345"), 2 * DAY)
    await hears(customer, "was not made, and no money has moved", "I have passed this to a colleague")
    assert not shop.refunds


@pytest.mark.parametrize("how", ["terminate", "cancel"])
@pytest.mark.parametrize("recorded", [False, True], ids=["nothing paid", "recorded"])
async def test_a_refund_ended_by_an_operator_is_noticed_and_told_from_the_ledger(
    here: Here, impatient: Path, forward: Forward, how: str, recorded: bool
) -> None:
    desk = here(policies=impatient)
    shop = moody(desk, order(total_minor=8999 if recorded else 20_000))
    shop.ledger.moves = False
    customer = desk.customer()
    await confirm(customer)
    refund = refund_of(desk, "12345")
    await (refund.terminate("by an operator") if how == "terminate" else refund.cancel())
    await _closed(desk, WorkflowExecutionStatus.TERMINATED if how == "terminate" else WorkflowExecutionStatus.CANCELED)
    await forward(customer.handle, 2 * HOUR)
    says = "reference REF-1" if recorded else "There is no refund on order #12345."
    await hears(customer, says, "I have passed this to a colleague")
    assert len(shop.tickets) == 1
    assert (await customer.transcript()).owner == "person"


async def test_a_silent_refund_that_still_runs_is_asked_and_says_nothing_twice(here: Here, forward: Forward) -> None:
    desk = here()
    moody(desk, order(total_minor=20_000))
    _, digest = await _waiting(desk)
    # The server skips no time of a parent while its child runs, so another conversation that follows does the asking.
    customer = desk.customer()
    assert "already under way" in (await confirm(customer)).text
    await hears(customer, "waits for a colleague's approval")
    await forward(customer.handle, 3 * HOUR)
    assert (await refund_of(desk, "12345").describe()).typed_search_attributes[NEEDS_HUMAN] is True
    await decide(desk, "12345", "ada", digest)
    spoken = await hears(customer, "has been paid (reference REF-1)")
    assert spoken.count("waits for a colleague's approval") == 1
    assert (await customer.transcript()).owner == "ai"


async def _closed(desk: Desk, status: WorkflowExecutionStatus) -> None:
    async def has() -> bool:
        return (await refund_of(desk, "12345").describe()).status is status

    await until(has)
