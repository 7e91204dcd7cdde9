"""The documents that ship are live after a first start, read once for all starts, and never instead of a person's."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.policy_store import PolicyStore
from policies.releases import fingerprint
from tests.activities.test_ingest import DELIVERY, TENANT, WARRANTY, policy
from tests.fakes.ingest import HashedEmbedding, PhraseJudge, RulesUnwritten
from workers.seeding import forget_kept, seed
from workers.settings import read_settings

NEWER = policy("delivery", "Parcels arrive in two working days.", begins="2026-06-01")


@dataclass
class Start:
    """What a worker starts with: documents, an index, and what earlier starts kept."""

    folder: Path
    store: SqliteKnowledge
    embedding: HashedEmbedding = field(default_factory=HashedEmbedding)

    def lay(self, name: str, text: bytes, tenant: str = TENANT) -> None:
        (self.folder / "documents" / tenant).mkdir(parents=True, exist_ok=True)
        (self.folder / "documents" / tenant / name).write_bytes(text)

    async def seed(self, rules: type[PolicyStore] = RulesUnwritten) -> tuple[str, ...]:
        policies = rules(read_settings().policy_folder)
        folder, kept, lock = (self.folder / name for name in ("documents", "kept", "run/lock"))
        return await seed(folder, self.store, self.embedding, PhraseJudge(), policies, kept, lock)

    async def live(self, tenant: str = TENANT) -> list[str]:
        held = await self.store.releases(tenant)
        for release in held:
            if release.state == "live":
                return sorted(chunk.document for chunk in await self.store.contents(tenant, release.name))
        return []


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    store = SqliteKnowledge(tmp_path / "index", "hashed")
    start = Start(tmp_path, store)
    start.lay("delivery.md", DELIVERY)
    start.lay("warranty.md", WARRANTY)
    yield start
    await store.close()


async def another(start: Start) -> Start:
    """The next first start: an index of its own, and the same documents."""
    return Start(start.folder, SqliteKnowledge(start.folder / "other", "hashed"))


async def test_two_workers_that_start_at_once_seed_once(start: Start) -> None:
    start.lay("delivery.md", DELIVERY, tenant="kirana")
    seeded = await asyncio.gather(start.seed(), start.seed())
    assert sorted(seeded) == [(), ("kirana", TENANT)]
    assert await start.live() == ["delivery", "warranty"]
    assert len(start.embedding.asked) == 3


async def test_the_next_first_start_embeds_nothing_again_and_serves_the_same(start: Start) -> None:
    await start.seed()
    next_one = await another(start)
    assert await next_one.seed() == (TENANT,)
    assert next_one.embedding.asked == []
    (mine,), (theirs,) = await start.store.releases(TENANT), await next_one.store.releases(TENANT)
    assert (mine.name, mine.fingerprint) == (theirs.name, theirs.fingerprint)
    ids = [chunk.chunk_id for chunk in await start.store.contents(TENANT, mine.name)]
    held = [await each.store.embedded(TENANT, ids) for each in (start, next_one)]
    assert all((held[0][one].vectors == held[1][one].vectors).all() for one in ids)
    assert all((held[0][one].tokens == held[1][one].tokens).all() for one in ids)
    await next_one.store.close()


async def test_what_was_kept_of_a_tenant_is_nobody_elses_and_can_be_forgotten(start: Start) -> None:
    start.lay("delivery.md", DELIVERY, tenant="kirana")
    await start.seed()
    assert len(list((start.folder / "kept").glob("*/*.npz"))) == 2
    forget_kept(start.folder / "kept", "kirana")
    assert [path.name for path in (start.folder / "kept").iterdir()] == [TENANT]


async def test_a_damaged_keep_is_made_anew(start: Start) -> None:
    await start.seed()
    (kept,) = (start.folder / "kept").glob("*/*.npz")
    kept.write_bytes(b"no archive")
    next_one = await another(start)
    await next_one.seed()
    assert len(next_one.embedding.asked) == 2
    await next_one.store.close()


async def test_changed_documents_replace_what_shipped_before_and_earlier_ones_come_back(start: Start) -> None:
    await start.seed()
    start.lay("gifts.md", policy("gifts", "We wrap gifts."))
    assert await start.seed() == (TENANT,)
    assert await start.live() == ["delivery", "gifts", "warranty"]
    assert len(start.embedding.asked) == 3
    (start.folder / "documents" / TENANT / "gifts.md").unlink()
    await start.seed()
    assert await start.live() == ["delivery", "warranty"]
    assert await start.seed() == ()


async def test_what_a_person_published_stays(start: Start) -> None:
    await start.seed()
    await start.store.stage(TENANT, "ours")
    await start.store.publish(TENANT, "ours", fingerprint([]), datetime(2026, 11, 21, tzinfo=UTC))
    start.lay("gifts.md", policy("gifts", "We wrap gifts."))
    assert await start.seed() == ()
    assert [release.name for release in await start.store.releases(TENANT) if release.state == "live"] == ["ours"]


async def test_a_persons_way_back_to_earlier_documents_stays_until_they_change(start: Start) -> None:
    await start.seed()
    start.lay("gifts.md", policy("gifts", "We wrap gifts."))
    await start.seed()
    await start.seed()
    await start.store.roll_back(TENANT, datetime(2026, 11, 21, tzinfo=UTC))
    assert await start.seed() == ()
    assert await start.live() == ["delivery", "warranty"]
    start.lay("gifts.md", policy("gifts", "We wrap gifts and lamps."))
    assert await start.seed() == (TENANT,)
    assert await start.live() == ["delivery", "gifts", "warranty"]


async def test_findings_are_logged_and_what_cannot_be_read_is_not_live(start: Start) -> None:
    start.lay("newer.md", NEWER)
    start.lay("broken.pdf", b"%PDF-1.7 no more", tenant="kirana")
    with capture_logs() as logs:
        assert await start.seed() == (TENANT,)
    found = {(log["tenant"], log["kind"], log["log_level"]) for log in logs if log["event"] == "knowledge.finding"}
    assert found >= {(TENANT, "same_scope_twice", "error"), ("kirana", "unreadable", "warning")}
    assert await start.live("kirana") == []


async def test_a_folder_that_is_no_tenants_keeps_no_other_out(start: Start) -> None:
    start.lay("delivery.md", DELIVERY, tenant="my shop")
    with capture_logs() as logs:
        assert await start.seed() == (TENANT,)
    assert [(log["event"], log["tenant"]) for log in logs] == [("knowledge.not_seeded", "my shop")]


async def test_shipped_documents_have_nothing_that_stops_a_release(start: Start) -> None:
    shutil.rmtree(start.folder / "documents")
    shutil.copytree(read_settings().document_folder, start.folder / "documents")
    with capture_logs() as logs:
        seeded = await start.seed(PolicyStore)
    assert set(seeded) >= {TENANT, "alpenpost", "kirana"}
    assert [log for log in logs if log["log_level"] == "error"] == []
