"""What the client makes of a real shop that goes wrong, and what can still be found out afterwards."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from activities.clients.shop import HttpShop
from activities.errors import Malformed, OutsideError, Unavailable, Unknown
from policies.facts import OrderFacts, RefundStatus
from tests.fakes.processes import SandboxProcess, running_sandbox
from tests.fakes.shop import full_refund, order

T = "acme"


@pytest.fixture
def stocked(sandbox: SandboxProcess) -> OrderFacts:
    number = uuid4().hex[:8]
    placed = order(order_id=number, customer_id=f"C{number}")
    sandbox.place(T, placed)
    return placed


async def test_an_answer_lost_after_the_commit_is_unknown_and_then_found(
    sandbox: SandboxProcess, http_shop: HttpShop, stocked: OrderFacts
) -> None:
    sandbox.fault("timeout_after_commit", method="POST", seconds=1.5)
    with pytest.raises(Unknown, match="ReadTimeout"):
        await http_shop.refund(T, full_refund(stocked), "lost-" + stocked.order_id)
    found = await http_shop.find_refund(T, stocked.order_id, "lost-" + stocked.order_id)
    assert found is not None
    assert found.amount.minor == 8999
    assert await http_shop.write_landed(T, "lost-" + stocked.order_id)
    again = await http_shop.refund(T, full_refund(stocked), "lost-" + stocked.order_id)
    assert again.refund_id == found.refund_id
    assert len(sandbox.refunds(T, stocked.order_id)) == 1


async def test_a_break_before_the_commit_is_unknown_and_nothing_is_found(
    sandbox: SandboxProcess, http_shop: HttpShop, stocked: OrderFacts
) -> None:
    sandbox.fault("error_before_commit", method="POST")
    with pytest.raises(Unknown, match="500"):
        await http_shop.refund(T, full_refund(stocked), "broken-" + stocked.order_id)
    assert await http_shop.find_refund(T, stocked.order_id, "broken-" + stocked.order_id) is None
    assert not await http_shop.write_landed(T, "broken-" + stocked.order_id)
    assert sandbox.refunds(T, stocked.order_id) == []


async def test_a_refund_written_in_an_unreadable_answer_is_unknown_and_then_found(
    sandbox: SandboxProcess, http_shop: HttpShop, stocked: OrderFacts
) -> None:
    sandbox.fault("changed_schema", method="POST")
    with pytest.raises(Unknown, match="RefundAnswer does not fit at status"):
        await http_shop.refund(T, full_refund(stocked), "changed-" + stocked.order_id)
    assert await http_shop.find_refund(T, stocked.order_id, "changed-" + stocked.order_id)


READS: list[tuple[str, dict[str, object], type[OutsideError]]] = [
    ("error_before_commit", {}, Unavailable),
    ("rate_limited", {"retry_after": 3}, Unavailable),
    ("down", {}, Unavailable),
    ("latency", {"seconds": 1.0}, Unavailable),
    ("changed_schema", {}, Malformed),
]


@pytest.mark.parametrize(("kind", "rule", "expected"), READS, ids=[row[0] for row in READS])
async def test_a_read_names_who_has_to_react(
    kind: str,
    rule: dict[str, object],
    expected: type[OutsideError],
    sandbox: SandboxProcess,
    http_shop: HttpShop,
    stocked: OrderFacts,
) -> None:
    sandbox.fault(kind, method="GET", **rule)
    with pytest.raises(expected) as caught:
        await http_shop.order(T, stocked.order_id)
    assert type(caught.value) is expected
    assert await http_shop.order(T, stocked.order_id) == stocked, "the fault was one call's"


@pytest.mark.parametrize("kind", ["rate_limited", "down"])
async def test_a_write_that_was_turned_away_may_simply_be_sent_again(
    kind: str, sandbox: SandboxProcess, http_shop: HttpShop, stocked: OrderFacts
) -> None:
    sandbox.fault(kind, method="POST", retry_after=3)
    with pytest.raises(Unavailable) as caught:
        await http_shop.refund(T, full_refund(stocked), "patient-" + stocked.order_id)
    if kind == "rate_limited":
        assert caught.value.next_retry_delay == timedelta(seconds=3)
    assert await http_shop.refund(T, full_refund(stocked), "patient-" + stocked.order_id)
    assert len(sandbox.refunds(T, stocked.order_id)) == 1


async def test_ten_at_once_with_one_key_pay_once(
    sandbox: SandboxProcess, http_shop: HttpShop, stocked: OrderFacts
) -> None:
    asks = (http_shop.refund(T, full_refund(stocked), "race-" + stocked.order_id) for _ in range(10))
    answers = await asyncio.gather(*asks)
    assert len({each.refund_id for each in answers}) == 1
    assert len(sandbox.refunds(T, stocked.order_id)) == 1


async def test_a_refund_settles_with_time(http_shop: HttpShop, stocked: OrderFacts) -> None:
    await http_shop.refund(T, full_refund(stocked), "settling-" + stocked.order_id)
    for _ in range(60):
        found = await http_shop.find_refund(T, stocked.order_id, "settling-" + stocked.order_id)
        if found and found.status is RefundStatus.SETTLED:
            break
        await asyncio.sleep(0.05)
    assert found
    assert (found.status, found.settled_at is not None) == (RefundStatus.SETTLED, True)


async def test_a_wrong_token_is_a_matter_for_engineers(sandbox: SandboxProcess, stocked: OrderFacts) -> None:
    async with HttpShop(sandbox.url, "some-other-token") as stranger:
        with pytest.raises(Malformed, match="401") as caught:
            await stranger.order(T, stocked.order_id)
    assert "some-other-token" not in repr(caught.value)


async def test_a_killed_shop_is_unavailable_when_nothing_was_sent_and_remembers_when_it_is_back(
    tmp_path: Path,
) -> None:
    placed = order()
    async with HttpShop("http://127.0.0.1:1", "unused-token") as nobody:
        with pytest.raises(Unavailable, match="ConnectError"):
            await nobody.refund(T, full_refund(placed), "k")
    with running_sandbox(tmp_path) as first:
        port = httpx.URL(first.url).port
        first.place(T, placed)
        first.fault("timeout_after_commit", method="POST", seconds=60)
        async with HttpShop(first.url, first.token) as shop:
            lost = asyncio.create_task(shop.refund(T, full_refund(placed), "k"))
            await _until_committed(first, placed)
            os.kill(first.pid, signal.SIGKILL)
            with pytest.raises(Unknown):
                await lost
    with running_sandbox(tmp_path, port=port) as second:
        async with HttpShop(second.url, second.token) as shop:
            assert await shop.find_refund(T, placed.order_id, "k")
            assert await shop.write_landed(T, "k")
        assert len(second.refunds(T, placed.order_id)) == 1


async def _until_committed(shop: SandboxProcess, placed: OrderFacts) -> None:
    for _ in range(250):
        if shop.refunds(T, placed.order_id):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the write never reached the ledger")
