"""The activities of an ingest, built from the parts a knowledge worker has."""

from collections.abc import Callable
from typing import Any

from activities.ingest import Ingestion, UploadFolder
from activities.ingest_checks import ReleaseDesk
from activities.ingest_reading import Embedding, FileReader, Judge
from activities.policy_store import PolicyStore
from activities.ports import KnowledgeStore


def ingest_activities(
    uploads: UploadFolder,
    store: KnowledgeStore,
    embedding: Embedding,
    judge: Judge,
    policies: PolicyStore,
    forget: Callable[[str], None] | None = None,
) -> tuple[Callable[..., Any], ...]:
    """List every activity that `Ingest`, `KnowledgeWatch` and `KnowledgeAct` call.

    `forget` deletes what this process keeps of a tenant beside the store and the uploads.
    """
    reading = Ingestion(uploads, store, FileReader(store, embedding, judge), policies)
    desk = ReleaseDesk(uploads, store, policies, *([forget] if forget else []))
    return (
        reading.plan_ingest,
        reading.read_files,
        reading.keep_reading,
        reading.clear_uploads,
        desk.check_release,
        desk.publish_release,
        desk.act_on_knowledge,
        desk.recheck_knowledge,
    )
