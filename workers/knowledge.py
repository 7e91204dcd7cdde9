"""Build what holds, searches and ingests the tenants' documents, from what settings name."""

from collections.abc import Callable
from typing import Any

from activities import late_interaction
from activities.clients.knowledge import Knowledge, Weaviate
from activities.clients.uploads import Uploads
from activities.cross_encoder import LocalCrossEncoder
from activities.embedding import Embedder
from activities.encoder import Encoder
from activities.intent_files import read_intents
from activities.policy_store import PolicyStore
from activities.retrieval import Retriever
from activities.screening import Screen
from activities.tools.search_policy import PolicySearch
from policies.intent_sets import IntentSets
from workers.kb_activities import ingest_activities
from workers.seeding import forget_kept, seed
from workers.settings import Settings
from workers.understanding import load_encoder


def load_embedder(settings: Settings, encoder: Encoder, intents: IntentSets) -> Embedder:
    """Fit or load the lens; what the shipped intents say tells how rare a word is."""
    return Embedder(encoder, late_interaction.fit(encoder, intents.shipped, settings.model_cache))


def standing_embedder(settings: Settings) -> Embedder:
    """Load an embedder by itself, for the command line."""
    return load_embedder(settings, load_encoder(settings), read_intents(settings.intent_folder))


def open_knowledge(settings: Settings, model: str = "") -> Knowledge:
    """Name the engine the settings ask for; it opens on first use."""
    if not settings.weaviate_url:
        return Knowledge(settings.knowledge, None, model)
    key = settings.weaviate_key.get_secret_value() if settings.weaviate_key else ""
    return Knowledge(settings.knowledge, Weaviate(settings.weaviate_url, key, settings.weaviate_grpc_port), model)


async def knowledge_activities(
    settings: Settings, knowledge: Knowledge, embedder: Embedder, screen: Screen, policies: PolicyStore
) -> tuple[Callable[..., Any], ...]:
    """List what a knowledge worker does; in the development profile the shipped documents are live before it starts."""
    engine, shipped = await knowledge.engine(), settings.model_cache / "shipped"
    if settings.profile == "development":
        lock = settings.knowledge / "seeding.lock"
        await seed(settings.document_folder, engine, embedder, screen, policies, shipped, lock)
    reranker = LocalCrossEncoder(settings.cross_encoder) if settings.cross_encoder else None
    uploads = Uploads(settings.knowledge / "uploads")
    return (
        PolicySearch(Retriever(engine, embedder, reranker)).search_policy,
        *ingest_activities(uploads, engine, embedder, screen, policies, lambda tenant: forget_kept(shipped, tenant)),
    )
