"""`holdfast kb …` on a real server and a worker over real files: what a person sees, and with which exit status."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from typer.testing import CliRunner

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.clients.uploads import Uploads
from activities.ingest_steps import Rechecked
from policies.releases import Change, Finding, Release
from tests.activities.test_ingest import DELIVERY, NOW, WARRANTY, locked_pdf, policy
from tests.fakes.ingest import HashedEmbedding, PhraseJudge, RulesUnwritten
from tests.workflows.ingest_worker import ingesting
from workers import kb_errands
from workers.kb_errands import Errand
from workers.kb_files import find
from workers.kb_line import KnowledgeLine, Refused
from workers.kb_telling import Lines, Terminal
from workers.knowledge import standing_embedder
from workers.knowledge_base import kb
from workers.seeding import seed
from workers.settings import read_settings
from workflows.ingest import Ingest
from workflows.ingest_messages import IngestJob, IngestReport, ingest_workflow_id

NEWER = policy("delivery", "Parcels arrive in two working days.", begins="2026-06-01")


class Said(list[dict[str, Any]]):
    """JSON Lines that a command wrote."""

    def of(self, kind: str) -> list[Any]:
        return [line[kind] for line in self if kind in line]


@dataclass
class Desk:
    """A person at the command line of one shop, whose documents lie in `documents`."""

    line: KnowledgeLine
    folder: Path
    tenant: str
    embedding: HashedEmbedding
    capture: pytest.CaptureFixture[str]

    def working(self) -> AbstractAsyncContextManager[SqliteKnowledge]:
        return ingesting(self.line.client, self.line.queue, self.folder, self.embedding)

    def lay(self, **files: bytes) -> Path:
        """Make these the documents: `name_md` becomes name.md."""
        documents = self.folder / "documents"
        documents.mkdir(exist_ok=True)
        for path in documents.iterdir():
            path.unlink()
        for name, data in files.items():
            stem, _, suffix = name.rpartition("_")
            (documents / f"{stem}.{suffix}").write_bytes(data)
        return documents

    def reading(self, version: str, path: Path, **job: bool) -> Errand:
        return kb_errands.ingest(IngestJob(tenant=self.tenant, release=version, **job), find(path))

    async def does(self, errand: Errand) -> tuple[int, Said, str]:
        """Run an errand; gives its status, what it wrote, and its complaints."""

        async def line() -> KnowledgeLine:
            return self.line

        self.capture.readouterr()
        status = await kb_errands.run(line(), errand, Lines())
        written = self.capture.readouterr()
        return status, Said(map(json.loads, written.out.splitlines())), written.err

    async def releases(self) -> list[tuple[str, str]]:
        _, said, _ = await self.does(kb_errands.releases(self.tenant))
        return [(each["name"], each["state"]) for each in said.of("release")]


@pytest.fixture
def desk(temporal_client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    name = f"t{uuid.uuid4().hex[:8]}"
    line = KnowledgeLine(temporal_client, Uploads(tmp_path / "uploads"), f"knowledge-{name}")
    return Desk(line, tmp_path, name, HashedEmbedding(), capsys)


@pytest.fixture
async def served(desk: Desk) -> AsyncIterator[Desk]:
    async with desk.working():
        yield desk


async def test_a_folder_goes_live_and_says_what_changed_in_each_file(served: Desk) -> None:
    await served.does(served.reading("1", served.lay(delivery_md=DELIVERY, warranty_md=WARRANTY)))
    documents = served.lay(delivery_md=DELIVERY, gifts_md=policy("gifts", "We wrap gifts."))
    (documents / ".DS_Store").write_bytes(b"x")
    status, said, complaints = await served.does(served.reading("2", documents))
    assert (status, complaints) == (0, "")
    assert {each["source"]: (each["added"], each["unchanged"], each["removed"]) for each in said.of("change")} == {
        "delivery.md": (0, 1, 0),
        "gifts.md": (1, 0, 0),
        "warranty.md": (0, 0, 1),
    }
    (report,) = said.of("report")
    assert (report["state"], report["files"], report["chunks"]) == ("live", 2, 2)
    assert said[0] == {"state": "copying", "files": 2}


async def test_files_that_could_not_be_read_are_named_and_the_status_is_1(served: Desk) -> None:
    documents = served.lay(delivery_md=DELIVERY, locked_pdf=locked_pdf())
    with (documents / "film.pdf").open("wb") as film:
        film.truncate(200_000_000)
    status, said, _ = await served.does(served.reading("1", documents))
    assert status == 1
    assert [(each["kind"], each["source"]) for each in said.of("finding")] == [
        ("too_large", "film.pdf"),
        ("encrypted", "locked.pdf"),
    ]
    assert all(each["says"] for each in said.of("finding"))
    assert await served.releases() == [("1", "live")]
    again, repeated, _ = await served.does(served.reading("1", documents))
    assert (again, repeated.of("finding")) == (1, said.of("finding"))
    status, _, complaints = await served.does(served.reading("2", documents / "film.pdf"))
    assert (status, "film.pdf: it has more than 20 MB" in complaints) == (2, True)


async def test_a_live_file_that_cannot_be_copied_any_more_stops_the_release(served: Desk) -> None:
    await served.does(served.reading("1", served.lay(delivery_md=DELIVERY, warranty_md=WARRANTY)))
    documents = served.lay(delivery_md=DELIVERY)
    with (documents / "warranty.md").open("wb") as film:
        film.truncate(200_000_000)
    status, said, _ = await served.does(served.reading("2", documents))
    assert (status, said.of("report")[0]["state"]) == (1, "stopped")
    assert ("unreadable_but_live", "warranty.md") in [(each["kind"], each["source"]) for each in said.of("finding")]
    assert await served.releases() == [("1", "live"), ("2", "staged")]


async def test_a_skipped_duplicate_is_a_note_and_no_failure(served: Desk) -> None:
    status, said, _ = await served.does(served.reading("1", served.lay(delivery_md=DELIVERY, versand_md=DELIVERY)))
    assert (status, [each["kind"] for each in said.of("finding")]) == (0, ["duplicate_document"])


async def test_what_speaks_against_a_release_stops_it_until_a_person_says_so(served: Desk) -> None:
    documents = served.lay(delivery_md=DELIVERY, newer_md=NEWER)
    status, said, _ = await served.does(served.reading("1", documents))
    assert (status, said.of("report")[0]["state"]) == (1, "stopped")
    job = IngestJob(tenant=served.tenant, release="1")
    assert (await served.does(kb_errands.publish(job)))[0] == 1
    status, said, _ = await served.does(kb_errands.publish(job.model_copy(update={"despite": True})))
    assert (status, said.of("report")[0]["state"], said.of("report")[0]["files"]) == (0, "live", 2)
    assert len(served.embedding.asked) == 2


async def test_a_release_is_staged_published_and_taken_back(served: Desk) -> None:
    await served.does(served.reading("1", served.lay(delivery_md=DELIVERY)))
    staged = served.reading("2", served.lay(warranty_md=WARRANTY), publish=False)
    assert (await served.does(staged))[0] == 0
    assert await served.releases() == [("1", "live"), ("2", "staged")]
    assert (await served.does(kb_errands.publish(IngestJob(tenant=served.tenant, release="2"))))[0] == 0
    assert await served.releases() == [("2", "live"), ("1", "retired")]
    status, said, _ = await served.does(kb_errands.check(served.tenant))
    assert (status, [(each["release"], each["same"]) for each in said.of("rechecked")]) == (0, [("2", True)])
    assert (await served.does(kb_errands.roll_back(served.tenant)))[0] == 0
    assert await served.releases() == [("1", "live"), ("2", "retired")]
    assert (await served.does(kb_errands.forget(served.tenant)))[0] == 0
    assert await served.releases() == []
    assert (await served.does(kb_errands.check(served.tenant)))[0] == 1


async def test_the_same_command_again_reads_nothing_again_and_reports_the_same(served: Desk) -> None:
    documents = served.lay(delivery_md=DELIVERY)
    _, first, _ = await served.does(served.reading("1", documents))
    status, again, _ = await served.does(served.reading("1", documents))
    assert (status, again.of("report")) == (0, first.of("report"))
    assert len(served.embedding.asked) == 1
    await served.does(kb_errands.forget(served.tenant))
    assert (await served.does(served.reading("1", documents)))[0] == 0
    assert await served.releases() == [("1", "live")], "what was deleted since is read again"


async def test_other_files_under_a_name_that_is_live_are_refused(served: Desk) -> None:
    await served.does(served.reading("1", served.lay(delivery_md=DELIVERY)))
    status, _, complaints = await served.does(served.reading("1", served.lay(warranty_md=WARRANTY)))
    assert (status, "live already" in complaints) == (2, True)


async def test_who_is_interrupted_is_told_and_joins_by_the_same_command(desk: Desk) -> None:
    documents = desk.lay(delivery_md=DELIVERY)
    waiting = asyncio.create_task(desk.does(desk.reading("1", documents)))
    run = desk.line.client.get_workflow_handle_for(Ingest.run, ingest_workflow_id(desk.tenant, "1"))
    first = await run_of(run)
    await asyncio.sleep(0.3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "run the same command again" in desk.capture.readouterr().err
    other = desk.lay(warranty_md=WARRANTY)
    status, _, complaints = await desk.does(desk.reading("1", other))
    assert (status, "read from other files" in complaints) == (2, True)
    refused, _, complaints = await desk.does(kb_errands.publish(IngestJob(tenant=desk.tenant, release="1")))
    assert (refused, "wait to be read" in complaints) == (2, True)
    async with desk.working():
        status, said, _ = await desk.does(desk.reading("1", desk.lay(delivery_md=DELIVERY)))
        assert (status, said.of("report")[0]["state"]) == (0, "live")
    assert await run_of(run) == first


async def run_of(run: WorkflowHandle[Any, Any]) -> str | None:
    """Wait until it has begun."""
    async with asyncio.timeout(20):
        while True:
            with suppress(RPCError):
                return (await run.describe()).run_id
            await asyncio.sleep(0.05)


async def shown(client: Client, query: str) -> None:
    """Wait until a list of workflows shows what was asked for."""
    async with asyncio.timeout(20):
        while True:
            if (await client.count_workflows(query)).count:
                return
            await asyncio.sleep(0.05)


async def test_a_tenant_is_not_forgotten_while_its_documents_are_read(served: Desk) -> None:
    go = asyncio.Event()
    served.embedding.before = go.wait
    reading = asyncio.create_task(served.does(served.reading("1", served.lay(delivery_md=DELIVERY))))
    query = f"WorkflowType = 'Ingest' AND ExecutionStatus = 'Running' AND HoldfastTenant = '{served.tenant}'"
    await shown(served.line.client, query)
    with pytest.raises(Refused, match="is under way"):
        await served.line.forget(served.tenant)
    go.set()
    assert (await reading)[0] == 0


def test_wrong_names_an_empty_folder_and_a_careless_deletion_are_refused(tmp_path: Path) -> None:
    cases: Sequence[tuple[list[str], str]] = (
        (["ingest", str(tmp_path), "--tenant", "northwind", "--version", "1"], "there is no file in"),
        (["ingest", str(tmp_path), "--tenant", "../x", "--version", "1"], "is no such name"),
        (["ingest", str(tmp_path), "--tenant", "northwind", "--version", "a/b"], "is no such name"),
        (["ingest", str(tmp_path / "absent"), "--tenant", "northwind", "--version", "1"], "does not exist"),
        (["forget", "--tenant", "northwind"], "say --yes"),
    )
    for arguments, reason in cases:
        refused = CliRunner().invoke(kb, arguments, env={"COLUMNS": "200"})
        assert (refused.exit_code, reason in refused.output) == (2, True), refused.output


def test_live_documents_are_searched_by_question_and_by_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(knowledge=tmp_path / "knowledge")
    (tmp_path / "documents" / "northwind").mkdir(parents=True)
    (tmp_path / "documents" / "northwind" / "warranty.md").write_bytes(WARRANTY)

    async def plant() -> None:
        embedder = standing_embedder(settings)
        engine = SqliteKnowledge(settings.knowledge / "index", embedder.fingerprint)
        rules = RulesUnwritten(settings.policy_folder)
        await seed(tmp_path / "documents", engine, embedder, PhraseJudge(), rules, tmp_path / "kept", tmp_path / "lock")
        await engine.close()

    asyncio.run(plant())
    monkeypatch.setenv("HOLDFAST_KNOWLEDGE", str(settings.knowledge))
    question = "how long is the warranty of a lamp"
    asked = CliRunner().invoke(kb, ["search", question, "--region", "US", "--on", "2026-11-21"])
    assert asked.exit_code == 0
    assert json.loads(asked.stdout)["clauses"][0]["clause_id"] == "warranty.general"
    lines = [
        {"query": question, "on": "2026-11-21"},
        {"query": question, "on": "2025-12-31"},
        {"query": "x", "path": "by car"},
    ]
    bulk = CliRunner().invoke(kb, ["search"], input="".join(f"{json.dumps(line)}\n" for line in lines))
    assert bulk.exit_code == 1
    found, before, broken = map(json.loads, bulk.stdout.splitlines())
    assert [clause["clause_id"] for clause in found["clauses"]] == ["warranty.general"]
    assert before["clauses"] == []
    assert (broken["line"], "path" in broken["error"]) == (3, True)
    refused = CliRunner().invoke(kb, ["search", question, "--tenant", "nobody"])
    assert (refused.exit_code, "no documents of tenant 'nobody'" in refused.stderr) == (2, True)


PROGRAM = "from workers.knowledge_base import kb; kb()"


def command(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_temporal_a_command_says_so() -> None:
    process = command("releases", "--tenant", "northwind", HOLDFAST_TEMPORAL_ADDRESS="127.0.0.1:1")
    out, complaints = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "Temporal does not answer at 127.0.0.1:1" in complaints


async def test_ctrl_c_leaves_the_ingest_to_the_workers(temporal_server: str, tmp_path: Path) -> None:
    (tmp_path / "delivery.md").write_bytes(DELIVERY)
    settings = {"HOLDFAST_TEMPORAL_ADDRESS": temporal_server, "HOLDFAST_KNOWLEDGE": str(tmp_path / "knowledge")}
    arguments = ("ingest", str(tmp_path / "delivery.md"), "--tenant", f"t{uuid.uuid4().hex[:8]}", "--version", "1")
    process = command(*arguments, **settings)
    assert process.stdout is not None
    told = [await asyncio.to_thread(process.stdout.readline) for _ in range(2)]
    assert [json.loads(line)["state"] for line in told] == ["copying", "waiting"]
    process.send_signal(signal.SIGINT)
    _, complaints = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 130
    assert "the ingest goes on without you; run the same command again" in complaints


def test_at_a_terminal_a_person_reads_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    stop = Finding(kind="same_scope_twice", source="new.md", where="old.md", says="both begin on 2026-03-01")
    note = Finding(kind="encrypted", source="locked.pdf", says="save it without a password")
    changes = (Change(source="new.md", added=3, removed=1), Change(source="old.md", unchanged=10))
    counts = {"files": 3, "chunks": 13, "added": 3, "unchanged": 10, "removed": 1}
    report = IngestReport(tenant="northwind", release="2", state="stopped", changes=changes, findings=(stop,), **counts)
    terminal = Terminal()
    terminal.report(report, [note])
    assert capsys.readouterr().out == (
        "new.md  +3 =0 -1\n1 file without change\n"
        "\nnote: encrypted: locked.pdf\n  save it without a password\n"
        "\nstops: same_scope_twice: new.md, old.md\n  both begin on 2026-03-01\n"
        "\nrelease 2 of northwind is NOT live, its findings have to be looked at: 3 files, 13 passages (+3 =10 -1); "
        "customers are answered from the release before it\n"
    )
    terminal.releases([Release(name="1", state="live", chunks=10, documents=2, published_at=NOW)])
    terminal.rechecked([Rechecked(tenant="northwind", release="1", chunks=10, altered=2, same=False)])
    assert capsys.readouterr().out == (
        "live     1: 2 documents, 10 passages, published 2026-11-21 12:00 UTC\n"
        "northwind: release 1, 10 passages: NOT as approved, 2 passages altered\n"
    )


def test_files_are_found_by_name_as_text_and_not_below_hidden_folders(tmp_path: Path) -> None:
    for name in ("a/b.md", "a.md", "a-b.md", ".git/x.md", ".hidden", "a/.x/y.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [file.name for file in find(tmp_path)] == ["a-b.md", "a.md", "a/b.md"]


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.md").touch()
    listing = os.scandir

    def scandir(path: str) -> object:
        # Root, as whom tests may run, is let in everywhere.
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    refused = CliRunner().invoke(kb, ["ingest", str(tmp_path), "--tenant", "northwind", "--version", "1"])
    assert refused.exit_code == 2
    assert f"{tmp_path / 'closed'}: Permission denied: change its permissions" in refused.output


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.md")).touch()
    refused = CliRunner().invoke(kb, ["ingest", str(tmp_path), "--tenant", "northwind", "--version", "1"])
    assert (refused.exit_code, "is not UTF-8: rename it" in refused.output) == (2, True)
