"""Ingests as workflows on a real server: what stops them, what a killed worker costs, and what is served meanwhile."""

import asyncio
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from temporalio.client import (
    Client,
    ScheduleOverlapPolicy,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.clients.uploads import Uploads
from activities.errors import Malformed
from activities.ingest_steps import KnowledgeAct, Recheck
from activities.ports import Asked
from policies.releases import Change
from policies.retrieval import Scope
from tests.activities.test_ingest import DELIVERY, WARRANTY, kinds, locked_pdf, policy
from tests.fakes.ingest import HashedEmbedding, PhraseJudge, RulesUnwritten
from tests.workflows.ingest_worker import ingesting
from workers.kb_activities import ingest_activities
from workers.schedules import watch_knowledge
from workers.settings import read_settings
from workers.workflow_sandbox import sandboxed_runner
from workflows.ingest import Ingest
from workflows.ingest_messages import IngestJob, IngestReport, ingest_workflow_id
from workflows.knowledge_watch import ActOnKnowledge, KnowledgeWatch
from workflows.messages import TASK_TIMEOUT

TOWNS = [first + rest for first in "BDFGH" for rest in ("aden", "ilm", "orn", "urg", "ewal", "ott")]
TWICE = {
    "delivery.md": DELIVERY,
    "newer.md": policy("delivery", "Parcels arrive in two working days.", begins="2026-06-01"),
}
Run = WorkflowHandle[Ingest, IngestReport]


@dataclass
class Shop:
    """One shop whose documents are ingested by whatever worker polls its queue."""

    client: Client
    folder: Path
    queue: str
    tenant: str
    embedding: HashedEmbedding

    @property
    def uploads(self) -> Uploads:
        return Uploads(self.folder / "uploads")

    async def begin(self, release: str, files: dict[str, bytes], **job: Any) -> Run:
        for name, data in files.items():
            await self.uploads.put(self.tenant, release, name, data)
        return await self.client.start_workflow(
            Ingest.run,
            IngestJob(tenant=self.tenant, release=release, **job),
            id=ingest_workflow_id(self.tenant, release),
            task_queue=self.queue,
            task_timeout=TASK_TIMEOUT,
        )

    async def ingest(self, release: str, files: dict[str, bytes], **job: Any) -> IngestReport:
        return await (await self.begin(release, files, **job)).result()

    async def act(self, kind: str) -> list[tuple[str, str]]:
        """Do it and list the releases and their states."""
        act = KnowledgeAct.model_validate({"kind": kind, "tenant": self.tenant})
        done = await self.client.execute_workflow(
            ActOnKnowledge.run, act, id=f"act/{uuid.uuid4()}", task_queue=self.queue
        )
        return [(release.name, release.state) for release in done.releases]


@pytest.fixture
def shop(temporal_client: Client, tmp_path: Path) -> Shop:
    name = f"t{uuid.uuid4().hex[:8]}"
    return Shop(temporal_client, tmp_path, f"knowledge-{name}", name, HashedEmbedding())


@pytest.fixture
async def served(shop: Shop) -> AsyncIterator[Shop]:
    async with ingesting(shop.client, shop.queue, shop.folder, shop.embedding):
        yield shop


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(WorkflowFailureError) as failed:
        await work
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


async def test_good_files_go_live_and_bad_ones_are_named(served: Shop) -> None:
    report = await served.ingest("1", {"delivery.md": DELIVERY, "locked.pdf": locked_pdf(), "warranty.md": WARRANTY})
    assert (report.state, report.files, report.chunks, report.added) == ("live", 3, 2, 2)
    assert kinds(report.findings) == [("encrypted", "locked.pdf")]
    assert report.published_at is not None
    assert await served.uploads.names(served.tenant, "1") == ()
    assert await served.act("list") == [("1", "live")]


async def test_a_second_release_says_what_changed_and_embeds_nothing_twice(served: Shop) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY, "warranty.md": WARRANTY})
    report = await served.ingest("2", {"delivery.md": DELIVERY, "gifts.md": policy("gifts", "We wrap gifts.")})
    assert (report.added, report.unchanged, report.removed) == (1, 1, 1)
    assert Change(source="warranty.md", removed=1) in report.changes
    assert len(served.embedding.asked) == 3
    assert await served.act("roll_back") == [("1", "live"), ("2", "retired")]


