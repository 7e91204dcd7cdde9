"""A shop's documents over HTTP: uploaded, ingested by a real worker, served, cited, rolled back, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client

from activities.clients.sqlite_knowledge import SqliteKnowledge
from api.settings import Settings
from policies.clauses import Clause
from tests.api.fakes.site import Site, bearer, serving, slug
from tests.fakes.ingest import HashedEmbedding
from tests.workflows.ingest_worker import ingesting
from workflows.ingest_messages import IngestReport
from workflows.turn import KNOWLEDGE_QUEUE

RETURNS = """---
document: returns
title: Returns
version: "{version}"
effective_from: 2026-01-01
---

## Return window {{#returns.general}}

You can send items back within {days} days of delivery.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("knowledge")


@pytest.fixture(scope="module")
async def library(settings: Settings, temporal: Client, folder: Path) -> AsyncIterator[Site]:
    """An API and a worker that share one folder, as they do in production."""
    async with (
        ingesting(temporal, KNOWLEDGE_QUEUE, folder, HashedEmbedding()),
        serving(settings.model_copy(update={"knowledge": folder})) as site,
    ):
        yield site


@pytest.fixture
def boss() -> dict[str, str]:
    """A supervisor of a shop nobody used before."""
    return {"tenant": f"t-{uuid4().hex[:8]}", "sub": "sue", "role": "supervisor"}


async def upload(
    site: Site, who: dict[str, str], release: str, name: str = "returns.md", data: bytes = b"", **given: Any
) -> httpx.Response:
    content = data or RETURNS.format(version=release, days=given.get("days", 30)).encode()
    path = f"/v1/knowledge/releases/{release}/files/{name}"
    return await site.http.put(path, content=content, headers=bearer(**who))


async def ingest(site: Site, who: dict[str, str], release: str, **body: bool) -> IngestReport:
    """Start an ingest and follow it to its end, as a frontend would."""
    path = f"/v1/knowledge/releases/{release}/ingest"
    answer = await site.post(path, body, **who)
    async with asyncio.timeout(60):
        while answer.json().get("report") is None:
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(0.05)
            answer = await site.get(path, **who)
    return IngestReport.model_validate(answer.json()["report"])


async def cited(folder: Path, who: dict[str, str]) -> str:
    """Find the id of the only chunk that is live."""
    index = SqliteKnowledge(folder / "index", HashedEmbedding().fingerprint)
    live = (await index.releases(who["tenant"]))[0]
    chunks = await index.contents(who["tenant"], live.name)
    await index.close()
    return chunks[0].chunk_id


async def test_an_upload_becomes_a_live_release_whose_clauses_open(
    library: Site, boss: dict[str, str], folder: Path
) -> None:
    assert (await upload(library, boss, "2026-10")).json()["name"] == "returns.md"
    report = await ingest(library, boss, "2026-10")
    assert (report.state, report.added, report.findings) == ("live", 1, ())
    listed = (await library.get("/v1/knowledge/releases", **boss)).json()
    assert [(each["name"], each["state"]) for each in listed] == [("2026-10", "live")]
    customer = {"tenant": boss["tenant"], "sub": "ann", "role": "customer"}
    opened = await library.get(f"/v1/knowledge/clauses/{await cited(folder, boss)}", **customer)
    clause = Clause.model_validate_json(opened.text)
    assert (clause.clause_id, clause.version) == ("returns.general", "2026-10")
    assert "within 30 days" in clause.text


async def test_what_was_cited_opens_in_its_old_words_after_a_newer_release_and_a_roll_back_restores_it(
    library: Site, boss: dict[str, str], folder: Path
) -> None:
    await upload(library, boss, "one")
    await ingest(library, boss, "one")
    before = await cited(folder, boss)
    await upload(library, boss, "two", days=14)
    await ingest(library, boss, "two")
    assert await cited(folder, boss) != before
    old = await library.get(f"/v1/knowledge/clauses/{before}", **boss)
    assert "within 30 days" in old.json()["text"]
    for _ in range(2):
        back = await library.post("/v1/knowledge/rollback", {"live": "two"}, **boss)
        assert [(each["name"], each["state"]) for each in back.json()] == [("one", "live"), ("two", "retired")]
    assert await cited(folder, boss) == before


