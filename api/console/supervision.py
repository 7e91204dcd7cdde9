"""The supervisors' page: what is late, who has how much, what the AI may answer, and what its models cost."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from activities.desk_ports import EVERYWHERE
from activities.errors import OutsideError
from api import inbox
from api.auth import SUBJECT, Role, Visitor
from api.console import pages, supervision_board
from api.console.sessions import SupervisorPage, known
from api.inbox import PauseIn
from api.problems import Problem
from api.wiring import Parts, PartsDep
from policies.inbox import View
from workflows.messages import Refusal

router = pages.room()

HOME = "/console/supervision"
MOST_CASES = 99

Intent = Annotated[str, Form(max_length=100)]
# Where a pause holds: `here` is the visitor's own shop, `everywhere` every shop of this installation.
Where = Annotated[str, Form(pattern=r"^(here|everywhere)$")]


async def overseer(request: Request, parts: PartsDep) -> Visitor:
    """Read who has this page open: supervisors of a shop, and operations, who look after all of them."""
    visitor = await known(request, parts)
    if visitor.role not in (Role.SUPERVISOR, Role.OPS):
        raise Problem(Refusal.ROLE, "This page is for supervisors.")
    return visitor


Overseer = Annotated[Visitor, Depends(overseer)]


@router.get("/supervision")
async def show_supervision(request: Request, visitor: Overseer, parts: PartsDep) -> Response:
    """Show how the shop's conversations stand right now, and what each person has."""
    now = datetime.now(UTC)
    try:
        board, members, pauses = await asyncio.gather(
            supervision_board.board(parts, visitor, now),
            parts.desk.members(visitor.tenant, now),
            parts.desk.paused(visitor.tenant),
        )
    except OutsideError:
        raise Problem("redis-unavailable") from None
    spending, drift = await asyncio.gather(
        supervision_board.spending(parts, visitor.tenant, now), supervision_board.drift(parts, visitor.tenant, now)
    )
    return pages.render(
        request,
        "supervision.html",
        board=board,
        members=members,
        pauses=pauses,
        names={member.subject: member.name for member in members},
        intents=_intents(parts, visitor),
        may_everywhere=visitor.role is Role.OPS,
        everywhere=EVERYWHERE,
        spending=spending,
        drift=drift,
        now=now,
        most_cases=MOST_CASES,
    )


@router.get("/supervision/changes")
async def show_changes(request: Request, visitor: Overseer, parts: PartsDep) -> Response:
    """Bring an open page up to date without touching what somebody types into it."""
    now = datetime.now(UTC)
    try:
        board, members = await asyncio.gather(
            supervision_board.board(parts, visitor, now), parts.desk.members(visitor.tenant, now)
        )
    except OutsideError:
        raise Problem("redis-unavailable") from None
    return pages.render(request, "supervision_changes.html", board=board, members=members, now=now)


@router.post("/supervision/people/{subject}")
async def set_member(
    visitor: SupervisorPage,
    parts: PartsDep,
    subject: Annotated[str, Path(pattern=SUBJECT)],
    away: Annotated[bool | None, Form()] = None,
    capacity: Annotated[int | None, Form(ge=0, le=MOST_CASES)] = None,
) -> Response:
    """Say for a colleague that they are away or back, or how many cases they may have at once."""
    try:
        await parts.desk.set(visitor.tenant, subject, away=away, capacity=capacity)
    except OutsideError:
        raise Problem("redis-unavailable") from None
    return _home("people")


@router.get("/supervision/pause")
async def confirm_pause(
    request: Request,
    visitor: Overseer,
    parts: PartsDep,
    intent: str = EVERYWHERE,
    where: str = "here",
    reason: str = "",
) -> Response:
    """Say what a pause would do, and how many conversations it meets, before it is made."""
    _check(parts, visitor, intent)
    inbox.scope_of(visitor, where == "everywhere")
    try:
        counts = await parts.desk.counts(visitor.tenant, visitor.subject, datetime.now(UTC))
    except OutsideError:
        raise Problem("redis-unavailable") from None
    return pages.render(
        request,
        "supervision_pause.html",
        intent=intent,
        everything=intent == EVERYWHERE,
        where=where,
        reason=reason[:200],
        with_ai=counts.get(View.AI, 0),
    )


@router.post("/supervision/pause")
async def pause(
    visitor: Overseer,
    parts: PartsDep,
    intent: Intent,
    where: Where,
    reason: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    """Keep the AI from answering, until somebody resumes it."""
    _check(parts, visitor, intent)
    try:
        why = PauseIn(reason=reason.strip())
    except ValidationError:
        raise Problem("request-invalid", "Write the reason in words.") from None
    await inbox.pause(_named(intent), why, visitor, parts, where == "everywhere")
    return _home("ai")


@router.post("/supervision/resume")
async def resume(visitor: Overseer, parts: PartsDep, intent: Intent, where: Where) -> Response:
    """Let the AI answer again; what was handed to people meanwhile stays with them."""
    try:
        await inbox.resume(_named(intent), visitor, parts, where == "everywhere")
    except Problem as problem:
        # Somebody else has just ended it; the page shows how things stand.
        if problem.slug != "pause-not-found":
            raise
    return _home("ai")


def _check(parts: Parts, visitor: Visitor, intent: str) -> None:
    if intent != EVERYWHERE and intent not in parts.intents.of(visitor.tenant):
        raise Problem("request-invalid", "Your shop knows no such intent.")


def _named(intent: str) -> str:
    return inbox.ALL_INTENTS if intent == EVERYWHERE else intent


def _intents(parts: Parts, visitor: Visitor) -> list[str]:
    return sorted(parts.intents.of(visitor.tenant))


def _home(part: str) -> Response:
    return RedirectResponse(f"{HOME}#{part}", 303)
