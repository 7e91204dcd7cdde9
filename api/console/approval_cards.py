"""A waiting refund with its evidence: what the shop and the conversation say about it, read when a page asks."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from activities.errors import OutsideError
from api.auth import Visitor
from api.bodies import WaitingApproval
from api.console import approval_words
from api.problems import Problem
from api.wiring import Parts
from policies.facts import Money, OrderFacts, RefundRecord, Shipment
from policies.frozen import Fact
from workflows.messages import Photo

log = structlog.get_logger("api.console")


class Change(Fact):
    """What an approval moves: money to a means of payment, and what can be paid back before and after it."""

    method: str
    paid: Money
    before: Money
    after: Money
    articles: tuple[str, ...]
    moved: bool


class Evidence(Fact):
    """Facts beside the request; `missing` names what could not be read just now."""

    customer_id: str = ""
    status: str = ""
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[RefundRecord, ...] = ()
    photos: tuple[Photo, ...] = ()
    change: Change | None = None
    missing: tuple[str, ...] = ()


class Shown(Fact):
    """One card of the page, for one reader. `barred` says why they cannot decide, in words; empty where they can."""

    card: WaitingApproval
    reason: str
    risk: str
    why: str
    left: float
    approved_by: tuple[str, ...]
    barred: str


def shown(card: WaitingApproval, reader: str, names: Mapping[str, str], now: datetime) -> Shown:
    """Put a card for a reader; the workflow judges every decision anew, whatever this says."""
    barred = ""
    if reader in card.approved_by:
        barred = "You have approved this refund. A second, different person must approve it too."
    elif reader in card.handled_by:
        barred = approval_words.HANDLED_IT
    return Shown(
        card=card,
        reason=approval_words.reason(card.reason_code),
        risk=approval_words.band(card.fraud_band),
        why=approval_words.why_people(card),
        left=(card.deadline - now).total_seconds(),
        approved_by=tuple(names.get(subject, subject) for subject in card.approved_by),
        barred=barred,
    )


def waiting(cards: Sequence[WaitingApproval]) -> list[WaitingApproval]:
    """Those that people still have to decide on, whose time is over first.

    A refund that calls for people after it was approved, because a ledger is silent, keeps its card too.
    """
    open_cards = (card for card in cards if len(card.approved_by) < card.approvals_needed)
    return sorted(open_cards, key=lambda card: card.deadline)


async def names(parts: Parts, visitor: Visitor, now: datetime) -> dict[str, str]:
    """How colleagues are called, by subject; empty while the list of them is away."""
    try:
        members = await parts.desk.members(visitor.tenant, now)
    except OutsideError:
        members = ()
    return {**{member.subject: member.name for member in members}, visitor.subject: visitor.shown}


async def evidence(parts: Parts, visitor: Visitor, card: WaitingApproval) -> Evidence:
    """Read order and photos; what does not answer is left out and named."""
    order, photos = await asyncio.gather(_order(parts, card), _photos(parts, visitor, card))
    missing = [what for what, found in (("the order", order), ("the conversation", photos)) if found is None]
    return Evidence(
        customer_id=order.customer_id if order else "",
        status=approval_words.STATUSES[order.status] if order else "",
        shipments=order.shipments if order else (),
        refunds=order.refunds if order else (),
        photos=photos or (),
        change=_change(card, order) if order else None,
        missing=tuple(missing),
    )


def _change(card: WaitingApproval, order: OrderFacts) -> Change:
    left = order.paid_minor - order.refunded_minor
    paid_by = next((each.label for each in order.payments if each.payment_id == card.payment_id), "")
    titles = {line.line_id: line.title for line in order.lines}
    return Change(
        method=paid_by or "how it was paid",
        paid=Money(minor=order.paid_minor, currency=order.currency),
        before=Money(minor=left, currency=order.currency),
        after=Money(minor=max(left - card.amount.minor, 0), currency=order.currency),
        articles=tuple(f"{line.quantity} × {titles.get(line.line_id, line.line_id)}" for line in card.lines),
        moved=bool(card.order_version) and card.order_version != order.version,
    )


async def _order(parts: Parts, card: WaitingApproval) -> OrderFacts | None:
    try:
        return await parts.shop.order(card.tenant, card.order_id)
    except OutsideError as error:
        log.warning("approval.order.unread", reason=error.message)
        return None


async def _photos(parts: Parts, visitor: Visitor, card: WaitingApproval) -> tuple[Photo, ...] | None:
    try:
        transcript = await parts.line.transcript(visitor, card.conversation_id)
    except Problem as problem:
        log.warning("approval.conversation.unread", slug=problem.slug)
        return None
    return tuple(photo for event in transcript.events for photo in event.photos)
