"""Orders to test with: one delivered pair of shoes, bent to the case by keyword."""

from datetime import UTC, datetime, timedelta

from activities.ports import LineQuantity, RefundOrder
from policies.facts import OrderFacts, OrderLine, OrderStatus, Payment, ReasonCode, Shipment


def order(
    order_id: str = "12345",
    customer_id: str = "U789",
    total_minor: int = 8999,
    status: str | OrderStatus = "delivered",
    *,
    version: int = 3,
    currency: str = "USD",
    quantity: int = 1,
    age_days: int = 5,
    delivered_days_ago: int = 2,
    refunded_minor: int = 0,
    awb: str | None = None,
    sku: str = "SKU-1001-A",
    title: str = "Nimbus Runner Shoes",
    category: str = "footwear",
    label: str = "Visa ending 4242",
    signed_by: str = "building staff",
    now: datetime | None = None,
) -> OrderFacts:
    """Build an order of one line paid by one card; ages count back from `now`, the parcel's number is the order's."""
    now = now or datetime.now(UTC).replace(microsecond=0)
    status = OrderStatus(status)
    shipped = status in {OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED, OrderStatus.RETURNED}
    arrived = shipped and status is not OrderStatus.IN_TRANSIT
    shipment = Shipment(
        awb=awb or order_id,
        carrier="Parcelway",
        status=OrderStatus.DELIVERED if arrived else OrderStatus.IN_TRANSIT,
        line_ids=("1",),
        eta=None if arrived else now + timedelta(days=2),
        delivered_at=now - timedelta(days=delivered_days_ago) if arrived else None,
        signed_by=signed_by if arrived else "",
        has_photo=arrived,
    )
    return OrderFacts(
        order_id=order_id,
        version=version,
        customer_id=customer_id,
        status=status,
        currency=currency,
        placed_at=now - timedelta(days=age_days),
        lines=(
            OrderLine(
                line_id="1",
                sku=sku,
                title=title,
                category=category,
                quantity=quantity,
                unit_minor=total_minor // quantity,
            ),
        ),
        payments=(
            Payment(
                payment_id="PAY-1", method="card", label=label, paid_minor=total_minor, refunded_minor=refunded_minor
            ),
        ),
        shipments=(shipment,) if shipped else (),
    )


def full_refund(of: OrderFacts, reason: ReasonCode = ReasonCode.DELIVERY_DISPUTE) -> RefundOrder:
    """Ask for everything an order's first payment still holds."""
    payment = of.payments[0]
    return RefundOrder(
        order_id=of.order_id,
        order_version=of.version,
        lines=tuple(
            LineQuantity(line_id=line.line_id, quantity=line.quantity - line.refunded_quantity)
            for line in of.lines
            if line.quantity > line.refunded_quantity
        ),
        amount_minor=payment.paid_minor - payment.refunded_minor,
        currency=of.currency,
        payment_id=payment.payment_id,
        reason_code=reason,
    )
