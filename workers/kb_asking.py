"""What `holdfast kb search` does: one question for a person, or JSON Lines in and out."""

import asyncio
import json
import sys
from collections.abc import Mapping

import typer

from activities.cross_encoder import LocalCrossEncoder
from activities.errors import OutsideError
from activities.policy_store import ANY_TENANT, read_versions
from activities.retrieval import Retriever
from policies.retrieval import RetrievalRules
from workers.kb_search import Line, Search, told
from workers.knowledge import open_knowledge, standing_embedder
from workers.settings import Settings


def ask(settings: Settings, query: str | None, asked: Mapping[str, str], as_json: bool) -> int:
    """Search once or for every line of standard input; returns the exit status. Raises ValidationError."""
    line = None if query is None else Line.model_validate({"query": query, **asked})
    try:
        return asyncio.run(_ask(settings, line, asked["tenant"], as_json))
    except (OutsideError, ValueError) as error:
        typer.secho(f"holdfast: {error.message if isinstance(error, OutsideError) else error}", err=True, fg="red")
        return 2


async def _ask(settings: Settings, line: Line | None, tenant: str, as_json: bool) -> int:
    embedder = standing_embedder(settings)
    knowledge = open_knowledge(settings, embedder.fingerprint)
    try:
        engine = await knowledge.engine()
        reranker = LocalCrossEncoder(settings.cross_encoder) if settings.cross_encoder else None
        search = Search(Retriever(engine, embedder, reranker), engine, rules_of(settings, tenant))
        if line is None:
            await search.run(sys.stdin, sys.stdout)
            return 1 if search.faults else 0
        answer = await search.answer(line)
    finally:
        await knowledge.close()
    if as_json or not sys.stdout.isatty():
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        typer.echo("\n".join(told(answer)))
    return 0


def rules_of(settings: Settings, tenant: str) -> RetrievalRules:
    """Read how a tenant's documents are searched; as delivered where it has no rules."""
    current, versions = read_versions(settings.policy_folder)
    bundle = versions[current].get(tenant) or versions[current].get(ANY_TENANT)
    return bundle.rules.retrieval if bundle else RetrievalRules()
