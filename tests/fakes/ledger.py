"""The scripted shop's ledger: which refunds stand against an order, and how far each one has come."""

from datetime import UTC, datetime

from activities.errors import Rejected
from activities.ports import RefundOrder
from policies.facts import Money, OrderFacts, OrderLine, Payment, RefundRecord, RefundStatus


class Ledger:
    """Refunds move pending → approved → `ends_as` by one step each time one is looked up, unless `moves` is off."""

    def __init__(self) -> None:
        self.refunds: list[RefundRecord] = []
        self.ends_as = RefundStatus.SETTLED
        self.moves = True
        self._asked: dict[str, RefundOrder] = {}

    def enter(self, current: OrderFacts, ask: RefundOrder, key: str) -> RefundRecord:
        """Write a refund down, or refuse what the shop would refuse."""
        record = RefundRecord(
            refund_id=f"REF-{len(self.refunds) + 1}",
            order_id=ask.order_id,
            status=RefundStatus.PENDING,
            amount=Money(minor=ask.amount_minor, currency=ask.currency),
            method_label=_payment_to_refund(current, ask).label,
            reason_code=ask.reason_code,
            idempotency_key=key,
            created_at=datetime.now(UTC),
        )
        self.refunds.append(record)
        self._asked[record.refund_id] = ask
        return record

    def find(self, order_id: str, key: str) -> RefundRecord | None:
        for place, record in enumerate(self.refunds):
            if (record.order_id, record.idempotency_key) == (order_id, key):
                self.refunds[place] = self._moved(record) if self.moves else record
                return self.refunds[place]
        return None

    def shown(self, stored: OrderFacts) -> OrderFacts:
        """Show an order with its refunds; failed ones count for nothing."""
        listed = tuple(each for each in self.refunds if each.order_id == stored.order_id)
        counted = [self._asked[each.refund_id] for each in listed if each.status is not RefundStatus.FAILED]
        return stored.model_copy(
            update={
                "payments": tuple(_less(payment, counted) for payment in stored.payments),
                "lines": tuple(_fewer(line, counted) for line in stored.lines),
                "refunds": stored.refunds + listed,
            }
        )

    def _moved(self, record: RefundRecord) -> RefundRecord:
        if record.status is RefundStatus.PENDING:
            return record.model_copy(update={"status": RefundStatus.APPROVED})
        if record.status is not RefundStatus.APPROVED:
            return record
        if self.ends_as is RefundStatus.SETTLED:
            return record.model_copy(update={"status": RefundStatus.SETTLED, "settled_at": datetime.now(UTC)})
        return record.model_copy(update={"status": self.ends_as, "failure": "card_closed"})


def _payment_to_refund(current: OrderFacts, ask: RefundOrder) -> Payment:
    payment = next((each for each in current.payments if each.payment_id == ask.payment_id), None)
    if payment is None:
        raise Rejected("the shop refused the refund", "payment_unknown")
    left = {line.line_id: line.quantity - line.refunded_quantity for line in current.lines}
    refusals = {
        "amount_not_positive": ask.amount_minor <= 0,
        "currency_mismatch": ask.currency != current.currency,
        "lines_unknown": not {line.line_id for line in ask.lines} <= left.keys(),
        "lines_above_refundable": any(line.quantity > left.get(line.line_id, line.quantity) for line in ask.lines),
        "amount_above_refundable": ask.amount_minor > payment.paid_minor - payment.refunded_minor,
    }
    for code, refused in refusals.items():
        if refused:
            raise Rejected("the shop refused the refund", code)
    return payment


def _less(payment: Payment, counted: list[RefundOrder]) -> Payment:
    back = sum(ask.amount_minor for ask in counted if ask.payment_id == payment.payment_id)
    return payment.model_copy(update={"refunded_minor": payment.refunded_minor + back})


def _fewer(line: OrderLine, counted: list[RefundOrder]) -> OrderLine:
    back = sum(each.quantity for ask in counted for each in ask.lines if each.line_id == line.line_id)
    return line.model_copy(update={"refunded_quantity": line.refunded_quantity + back})
