"""Whether this process lives, and whether the parts it stands on answer."""

import asyncio

from fastapi import APIRouter

from api.problems import MEDIA_TYPE, Problem
from api.stream import AWAY
from api.wiring import Parts, PartsDep
from policies.frozen import Fact

router = APIRouter(tags=["health"])

SCHEMA = {"$ref": "#/components/schemas/Problem"}
NOT_READY = {"description": "A part does not answer; `checks` says which", "content": {MEDIA_TYPE: {"schema": SCHEMA}}}


class Alive(Fact):
    status: str = "alive"


class Ready(Fact):
    temporal: str
    redis: str


@router.get("/healthz")
async def alive() -> Alive:
    """Say that the process serves requests."""
    return Alive()


@router.get("/readyz", responses={503: NOT_READY})
async def ready(parts: PartsDep) -> Ready:
    """Say whether Temporal and Redis can be reached, and which cannot."""
    temporal, redis = await asyncio.gather(_temporal(parts), _redis(parts))
    checks = Ready(temporal=temporal, redis=redis)
    if checks != Ready(temporal="reachable", redis="reachable"):
        raise Problem("not-ready", checks=checks.model_dump())
    return checks


async def _temporal(parts: Parts) -> str:
    try:
        return "reachable" if await parts.line.healthy() else "unreachable"
    except Problem:
        return "unreachable"


async def _redis(parts: Parts) -> str:
    try:
        await parts.stream.ping()
    except AWAY:
        return "unreachable"
    return "reachable"
