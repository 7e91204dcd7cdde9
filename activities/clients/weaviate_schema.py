"""What stands in Weaviate: two collections of chunks, one of releases, and the names of tenants and aliases in it."""

import hashlib
import re
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import Configure, DataType, Property, StopwordsPreset, Tokenization, VectorDistances
from weaviate.exceptions import UnexpectedStatusCodeError

from activities.errors import Rejected
from policies.releases import NAME

Colour = Literal["HoldfastBlue", "HoldfastGreen"]
BLUE: Colour = "HoldfastBlue"
GREEN: Colour = "HoldfastGreen"
RELEASES = "HoldfastReleases"
# The vector of a chunk: one row for each window of its text.
WINDOWS = "windows"
FOREVER = date.max.toordinal()
# Weaviate takes letters, digits, "-" and "_" in a tenant's name, and no more than this many of them.
LONGEST_TENANT = 64


def _filtered(name: str, kind: DataType = DataType.TEXT) -> Property:
    return Property(
        name=name, data_type=kind, tokenization=Tokenization.FIELD, index_filterable=True, index_searchable=False
    )


def _day(name: str) -> Property:
    return Property(name=name, data_type=DataType.INT, index_filterable=True, index_range_filters=True)


def _kept(name: str, kind: DataType = DataType.TEXT) -> Property:
    return Property(
        name=name, data_type=kind, index_filterable=False, index_searchable=False if kind is DataType.TEXT else None
    )


# `terms` are cut by `policies/terms.py` and joined by blanks; `tokens` are int8, "dimensions:base64".
CHUNK = [
    Property(
        name="terms",
        data_type=DataType.TEXT,
        tokenization=Tokenization.WHITESPACE,
        index_filterable=False,
        index_searchable=True,
    ),
    _filtered("codes", DataType.TEXT_ARRAY),
    *map(_filtered, ("chunk_id", "source", "document", "section", "model", "region", "tier", "category", "language")),
    _day("effective_from"),
    _day("effective_to"),
    Property(name="disputed", data_type=DataType.BOOL, index_filterable=True),
    *map(_kept, ("chunk", "tokens")),
]
RELEASE = [
    *map(_kept, ("name", "state", "colour", "model", "fingerprint", "published_at", "came", "before")),
    _kept("chunks", DataType.INT),
    _kept("documents", DataType.INT),
]


def other(colour: Colour) -> Colour:
    return GREEN if colour == BLUE else BLUE


def checked(kind: str, name: str) -> str:
    """Give back the name of a tenant or a release; Rejected when it does not match `policies.releases.NAME`."""
    if not re.fullmatch(NAME, name):
        raise Rejected(
            f"not a name for a {kind}: {name[:80]!r}; use letters, digits, '.', '_' and '-', at most 63, "
            "beginning with a letter or digit",
            reason="name_not_allowed",
        )
    return name


def shard_of(tenant: str) -> str:
    """Name a tenant as Weaviate allows it: "." is written "_-" and "_" twice, so that no two tenants meet."""
    shard = checked("tenant", tenant).replace("_", "__").replace(".", "_-")
    if len(shard) > LONGEST_TENANT:
        raise Rejected(
            f"the tenant's name {tenant!r} is too long for Weaviate: '.' and '_' count twice there, and "
            f"{LONGEST_TENANT} is the most",
            reason="name_not_allowed",
        )
    return shard


def tenant_of(shard: str) -> str:
    return re.sub("_([_-])", lambda found: "_" if found[1] == "_" else ".", shard)


def alias_of(tenant: str) -> str:
    """Name the alias that points to the colour a tenant is served from; aliases take letters, digits and "_"."""
    return "HoldfastLive_" + hashlib.blake2b(tenant.encode(), digest_size=16).hexdigest()


def exactly(value: str) -> str:
    """Write a value so that Weaviate, which trims what it filters by, compares all of it."""
    return quote(value, safe="")


async def lay_out(client: WeaviateAsyncClient) -> None:
    """Create the collections that are not there."""
    # The dot product of rows of length 1 is their cosine; of a multi-vector the best row counts for each row asked.
    windows = Configure.MultiVectors.self_provided(
        name=WINDOWS, vector_index_config=Configure.VectorIndex.hnsw(distance_metric=VectorDistances.DOT)
    )
    for colour in (BLUE, GREEN):
        await _create(client, colour, CHUNK, windows)
    await _create(client, RELEASES, RELEASE, Configure.Vectors.self_provided())


async def _create(client: WeaviateAsyncClient, name: str, properties: list[Property], vectors: Any) -> None:
    if await client.collections.exists(name):
        return
    try:
        await client.collections.create(
            name,
            properties=properties,
            vector_config=vectors,
            inverted_index_config=Configure.inverted_index(stopwords_preset=StopwordsPreset.NONE),
            # A tenant exists because it was created, never because something was written to a name.
            multi_tenancy_config=Configure.multi_tenancy(enabled=True, auto_tenant_creation=False),
        )
    except UnexpectedStatusCodeError:
        if not await client.collections.exists(name):
            raise