async def test_a_stopped_release_stays_staged_until_a_person_publishes_it_all_the_same(served: Shop) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY})
    stopped = await served.ingest("2", TWICE)
    assert (stopped.state, stopped.published_at) == ("stopped", None)
    assert ("same_scope_twice", "newer.md") in kinds(stopped.findings)
    assert await served.act("list") == [("1", "live"), ("2", "staged")]
    embedded = len(served.embedding.asked)
    assert (await served.ingest("2", {})).state == "stopped"
    despite = await served.ingest("2", {}, despite=True)
    assert (despite.state, despite.files, despite.findings) == ("live", 2, stopped.findings)
    assert len(served.embedding.asked) == embedded
    assert await served.act("list") == [("2", "live"), ("1", "retired")]


async def test_what_reading_found_still_stops_when_nothing_is_read_again(served: Shop) -> None:
    files = {"delivery.md": DELIVERY, "warranty.md": b"---\nversion: [\n---\n\nText\n"}
    assert (await served.ingest("1", files)).state == "stopped"
    assert kinds((await served.ingest("1", {})).findings) == [("bad_metadata", "warranty.md")]
    assert await served.act("list") == [("1", "staged")]


async def test_a_staged_release_waits_to_be_published(served: Shop) -> None:
    assert (await served.ingest("1", {"delivery.md": DELIVERY}, publish=False)).state == "staged"
    assert await served.act("list") == [("1", "staged")]
    assert (await served.ingest("1", {})).state == "live"


@pytest.mark.parametrize("despite", [False, True])
async def test_a_release_of_which_nothing_can_be_read_is_never_live(served: Shop, despite: bool) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY})
    report = await served.ingest("2", {"locked.pdf": locked_pdf()}, despite=despite)
    assert (report.state, report.chunks) == ("stopped", 0)
    assert await served.act("list") == [("1", "live"), ("2", "staged")]


async def test_an_empty_folder_and_a_name_that_is_taken_are_refused_in_words(served: Shop) -> None:
    assert "nothing was uploaded" in await refused(served.ingest("1", {}))
    await served.ingest("1", {"delivery.md": DELIVERY})
    assert "live already" in await refused(served.ingest("1", {"warranty.md": WARRANTY}))
    assert await served.uploads.names(served.tenant, "1") == ()
    assert "go back" in await refused(served.act("roll_back"))


async def test_files_that_come_while_others_are_read_end_the_ingest_in_words(served: Shop) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY})

    async def lay_another() -> None:
        await served.uploads.put(served.tenant, "2", "late.md", DELIVERY)

    served.embedding.before = lay_another
    assert "came or went" in await refused(served.ingest("2", {"warranty.md": WARRANTY}))
    assert await served.act("list") == [("1", "live"), ("2", "staged")]


async def test_an_unreadable_file_that_is_live_stops_a_release_also_when_nothing_is_read_again(served: Shop) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY, "warranty.md": WARRANTY, "gifts.md": policy("gifts", "None.")})
    files = {"delivery.md": DELIVERY, "warranty.md": b""}
    stopped = await served.ingest("2", files, unread=("gifts.md",))
    lost = [finding.source for finding in stopped.findings if finding.kind == "unreadable_but_live"]
    assert (stopped.state, stopped.removed, sorted(lost)) == ("stopped", 2, ["gifts.md", "warranty.md"])
    again = await served.ingest("2", {})
    assert (again.state, {*kinds(again.findings)} >= {("unreadable_but_live", name) for name in lost}) == (
        "stopped",
        True,
    )
    assert (await served.ingest("2", {}, despite=True)).state == "live"


async def test_only_the_mended_file_of_a_stopped_release_is_refused_and_stays(served: Shop) -> None:
    await served.ingest("1", {**TWICE, "warranty.md": WARRANTY})
    assert "Upload all files" in await refused(served.ingest("1", {"newer.md": TWICE["newer.md"]}))
    assert [file.name for file in await served.uploads.names(served.tenant, "1")] == ["newer.md"]
    mended = {"newer.md": policy("news", "We write letters."), "delivery.md": DELIVERY, "warranty.md": WARRANTY}
    report = await served.ingest("1", mended)
    assert (report.state, report.chunks) == ("live", 3)


