"""The vocabulary of facts: what activities report and policies judge."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from policies.frozen import Fact


class Money(Fact):
    """An amount in minor units (cents for USD, yen for JPY) of an ISO 4217 currency."""

    minor: int
    currency: str = Field(pattern=r"^[A-Z]{3}$")


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


class ReasonCode(StrEnum):
    """Why money goes back; a closed set, so that a model can name nothing else."""

    DELIVERY_FAILED = "DELIVERY_FAILED"
    DELIVERY_DISPUTE = "DELIVERY_DISPUTE"
    WRONG_ITEM = "WRONG_ITEM"
    DAMAGED_ITEM = "DAMAGED_ITEM"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"


class OrderLine(Fact):
    line_id: str
    sku: str
    title: str
    category: str
    quantity: int
    unit_minor: int
    refunded_quantity: int = 0


class Payment(Fact):
    """One payment of an order; `label` is what a customer recognises, such as "Visa ending 4242"."""

    payment_id: str
    method: str
    label: str
    paid_minor: int
    refunded_minor: int = 0


class CarrierEvent(Fact):
    at: datetime
    code: str
    text: str
    place: str = ""


class Shipment(Fact):
    awb: str
    carrier: str
    status: OrderStatus
    line_ids: tuple[str, ...] = ()
    eta: datetime | None = None
    delivered_at: datetime | None = None
    signed_by: str = ""
    has_photo: bool = False
    events: tuple[CarrierEvent, ...] = ()


class RefundRecord(Fact):
    """A refund as the shop's ledger holds it: the only source of any sentence about money."""

    refund_id: str
    order_id: str
    status: RefundStatus
    amount: Money
    method_label: str
    reason_code: ReasonCode
    idempotency_key: str
    created_at: datetime
    settled_at: datetime | None = None
    failure: str = ""


class ReturnRecord(Fact):
    return_id: str
    order_id: str
    status: str
    line_ids: tuple[str, ...]
    label_url: str
    send_back_by: datetime | None = None


class OrderFacts(Fact):
    order_id: str
    version: int
    customer_id: str
    status: OrderStatus
    currency: str
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...]
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[RefundRecord, ...] = ()
    returns: tuple[ReturnRecord, ...] = ()

    @property
    def paid_minor(self) -> int:
        return sum(payment.paid_minor for payment in self.payments)

    @property
    def refunded_minor(self) -> int:
        """What the ledger holds against this order, a failed refund aside."""
        return sum(payment.refunded_minor for payment in self.payments)

    @property
    def delivered_at(self) -> datetime | None:
        dates = [shipment.delivered_at for shipment in self.shipments if shipment.delivered_at]
        return max(dates, default=None)


class OrderBrief(Fact):
    """What hydration puts before the agents: enough to know which order is meant."""

    order_id: str
    status: OrderStatus
    titles: tuple[str, ...]
    awbs: tuple[str, ...] = ()
    placed_at: datetime


class CustomerFacts(Fact):
    """Who is asking, without name, e-mail or address: those stay in the shop."""

    customer_id: str
    tier: str
    region: str
    language: str = "en"
    orders: tuple[OrderBrief, ...] = ()


class FraudBand(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class FraudFacts(Fact):
    """A risk score in 0..1 with the reasons the scorer gave."""

    score: float = Field(ge=0, le=1)
    band: FraudBand
    reasons: tuple[str, ...] = ()


class Eta(Fact):
    awb: str
    eta: datetime | None
    status: OrderStatus


class DeliveryPhoto(Fact):
    awb: str
    url: str | None


class ReturnWindow(Fact):
    sku: str
    days: int | None
    closes_at: datetime | None
    clause_id: str


class IntentGuess(Fact):
    """A reason to write, how sure we are, how a question would name it, its own words and the orders they name."""

    id: str
    confidence: float = Field(ge=0, le=1)
    called: str = ""
    said: str = ""
    order_ids: tuple[str, ...] = ()


class AskedAmount(Fact):
    """An amount the customer wrote; currency is None when none was named."""

    minor: int
    currency: str | None
    text: str


class Answer(StrEnum):
    """What a message says to an open question; only YES ever moves anything."""

    YES = "yes"
    NO = "no"
    OTHER = "other"


class Injection(StrEnum):
    """How far a message may be trusted: PLAIN_TEXT gets words but reaches no tool, REFUSE is refused and logged."""

    ALLOW = "allow"
    PLAIN_TEXT = "plain_text"
    REFUSE = "refuse"


class PersonalKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"


class PersonalDatum(Fact):
    """Something personal that was taken out of a message, and what stands in its place, such as "[email_1]"."""

    placeholder: str
    kind: PersonalKind
    value: str = Field(repr=False)


class NamedDate(Fact):
    """A date as first and last day."""

    text: str
    first: date
    last: date


class MentionedLine(Fact):
    order_id: str
    title: str


class ItemMention(Fact):
    """Words that mean articles of the customer's own orders: one order line, or several candidates to ask about."""

    text: str
    lines: tuple[MentionedLine, ...]


class Complexity(StrEnum):
    """How much a message asks of whoever answers it."""

    SIMPLE = "simple"
    SEVERAL = "several"
    TANGLED = "tangled"


class Understanding(Fact):
    """A message turned into facts. `intents` is best first; empty means: not understood with enough confidence.

    `unsure` holds what it may have meant where confidence was too low to act: what a clarifying question offers.
    `personal` holds what the placeholders in `redacted` stand for, those of earlier messages too.
    """

    redacted: str
    language: str = ""
    intents: tuple[IntentGuess, ...] = ()
    unsure: tuple[IntentGuess, ...] = ()
    order_ids: tuple[str, ...] = ()
    awbs: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    amounts: tuple[AskedAmount, ...] = ()
    dates: tuple[NamedDate, ...] = ()
    reasons: tuple[ReasonCode, ...] = ()
    answer: Answer | None = None
    injection: Injection = Injection.ALLOW
    injection_score: float = Field(default=0, ge=0, le=1)
    risk: Literal["low", "change", "money"] = "low"
    complexity: Complexity = Complexity.SIMPLE
    personal: tuple[PersonalDatum, ...] = ()
