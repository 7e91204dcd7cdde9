"""What the shop says to people: e-mails in the outbox and tickets in the helpdesk."""

import sqlite3
from datetime import datetime

from sandbox.contract import Contract, NotificationAsk, TicketAsk
from sandbox.moments import write_moment
from sandbox.problems import Problem


class NotificationQueued(Contract):
    notification_id: str


class TicketOpened(Contract):
    ticket_id: str


def queue_notification(
    db: sqlite3.Connection, tenant: str, ask: NotificationAsk, key: str, now: datetime
) -> NotificationQueued:
    _refuse_stranger(db, tenant, ask.customer_id)
    number = db.execute(
        "INSERT INTO notifications (tenant, customer_id, channel, subject, body, idempotency_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tenant, ask.customer_id, ask.channel, ask.subject, ask.body, key, write_moment(now)),
    ).lastrowid
    return NotificationQueued(notification_id=f"NOTE-{number}")


def open_ticket(db: sqlite3.Connection, tenant: str, ask: TicketAsk, key: str, now: datetime) -> TicketOpened:
    _refuse_stranger(db, tenant, ask.customer_id)
    number = db.execute(
        "INSERT INTO tickets (tenant, customer_id, priority, subject, body, idempotency_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tenant, ask.customer_id, ask.priority, ask.subject, ask.body, key, write_moment(now)),
    ).lastrowid
    return TicketOpened(ticket_id=f"TICKET-{number}")


def _refuse_stranger(db: sqlite3.Connection, tenant: str, customer_id: str) -> None:
    known = db.execute("SELECT 1 FROM customers WHERE tenant = ? AND customer_id = ?", (tenant, customer_id))
    if known.fetchone() is None:
        raise Problem(422, "customer_unknown", "There is no such customer.")
