"""One list of promises, kept by the real shop over HTTP and by the scripted one alike."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from activities.clients.shop import HttpShop
from activities.errors import Changed, Rejected
from activities.ports import LineQuantity, RefundOrder, Shop
from policies.addresses import PostalAddress
from policies.facts import FraudBand, OrderFacts, OrderStatus, ReasonCode, RefundStatus
from tests.fakes.processes import SandboxProcess
from tests.fakes.shop import ScriptedShop, full_refund, order

T = "acme"
HOME = PostalAddress(line1="1 Main St", city="Denver", postal_code="80014", country="US")

Stock = Callable[[OrderFacts], OrderFacts]
numbers = count(1)


def fresh(**bent: Any) -> OrderFacts:
    """An order nobody has seen, of a customer nobody has seen."""
    number = f"{next(numbers)}-{uuid4().hex[:8]}"
    return order(order_id=f"#W{number}", customer_id=f"C{number}", awb=f"AWB-{number}", **bent)


Market = tuple[Shop, Stock]


@pytest.fixture
def scripted_market() -> Iterator[Market]:
    with ScriptedShop(tenant=T) as double:
        yield double, lambda stocked: double.orders.setdefault(stocked.order_id, stocked)


@pytest.fixture
def real_market(sandbox: SandboxProcess, http_shop: HttpShop) -> Market:
    def stock(stocked: OrderFacts) -> OrderFacts:
        sandbox.place(T, stocked)
        return stocked

    return http_shop, stock


@pytest.fixture(params=["scripted_market", "real_market"])
def market(request: pytest.FixtureRequest) -> Market:
    """A shop, and a way to put an order on its shelves."""
    chosen: Market = request.getfixturevalue(request.param)
    return chosen


async def test_an_order_reads_as_it_was_stocked(market: Market) -> None:
    shop, stock = market
    stocked = stock(fresh())
    assert await shop.order(T, stocked.order_id) == stocked
    assert await shop.shipment(T, stocked.shipments[0].awb) == stocked.shipments[0]


async def test_a_customer_brings_their_orders(market: Market) -> None:
    shop, stock = market
    stocked = stock(fresh())
    customer = await shop.customer(T, stocked.customer_id)
    assert (customer.customer_id, customer.tier, customer.region) == (stocked.customer_id, "standard", "US")
    assert [(brief.order_id, brief.awbs) for brief in customer.orders] == [
        (stocked.order_id, (stocked.shipments[0].awb,))
    ]


async def test_fraud_is_scored_in_bands(market: Market) -> None:
    shop, stock = market
    stocked = stock(fresh())
    fraud = await shop.fraud(T, stocked.customer_id, stocked.order_id)
    assert (fraud.score, fraud.band) == (0.03, FraudBand.LOW)


async def test_a_photo_exists_once_the_parcel_was_delivered(market: Market) -> None:
    shop, stock = market
    delivered, moving = stock(fresh()), stock(fresh(status="in_transit"))
    assert await shop.photo_url(T, delivered.shipments[0].awb)
    assert await shop.photo_url(T, moving.shipments[0].awb) is None


@pytest.mark.parametrize("tenant", [T, "globex"])
async def test_what_is_absent_or_another_tenants_is_refused_by_name(market: Market, tenant: str) -> None:
    shop, stock = market
    elsewhere = stock(fresh())
    order_id, awb = (elsewhere.order_id, elsewhere.shipments[0].awb) if tenant != T else ("404", "404")
    customer_id = elsewhere.customer_id if tenant != T else "404"
    for call, reason in (
        (shop.order(tenant, order_id), "order_absent"),
        (shop.shipment(tenant, awb), "shipment_absent"),
        (shop.customer(tenant, customer_id), "customer_absent"),
        (shop.find_refund(tenant, order_id, "k"), "order_absent"),
    ):
        with pytest.raises(Rejected) as caught:
            await call
        assert caught.value.reason == reason


async def test_a_refund_happens_once_per_key_and_stands_in_the_ledger(market: Market) -> None:
    shop, stock = market
    stocked, key = stock(fresh()), uuid4().hex
    assert await shop.find_refund(T, stocked.order_id, key) is None
    assert not await shop.write_landed(T, key)
    paid = await shop.refund(T, full_refund(stocked), key)
    assert (paid.amount.minor, paid.amount.currency, paid.method_label) == (8999, "USD", "Visa ending 4242")
    assert (paid.status, paid.idempotency_key, paid.order_id) == (RefundStatus.PENDING, key, stocked.order_id)
    assert (await shop.refund(T, full_refund(stocked), key)).refund_id == paid.refund_id
    assert await shop.write_landed(T, key)
    found = await shop.find_refund(T, stocked.order_id, key)
    assert found is not None
    assert found.refund_id == paid.refund_id
    after = await shop.order(T, stocked.order_id)
    assert (after.version, after.refunded_minor, after.lines[0].refunded_quantity) == (stocked.version + 1, 8999, 1)
    assert [each.refund_id for each in after.refunds] == [paid.refund_id]


REFUSALS: dict[str, dict[str, object]] = {
    "amount_not_positive": {"amount_minor": 0},
    "currency_mismatch": {"currency": "EUR"},
    "amount_above_refundable": {"amount_minor": 9000},
    "payment_unknown": {"payment_id": "PAY-9"},
    "lines_unknown": {"lines": (LineQuantity(line_id="9", quantity=1),)},
    "lines_above_refundable": {"lines": (LineQuantity(line_id="1", quantity=2),)},
}


@pytest.mark.parametrize(("code", "bent"), REFUSALS.items(), ids=REFUSALS)
async def test_a_refund_that_should_not_be_is_refused_by_code(
    market: Market, code: str, bent: dict[str, object]
) -> None:
    shop, stock = market
    stocked, key = stock(fresh()), uuid4().hex
    ask = RefundOrder.model_validate({**full_refund(stocked).model_dump(), **bent})
    with pytest.raises(Rejected) as caught:
        await shop.refund(T, ask, key)
    assert caught.value.reason == code
    assert not await shop.write_landed(T, key), "a refused write does not use up its key"
    assert await shop.refund(T, full_refund(stocked), key)


async def test_a_stale_version_moves_nothing(market: Market) -> None:
    shop, stock = market
    stocked = stock(fresh())
    await shop.refund(T, full_refund(stocked).model_copy(update={"amount_minor": 100}), uuid4().hex)
    with pytest.raises(Changed) as caught:
        await shop.refund(T, full_refund(stocked), uuid4().hex)
    assert caught.value.reason == "version_stale"
    assert (await shop.order(T, stocked.order_id)).refunded_minor == 100


async def test_a_key_means_one_write_only(market: Market) -> None:
    shop, stock = market
    stocked, key = stock(fresh()), uuid4().hex
    await shop.refund(T, full_refund(stocked), key)
    with pytest.raises(Rejected) as caught:
        await shop.refund(T, full_refund(stocked, ReasonCode.WRONG_ITEM), key)
    assert caught.value.reason == "idempotency_key_reused"


async def test_a_return_gets_a_label_once_the_order_has_arrived(market: Market) -> None:
    shop, stock = market
    delivered, moving = stock(fresh()), stock(fresh(status="in_transit"))
    line = [LineQuantity(line_id="1", quantity=1)]
    opened = await shop.open_return(T, delivered.order_id, 3, line, ReasonCode.WRONG_ITEM, uuid4().hex)
    assert (opened.status, opened.line_ids, opened.order_id) == ("label_issued", ("1",), delivered.order_id)
    assert opened.label_url
    assert opened.send_back_by
    assert [each.return_id for each in (await shop.order(T, delivered.order_id)).returns] == [opened.return_id]
    with pytest.raises(Rejected) as again:
        await shop.open_return(T, delivered.order_id, 4, line, ReasonCode.WRONG_ITEM, uuid4().hex)
    assert again.value.reason == "lines_already_returned"
    with pytest.raises(Rejected) as caught:
        await shop.open_return(T, moving.order_id, 3, line, ReasonCode.WRONG_ITEM, uuid4().hex)
    assert caught.value.reason == "order_not_delivered"


async def test_a_pending_order_can_be_cancelled_and_its_payment_goes_back(market: Market) -> None:
    shop, stock = market
    pending, shipped, key = stock(fresh(status="pending")), stock(fresh()), uuid4().hex
    cancelled = await shop.cancel(T, pending.order_id, 3, "changed my mind", key)
    assert (cancelled.status, cancelled.refunded_minor, cancelled.version) == (OrderStatus.CANCELLED, 8999, 4)
    assert cancelled.refunds[0].reason_code is ReasonCode.CUSTOMER_REQUEST
    assert await shop.cancel(T, pending.order_id, 3, "changed my mind", key) == cancelled
    with pytest.raises(Rejected) as caught:
        await shop.cancel(T, shipped.order_id, 3, "changed my mind", uuid4().hex)
    assert caught.value.reason == "order_not_cancellable"


async def test_an_address_changes_until_the_order_has_left(market: Market) -> None:
    shop, stock = market
    pending, shipped = stock(fresh(status="pending")), stock(fresh())
    assert (await shop.change_address(T, pending.order_id, 3, HOME, uuid4().hex)).version == 4
    with pytest.raises(Rejected) as caught:
        await shop.change_address(T, shipped.order_id, 3, HOME, uuid4().hex)
    assert caught.value.reason == "order_already_shipped"


async def test_a_message_is_sent_once_per_key(market: Market) -> None:
    shop, stock = market
    who, note, ticket = stock(fresh()).customer_id, uuid4().hex, uuid4().hex
    assert await shop.notify(T, who, "Hello", "There.", note) == await shop.notify(T, who, "Hello", "There.", note)
    assert await shop.open_ticket(T, who, "Help", "Please.", ticket)
    assert await shop.write_landed(T, note)
    assert await shop.write_landed(T, ticket)
