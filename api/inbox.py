"""Routes of people who answer customers: their inbox, who is at work, and what of the AI is paused."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from activities.desk_ports import EVERYWHERE, Member, Page, Pause, StaffRole
from activities.errors import Unavailable
from api.auth import Role, Visitor
from api.bodies import ID, Readable
from api.problems import Problem, responses
from api.wiring import PartsDep, only
from policies.frozen import Written
from policies.inbox import Row, View
from workflows.messages import Refusal

router = APIRouter(prefix="/v1", tags=["inbox"])
log = structlog.get_logger("api.inbox")

# Longer than a console waits between two signs of life, so that one which is lost sends nobody home.
AT_WORK = timedelta(seconds=90)
ALL_INTENTS = "all"

Staff = Annotated[Visitor, only(Role.AGENT, Role.SUPERVISOR)]
Watcher = Annotated[Visitor, only(Role.AGENT, Role.SUPERVISOR, Role.OPS)]
Pauser = Annotated[Visitor, only(Role.SUPERVISOR, Role.OPS)]
Cursor = Annotated[str, Query(pattern=rf"^(-?[0-9]{{1,16}}~{ID})?$", description="As the page before gave it")]
Limit = Annotated[int, Query(ge=1, le=200)]
Intent = Annotated[str, Path(max_length=100, description=f"The id of an intent, or `{ALL_INTENTS}`")]
Everywhere = Annotated[bool, Query(description="For every shop; needs the role ops")]
STORE = (Refusal.ROLE, "redis-unavailable")
BODY = ("body-too-large", "body-unreadable")


class PresenceIn(Written):
    """What is left out stays as it was; `away` and `capacity` also from one day to the next."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"away": False, "capacity": 5, "name": "Sue"}]})

    away: bool | None = None
    capacity: int | None = Field(default=None, ge=0, le=100, description="How many open cases at a time")
    name: Annotated[str, Field(max_length=100, description="As customers may see it"), Readable] = ""


class PauseIn(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The carrier's tracking is down."}]})

    reason: Annotated[str, Field(max_length=500), Readable] = ""


@router.get("/inbox", responses=responses(*STORE))
async def read_inbox(
    visitor: Staff, parts: PartsDep, view: View = View.ALL, cursor: Cursor = "", limit: Limit = 50
) -> Page:
    """List one view of your shop's conversations, what is due first, else what changed last; `all` is all open ones."""
    with _store():
        return await parts.desk.page(visitor.tenant, view, visitor.subject, _now(), cursor, limit)


@router.get("/inbox/counts", responses=responses(*STORE))
async def count_inbox(visitor: Staff, parts: PartsDep) -> dict[View, int]:
    """Say how many conversations stand in each view."""
    with _store():
        return await parts.desk.counts(visitor.tenant, visitor.subject, _now())


@router.get("/inbox/search", responses=responses(*STORE))
async def search_inbox(
    visitor: Staff, parts: PartsDep, q: Annotated[str, Query(min_length=1, max_length=200)], limit: Limit = 50
) -> list[Row]:
    """Find conversations whose order, customer, id, tag or assignee begins with each of the words, newest first."""
    with _store():
        return list(await parts.desk.search(visitor.tenant, q, limit))


@router.get("/roster", responses=responses(*STORE))
async def read_roster(visitor: Staff, parts: PartsDep) -> list[Member]:
    """List who answered customers within the last day, those at work now first: `until` is still to come."""
    with _store():
        return list(await parts.desk.members(visitor.tenant, _now()))


@router.put("/me/presence", responses=responses(*STORE, *BODY))
async def be_present(body: PresenceIn, visitor: Staff, parts: PartsDep) -> Member:
    """Say that you are at work, for a minute and a half: say it again before; and what you take on."""
    role: StaffRole = "supervisor" if visitor.role is Role.SUPERVISOR else "agent"
    now = _now()
    me = Member(subject=visitor.subject, name=body.name or visitor.name, role=role, until=now + AT_WORK)
    with _store():
        await parts.desk.set(visitor.tenant, me.subject, away=body.away, capacity=body.capacity)
        await parts.desk.seen(visitor.tenant, me)
        return next(one for one in await parts.desk.members(visitor.tenant, now) if one.subject == me.subject)


@router.get("/pauses", responses=responses(*STORE))
async def list_pauses(visitor: Watcher, parts: PartsDep) -> list[Pause]:
    """List what the AI does not answer in your shop now; `*` is every intent, or every shop."""
    with _store():
        return list(await parts.desk.paused(visitor.tenant))


@router.put("/pauses/{intent}", responses=responses(*STORE, *BODY))
async def pause(
    intent: Intent, body: PauseIn, visitor: Pauser, parts: PartsDep, everywhere: Everywhere = False
) -> list[Pause]:
    """Have people answer instead of the AI, from the next message on; lists what is paused then."""
    scope = scope_of(visitor, everywhere)
    what = _intent(intent, parts.intents.of(visitor.tenant))
    with _store():
        await parts.desk.pause(Pause(tenant=scope, intent=what, by=visitor.subject, at=_now(), reason=body.reason))
        log.warning("pause.begun", tenant=scope, intent=what, by=visitor.subject)
        return list(await parts.desk.paused(visitor.tenant))


@router.delete("/pauses/{intent}", responses=responses(*STORE, "pause-not-found"))
async def resume(intent: Intent, visitor: Pauser, parts: PartsDep, everywhere: Everywhere = False) -> list[Pause]:
    """Let the AI answer again; lists what is still paused."""
    scope = scope_of(visitor, everywhere)
    what = EVERYWHERE if intent == ALL_INTENTS else intent
    with _store():
        found = await parts.desk.resume(scope, what)
        if found:
            log.warning("pause.ended", tenant=scope, intent=what, by=visitor.subject)
        left = await parts.desk.paused(visitor.tenant)
    if not found:
        elsewhere = any(one.intent == what for one in left)
        raise Problem("pause-not-found", "It is paused for every shop; only ops can end that." if elsewhere else "")
    return list(left)


def scope_of(visitor: Visitor, everywhere: bool) -> str:
    """Say where a pause of this visitor holds; raises role-not-allowed for whoever may not pause there."""
    needed = Role.OPS if everywhere else Role.SUPERVISOR
    if visitor.role is not needed:
        where = "everywhere" if everywhere else "for your shop"
        raise Problem(Refusal.ROLE, f"Pausing {where} needs the role {needed}.")
    return EVERYWHERE if everywhere else visitor.tenant


def _intent(intent: str, known: frozenset[str]) -> str:
    if intent == ALL_INTENTS:
        return EVERYWHERE
    if intent not in known:
        there_are = f"no such intent; there are {', '.join([ALL_INTENTS, *sorted(known)])}"
        raise Problem("request-invalid", errors=[{"where": "path/intent", "why": there_are}])
    return intent


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _store() -> Iterator[None]:
    try:
        yield
    except Unavailable:
        raise Problem("redis-unavailable") from None
