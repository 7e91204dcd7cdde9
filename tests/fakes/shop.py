"""A shop in memory with honest semantics, for workflow tests that should not need a second process."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from activities.errors import Changed, Rejected
from activities.ports import LineQuantity, RefundOrder, Shop
from policies.addresses import PostalAddress
from policies.facts import (
    CustomerFacts,
    FraudBand,
    FraudFacts,
    OrderBrief,
    OrderFacts,
    OrderStatus,
    ReasonCode,
    RefundRecord,
    ReturnRecord,
    Shipment,
)
from tests.fakes.ledger import Ledger
from tests.fakes.orders import full_refund, order
from tests.fakes.score import Score

__all__ = ["ScriptedShop", "Sent", "full_refund", "order"]

PORT = [name for name in vars(Shop) if not name.startswith("_")]
T = TypeVar("T")


class Sent(NamedTuple):
    """A notification or a ticket as the shop keeps it."""

    id: str
    customer_id: str
    subject: str
    body: str
    key: str


class ScriptedShop(Score):
    """Implement the whole Shop port over dictionaries.

    `tenant` limits who is answered; None answers every tenant. Writes deduplicate by key and check versions.
    `ledger.ends_as` and `ledger.moves` say what becomes of refunds; `fail_next` and `allow_only` script the trouble.
    """

    def __init__(self, *orders: OrderFacts, tenant: str | None = None) -> None:
        super().__init__(PORT)
        self.tenant = tenant
        self.orders = {each.order_id: each for each in orders}
        self.customers: dict[str, CustomerFacts] = {}
        self.frauds: dict[str, FraudFacts] = {}
        self.ledger = Ledger()
        self.returns: list[ReturnRecord] = []
        self.addresses: dict[str, PostalAddress] = {}
        self.notifications: list[Sent] = []
        self.tickets: list[Sent] = []
        self._committed: dict[str, tuple[object, object]] = {}

    @property
    def refunds(self) -> list[RefundRecord]:
        return self.ledger.refunds

    async def customer(self, tenant: str, customer_id: str) -> CustomerFacts:
        self._begin("customer", customer_id)
        theirs = [each for each in self.orders.values() if each.customer_id == customer_id]
        known = self.customers.get(customer_id)
        if not self._serves(tenant) or not (known or theirs):
            raise Rejected("no such customer", "customer_absent")
        known = known or CustomerFacts(customer_id=customer_id, tier="standard", region="US")
        newest_first = sorted(theirs, key=lambda each: each.placed_at, reverse=True)
        return known.model_copy(update={"orders": tuple(map(_brief, newest_first))})

    async def order(self, tenant: str, order_id: str) -> OrderFacts:
        self._begin("order", order_id)
        return self._order(tenant, order_id)

    async def shipment(self, tenant: str, awb: str) -> Shipment:
        self._begin("shipment", awb)
        parcels = [parcel for each in self.orders.values() for parcel in each.shipments if parcel.awb == awb]
        if not parcels or not self._serves(tenant):
            raise Rejected("no such parcel", "shipment_absent")
        return parcels[0]

    async def photo_url(self, tenant: str, awb: str) -> str | None:
        self._begin("photo_url", awb)
        photographed = any(p.awb == awb and p.has_photo for each in self.orders.values() for p in each.shipments)
        return f"http://shop.test/v1/{tenant}/shipments/{awb}/photo" if photographed else None

    async def fraud(self, tenant: str, customer_id: str, order_id: str) -> FraudFacts:
        self._begin("fraud", order_id)
        self._order(tenant, order_id)
        return self.frauds.get(order_id, FraudFacts(score=0.03, band=FraudBand.LOW, reasons=("known address",)))

    async def refund(self, tenant: str, ask: RefundOrder, key: str) -> RefundRecord:
        def commit() -> RefundRecord:
            record = self.ledger.enter(self._fresh(tenant, ask.order_id, ask.order_version), ask, key)
            self._change(ask.order_id)
            return record

        return self._write("refund", ask.order_id, key, (tenant, ask), commit)

    async def find_refund(self, tenant: str, order_id: str, key: str) -> RefundRecord | None:
        self._begin("find_refund", order_id)
        self._order(tenant, order_id)
        return self.ledger.find(order_id, key)

    async def open_return(
        self, tenant: str, order_id: str, version: int, lines: Sequence[LineQuantity], reason: ReasonCode, key: str
    ) -> ReturnRecord:
        def commit() -> ReturnRecord:
            current = self._fresh(tenant, order_id, version)
            if current.status is not OrderStatus.DELIVERED:
                raise Rejected("the order has not arrived", "order_not_delivered")
            if {line.line_id for line in lines} & {line_id for each in current.returns for line_id in each.line_ids}:
                raise Rejected("a line is on its way back already", "lines_already_returned")
            record = ReturnRecord(
                return_id=f"RET-{len(self.returns) + 1}",
                order_id=order_id,
                status="label_issued",
                line_ids=tuple(line.line_id for line in lines),
                label_url=f"http://shop.test/labels/RET-{len(self.returns) + 1}.pdf",
                send_back_by=datetime.now(UTC) + timedelta(days=14),
            )
            self.returns.append(record)
            self._change(order_id)
            return record

        return self._write("open_return", order_id, key, (tenant, order_id, version, tuple(lines), reason), commit)

    async def cancel(self, tenant: str, order_id: str, version: int, reason: str, key: str) -> OrderFacts:
        def commit() -> OrderFacts:
            current = self._fresh(tenant, order_id, version)
            if current.status is not OrderStatus.PENDING:
                raise Rejected("the order is on its way", "order_not_cancellable")
            self.ledger.enter(current, full_refund(current, ReasonCode.CUSTOMER_REQUEST), key)
            self._change(order_id, status=OrderStatus.CANCELLED)
            return self._order(tenant, order_id)

        return self._write("cancel", order_id, key, (tenant, order_id, version, reason), commit)

    async def change_address(
        self, tenant: str, order_id: str, version: int, address: PostalAddress, key: str
    ) -> OrderFacts:
        def commit() -> OrderFacts:
            if self._fresh(tenant, order_id, version).status is not OrderStatus.PENDING:
                raise Rejected("the order is on its way", "order_already_shipped")
            self.addresses[order_id] = address
            self._change(order_id)
            return self._order(tenant, order_id)

        return self._write("change_address", order_id, key, (tenant, order_id, version, address), commit)

    async def notify(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        return self._send("notify", self.notifications, "NOTE", tenant, (customer_id, subject, body), key)

    async def open_ticket(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        return self._send("open_ticket", self.tickets, "TICKET", tenant, (customer_id, subject, body), key)

    async def write_landed(self, tenant: str, key: str) -> bool:
        self._begin("write_landed", key)
        return key in self._committed

    def _send(
        self, method: str, box: list[Sent], prefix: str, tenant: str, what: tuple[str, str, str], key: str
    ) -> str:
        def commit() -> str:
            sent = Sent(f"{prefix}-{len(box) + 1}", *what, key)
            box.append(sent)
            return sent.id

        return self._write(method, what[0], key, (tenant, what), commit)

    def _write(self, method: str, about: str, key: str, body: object, commit: Callable[[], T]) -> T:
        """Commit once per key: the same ask again gets the first answer, another ask is refused."""
        self._begin(method, about)
        fingerprint = (method, body)
        first, answer = self._committed.get(key, (fingerprint, None))
        if first != fingerprint:
            raise Rejected("this key was used for another write", "idempotency_key_reused")
        if key in self._committed:
            answered: T = answer  # type: ignore[assignment]  # the fingerprint names the method, hence the type
        else:
            answered = commit()
            self._committed[key] = (fingerprint, answered)
        self._end(method)
        return answered

    def _serves(self, tenant: str) -> bool:
        return self.tenant in {None, tenant}

    def _order(self, tenant: str, order_id: str) -> OrderFacts:
        if order_id not in self.orders or not self._serves(tenant):
            raise Rejected("no such order", "order_absent")
        returns = tuple(each for each in self.returns if each.order_id == order_id)
        shown = self.ledger.shown(self.orders[order_id])
        return shown.model_copy(update={"returns": shown.returns + returns})

    def _fresh(self, tenant: str, order_id: str, version: int) -> OrderFacts:
        current = self._order(tenant, order_id)
        if current.version != version:
            raise Changed("the order changed since it was read", "version_stale")
        return current

    def _change(self, order_id: str, **update: object) -> None:
        current = self.orders[order_id]
        self.orders[order_id] = current.model_copy(update={**update, "version": current.version + 1})


def _brief(each: OrderFacts) -> OrderBrief:
    return OrderBrief(
        order_id=each.order_id,
        status=each.status,
        titles=tuple(line.title for line in each.lines),
        awbs=tuple(parcel.awb for parcel in each.shipments),
        placed_at=each.placed_at,
    )
