"""The shop's JSON as docs/shop-api.md draws it, and how each answer becomes a fact.

Times must carry a zone and amounts must be integers here: a naive time or a "89.99" let through would
surface later, inside a rule.
"""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from policies.facts import (
    CarrierEvent,
    CustomerFacts,
    FraudBand,
    FraudFacts,
    Money,
    OrderBrief,
    OrderFacts,
    OrderLine,
    OrderStatus,
    Payment,
    ReasonCode,
    RefundRecord,
    RefundStatus,
    ReturnRecord,
    Shipment,
)

Count = Annotated[int, Field(strict=True, ge=0)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Answer(BaseModel):
    """A part of an answer; fields a shop adds are ignored, fields it drops are refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LineAnswer(Answer):
    line_id: str
    sku: str
    title: str
    category: str
    quantity: Count
    unit_minor: Count
    refunded_quantity: Count


class PaymentAnswer(Answer):
    payment_id: str
    method: str
    label: str
    paid_minor: Count
    refunded_minor: Count


class EventAnswer(Answer):
    at: AwareDatetime
    code: str
    text: str
    place: str


class ShipmentAnswer(Answer):
    awb: str
    carrier: str
    status: OrderStatus
    line_ids: tuple[str, ...]
    eta: AwareDatetime | None
    delivered_at: AwareDatetime | None
    signed_by: str
    has_photo: bool
    events: tuple[EventAnswer, ...]

    def fact(self) -> Shipment:
        events = tuple(CarrierEvent(**vars(event)) for event in self.events)
        return Shipment(**{**vars(self), "events": events})


class RefundAnswer(Answer):
    refund_id: str
    order_id: str
    status: RefundStatus
    amount_minor: Count
    currency: Currency
    method_label: str
    reason_code: ReasonCode
    idempotency_key: str
    created_at: AwareDatetime
    settled_at: AwareDatetime | None
    failure: str

    def fact(self) -> RefundRecord:
        return RefundRecord(**vars(self), amount=Money(minor=self.amount_minor, currency=self.currency))


class RefundsAnswer(Answer):
    refunds: tuple[RefundAnswer, ...]


class ReturnedLine(Answer):
    line_id: str


class ReturnAnswer(Answer):
    return_id: str
    order_id: str
    status: str
    lines: tuple[ReturnedLine, ...]
    label_url: str
    send_back_by: AwareDatetime | None

    def fact(self) -> ReturnRecord:
        return ReturnRecord(**vars(self), line_ids=tuple(line.line_id for line in self.lines))


class OrderAnswer(Answer):
    order_id: str
    version: Count
    customer_id: str
    status: OrderStatus
    currency: Currency
    placed_at: AwareDatetime
    lines: tuple[LineAnswer, ...]
    payments: tuple[PaymentAnswer, ...]
    shipments: tuple[ShipmentAnswer, ...]
    refunds: tuple[RefundAnswer, ...]
    returns: tuple[ReturnAnswer, ...]

    def fact(self) -> OrderFacts:
        return OrderFacts(
            order_id=self.order_id,
            version=self.version,
            customer_id=self.customer_id,
            status=self.status,
            currency=self.currency,
            placed_at=self.placed_at,
            lines=tuple(OrderLine(**vars(line)) for line in self.lines),
            payments=tuple(Payment(**vars(payment)) for payment in self.payments),
            shipments=tuple(shipment.fact() for shipment in self.shipments),
            refunds=tuple(refund.fact() for refund in self.refunds),
            returns=tuple(each.fact() for each in self.returns),
        )

    def brief(self) -> OrderBrief:
        return OrderBrief(
            order_id=self.order_id,
            status=self.status,
            titles=tuple(line.title for line in self.lines),
            awbs=tuple(shipment.awb for shipment in self.shipments),
            placed_at=self.placed_at,
        )


class OrdersAnswer(Answer):
    orders: tuple[OrderAnswer, ...]


class CustomerAnswer(Answer):
    """Name, e-mail, phone and address are in the answer too; not reading them is how they stay in the shop."""

    customer_id: str
    tier: str
    region: str
    language: str

    def fact(self, orders: OrdersAnswer) -> CustomerFacts:
        return CustomerFacts(**vars(self), orders=tuple(order.brief() for order in orders.orders))


class FraudAnswer(Answer):
    score: float = Field(ge=0, le=1)
    band: FraudBand
    reasons: tuple[str, ...]

    def fact(self) -> FraudFacts:
        return FraudFacts(**vars(self))


class NotificationAnswer(Answer):
    notification_id: str


class TicketAnswer(Answer):
    ticket_id: str


class WriteAnswer(Answer):
    idempotency_key: str