async def test_files_wait_on_when_the_index_cannot_be_asked(shop: Shop) -> None:
    class Misread(SqliteKnowledge):
        async def stage(self, tenant: str, release: str) -> None:
            raise Malformed("the index answers with something else")

    store = Misread(shop.folder / "index", "hashed")
    policies = RulesUnwritten(read_settings().policy_folder)
    activities = ingest_activities(shop.uploads, store, shop.embedding, PhraseJudge(), policies)
    async with Worker(
        shop.client,
        task_queue=shop.queue,
        workflows=[Ingest],
        activities=activities,
        workflow_runner=sandboxed_runner(),
    ):
        assert "something else" in await refused(shop.ingest("1", {"delivery.md": DELIVERY}))
    assert [file.name for file in await shop.uploads.names(shop.tenant, "1")] == ["delivery.md"]
    await store.close()


async def test_a_forgotten_tenant_has_nothing_left(served: Shop) -> None:
    await served.ingest("1", TWICE)
    assert await served.act("forget") == []
    assert "no knowledge" in await refused(served.act("roll_back"))


async def test_what_is_live_is_looked_at_by_a_schedule_that_a_pause_outlives(served: Shop) -> None:
    await served.ingest("1", {"delivery.md": DELIVERY})
    report = await served.client.execute_workflow(
        KnowledgeWatch.run, Recheck(), id=f"watch/{served.tenant}", task_queue=served.queue
    )
    assert [(each.tenant, each.same) for each in report.tenants] == [(served.tenant, True)]
    name = f"watch-{served.tenant}"
    await watch_knowledge(served.client, served.queue, name)
    schedule = served.client.get_schedule_handle(name)
    await schedule.pause(note="the index is being moved")
    await watch_knowledge(served.client, served.queue, name)
    found = (await schedule.describe()).schedule
    await schedule.delete()
    assert (found.state.paused, found.state.note) == (True, "the index is being moved")
    assert found.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert [each.every.total_seconds() for each in found.spec.intervals] == [900]


# -- a killed worker ---------------------------------------------------------------------------------------------


def start_worker(shop: Shop, address: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.workflows.ingest_worker", address, shop.queue, str(shop.folder)]
    with (shop.folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


async def served_days(store: SqliteKnowledge, tenant: str) -> list[str]:
    """Search as a customer's question would, and give what is said."""
    scope = Scope(tenant=tenant, region="US", on=date(2026, 11, 21))
    asked = Asked(terms=("parcel",), codes=(), vector=np.eye(1, 384, dtype=np.float32)[0])
    found = await store.search(scope, asked, "accurate", 50)
    ids = {hit.chunk_id for hits in found.values() for hit in hits}
    return sorted(chunk.text for chunk in (await store.chunks(tenant, sorted(ids))).values())


async def test_a_killed_worker_costs_nothing_that_was_done_and_the_old_release_is_served(
    shop: Shop, temporal_server: str
) -> None:
    worker = start_worker(shop, temporal_server)
    try:
        await shop.ingest("1", {"delivery.md": DELIVERY})
        files = {
            f"{number:02}.md": policy(town.lower(), f"Parcels to {town} come by bus.")
            for number, town in enumerate(TOWNS)
        }
        run = await shop.begin("2", files)
        await some_read(run)
    finally:
        worker.kill()
        worker.wait()
    store = SqliteKnowledge(shop.folder / "index", "hashed")
    assert await served_days(store, shop.tenant) == ["Parcels arrive in three to five working days."]
    before = noted(shop)
    assert 10 <= len(before) < 31
    async with ingesting(shop.client, shop.queue, shop.folder, shop.embedding):
        report = await run.result()
    assert (report.state, report.files, report.added, report.findings) == ("live", 30, 30, ())
    assert {change.source for change in report.changes} == {"delivery.md", *files}
    held = await store.contents(shop.tenant, "2")
    assert len(held) == len({chunk.document for chunk in held}) == 30
    assert len(await served_days(store, shop.tenant)) == 30
    # What was embedded in the moment of the kill had not been kept yet.
    assert sum(count - 1 for count in Counter([*before, *shop.embedding.asked]).values()) <= 1
    await store.close()


async def some_read(run: Run) -> None:
    """Wait until a quarter of the files has been read."""
    async with asyncio.timeout(60):
        while True:
            with suppress(RPCError):
                if (await run.query(Ingest.progress)).done >= 10:
                    return
            await asyncio.sleep(0.05)


def noted(shop: Shop) -> list[str]:
    return (shop.folder / "embedded").read_text().split()
