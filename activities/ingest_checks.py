"""Check what is staged, make it live or take it back, and compare what is live with what was approved."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from temporalio import activity

from activities.errors import Malformed, Rejected, Unavailable
from activities.ingest import UploadFolder, documents, pulse, refuse_changed
from activities.ingest_steps import (
    CheckRelease,
    KnowledgeAct,
    PublishRelease,
    Recheck,
    Rechecked,
    RecheckReport,
    ReleaseChecked,
    Releases,
    first,
    told,
)
from activities.policy_store import PinPolicy, PolicyStore
from activities.ports import KnowledgeStore
from policies import contradictions, overlaps, prose
from policies.chunks import Chunk
from policies.contradictions import Contradiction
from policies.releases import Change, Finding, Release, fingerprint, live_lost

MISMATCHES = "holdfast_knowledge_mismatches_total"
log = structlog.get_logger(__name__)


def _nothing_kept(tenant: str) -> None:
    """Whoever keeps no more of a tenant than the store does has no more to forget."""


class ReleaseDesk:
    """Approves releases. Findings depend on the release, the rules and the day only."""

    def __init__(
        self,
        uploads: UploadFolder,
        store: KnowledgeStore,
        policies: PolicyStore,
        forget: Callable[[str], None] = _nothing_kept,
    ) -> None:
        """`forget` deletes what is kept of a tenant elsewhere."""
        self._uploads = uploads
        self._store = store
        self._policies = policies
        self._forget = forget

    @activity.defn
    async def check_release(self, ask: CheckRelease) -> ReleaseChecked:
        """Report what speaks against a staged release, and mark the clauses that contradict each other."""
        async with pulse():
            dropped = await self._drop_others(ask) if ask.digest else ()
            chunks = await self._store.contents(ask.tenant, ask.release)
            rules = (await self._policies.pin_policy(PinPolicy(tenant=ask.tenant))).rules
            disputes = await asyncio.to_thread(contradictions.find, chunks)
            disputed = {chunk.chunk_id for each in disputes for chunk in (each.first, each.second)}
            await self._store.mark_disputed(ask.tenant, ask.release, sorted(disputed))
            findings = (
                *(live_lost(change) for change in dropped if change.source in ask.unread),
                *overlaps.find(chunks),
                *(_contradiction(each) for each in disputes),
                *await asyncio.to_thread(prose.differences, chunks, rules, ask.on),
            )
        return ReleaseChecked(
            chunks=len(chunks),
            fingerprint=fingerprint(chunk.chunk_id for chunk in chunks),
            dropped=first(dropped),
            removed=sum(change.removed for change in dropped),
            findings=told(findings),
            stops=any(finding.stops for finding in findings),
        )

    @activity.defn
    async def publish_release(self, ask: PublishRelease) -> None:
        """Make a staged release live, if it still is what was checked."""
        await self._store.publish(ask.tenant, ask.release, ask.fingerprint, ask.at)

    @activity.defn
    async def act_on_knowledge(self, ask: KnowledgeAct) -> Releases:
        """Do what a person asks with a tenant's releases, and report which there are afterwards."""
        match ask.kind:
            case "roll_back":
                held = await self._store.releases(ask.tenant)
                if not ask.live or any(each.name == ask.live and each.state == "live" for each in held):
                    await self._store.roll_back(ask.tenant, ask.at or datetime.now(UTC))
            case "forget":
                await self._uploads.forget(ask.tenant)
                await self._store.forget(ask.tenant)
                await asyncio.to_thread(self._forget, ask.tenant)
        return Releases(releases=await self._store.releases(ask.tenant))

    @activity.defn
    async def recheck_knowledge(self, ask: Recheck) -> RecheckReport:
        """Report for each tenant whether live is what was approved; a difference is logged and counted."""
        async with pulse():
            tenants = (ask.tenant,) if ask.tenant else await self._store.tenants()
            found: list[Rechecked] = []
            away: list[str] = []
            for tenant in tenants:
                try:
                    found += await self._recheck(tenant)
                except (Unavailable, Malformed) as outage:
                    away.append(f"{tenant}: {outage.message}")
        if away:
            # The others have been looked at; a tenant whose index is away serves nobody anything wrong.
            raise Unavailable(f"not rechecked: {'; '.join(away)[:500]}")
        return RecheckReport(tenants=tuple(found))

    async def _drop_others(self, ask: CheckRelease) -> tuple[Change, ...]:
        """Drop from the release what an earlier reading put there and is no more among the files."""
        waiting = await self._uploads.names(ask.tenant, ask.release)
        refuse_changed(ask.release, waiting, ask.digest)
        return await self._store.keep_only(ask.tenant, ask.release, [each.name for each in documents(waiting)])

    async def _recheck(self, tenant: str) -> Sequence[Rechecked]:
        found: list[Rechecked] = []
        for live in await self._live(tenant):
            try:
                chunks = await self._store.contents(tenant, live.name)
                compared = await asyncio.to_thread(_compare, tenant, live, chunks)
            except (Malformed, Rejected) as failure:
                if isinstance(failure, Rejected) and live not in await self._live(tenant):
                    # It was taken back or forgotten meanwhile.
                    continue
                compared = Rechecked(tenant=tenant, release=live.name, chunks=0, altered=live.chunks, same=False)
            if not compared.same:
                log.error("knowledge.not_as_approved", tenant=tenant, release=live.name, altered=compared.altered)
                activity.metric_meter().create_counter(MISMATCHES).add(1, {"tenant": tenant})
            found.append(compared)
        return found

    async def _live(self, tenant: str) -> list[Release]:
        return [held for held in await self._store.releases(tenant) if held.state == "live"]


def _compare(tenant: str, live: Release, chunks: Sequence[Chunk]) -> Rechecked:
    altered = sum(chunk.sealed(tenant).chunk_id != chunk.chunk_id for chunk in chunks)
    same = not altered and fingerprint(chunk.chunk_id for chunk in chunks) == live.fingerprint
    return Rechecked(tenant=tenant, release=live.name, chunks=len(chunks), altered=altered, same=same)


def _contradiction(found: Contradiction) -> Finding:
    return Finding(
        kind="contradiction",
        source=overlaps.file_of(found.second),
        where=f"{found.second.heading}; {found.first.source}",
        says=f"{found.says} Until then neither is told to a customer.",
    )
