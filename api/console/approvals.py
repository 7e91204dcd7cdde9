"""The approvals page: refunds that wait for people, each with its evidence, and a person's word on one of them."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import Form, Query, Request, Response
from pydantic import ValidationError

from api import approvals
from api.auth import Visitor
from api.bodies import DecisionIn, RefundId, WaitingApproval
from api.console import approval_cards, approval_words, pages, words
from api.console.sessions import Colleague
from api.problems import Problem
from api.wiring import Parts, PartsDep
from workflows.messages import ApprovalReceipt, Refusal

router = pages.room()

AT_ONCE = 20
First = Annotated[int, Query(ge=0, le=500)]
ShownIds = Annotated[list[str] | None, Query()]
UNCHOSEN = "Press Approve or Deny."
UNREADABLE = "Write the reason in words, at most 500 characters."
# After these there is nothing more to decide.
OVER = (Refusal.ALREADY_DECIDED, Refusal.APPROVAL_EXPIRED, "approval-not-found")


@router.get("/approvals")
async def show_approvals(request: Request, visitor: Colleague, parts: PartsDep, first: First = 0) -> Response:
    """List what waits for people, whose time is over first."""
    return await _page(request, visitor, parts, first=first)


@router.get("/approvals/changes")
async def show_changes(
    request: Request,
    visitor: Colleague,
    parts: PartsDep,
    known: ShownIds = None,
    done: ShownIds = None,
    first: First = 0,
) -> Response:
    """Bring an open page up to date: how each of its cards stands, and cards that are new.

    What somebody is writing stands in the cards themselves, so those are not replaced. The list lags behind decisions:
    cards that this page has seen decided, `done`, do not come back.
    """
    now = datetime.now(UTC)
    held, over = known or [], done or []
    cards = approval_cards.waiting(await parts.line.approvals(visitor))
    names = await approval_cards.names(parts, visitor, now)
    still = {card.refund_id for card in cards}
    # New cards come to the first page, as far as there is room on it.
    room = 0 if first else max(AT_ONCE - len(held), 0)
    fresh = [card for card in cards if card.refund_id not in (*held, *over)][:room]
    return _render(
        request,
        "approvals_changes.html",
        standing=[_shown(card, visitor, names, now) for card in cards if card.refund_id in held],
        gone=[refund_id for refund_id in held if refund_id not in still],
        # The list has caught up with these, so that the page need not name them for the rest of the day.
        caught_up=[refund_id for refund_id in over if refund_id not in still],
        fresh=await _with_evidence(parts, visitor, fresh, names, now),
        nothing_shown=not held and not over,
        total=len([card for card in cards if card.refund_id not in over]),
    )


@router.post("/approvals/{refund_id}")
async def decide(
    request: Request,
    visitor: Colleague,
    parts: PartsDep,
    refund_id: RefundId,
    decision_id: Annotated[str, Form()],
    digest: Annotated[str, Form()],
    approve: Annotated[Literal["true", "false", ""], Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Carry a person's word; whatever came of it is told on the card itself."""
    if not approve:
        # A form sent by a key of the keyboard names no button, and nothing is approved by accident.
        return await _told(request, visitor, parts, refund_id, refusal=UNCHOSEN)
    try:
        body = DecisionIn(decision_id=decision_id, digest=digest, reason=reason.strip())
    except ValidationError:
        return await _told(request, visitor, parts, refund_id, refusal=UNREADABLE)
    carry = approvals.approve if approve == "true" else approvals.deny
    try:
        receipt = await carry(refund_id, body, visitor, parts)
    except Problem as problem:
        why = approval_words.refused(problem.slug, problem.detail or "")
        lost = problem.slug in words.LOST
        return await _told(request, visitor, parts, refund_id, refusal=why, over=problem.slug in OVER, lost=lost)
    return await _told(request, visitor, parts, refund_id, receipt=receipt, over=True)


async def _told(
    request: Request,
    visitor: Visitor,
    parts: Parts,
    refund_id: str,
    *,
    refusal: str = "",
    receipt: ApprovalReceipt | None = None,
    over: bool = False,
    lost: bool = False,
) -> Response:
    """Answer in place of the card where there is nothing more to decide, else beside its buttons.

    A card that stays keeps its decision id, so that pressing again after a lost answer counts once. A part of a page is
    always answered with 200: htmx puts nothing else into it.
    """
    if not pages.by_htmx(request):
        return await _page(request, visitor, parts, 422 if refusal else 200, refusal=refusal, receipt=receipt)
    names = await approval_cards.names(parts, visitor, datetime.now(UTC))
    told: dict[str, object] = {"receipt": receipt, "refusal": refusal, "names": names, "over": over, "lost": lost}
    answer = _render(request, "approvals_outcome.html", 200, refund_id=refund_id, **told)
    if over:
        answer.headers.update({"HX-Retarget": f"#card-{refund_id}", "HX-Reswap": "outerHTML"})
    return answer


async def _page(
    request: Request,
    visitor: Visitor,
    parts: Parts,
    status: int = 200,
    *,
    first: int = 0,
    refusal: str = "",
    receipt: ApprovalReceipt | None = None,
) -> Response:
    now = datetime.now(UTC)
    cards = approval_cards.waiting(await parts.line.approvals(visitor))
    names = await approval_cards.names(parts, visitor, now)
    items = await _with_evidence(parts, visitor, cards[first : first + AT_ONCE], names, now)
    return _render(
        request,
        "approvals.html",
        status,
        items=items,
        total=len(cards),
        first=first,
        then=first + AT_ONCE if first + AT_ONCE < len(cards) else None,
        refusal=refusal,
        receipt=receipt,
        names=names,
    )


async def _with_evidence(
    parts: Parts, visitor: Visitor, cards: list[WaitingApproval], names: dict[str, str], now: datetime
) -> list[dict[str, object]]:
    found = await asyncio.gather(*(approval_cards.evidence(parts, visitor, card) for card in cards))
    return [
        {"shown": _shown(card, visitor, names, now), "evidence": facts, "decision_id": f"d-{uuid4().hex}"}
        for card, facts in zip(cards, found, strict=True)
    ]


def _shown(card: WaitingApproval, visitor: Visitor, names: dict[str, str], now: datetime) -> approval_cards.Shown:
    return approval_cards.shown(card, visitor.subject, names, now)


def _render(request: Request, name: str, status: int = 200, **values: object) -> Response:
    called = {"statuses": approval_words.STATUSES, "settling": approval_words.SETTLING}
    return pages.render(request, name, status, **called, **values)
