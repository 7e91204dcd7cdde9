"""A server on loopback that speaks Weaviate's REST and gRPC over a small one in memory, and keeps every request.

gRPC requests are read by the message classes that ship with weaviate-client, REST requests are held against the facts
in `weaviate_rest.yaml`; what fits neither is answered with an error and kept in `strange`.
"""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import grpc
import numpy as np
from weaviate.proto.v1 import (
    base_pb2,
    batch_delete_pb2,
    batch_pb2,
    properties_pb2,
    search_get_pb2,
    tenants_pb2,
    weaviate_pb2_grpc,
)

from tests.activities.weaviate_facts import oddities, route
from tests.activities.weaviate_memory import Memory, Refused, Stored

KEY = "a-key"
VERSION = "1.39.6"


class Lost(Exception):
    """A request or an answer that never arrives."""


@dataclass
class Wire:
    """`losing` names a request that is lost once, before or after it is carried out; `refusing` objects of a batch."""

    memory: Memory = field(default_factory=Memory)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    losing: dict[str, Literal["request", "answer"]] = field(default_factory=dict)
    refusing: dict[int, str] = field(default_factory=dict)
    url: str = ""
    grpc_port: int = 0

    def asked(self, name: str) -> list[Any]:
        return [what for kind, what in self.requests if kind == name]

    def carry(self, name: str, what: Any, key: str | None, act: Callable[[], Any]) -> Any:
        self.requests.append((name, what))
        if key != f"Bearer {KEY}":
            raise PermissionError("anonymous access not enabled")
        lost = self.losing.pop(name, None)
        if lost == "request":
            raise Lost(name)
        answer = act()
        if lost == "answer":
            raise Lost(name)
        return answer


