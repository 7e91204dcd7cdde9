"""The legs of a search in Weaviate: BM25, the best window, exact codes, and Weaviate's own fusion of the first two."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
from weaviate.collections.classes.filters import _Filters

from activities.clients.weaviate_schema import WINDOWS, exactly
from activities.clients.weaviate_shelf import Shelf, Stored, embedded_by
from activities.ports import Asked
from policies.clauses import EVERYWHERE
from policies.retrieval import Hit, Leg, Path, Scope

# Explicit, for the server's default and the client's differ from version to version.
ALPHA = 0.5
# The chunks of a code are ordered here, so that all of them must be read.
CODED = 1_000
ID = ["chunk_id"]


async def legs_of(
    shelf: Shelf, model: str, scope: Scope, asked: Asked, path: Path, most: int
) -> Mapping[Leg, Sequence[Hit]]:
    """Ask all legs at once; what another model than `model` embedded is found by its words and codes only."""
    admitted = admits(scope)
    coded = exact(shelf, admitted, asked, most)
    if path == "accurate":
        found = await asyncio.gather(
            lexical(shelf, admitted, asked, most), dense(shelf, admitted & embedded_by(model), asked, most), coded
        )
        return dict(zip(("lexical", "dense", "exact"), found, strict=True))
    fused, codes = await asyncio.gather(hybrid(shelf, admitted & embedded_by(model), asked, most), coded)
    return {"hybrid": fused or await lexical(shelf, admitted, asked, most), "exact": codes}


def admits(scope: Scope) -> _Filters:
    """Say in Weaviate's filters what `Scope.admits` says."""
    day = scope.on.toordinal()
    filters = [
        Filter.by_property("effective_from").less_or_equal(day),
        Filter.by_property("effective_to").greater_or_equal(day),
        _one_of("region", (scope.region, EVERYWHERE)),
        _one_of("tier", (scope.tier, EVERYWHERE)),
    ]
    if scope.category is not None:
        filters.append(_one_of("category", (scope.category, EVERYWHERE)))
    if scope.languages:
        filters.append(_one_of("language", scope.languages))
    return Filter.all_of(filters)


async def lexical(shelf: Shelf, admitted: _Filters, asked: Asked, most: int) -> list[Hit]:
    if not asked.terms:
        return []
    answer = await shelf.objects.query.bm25(
        " ".join(dict.fromkeys(asked.terms)),
        query_properties=["terms"],
        filters=admitted,
        limit=_wide(most),
        return_properties=ID,
        return_metadata=MetadataQuery(score=True),
    )
    return _best(((held, held.metadata.score or 0.0) for held in answer.objects), most)


async def dense(shelf: Shelf, admitted: _Filters, asked: Asked, most: int) -> list[Hit]:
    """Rank by the best window; below 40,000 admitted chunks Weaviate compares them all, above it approximates."""
    answer = await shelf.objects.query.near_vector(
        [asked.vector.tolist()],
        target_vector=WINDOWS,
        filters=admitted,
        limit=_wide(most),
        return_properties=ID,
        return_metadata=MetadataQuery(distance=True),
    )
    return _best(((held, -(held.metadata.distance or 0.0)) for held in answer.objects), most)


async def hybrid(shelf: Shelf, admitted: _Filters, asked: Asked, most: int) -> list[Hit]:
    if not asked.terms:
        return await dense(shelf, admitted, asked, most)
    answer = await shelf.objects.query.hybrid(
        " ".join(dict.fromkeys(asked.terms)),
        vector=[asked.vector.tolist()],
        target_vector=WINDOWS,
        query_properties=["terms"],
        alpha=ALPHA,
        fusion_type=HybridFusion.RANKED,
        filters=admitted,
        limit=_wide(most),
        return_properties=ID,
        return_metadata=MetadataQuery(score=True),
    )
    return _best(((held, held.metadata.score or 0.0) for held in answer.objects), most)


async def exact(shelf: Shelf, admitted: _Filters, asked: Asked, most: int) -> list[Hit]:
    codes = frozenset(asked.codes)
    if not codes:
        return []
    answer = await shelf.objects.query.fetch_objects(
        filters=admitted & Filter.by_property("codes").contains_any(sorted(codes)),
        limit=max(CODED, most),
        return_properties=[*ID, "codes"],
    )
    return _best(((held, _shared(codes, held.properties)) for held in answer.objects), most)


def _one_of(name: str, values: Iterable[str]) -> _Filters:
    return Filter.by_property(name).contains_any([exactly(value) for value in dict.fromkeys(values)])


def _shared(codes: frozenset[str], stored: Stored) -> int:
    return len(codes.intersection(stored["codes"]))


def _wide(most: int) -> int:
    """Ask for more than is wanted: windows of one chunk share places in an approximate search, and ties are ours."""
    return max(2 * most, 100)


def _best(found: Iterable[tuple[Any, float]], most: int) -> list[Hit]:
    hits = [Hit(chunk_id=held.properties["chunk_id"], score=score) for held, score in found]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:most]
