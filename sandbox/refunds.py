"""Money going back: issuing a refund, letting it settle with time, and undoing a failed one."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.contract import LineQuantity, Order, Payment, Reason, Refund, RefundAsk
from sandbox.moments import read_moment, write_moment
from sandbox.orders import as_refund
from sandbox.problems import Problem

Connection = sqlite3.Connection


def issue(db: Connection, tenant: str, order: Order, ask: RefundAsk, key: str, now: datetime) -> Refund:
    """Check an asked refund against the order, write it, and count the order's version up.

    `ask.lines` may be empty: the second part of a split payment has no goods of its own left to name.
    """
    payment = _refuse_unless_possible(order, ask)
    count_version(db, tenant, order.order_id)
    return record(db, tenant, order, payment, ask.amount_minor, ask.lines, Reason(ask.reason_code), key, now)


def record(
    db: Connection,
    tenant: str,
    order: Order,
    payment: Payment,
    amount_minor: int,
    lines: Iterable[LineQuantity],
    reason: Reason,
    key: str,
    now: datetime,
) -> Refund:
    """Put a pending refund in the ledger and take its money and quantities from what is refundable."""
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM refunds").fetchone()[0]
    wanted = tuple(lines)
    db.execute(
        "INSERT INTO refunds (number, refund_id, tenant, order_id, payment_id, status, amount_minor, reason_code,"
        " lines, idempotency_key, created_at) VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)",
        (number, f"REF-{number}", tenant, order.order_id, payment.payment_id, amount_minor, reason,
         json.dumps([line.model_dump() for line in wanted]), key, write_moment(now)),
    )  # fmt: skip
    _move(db, tenant, order.order_id, payment.payment_id, amount_minor, wanted)
    return find(db, tenant, f"REF-{number}")


def find(db: Connection, tenant: str, refund_id: str) -> Refund:
    row = db.execute(
        "SELECT r.*, o.currency, p.label FROM refunds r JOIN orders o USING (tenant, order_id)"
        " JOIN payments p USING (tenant, order_id, payment_id) WHERE r.tenant = ? AND r.refund_id = ?",
        (tenant, refund_id),
    ).fetchone()
    if row is None:
        raise Problem(404, "refund_absent", "There is no such refund.")
    return as_refund(row, row["currency"], row["label"])


def something_due(db: Connection, now: datetime, settle_after: timedelta) -> bool:
    """Say whether time has anything to move, so that a read takes the writers' turn only when it must."""
    row = db.execute(
        "SELECT 1 FROM refunds WHERE status IN ('pending', 'approved')"
        " AND created_at <= CASE status WHEN 'pending' THEN ? ELSE ? END LIMIT 1",
        (write_moment(now - settle_after / 2), write_moment(now - settle_after)),
    ).fetchone()
    return row is not None


def let_time_pass(db: Connection, now: datetime, settle_after: timedelta) -> None:
    """Approve and settle what is due. The times written are when it fell due, not when somebody looked."""
    rows = db.execute("SELECT number, created_at FROM refunds WHERE status IN ('pending', 'approved')").fetchall()
    for row in rows:
        created = read_moment(row["created_at"])
        approved, settled = created + settle_after / 2, created + settle_after
        if now >= settled:
            db.execute(
                "UPDATE refunds SET status = 'settled', approved_at = ?, settled_at = ? WHERE number = ?",
                (write_moment(approved), write_moment(settled), row["number"]),
            )
        elif now >= approved:
            db.execute(
                "UPDATE refunds SET status = 'approved', approved_at = ? WHERE number = ?",
                (write_moment(approved), row["number"]),
            )


def fail(db: Connection, refund_id: str, failure: str) -> Refund:
    """Fail a refund that has not settled: its money and quantities become refundable again."""
    row = db.execute("SELECT * FROM refunds WHERE refund_id = ?", (refund_id,)).fetchone()
    if row is None:
        raise Problem(404, "refund_absent", "There is no such refund.")
    if row["status"] in ("settled", "failed"):
        raise Problem(409, "refund_final", f"The refund is {row['status']} already.")
    db.execute("UPDATE refunds SET status = 'failed', failure = ? WHERE refund_id = ?", (failure, refund_id))
    given_back = [LineQuantity.model_validate(line) for line in json.loads(row["lines"])]
    _move(db, row["tenant"], row["order_id"], row["payment_id"], -row["amount_minor"], given_back, sign=-1)
    count_version(db, row["tenant"], row["order_id"])
    return find(db, row["tenant"], refund_id)


def count_version(db: Connection, tenant: str, order_id: str) -> None:
    db.execute("UPDATE orders SET version = version + 1 WHERE tenant = ? AND order_id = ?", (tenant, order_id))


def _refuse_unless_possible(order: Order, ask: RefundAsk) -> Payment:
    if ask.amount_minor <= 0:
        raise Problem(422, "amount_not_positive", "A refund needs an amount above zero.")
    if ask.currency != order.currency:
        raise Problem(422, "currency_mismatch", f"The order was paid in {order.currency}.")
    payment = next((p for p in order.payments if p.payment_id == ask.payment_id), None)
    if payment is None:
        raise Problem(422, "payment_unknown", "The order has no such payment.")
    # Each payment's limit implies the order's, which is their sum.
    left = payment.paid_minor - payment.refunded_minor
    if ask.amount_minor > left:
        raise Problem(422, "amount_above_refundable", f"{left} {order.currency} (minor units) can still be refunded.")
    refundable = {line.line_id: line.quantity - line.refunded_quantity for line in order.lines}
    for line_id, quantity in line_totals(ask.lines).items():
        if line_id not in refundable:
            raise Problem(422, "lines_unknown", f"The order has no line {line_id!r}.")
        if quantity > refundable[line_id]:
            raise Problem(422, "lines_above_refundable", f"Line {line_id!r} has {refundable[line_id]} left to refund.")
    if ask.reason_code not in set(Reason):
        raise Problem(422, "reason_unknown", f"The reason must be one of {', '.join(Reason)}.")
    return payment


def line_totals(lines: Iterable[LineQuantity]) -> Counter[str]:
    """Add up quantities per line, so that naming a line twice gains nothing."""
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.line_id] += line.quantity
    return totals


def _move(
    db: Connection,
    tenant: str,
    order_id: str,
    payment_id: str,
    minor: int,
    lines: Iterable[LineQuantity],
    sign: int = 1,
) -> None:
    db.execute(
        "UPDATE payments SET refunded_minor = refunded_minor + ? WHERE tenant = ? AND order_id = ? AND payment_id = ?",
        (minor, tenant, order_id, payment_id),
    )
    for line_id, quantity in line_totals(lines).items():
        db.execute(
            "UPDATE lines SET refunded_quantity = refunded_quantity + ?"
            " WHERE tenant = ? AND order_id = ? AND line_id = ?",
            (sign * quantity, tenant, order_id, line_id),
        )
