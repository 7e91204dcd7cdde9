"""The shapes of `docs/shop-api.md`: what the shop answers and what it takes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Minor = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Score = Annotated[float, Field(ge=0, le=1)]


class Contract(BaseModel):
    """A frozen value of the API; an unknown field is refused with its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderStatus(StrEnum):
    PENDING = "pending"
    PROCESSED = "processed"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class RefundStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    SETTLED = "settled"
    FAILED = "failed"


class Reason(StrEnum):
    DELIVERY_FAILED = "DELIVERY_FAILED"
    DELIVERY_DISPUTE = "DELIVERY_DISPUTE"
    WRONG_ITEM = "WRONG_ITEM"
    DAMAGED_ITEM = "DAMAGED_ITEM"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"


class Address(Contract):
    line1: Text
    line2: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    city: Text
    region: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    postal_code: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class PaymentMethod(Contract):
    payment_method_id: Text
    method: Text
    label: Text
    balance_minor: Minor | None = None


class Customer(Contract):
    customer_id: Text
    name: Text
    email: Text
    phone: str = ""
    tier: Text = "standard"
    region: Annotated[str, StringConstraints(pattern=r"^(US|EU)$")] = "US"
    language: Text = "en"
    address: Address
    payment_methods: tuple[PaymentMethod, ...] = ()


class Fraud(Contract):
    """A risk score; `band` is low < 0.3 ≤ medium < 0.7 ≤ high."""

    score: Score
    band: str
    reasons: tuple[str, ...] = ()


class Line(Contract):
    line_id: Text
    sku: Text
    title: Text
    category: Text
    quantity: Count
    unit_minor: Minor
    refunded_quantity: Minor = 0


class Payment(Contract):
    payment_id: Text
    method: Text
    label: Text
    paid_minor: Minor
    refunded_minor: Minor = 0


class CarrierEvent(Contract):
    at: datetime
    code: Text
    text: Text
    place: str = ""


class Shipment(Contract):
    awb: Text
    carrier: Text
    status: OrderStatus
    line_ids: tuple[Text, ...] = ()
    eta: datetime | None = None
    delivered_at: datetime | None = None
    signed_by: str = ""
    has_photo: bool = False
    events: tuple[CarrierEvent, ...] = ()


class LineQuantity(Contract):
    line_id: Text
    quantity: Count


class Refund(Contract):
    refund_id: str
    order_id: str
    status: RefundStatus
    amount_minor: int
    currency: str
    payment_id: str
    method_label: str
    reason_code: Reason
    lines: tuple[LineQuantity, ...]
    idempotency_key: str
    created_at: datetime
    settled_at: datetime | None = None
    failure: str = ""


class Return(Contract):
    return_id: str
    order_id: str
    status: str
    lines: tuple[LineQuantity, ...]
    reason_code: Reason
    label_url: str
    send_back_by: datetime
    idempotency_key: str


class Order(Contract):
    order_id: Text
    version: Count = 1
    customer_id: Text
    status: OrderStatus
    currency: Currency
    placed_at: datetime
    lines: tuple[Line, ...] = Field(min_length=1)
    payments: tuple[Payment, ...] = Field(min_length=1)
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    returns: tuple[Return, ...] = ()
    address: Address


class Variant(Contract):
    item_id: Text
    options: dict[str, str] = {}
    available: bool
    price_minor: Minor


class Product(Contract):
    product_id: Text
    name: Text
    currency: Currency
    variants: tuple[Variant, ...] = ()


# The business rules, not the shape, refuse a wrong amount, currency or reason: each has its own code in the contract.
class RefundAsk(Contract):
    lines: tuple[LineQuantity, ...]
    amount_minor: Annotated[int, Field(strict=True)]
    currency: str
    payment_id: str
    reason_code: str


class ReturnAsk(Contract):
    lines: tuple[LineQuantity, ...] = Field(min_length=1)
    reason_code: str


class CancellationAsk(Contract):
    reason: Text


class NotificationAsk(Contract):
    customer_id: Text
    channel: Annotated[str, StringConstraints(pattern=r"^email$")]
    subject: Text
    body: Prose


class TicketAsk(Contract):
    customer_id: Text
    subject: Text
    body: Prose
    priority: Annotated[str, StringConstraints(pattern=r"^(low|normal|high)$")] = "normal"
