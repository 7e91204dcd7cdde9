"""Routes of a shop's documents: upload and ingest them, move releases, and open what a reply cites."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ConfigDict, Field

from activities.errors import Malformed, Rejected, Unavailable
from activities.ingest_steps import KnowledgeAct, Waiting
from api.auth import Role, Visitor
from api.problems import Problem, responses
from api.wiring import AnyVisitor, PartsDep, only
from policies.chunks import clause_of, whole
from policies.clauses import Clause
from policies.frozen import Fact, Written
from policies.releases import NAME, Release
from workflows.ingest_messages import IngestJob, IngestProgress, IngestReport
from workflows.messages import Refusal

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"])

Keeper = Annotated[Visitor, only(Role.SUPERVISOR, Role.OPS)]
ReleaseName = Annotated[str, Path(pattern=f"^{NAME}$", description="Chosen by whoever uploads, such as 2026-10")]
FileName = Annotated[str, Path(min_length=1, max_length=400, description="A relative path, such as us/returns.pdf")]
ChunkId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="As a reply cites it")]
KEPT = (Refusal.ROLE, "knowledge-unavailable")
# Of a table with thousands of rows only the parts around the cited one are shown.
PARTS_SHOWN = 8


class IngestIn(Written):
    """`publish` false only stages the release; `despite` publishes although findings would stop it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"publish": True, "despite": False}]})

    publish: bool = True
    despite: bool = False


class RollBackIn(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [{"live": "2026-12"}]})

    live: str = Field(pattern=f"^{NAME}$", description="The release to leave, as listed; asking twice leaves it once")


class IngestView(Fact):
    """How far an ingest is, or, once it has ended, its report."""

    progress: IngestProgress | None = None
    report: IngestReport | None = None


@router.put(
    "/releases/{release}/files/{name:path}",
    responses=responses(*KEPT, "file-too-large", "release-refused"),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
    },
)
async def upload(release: ReleaseName, name: FileName, request: Request, visitor: Keeper, parts: PartsDep) -> Waiting:
    """Upload one file, its bytes as the body, to wait for the ingest of its release; the same name replaces it."""
    with _doors():
        return await parts.uploads.put(visitor.tenant, release, name, request.stream())


@router.get("/releases/{release}/files", responses=responses(*KEPT))
async def list_files(release: ReleaseName, visitor: Keeper, parts: PartsDep) -> list[Waiting]:
    """List the files that wait for the ingest of a release."""
    with _doors():
        return list(await parts.uploads.names(visitor.tenant, release))


@router.delete("/releases/{release}/files", responses=responses(*KEPT))
async def delete_files(release: ReleaseName, visitor: Keeper, parts: PartsDep) -> list[Waiting]:
    """Delete the files that wait for the ingest of a release; lists what is left, which is nothing."""
    with _doors():
        await parts.uploads.clear(visitor.tenant, release)
        return list(await parts.uploads.names(visitor.tenant, release))


@router.post(
    "/releases/{release}/ingest",
    responses=responses(*KEPT, "body-too-large", "body-unreadable", "release-refused", "still-working"),
)
async def ingest(release: ReleaseName, body: IngestIn, visitor: Keeper, parts: PartsDep) -> IngestView:
    """Read the uploaded files into a release, check it and make it live; asked again, follow the ingest under way."""
    job = IngestJob(
        tenant=visitor.tenant, release=release, publish=body.publish, despite=body.despite, by=visitor.subject
    )
    return _view(await parts.releases.ingest(job))


@router.get("/releases/{release}/ingest", responses=responses(*KEPT, "release-not-found", "release-refused"))
async def follow_ingest(release: ReleaseName, visitor: Keeper, parts: PartsDep) -> IngestView:
    """Say how far the last ingest of a release is, or what came of it: changes and findings."""
    return _view(await parts.releases.ingested(visitor.tenant, release))


@router.get("/releases", responses=responses(*KEPT))
async def list_releases(visitor: Keeper, parts: PartsDep) -> list[Release]:
    """List the releases of your documents, the live one first."""
    with _doors():
        engine = await parts.knowledge.engine()
        return list(await engine.releases(visitor.tenant))


@router.post(
    "/rollback",
    responses=responses(
        *KEPT, "body-too-large", "body-unreadable", "release-refused", "knowledge-busy", "still-working"
    ),
)
async def roll_back(body: RollBackIn, visitor: Keeper, parts: PartsDep) -> list[Release]:
    """Make the release live again that was live before; lists the releases, the live one first."""
    act = KnowledgeAct(kind="roll_back", tenant=visitor.tenant, live=body.live)
    return list((await parts.releases.act_on_knowledge(act)).releases)


@router.get("/clauses/{chunk_id}", responses=responses("clause-not-found", "knowledge-unavailable"))
async def open_clause(chunk_id: ChunkId, visitor: AnyVisitor, parts: PartsDep) -> Clause:
    """Open what a reply cites, in the words it had then: the whole section, unless it is very long."""
    with _doors("clause-not-found"):
        engine = await parts.knowledge.engine()
        found = (await engine.chunks(visitor.tenant, [chunk_id])).get(chunk_id)
        if found is None:
            raise Problem("clause-not-found")
        section = list(await engine.section(visitor.tenant, found)) if found.parts > 1 else []
    first = max(0, found.part - PARTS_SHOWN // 2)
    around = [part for part in section if first <= part.part < first + PARTS_SHOWN]
    return clause_of(found, whole(around) if found in around else found.text, score=0)


def _view(state: IngestProgress | IngestReport) -> IngestView:
    return IngestView(report=state) if isinstance(state, IngestReport) else IngestView(progress=state)


@contextmanager
def _doors(unknown: str = "release-not-found") -> Iterator[None]:
    """Turn what the store and the uploads raise into problems."""
    try:
        yield
    except Rejected as refusal:
        if refusal.reason == "tenant_unknown":
            raise Problem(unknown) from None
        raise Problem(
            "file-too-large" if refusal.reason == "too_large" else "release-refused", refusal.message
        ) from None
    except (Unavailable, Malformed):
        raise Problem("knowledge-unavailable") from None
