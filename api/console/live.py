"""One stream of news for each open page: it says what to fetch again, never what is in it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

from fastapi import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from activities.desk_ports import Changed, Member, StaffRole
from activities.errors import Unavailable
from api.auth import Visitor
from api.console import pages
from api.console.sessions import Colleague
from api.wiring import Parts, PartsDep

router = pages.room()

# How long news is gathered before it is told: a busy shop must not make every console fetch ten times a second.
GATHER_SECONDS = 0.25
HEARTBEAT = timedelta(seconds=30)
OPEN_FOR = timedelta(seconds=90)
POLL_SECONDS = 1.0


@router.get("/live", response_class=EventSourceResponse)
async def live(visitor: Colleague, parts: PartsDep) -> AsyncIterator[ServerSentEvent]:
    """Tell what changes: `row`, `row:<conversation>`, `typing:<conversation>`, `roster`, `pause`, at last `expired`."""
    heard: asyncio.Queue[Changed] = asyncio.Queue(1_000)
    listening = asyncio.create_task(_listen(parts, visitor, heard))
    try:
        async for name in _names(parts, visitor, heard):
            yield ServerSentEvent(raw_data="1", event=name)
    finally:
        listening.cancel()


@router.get("/still-here")
async def still_here(visitor: Colleague, parts: PartsDep) -> Response:
    """Keep at work whose page is out of sight, and so without a stream; whoever is signed out is sent to sign in."""
    await _say_seen(parts, visitor, datetime.now(UTC))
    return Response(status_code=204)


async def _names(parts: Parts, visitor: Visitor, heard: asyncio.Queue[Changed]) -> AsyncIterator[str]:
    seen_at = datetime.min.replace(tzinfo=UTC)
    while not parts.closing.is_set():
        if visitor.expired():
            yield "expired"
            return
        now = datetime.now(UTC)
        if now - seen_at >= HEARTBEAT:
            seen_at = now
            await _say_seen(parts, visitor, now)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                batch = [await heard.get()]
            await asyncio.sleep(GATHER_SECONDS)
            while not heard.empty():
                batch.append(heard.get_nowait())
            for name in _told(batch, visitor.subject):
                yield name


def _told(batch: Iterable[Changed], me: str) -> list[str]:
    """Name each event once; nobody is told of their own typing."""
    names: dict[str, None] = {}
    for change in batch:
        if change.what == "typing" and change.by == me:
            continue
        if change.what != "typing":
            names[change.what] = None
        if change.conversation_id and change.what in ("row", "typing"):
            names[f"{change.what}:{change.conversation_id}"] = None
    return list(names)


async def _listen(parts: Parts, visitor: Visitor, heard: asyncio.Queue[Changed]) -> None:
    while True:
        try:
            async for change in parts.desk.changes(visitor.tenant):
                with suppress(asyncio.QueueFull):
                    heard.put_nowait(change)
        except Unavailable:
            await asyncio.sleep(POLL_SECONDS)


async def _say_seen(parts: Parts, visitor: Visitor, now: datetime) -> None:
    """Keep that somebody is at work as long as a page of theirs is open."""
    role = cast(StaffRole, visitor.role.value)
    member = Member(subject=visitor.subject, name=visitor.shown, role=role, until=now + OPEN_FOR)
    with suppress(Unavailable):
        await parts.desk.seen(visitor.tenant, member)
