"""A knowledge worker that only ingests, as a process of its own, so that a test can kill it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.clients.sqlite_knowledge import SqliteKnowledge
from activities.clients.uploads import Uploads
from tests.fakes.ingest import HashedEmbedding, PhraseJudge, RulesUnwritten
from workers.kb_activities import ingest_activities
from workers.settings import read_settings
from workers.workflow_sandbox import sandboxed_runner
from workflows.ingest import Ingest
from workflows.knowledge_watch import ActOnKnowledge, KnowledgeWatch


@asynccontextmanager
async def ingesting(
    client: Client, queue: str, folder: Path, embedding: HashedEmbedding
) -> AsyncIterator[SqliteKnowledge]:
    """Run a worker over `<folder>/uploads` and `<folder>/index`, and lend its index."""
    store = SqliteKnowledge(folder / "index", embedding.fingerprint)
    policies = RulesUnwritten(read_settings().policy_folder)
    activities = ingest_activities(Uploads(folder / "uploads"), store, embedding, PhraseJudge(), policies)
    workflows = [Ingest, KnowledgeWatch, ActOnKnowledge]
    async with Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=sandboxed_runner(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
    ):
        yield store
    await store.close()


async def serve(address: str, queue: str, folder: Path) -> None:
    """Ingest slowly, and note in `<folder>/embedded` each chunk that was embedded, until killed."""

    class Noting(HashedEmbedding):
        async def embed(self, chunks):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.05)
            with (folder / "embedded").open("a") as noted:
                noted.writelines(f"{chunk.chunk_id}\n" for chunk in chunks)
            return await super().embed(chunks)

    client = await Client.connect(address, data_converter=pydantic_data_converter)
    async with ingesting(client, queue, folder, Noting()):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
