"""The door of the shop: tokens first, then the faults a tester ordered, then the app."""

import asyncio
import json
import secrets

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.database import Database
from sandbox.faults import Fault, FaultKind, strike
from sandbox.problems import document


class Gate:
    """Middleware over every HTTP call; `/healthz` and `/admin` stay reachable however broken the shop is."""

    def __init__(self, app: ASGIApp, database: Database, shop_token: str, admin_token: str) -> None:
        self.app = app
        self.database = database
        self.tokens = {"/v1/": shop_token, "/admin/": admin_token}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        for prefix, token in self.tokens.items():
            if path.startswith(prefix) and not _carries(Headers(scope=scope), token):
                refusal = document(401, "token_invalid", "A valid bearer token is needed.")
                refusal.headers["WWW-Authenticate"] = "Bearer"
                return await refusal(scope, receive, send)
        if path == "/healthz" or path.startswith("/admin/"):
            return await self.app(scope, receive, send)
        fault = await run_in_threadpool(strike, self.database, scope["method"], path)
        if fault is None:
            return await self.app(scope, receive, send)
        await self._go_wrong(fault, scope, receive, send)

    async def _go_wrong(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.LATENCY:
                # With the body in hand the write lands even if the caller gives up meanwhile: late, and unseen.
                body = await Request(scope, receive).body()
                await asyncio.sleep(fault.seconds)
                await self.app(scope, _once_more(body, receive), send)
            case FaultKind.ERROR_BEFORE_COMMIT:
                await document(500, "internal_error", "The shop broke before it wrote.")(scope, receive, send)
            case FaultKind.RATE_LIMITED:
                answer = document(429, "rate_limited", "Too many calls.")
                answer.headers["Retry-After"] = str(fault.retry_after)
                await answer(scope, receive, send)
            case FaultKind.DOWN:
                await document(503, "shop_down", "The shop is closed.")(scope, receive, send)
            case FaultKind.TIMEOUT_AFTER_COMMIT:
                await _run_to_the_end(self.app, scope, receive)
                await asyncio.sleep(fault.seconds)
                await document(500, "internal_error", "The answer was lost.")(scope, receive, send)
            case FaultKind.CHANGED_SCHEMA:
                start, body = await _run_to_the_end(self.app, scope, receive)
                body = rename_a_field(body)
                MutableHeaders(scope=start)["content-length"] = str(len(body))
                await send(start)
                await send({"type": "http.response.body", "body": body})


def rename_a_field(body: bytes) -> bytes:
    """Rename `status`, or else the first field, of a JSON object; anything else passes unchanged."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    if not isinstance(answer, dict) or not answer:
        return body
    name = "status" if "status" in answer else next(iter(answer))
    return json.dumps({f"{key}_v2" if key == name else key: value for key, value in answer.items()}).encode()


def _carries(headers: Headers, token: str) -> bool:
    sent = headers.get("authorization", "")
    return secrets.compare_digest(sent.encode(), f"Bearer {token}".encode())


def _once_more(body: bytes, receive: Receive) -> Receive:
    unread = True

    async def receive_again() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receive_again


async def _run_to_the_end(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Let the app finish, and with it any commit, while the caller still waits."""
    start: Message = {"type": "http.response.start", "status": 500, "headers": []}
    body = bytearray()

    async def keep(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return start, bytes(body)
