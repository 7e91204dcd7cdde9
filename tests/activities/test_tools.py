"""Tools see only what belongs to the caller, and settle what they can about lost answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.errors import Changed, OutsideError, Rejected, Unavailable, Unknown
from activities.hydration import Hydration
from activities.ports import Caller, LineQuantity
from activities.readback import Readback, ReadRefund, ReadWrite
from activities.tools.cancel_order import CancelDesk, ConfirmedCancel
from activities.tools.change_address import AddressDesk, ConfirmedAddress
from activities.tools.check_fraud_score import CheckFraudScore, FraudCheck
from activities.tools.escalate_to_human import Handover, OpenTicket, Ticket
from activities.tools.get_delivery_photo import GetDeliveryPhoto, PhotoLookup
from activities.tools.get_eta import EtaLookup, GetEta
from activities.tools.get_order_status import GetOrderStatus, OrderLookup
from activities.tools.initiate_refund import ConfirmedRefund, RefundDesk
from activities.tools.initiate_return import ConfirmedReturn, ReturnDesk
from activities.tools.send_notification import Notified, Notify, Outbox
from policies.addresses import PostalAddress
from policies.facts import OrderStatus, ReasonCode, RefundStatus
from tests.fakes.shop import ScriptedShop, full_refund, order

OWNER, STRANGER = (Caller(tenant="acme", customer_id=each) for each in ("U789", "U000"))
FOREIGNER = Caller(tenant="globex", customer_id="U789")
HOME = PostalAddress(line1="1 Main St", city="Denver", postal_code="80014", country="US")
SHOES, DRAFT = order(), order("777", status="pending")

Use = Callable[[ScriptedShop, Caller], Awaitable[Any]]


async def run(activity: Callable[..., Any], *arguments: object) -> Any:
    return await ActivityEnvironment().run(activity, *arguments)


def refund(shop: ScriptedShop, caller: Caller) -> Awaitable[Any]:
    return run(RefundDesk(shop).initiate_refund, ConfirmedRefund(caller=caller, order=full_refund(SHOES), key="k"))


def send_back(shop: ScriptedShop, caller: Caller) -> Awaitable[Any]:
    confirmed = ConfirmedReturn(
        caller=caller,
        order_id="12345",
        order_version=3,
        lines=(LineQuantity(line_id="1", quantity=1),),
        reason_code=ReasonCode.WRONG_ITEM,
        key="k",
    )
    return run(ReturnDesk(shop).initiate_return, confirmed)


def cancel(shop: ScriptedShop, caller: Caller) -> Awaitable[Any]:
    confirmed = ConfirmedCancel(caller=caller, order_id="777", order_version=3, reason="changed my mind", key="k")
    return run(CancelDesk(shop).cancel_order, confirmed)


def redirect(shop: ScriptedShop, caller: Caller) -> Awaitable[Any]:
    confirmed = ConfirmedAddress(caller=caller, order_id="777", order_version=3, address=HOME, key="k")
    return run(AddressDesk(shop).change_address, confirmed)


USES: dict[str, tuple[Use, str]] = {
    "get_order_status": (
        lambda shop, who: run(OrderLookup(shop).get_order_status, GetOrderStatus(order_id="12345"), who),
        "order_absent",
    ),
    "check_fraud_score": (
        lambda shop, who: run(FraudCheck(shop).check_fraud_score, CheckFraudScore(order_id="12345"), who),
        "order_absent",
    ),
    "get_eta": (lambda shop, who: run(EtaLookup(shop).get_eta, GetEta(awb="12345"), who), "shipment_absent"),
    "get_delivery_photo": (
        lambda shop, who: run(PhotoLookup(shop).get_delivery_photo, GetDeliveryPhoto(awb="12345"), who),
        "shipment_absent",
    ),
    "initiate_refund": (refund, "order_absent"),
    "initiate_return": (send_back, "order_absent"),
    "cancel_order": (cancel, "order_absent"),
    "change_address": (redirect, "order_absent"),
}
every_use = pytest.mark.parametrize(("use", "reason"), USES.values(), ids=USES)


def acme(*more: Any) -> ScriptedShop:
    return ScriptedShop(SHOES, DRAFT, order("9", customer_id=STRANGER.customer_id), *more, tenant="acme")


@every_use
async def test_an_owner_is_served(use: Use, reason: str) -> None:
    with acme() as shop:
        assert await use(shop, OWNER)


@every_use
async def test_what_belongs_to_someone_else_looks_absent_and_stays_untouched(use: Use, reason: str) -> None:
    shop = acme()
    before = dict(shop.orders)
    with pytest.raises(Rejected) as caught:
        await use(shop, STRANGER)
    assert caught.value.reason == reason
    assert shop.orders == before


@every_use
async def test_another_tenant_sees_nothing(use: Use, reason: str) -> None:
    with pytest.raises(Rejected):
        await use(acme(), FOREIGNER)


@pytest.mark.parametrize("order_id", ["", "  ", "404", "9"])
async def test_unknown_blank_and_foreign_orders_cannot_be_told_apart(order_id: str) -> None:
    with pytest.raises(Rejected) as caught:
        await run(OrderLookup(acme()).get_order_status, GetOrderStatus(order_id=order_id), OWNER)
    assert caught.value.reason == "order_absent"


MONEY_AND_GOODS = {
    "refund": refund,
    "open_return": send_back,
    "cancel": cancel,
    "change_address": redirect,
}


@pytest.mark.parametrize(("method", "use"), MONEY_AND_GOODS.items(), ids=MONEY_AND_GOODS)
@pytest.mark.parametrize("committed", [False, True], ids=["lost before", "lost after"])
async def test_a_write_lets_unknown_through_and_never_tries_again(method: str, use: Use, committed: bool) -> None:
    with acme() as shop:
        shop.fail_next(method, Unknown("lost"), after_commit=committed)
        with pytest.raises(Unknown):
            await use(shop, OWNER)
        assert shop.count(method) == 1
        landed = await run(Readback(shop).did_write_land, ReadWrite(tenant="acme", key="k"))
        assert landed.landed is committed


async def test_a_refund_whose_answer_was_lost_is_found_by_its_key_as_it_settles() -> None:
    with acme() as shop:
        shop.fail_next("refund", Unknown("lost"), after_commit=True)
        with pytest.raises(Unknown):
            await refund(shop, OWNER)
        asked = ReadRefund(caller=OWNER, order_id="12345", key="k")
        found = [(await run(Readback(shop).read_back_refund, asked)).refund.status for _ in range(3)]
        assert found == [RefundStatus.APPROVED, RefundStatus.SETTLED, RefundStatus.SETTLED]
        other = ReadRefund(caller=OWNER, order_id="12345", key="another")
        assert (await run(Readback(shop).read_back_refund, other)).refund is None


async def test_a_confirmation_of_an_older_version_moves_nothing() -> None:
    shop = acme(order(version=4))
    with pytest.raises(Changed):
        await refund(shop, OWNER)
    assert shop.refunds == []


LETTER = Notify(caller=OWNER, subject="Your refund", body="It is on its way.", key="n")
REQUEST = OpenTicket(caller=OWNER, subject="Dispute", body="Wants a person.", key="t")


def write_letter(shop: ScriptedShop) -> Awaitable[Any]:
    return run(Outbox(shop).send_notification, LETTER)


def ask_for_a_person(shop: ScriptedShop) -> Awaitable[Any]:
    return run(Handover(shop).escalate_to_human, REQUEST)


TELLING = [
    ("notify", write_letter, Notified(notification_id="NOTE-1"), Notified(notification_id="")),
    ("open_ticket", ask_for_a_person, Ticket(ticket_id="TICKET-1"), Ticket(ticket_id="")),
]


@pytest.mark.parametrize(("method", "tell", "told", "landed"), TELLING, ids=["notification", "ticket"])
async def test_a_lost_message_is_settled_by_reading_back(
    method: str, tell: Callable[[ScriptedShop], Awaitable[Any]], told: object, landed: object
) -> None:
    with acme() as shop:
        assert await tell(shop) == told
        assert await tell(shop) == told, "the same key again is the same message"
        assert len(shop.notifications + shop.tickets) == 1
    with acme() as shop:
        shop.fail_next(method, Unknown("lost"), after_commit=True)
        assert await tell(shop) == landed
        assert len(shop.notifications + shop.tickets) == 1


@pytest.mark.parametrize(("method", "tell", "told", "landed"), TELLING, ids=["notification", "ticket"])
@pytest.mark.parametrize("then", [None, Unavailable("down")], ids=["read back", "no read-back either"])
async def test_a_message_that_did_not_land_is_left_to_temporal(
    method: str,
    tell: Callable[[ScriptedShop], Awaitable[Any]],
    told: object,
    landed: object,
    then: OutsideError | None,
) -> None:
    with acme() as shop:
        shop.fail_next(method, Unknown("lost"))
        if then:
            shop.fail_next("write_landed", then)
        with pytest.raises(Unavailable):
            await tell(shop)
        assert await tell(shop) == told


async def test_hydration_lists_the_customers_own_orders_newest_first() -> None:
    shop = acme(order("888", age_days=1))
    facts = await run(Hydration(shop).hydrate, OWNER)
    assert facts.customer_id == "U789"
    assert facts.orders[0].order_id == "888"
    assert {brief.order_id for brief in facts.orders} == {"12345", "777", "888"}


async def test_a_cancelled_order_lists_the_money_that_went_back() -> None:
    cancelled = await cancel(acme(), OWNER)
    assert cancelled.status is OrderStatus.CANCELLED
    assert [each.amount.minor for each in cancelled.refunds] == [8999]
    assert cancelled.refunded_minor == cancelled.paid_minor
