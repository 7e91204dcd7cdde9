"""A small Weaviate in memory: collections, tenants, aliases and objects, and answers to what the adapter asks."""

import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from weaviate.proto.v1 import base_pb2, batch_pb2, search_get_pb2

# The limits of a server that nobody has configured: QUERY_DEFAULTS_LIMIT, QUERY_MAXIMUM_RESULTS, and hybrid's own.
DEFAULT_LIMIT, MAXIMUM, HYBRID = 10, 10_000, 100
K1, B, DAMPING = 1.2, 0.75, 60
Operator = base_pb2.Filters.Operator
Ranked = list[tuple[float, "Stored"]]


class Refused(Exception):
    """A request this server answers with an error."""


@dataclass
class Stored:
    """An object: its properties as they came, and the rows of each vector."""

    uuid: str
    properties: dict[str, Any]
    vectors: dict[str, np.ndarray]


@dataclass
class Memory:
    """`shards` is collection → tenant → uuid → object; `classes` holds the definitions as they were posted."""

    classes: dict[str, dict[str, Any]] = field(default_factory=dict)
    shards: dict[str, dict[str, dict[str, Stored]]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def create(self, definition: dict[str, Any]) -> None:
        name = definition["class"]
        if name in self.classes or name in self.aliases:
            raise Refused(f"class name {name} already exists")
        self.classes[name], self.shards[name] = definition, {}

    def properties(self, collection: str) -> dict[str, dict[str, Any]]:
        return {prop["name"]: prop for prop in self.classes[self.resolve(collection)]["properties"]}

    def resolve(self, name: str) -> str:
        name = self.aliases.get(name, name)
        if name not in self.classes:
            raise Refused(f"could not find class {name} in schema")
        return name

    def shard(self, collection: str, tenant: str) -> dict[str, Stored]:
        name = self.resolve(collection)
        if not self.classes[name]["multiTenancyConfig"]["enabled"]:
            raise Refused(f"class {name} has no tenants")
        if not tenant:
            raise Refused(f"class {name} has multi-tenancy enabled, but request was without tenant")
        if tenant not in self.shards[name]:
            raise Refused(f"tenant not found: {tenant}")
        return self.shards[name][tenant]

    def put(self, given: batch_pb2.BatchObject) -> None:
        shard, known = self.shard(given.collection, given.tenant), self.properties(given.collection)
        properties: dict[str, Any] = dict(given.properties.non_ref_properties.items())
        properties |= {one.prop_name: list(one.values) for one in given.properties.text_array_properties}
        properties |= {name: [] for name in given.properties.empty_list_props}
        for name, value in properties.items():
            if name not in known:
                raise Refused(f"no such prop with name '{name}' found")
            if not _fits(known[name]["dataType"][0], value):
                raise Refused(f"invalid {known[name]['dataType'][0]} property '{name}': '{value}'")
        declared = self.classes[self.resolve(given.collection)].get("vectorConfig", {})
        vectors = {one.name: _rows(one) for one in given.vectors}
        for name in vectors:
            if not declared[name]["vectorIndexConfig"]["multivector"]["enabled"]:
                raise Refused(f"vector {name} is no multi-vector")
        shard[given.uuid] = Stored(given.uuid, properties, vectors)

    def search(self, asked: search_get_pb2.SearchRequest) -> Ranked:
        """Answer with scores, of which a higher one is better, or with objects by uuid and no score."""
        shard, known = self.shard(asked.collection, asked.tenant), self.properties(asked.collection)
        limit = asked.limit or DEFAULT_LIMIT
        if limit + asked.offset > MAXIMUM:
            raise Refused("query maximum results exceeded")
        if asked.after and (asked.HasField("filters") or asked.sort_by):
            raise Refused("cursor api: where cannot be set with after")
        admitted = [
            held for held in shard.values() if not asked.HasField("filters") or _admits(asked.filters, held, known)
        ]
        if asked.HasField("hybrid_search"):
            found = self._hybrid(asked.hybrid_search, known, shard.values(), admitted, max(limit, HYBRID))
        elif asked.HasField("bm25_search"):
            bm25 = asked.bm25_search
            found = _bm25(bm25.query, bm25.properties, known, shard.values(), admitted)
        elif asked.HasField("near_vector"):
            near = asked.near_vector
            found = _near(near.targets.target_vectors[0], _rows(near.vectors[0]), admitted)
        else:
            found = [(0.0, held) for held in sorted(admitted, key=lambda held: held.uuid) if held.uuid > asked.after]
        return found[asked.offset : asked.offset + limit]

    def delete(self, collection: str, tenant: str, filters: base_pb2.Filters) -> int:
        shard, known = self.shard(collection, tenant), self.properties(collection)
        gone = [held.uuid for held in shard.values() if _admits(filters, held, known)][:MAXIMUM]
        for one in gone:
            del shard[one]
        return len(gone)

    def _hybrid(
        self, asked: Any, known: dict[str, Any], every: Iterable[Stored], admitted: list[Stored], each: int
    ) -> Ranked:
        if asked.fusion_type != asked.FUSION_TYPE_RANKED or not asked.use_alpha_param:
            raise Refused("this server fuses by rank, with the weight it was told")
        words = _bm25(asked.query, asked.properties, known, every, admitted)[:each]
        near = _near(asked.targets.target_vectors[0], _rows(asked.vectors[0]), admitted)[:each]
        scores: Counter[str] = Counter()
        for weight, ranked in ((1 - asked.alpha_param, words), (asked.alpha_param, near)):
            for rank, (_, held) in enumerate(ranked):
                scores[held.uuid] += weight / (DAMPING + rank)
        by_id = {held.uuid: held for held in admitted}
        return sorted(((score, by_id[one]) for one, score in scores.items()), key=_order)


def _admits(asked: base_pb2.Filters, held: Stored, known: dict[str, dict[str, Any]]) -> bool:
    if asked.operator in (Operator.OPERATOR_AND, Operator.OPERATOR_OR):
        judged = [_admits(one, held, known) for one in asked.filters]
        return all(judged) if asked.operator == Operator.OPERATOR_AND else any(judged)
    prop = known[asked.target.property]
    if not prop.get("indexFilterable"):
        raise Refused(f"no filterable index for property {prop['name']}")
    if prop["dataType"][0].startswith("text") and prop["tokenization"] != "field":
        raise Refused("this server compares whole values only")
    value = held.properties.get(prop["name"])
    if value is None:
        return False
    match asked.operator:
        case Operator.OPERATOR_CONTAINS_ANY:
            mine = value if isinstance(value, list) else [value]
            wanted = {text.strip() for text in asked.value_text_array.values}
            return not wanted.isdisjoint(text.strip() for text in mine)
        case Operator.OPERATOR_EQUAL if prop["dataType"] == ["boolean"]:
            return value is asked.value_boolean
        case Operator.OPERATOR_EQUAL:
            return bool(value.strip() == asked.value_text.strip())
        case Operator.OPERATOR_LESS_THAN_EQUAL if prop["indexRangeFilters"]:
            return bool(value <= asked.value_int)
        case Operator.OPERATOR_GREATER_THAN_EQUAL if prop["indexRangeFilters"]:
            return bool(value >= asked.value_int)
    raise Refused(f"this server knows no operator {asked.operator}")


def _bm25(
    query: str, names: Sequence[str], known: dict[str, Any], every: Iterable[Stored], admitted: Iterable[Stored]
) -> Ranked:
    (name,) = names
    if not known[name].get("indexSearchable") or known[name]["tokenization"] != "whitespace":
        raise Refused(f"no searchable index for property {name}")
    texts = [held.properties.get(name, "").split() for held in every]
    average = sum(map(len, texts)) / max(len(texts), 1)
    holding = Counter(term for text in texts for term in set(text))
    ranked = []
    for held in admitted:
        counts = Counter(held.properties.get(name, "").split())
        length = 1 - B + B * counts.total() / average
        score = sum(
            math.log(1 + (len(texts) - holding[term] + 0.5) / (holding[term] + 0.5))
            * counts[term]
            * (K1 + 1)
            / (counts[term] + K1 * length)
            for term in query.split()
            if counts[term]
        )
        if score:
            ranked.append((score, held))
    return sorted(ranked, key=_order)


def _near(name: str, asked: np.ndarray, admitted: Iterable[Stored]) -> Ranked:
    return sorted(
        ((float((held.vectors[name] @ asked.T).max(axis=0).sum()), held) for held in admitted if name in held.vectors),
        key=_order,
    )


def _order(ranked: tuple[float, Stored]) -> tuple[float, str]:
    return -ranked[0], ranked[1].uuid


def _rows(given: base_pb2.Vectors) -> np.ndarray:
    """Read a multi-vector: its width in two bytes, then its rows."""
    if given.type != base_pb2.Vectors.VECTOR_TYPE_MULTI_FP32:
        raise Refused("the vector is no multi-vector")
    (width,) = struct.unpack("<H", given.vector_bytes[:2])
    return np.frombuffer(given.vector_bytes[2:], "<f4").reshape(-1, width)


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "text[]":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case "int":
            return isinstance(value, float) and value.is_integer()
    return kind == "boolean" and isinstance(value, bool)