async def test_a_release_that_is_only_staged_is_not_served(library: Site, boss: dict[str, str]) -> None:
    await upload(library, boss, "draft")
    assert (await ingest(library, boss, "draft", publish=False)).state == "staged"
    listed = (await library.get("/v1/knowledge/releases", **boss)).json()
    assert [each["state"] for each in listed] == ["staged"]


async def test_another_shop_sees_neither_files_nor_releases_nor_clauses(
    library: Site, boss: dict[str, str], folder: Path
) -> None:
    await upload(library, boss, "mine")
    await ingest(library, boss, "mine")
    chunk = await cited(folder, boss)
    stranger = {"tenant": f"t-{uuid4().hex[:8]}", "sub": "eve", "role": "supervisor"}
    assert (await library.get("/v1/knowledge/releases", **stranger)).json() == []
    assert (await library.get("/v1/knowledge/releases/mine/files", **stranger)).json() == []
    for path in (f"/v1/knowledge/clauses/{chunk}", "/v1/knowledge/releases/mine/ingest"):
        answer = await library.get(path, **stranger)
        assert answer.status_code == 404, path


@pytest.mark.parametrize("role", ["customer", "agent"])
async def test_only_supervisors_and_operators_bring_in_documents(
    library: Site, boss: dict[str, str], role: str
) -> None:
    who = boss | {"role": role}
    assert slug(await upload(library, who, "mine")) == "role-not-allowed"
    assert slug(await library.post("/v1/knowledge/rollback", {"live": "mine"}, **who)) == "role-not-allowed"


async def test_a_file_above_twenty_megabytes_is_refused_and_nothing_of_it_waits(
    library: Site, boss: dict[str, str]
) -> None:
    answer = await upload(library, boss, "big", "big.txt", b"x" * 20_000_001)
    assert (answer.status_code, slug(answer)) == (413, "file-too-large")
    assert (await library.get("/v1/knowledge/releases/big/files", **boss)).json() == []


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "a/../../b.md", "%00.md", ".hidden.md"])
async def test_a_name_that_could_leave_its_folder_is_refused(library: Site, boss: dict[str, str], name: str) -> None:
    answer = await upload(library, boss, "paths", name)
    assert answer.status_code in (404, 409, 422), answer.text


async def test_waiting_files_can_be_listed_and_deleted(library: Site, boss: dict[str, str]) -> None:
    await upload(library, boss, "some", "us/returns.md")
    listed = (await library.get("/v1/knowledge/releases/some/files", **boss)).json()
    assert [each["name"] for each in listed] == ["us/returns.md"]
    gone = await library.http.delete("/v1/knowledge/releases/some/files", headers=bearer(**boss))
    assert gone.json() == []


async def test_what_cannot_be_done_says_why(library: Site, boss: dict[str, str]) -> None:
    await upload(library, boss, "only")
    await ingest(library, boss, "only")
    answer = await library.post("/v1/knowledge/rollback", {"live": "only"}, **boss)
    assert (answer.status_code, slug(answer)) == (409, "release-refused")
    assert answer.json()["detail"]
    assert slug(await library.get("/v1/knowledge/releases/never/ingest", **boss)) == "release-not-found"
    answer = await library.post("/v1/knowledge/releases/empty/ingest", {}, **boss)
    for _ in range(600):
        if answer.status_code != 200:
            break
        await asyncio.sleep(0.05)
        answer = await library.get("/v1/knowledge/releases/empty/ingest", **boss)
    assert slug(answer) == "release-refused"
    assert "nothing was uploaded" in answer.json()["detail"]
    assert slug(await library.get(f"/v1/knowledge/clauses/{'0' * 32}", **boss)) == "clause-not-found"
