"""Changes to an order other than a refund: returns, cancellation, address."""

import json
import sqlite3
from collections import Counter
from datetime import datetime, timedelta

from sandbox.contract import Address, LineQuantity, Order, OrderStatus, Reason, Return, ReturnAsk
from sandbox.moments import write_moment
from sandbox.orders import find_order
from sandbox.problems import Problem
from sandbox.refunds import count_version, line_totals, record

SEND_BACK_WITHIN = timedelta(days=14)


def open_return(
    db: sqlite3.Connection, tenant: str, order: Order, ask: ReturnAsk, key: str, now: datetime, site: str
) -> Return:
    """Issue a return label for delivered goods that are not on their way back yet; `site` is the shop's URL."""
    if order.status is not OrderStatus.DELIVERED:
        raise Problem(409, "order_not_delivered", "Only a delivered order can be returned.")
    if ask.reason_code not in set(Reason):
        raise Problem(422, "reason_unknown", f"The reason must be one of {', '.join(Reason)}.")
    returned: Counter[str] = Counter()
    for earlier in order.returns:
        returned += line_totals(earlier.lines)
    bought = {line.line_id: line.quantity for line in order.lines}
    for line_id, quantity in line_totals(ask.lines).items():
        if line_id not in bought:
            raise Problem(422, "lines_unknown", f"The order has no line {line_id!r}.")
        if quantity + returned[line_id] > bought[line_id]:
            left = bought[line_id] - returned[line_id]
            raise Problem(422, "lines_already_returned", f"Line {line_id!r} has {left} left to return.")

    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM returns").fetchone()[0]
    return_id = f"RET-{number}"
    opened = Return(
        return_id=return_id,
        order_id=order.order_id,
        status="label_issued",
        lines=ask.lines,
        reason_code=Reason(ask.reason_code),
        label_url=f"{site.rstrip('/')}/labels/{return_id}.pdf",
        send_back_by=now + SEND_BACK_WITHIN,
        idempotency_key=key,
    )
    db.execute(
        "INSERT INTO returns (number, return_id, tenant, order_id, status, reason_code, lines, label_url, send_back_by,"
        " idempotency_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, return_id, tenant, order.order_id, opened.status, opened.reason_code,
         json.dumps([line.model_dump() for line in ask.lines]), opened.label_url,
         write_moment(opened.send_back_by), key),
    )  # fmt: skip
    count_version(db, tenant, order.order_id)
    return opened


def cancel(db: sqlite3.Connection, tenant: str, order: Order, reason: str, key: str, now: datetime) -> Order:
    """Cancel a pending order and refund what is left of each payment, in the caller's one transaction."""
    if order.status is not OrderStatus.PENDING:
        raise Problem(
            409, "order_not_cancellable", f"The order is {order.status}; only a pending one can be cancelled."
        )
    db.execute(
        "UPDATE orders SET status = 'cancelled', cancel_reason = ?, version = version + 1"
        " WHERE tenant = ? AND order_id = ?",
        (reason, tenant, order.order_id),
    )
    # The goods are named once, with the first payment; further payments give back money only.
    goods = tuple(
        LineQuantity(line_id=line.line_id, quantity=line.quantity - line.refunded_quantity)
        for line in order.lines
        if line.quantity > line.refunded_quantity
    )
    for payment in order.payments:
        left = payment.paid_minor - payment.refunded_minor
        if left > 0:
            record(db, tenant, order, payment, left, goods, Reason.CUSTOMER_REQUEST, key, now)
            goods = ()
    return find_order(db, tenant, order.order_id)


def change_address(db: sqlite3.Connection, tenant: str, order: Order, address: Address) -> Order:
    if order.status is not OrderStatus.PENDING:
        raise Problem(409, "order_already_shipped", f"The order is {order.status}; its address is fixed.")
    db.execute(
        "UPDATE orders SET address = ?, version = version + 1 WHERE tenant = ? AND order_id = ?",
        (address.model_dump_json(), tenant, order.order_id),
    )
    return find_order(db, tenant, order.order_id)
