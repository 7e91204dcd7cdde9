"""A double that keeps score fails the test that did not use it as planned."""

import pytest

from activities.errors import Malformed, Unavailable, Unknown
from tests.fakes.shop import ScriptedShop, full_refund, order


async def test_a_planned_failure_that_never_happens_fails_the_test() -> None:
    shop = ScriptedShop(order())
    shop.fail_next("refund", Unavailable("down"))
    await shop.order("acme", "12345")
    with pytest.raises(AssertionError, match=r"never happened: .*refund"), shop:
        pass


async def test_an_unexpected_call_ends_the_caller_and_fails_the_test() -> None:
    shop = ScriptedShop(order())
    shop.allow_only("order")
    await shop.order("acme", "12345")
    with pytest.raises(Malformed):
        await shop.cancel("acme", "12345", 3, "no", "k")
    with pytest.raises(AssertionError, match=r"unexpected calls: .*cancel"), shop:
        pass


def test_the_failure_of_the_test_itself_is_not_hidden() -> None:
    shop = ScriptedShop(order())
    shop.fail_next("refund", Unavailable("down"))
    with pytest.raises(ZeroDivisionError), shop:
        raise ZeroDivisionError


def test_only_what_the_port_has_can_fail() -> None:
    with pytest.raises(AssertionError, match="no 'refnud'"):
        ScriptedShop().fail_next("refnud", Unavailable("down"))


async def test_failures_happen_in_the_order_planned_before_or_after_the_commit() -> None:
    bought = order()
    with ScriptedShop(bought) as shop:
        shop.fail_next("refund", Unavailable("down"))
        shop.fail_next("refund", Unknown("lost"), after_commit=True)
        with pytest.raises(Unavailable):
            await shop.refund("acme", full_refund(bought), "k")
        assert shop.refunds == []
        with pytest.raises(Unknown):
            await shop.refund("acme", full_refund(bought), "k")
        assert [each.idempotency_key for each in shop.refunds] == ["k"]
        assert await shop.refund("acme", full_refund(bought), "k") == shop.refunds[0]
        assert shop.count("refund") == 3
