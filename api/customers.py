"""Routes of one customer's data: export it, erase it."""

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import SUBJECT, Visitor
from api.bodies import Erased, Export
from api.disclosure import transcript_for
from api.photos import store
from api.problems import Problem, responses
from api.references import Run
from api.stream import AWAY
from api.wiring import Customer, Parts, PartsDep, Supervisor
from workflows.messages import Refusal, Transcript, event_stream

router = APIRouter(prefix="/v1", tags=["customer data"])

CustomerId = Annotated[str, Path(pattern=SUBJECT)]
MONEY_MOVES = {"waiting_approval", "paying"}
READING = responses(Refusal.ROLE)
ERASING = responses(Refusal.ROLE, "refund-under-way", "redis-unavailable", "photos-unavailable", "still-working")


@router.get("/me/export", responses=READING)
async def export_mine(visitor: Customer, parts: PartsDep) -> Export:
    """Export everything your conversations hold about you."""
    return await _export(parts, visitor, visitor.subject)


@router.delete("/me", responses=ERASING)
async def erase_mine(visitor: Customer, parts: PartsDep) -> Erased:
    """Erase your conversations; refused while a refund of yours is under way."""
    return await _erase(parts, visitor, visitor.subject)


@router.get("/customers/{customer_id}/export", responses=READING)
async def export_theirs(customer_id: CustomerId, visitor: Supervisor, parts: PartsDep) -> Export:
    """Export what is held about one customer of your tenant."""
    return await _export(parts, visitor, customer_id)


@router.delete("/customers/{customer_id}", responses=ERASING)
async def erase_theirs(customer_id: CustomerId, visitor: Supervisor, parts: PartsDep) -> Erased:
    """Erase the conversations of one customer of your tenant."""
    return await _erase(parts, visitor, customer_id)


async def _export(parts: Parts, visitor: Visitor, customer_id: str) -> Export:
    runs = await parts.line.runs_of(visitor.tenant, customer_id)
    return Export(
        tenant=visitor.tenant,
        customer_id=customer_id,
        exported_at=datetime.now(UTC),
        conversations=tuple(
            [transcript_for(visitor, transcript) async for transcript in _transcripts(parts, visitor, runs)]
        ),
    )


async def _erase(parts: Parts, visitor: Visitor, customer_id: str) -> Erased:
    if await parts.line.refund_under_way(visitor.tenant, customer_id):
        raise Problem("refund-under-way")
    runs = await parts.line.runs_of(visitor.tenant, customer_id)
    async for transcript in _transcripts(parts, visitor, [run for run in runs if run.running]):
        if transcript.stage in MONEY_MOVES:
            raise Problem("refund-under-way")
    conversations = {run.conversation_id for run in runs}
    streams = [event_stream(visitor.tenant, conversation) for conversation in conversations]
    try:
        # Once before, to be sure the stores answer while the runs can still be found again; once after, because
        # someone following the conversation may have restored the stream, or it filed itself, in between.
        forgotten = await parts.stream.forget(streams)
        await _forget_beside(parts, visitor.tenant, customer_id, conversations)
        await parts.line.erase(runs)
        await parts.stream.forget(streams)
        await _forget_beside(parts, visitor.tenant, customer_id, conversations)
    except AWAY:
        raise Problem("redis-unavailable") from None
    return Erased(conversations=len(conversations), runs=len(runs), event_streams=forgotten)


async def _forget_beside(parts: Parts, tenant: str, customer_id: str, conversations: Collection[str]) -> None:
    await parts.desk.forget(tenant, tuple(conversations))
    with store():
        await parts.photos.forget(tenant, conversations)
        # Also what went to conversations that never began, or that Temporal no longer lists.
        await parts.photos.forget_sender(tenant, customer_id)


async def _transcripts(parts: Parts, visitor: Visitor, runs: Iterable[Run]) -> AsyncIterator[Transcript]:
    for conversation_id in dict.fromkeys(run.conversation_id for run in runs):
        yield await parts.line.transcript(visitor, conversation_id)