@asynccontextmanager
async def serving() -> AsyncIterator[Wire]:
    wire = Wire()
    rest = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Rest,), {"wire": wire}))
    rest.daemon_threads = True
    thread = Thread(target=rest.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server = grpc.aio.server()
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(Calls(wire), server)
    wire.grpc_port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    wire.url = f"http://127.0.0.1:{rest.server_port}"
    try:
        yield wire
    finally:
        await server.stop(None)
        rest.shutdown()
        thread.join()
        rest.server_close()


class Rest(BaseHTTPRequestHandler):
    """Answer REST requests from the memory."""

    wire: Wire
    protocol_version = "HTTP/1.1"
    # One packet for an answer: a second small one would wait for the first to be acknowledged.
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        place = urlsplit(self.path)
        name, names = route(self.command, place.path)
        said = {"path": names, "query": dict(parse_qsl(place.query)), "body": json.loads(body) if body else None}
        self.wire.strange += [f"{self.command} {self.path}: {oddity}" for oddity in oddities(name, said)]
        try:
            status, answer = self.wire.carry(
                name, said, self.headers.get("Authorization"), lambda: _act(self.wire.memory, name, said)
            )
        except Refused as refusal:
            status, answer = 422, {"error": [{"message": str(refusal)}]}
        except PermissionError as refusal:
            status, answer = 401, {"error": [{"message": str(refusal)}]}
        except Lost:
            status, answer = 502, None
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _act(memory: Memory, name: str, said: dict[str, Any]) -> tuple[int, Any]:
    path, body, aliases = said["path"], said["body"], memory.aliases
    collection, alias, tenant = path.get("className", ""), path.get("aliasName", ""), path.get("tenantName", "")
    if "/tenants" in name and collection not in memory.classes:
        raise Refused(f"class {collection} not found")
    match name:
        case "GET /meta":
            return 200, {"version": VERSION, "hostname": "http://[::]:8080", "modules": {}}
        case "POST /schema":
            memory.create(body)
            return 200, body
        case "GET /schema/{className}":
            return (200, memory.classes[collection]) if collection in memory.classes else (404, None)
        case "POST /schema/{className}/tenants":
            memory.shards[collection] |= {one["name"]: {} for one in body}
            return 200, body
        case "DELETE /schema/{className}/tenants":
            for one in body:
                memory.shards[collection].pop(one, None)
            return 200, None
        case "HEAD /schema/{className}/tenants/{tenantName}":
            return (200 if tenant in memory.shards[collection] else 404), None
        case "POST /aliases":
            if body["alias"] in aliases or body["class"] not in memory.classes:
                raise Refused("invalid alias")
            aliases[body["alias"]] = body["class"]
            return 200, body
        case "DELETE /objects/{className}/{id}":
            gone = memory.shard(collection, said["query"].get("tenant", "")).pop(path["id"], None)
            return (204 if gone else 404), None
    if alias not in aliases:
        return 404, None
    match name.split()[0]:
        case "PUT":
            if body["class"] not in memory.classes:
                raise Refused("invalid alias")
            aliases[alias] = body["class"]
        case "DELETE":
            del aliases[alias]
            return 204, None
    return 200, {"alias": alias, "class": aliases[alias]}


class Calls(weaviate_pb2_grpc.WeaviateServicer):
    """Answer gRPC calls from the memory; errors come without a code of their own, as Weaviate's do."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def Search(self, request: Any, context: Any) -> Any:
        return await self._carry("Search", request, context, lambda: self._search(request))

    async def BatchObjects(self, request: Any, context: Any) -> Any:
        return await self._carry("BatchObjects", request, context, lambda: self._put(request))

    async def BatchDelete(self, request: Any, context: Any) -> Any:
        return await self._carry("BatchDelete", request, context, lambda: self._delete(request))

    async def TenantsGet(self, request: Any, context: Any) -> Any:
        return await self._carry("TenantsGet", request, context, lambda: self._tenants(request))

    async def _carry(self, name: str, request: Any, context: Any, act: Callable[[], Any]) -> Any:
        key = dict(context.invocation_metadata()).get("authorization")
        try:
            return self._wire.carry(name, request, key, act)
        except PermissionError as refusal:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(refusal))
        except (Refused, Lost) as refusal:
            await context.abort(grpc.StatusCode.UNKNOWN, str(refusal))

    def _search(self, request: search_get_pb2.SearchRequest) -> search_get_pb2.SearchReply:
        memory = self._wire.memory
        found = memory.search(request)
        known = memory.properties(request.collection)
        return search_get_pb2.SearchReply(results=[_result(request, score, held, known) for score, held in found])

    def _put(self, request: batch_pb2.BatchObjectsRequest) -> batch_pb2.BatchObjectsReply:
        errors, self._wire.refusing = self._wire.refusing, {}
        for index, given in enumerate(request.objects):
            if index not in errors:
                try:
                    self._wire.memory.put(given)
                except Refused as refusal:
                    errors[index] = str(refusal)
        return batch_pb2.BatchObjectsReply(
            errors=[batch_pb2.BatchObjectsReply.BatchError(index=index, error=why) for index, why in errors.items()]
        )

    def _delete(self, request: batch_delete_pb2.BatchDeleteRequest) -> batch_delete_pb2.BatchDeleteReply:
        gone = self._wire.memory.delete(request.collection, request.tenant, request.filters)
        return batch_delete_pb2.BatchDeleteReply(matches=gone, successful=gone)

    def _tenants(self, request: tenants_pb2.TenantsGetRequest) -> tenants_pb2.TenantsGetReply:
        wanted = request.names.values if request.HasField("names") else None
        names = [name for name in self._wire.memory.shards[request.collection] if wanted is None or name in wanted]
        hot = tenants_pb2.TENANT_ACTIVITY_STATUS_HOT
        return tenants_pb2.TenantsGetReply(
            tenants=[tenants_pb2.Tenant(name=name, activity_status=hot) for name in names]
        )


def _result(
    request: search_get_pb2.SearchRequest, score: float, held: Stored, known: dict[str, dict[str, Any]]
) -> search_get_pb2.SearchResult:
    asked = request.properties
    # Who names no properties gets all of them.
    names = (
        known if not request.HasField("properties") or asked.return_all_nonref_properties else asked.non_ref_properties
    )
    fields = {
        name: _value(known[name]["dataType"][0], held.properties[name]) for name in names if name in held.properties
    }
    near = request.HasField("near_vector")
    metadata = search_get_pb2.MetadataResult(
        id=held.uuid,
        id_as_bytes=uuid.UUID(held.uuid).bytes,
        # Weaviate's distance of a dot product is its negative.
        distance=-score if near and request.metadata.distance else 0.0,
        distance_present=near and request.metadata.distance,
        score=score if request.metadata.score else 0.0,
        score_present=request.metadata.score,
        vectors=[_vector(name, held.vectors[name]) for name in request.metadata.vectors],
    )
    return search_get_pb2.SearchResult(
        properties=search_get_pb2.PropertiesResult(non_ref_props=properties_pb2.Properties(fields=fields)),
        metadata=metadata,
    )


def _vector(name: str, rows: np.ndarray) -> base_pb2.Vectors:
    packed = rows.shape[1].to_bytes(2, "little") + rows.astype("<f4").tobytes()
    return base_pb2.Vectors(name=name, vector_bytes=packed, type=base_pb2.Vectors.VECTOR_TYPE_MULTI_FP32)


def _value(kind: str, value: Any) -> properties_pb2.Value:
    match kind:
        case "text":
            return properties_pb2.Value(text_value=value)
        case "int":
            return properties_pb2.Value(int_value=int(value))
        case "boolean":
            return properties_pb2.Value(bool_value=value)
    return properties_pb2.Value(
        list_value=properties_pb2.ListValue(text_values=properties_pb2.TextValues(values=value))
    )
