"""The retail form of somebody else's shop, and what its records become here."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sandbox.contract import (
    Address,
    CarrierEvent,
    Contract,
    Customer,
    Line,
    LineQuantity,
    Order,
    OrderStatus,
    Payment,
    PaymentMethod,
    Product,
    Reason,
    Shipment,
    Text,
    Variant,
)

CURRENCY = "USD"
EUROPEAN_UNION = frozenset(
    country
    for row in ("AT BE BG CY CZ DE DK EE ES", "FI FR GR HR HU IE IT LT LU", "LV MT NL PL PT RO SE SI SK")
    for country in row.split()
)

Dollars = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=12)]


class Retail(BaseModel):
    """A value of the form; fields beyond it are let through, because the original record is kept whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RetailName(Retail):
    first_name: Text
    last_name: Text


class RetailAddress(Retail):
    address1: Text
    address2: str
    city: Text
    country: str
    state: str
    zip: Text

    @field_validator("country")
    @classmethod
    def served(cls, country: str) -> str:
        if country not in ("USA", "US") and country not in EUROPEAN_UNION:
            raise ValueError(f"{country!r} lies in no region of the shop (USA or a member of the EU)")
        return country

    def address(self) -> Address:
        return Address(
            line1=self.address1,
            line2=self.address2,
            city=self.city,
            region=self.state,
            postal_code=self.zip,
            country=self.country[:2],
        )


class RetailMethod(Retail):
    id: Text
    source: Literal["credit_card", "paypal", "gift_card"]
    brand: str = ""
    last_four: str = ""
    balance: Dollars | None = None

    def method(self) -> PaymentMethod:
        kind, label = {
            "credit_card": ("card", f"{self.brand.title()} ending {self.last_four}"),
            "paypal": ("paypal", "PayPal"),
            "gift_card": ("gift_card", f"Gift card ending {self.id[-4:]}"),
        }[self.source]
        balance = None if self.balance is None else cents(self.balance)
        return PaymentMethod(payment_method_id=self.id, method=kind, label=label, balance_minor=balance)


class RetailUser(Retail):
    name: RetailName
    address: RetailAddress
    email: Text
    payment_methods: dict[str, RetailMethod]
    orders: tuple[str, ...]


class RetailVariant(Retail):
    item_id: Text
    options: dict[str, str]
    available: bool
    price: Dollars


class RetailProduct(Retail):
    product_id: Text
    name: Text
    variants: dict[str, RetailVariant]


class RetailItem(Retail):
    name: Text
    product_id: Text
    item_id: Text
    price: Dollars


class RetailFulfillment(Retail):
    tracking_id: tuple[Text, ...]
    item_ids: tuple[Text, ...]


class RetailMovement(Retail):
    transaction_type: Literal["payment", "refund"]
    amount: Annotated[Dollars, Field(gt=0)]
    payment_method_id: Text


class RetailOrder(Retail):
    order_id: Text
    user_id: Text
    address: RetailAddress
    items: tuple[RetailItem, ...] = Field(min_length=1)
    fulfillments: tuple[RetailFulfillment, ...]
    status: Literal["pending", "processed", "delivered", "cancelled"]
    payment_history: tuple[RetailMovement, ...]

    @field_validator("payment_history")
    @classmethod
    def paid(cls, movements: tuple[RetailMovement, ...]) -> tuple[RetailMovement, ...]:
        if not any(movement.transaction_type == "payment" for movement in movements):
            raise ValueError("there is no payment")
        return movements


class PastRefund(Contract):
    payment_id: str
    amount_minor: int
    lines: tuple[LineQuantity, ...]
    reason: Reason = Reason.CUSTOMER_REQUEST


def cents(amount: Decimal) -> int:
    return int(amount * 100)


def to_customer(user_id: str, user: RetailUser) -> Customer:
    return Customer(
        customer_id=user_id,
        name=f"{user.name.first_name} {user.name.last_name}",
        email=user.email,
        region="EU" if user.address.country in EUROPEAN_UNION else "US",
        address=user.address.address(),
        payment_methods=tuple(method.method() for method in user.payment_methods.values()),
    )


def to_product(product: RetailProduct) -> Product:
    return Product(
        product_id=product.product_id,
        name=product.name,
        currency=CURRENCY,
        variants=tuple(
            Variant(item_id=v.item_id, options=v.options, available=v.available, price_minor=cents(v.price))
            for v in product.variants.values()
        ),
    )


def to_order(
    order: RetailOrder, user: RetailUser, categories: Mapping[str, str], placed_at: datetime, delivered_at: datetime
) -> Order:
    """Map a record; each item is a line of its own, each tracking id a shipment."""
    status = OrderStatus(order.status)
    lines = tuple(
        Line(
            line_id=str(number),
            sku=item.item_id,
            title=item.name,
            category=categories[item.product_id],
            quantity=1,
            unit_minor=cents(item.price),
        )
        for number, item in enumerate(order.items, start=1)
    )
    return Order(
        order_id=order.order_id,
        customer_id=order.user_id,
        status=status,
        currency=CURRENCY,
        placed_at=placed_at,
        lines=lines,
        payments=_payments(order, user),
        shipments=tuple(
            _shipment(awb, fulfillment, lines, status, delivered_at)
            for fulfillment in order.fulfillments
            for awb in fulfillment.tracking_id
        ),
        address=order.address.address(),
    )


def to_refunds(order: RetailOrder, made: Order) -> list[PastRefund]:
    """List the refunds of a record; the goods are named only when one refund gave everything back."""
    refunds = [m for m in order.payment_history if m.transaction_type == "refund"]
    everything = tuple(LineQuantity(line_id=line.line_id, quantity=line.quantity) for line in made.lines)
    whole = len(refunds) == 1 and cents(refunds[0].amount) == sum(p.paid_minor for p in made.payments)
    return [
        PastRefund(payment_id=m.payment_method_id, amount_minor=cents(m.amount), lines=everything if whole else ())
        for m in refunds
    ]


def _payments(order: RetailOrder, user: RetailUser) -> tuple[Payment, ...]:
    made: list[Payment] = []
    for movement in order.payment_history:
        if movement.transaction_type == "payment":
            method = user.payment_methods[movement.payment_method_id].method()
            times = sum(p.payment_id.split("/")[0] == movement.payment_method_id for p in made)
            payment_id = movement.payment_method_id + (f"/{times + 1}" if times else "")
            made.append(
                Payment(
                    payment_id=payment_id, method=method.method, label=method.label, paid_minor=cents(movement.amount)
                )
            )
    return tuple(made)


def _shipment(
    awb: str, fulfillment: RetailFulfillment, lines: tuple[Line, ...], status: OrderStatus, delivered_at: datetime
) -> Shipment:
    arrived = status is OrderStatus.DELIVERED
    events = (CarrierEvent(at=delivered_at, code="DELIVERED", text="Delivered"),) if arrived else ()
    return Shipment(
        awb=awb,
        carrier="unknown",
        status=status,
        line_ids=tuple(line.line_id for line in lines if line.sku in fulfillment.item_ids),
        delivered_at=delivered_at if arrived else None,
        events=events,
    )
