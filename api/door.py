"""What every request passes before it is read: a body limit that counts bytes, and one log line without people."""

import re
import traceback
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

BODY_LIMIT = 64 * 1024
# A file is read by its own route, piece by piece and no further than it may be large, once its sender is known.
FILES = re.compile(r"PUT /v1/knowledge/releases/[^/]+/files/.+|POST /v1/conversations/[^/]+/photos", re.DOTALL)
REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

log = structlog.get_logger("api.door")


class BodyLimit:
    """Refuse a body above the limit after at most that many bytes, whatever Content-Length claims."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or FILES.fullmatch(f"{scope['method']} {scope['path']}"):
            return await self._app(scope, receive, send)
        claimed = Headers(scope=scope).get("content-length", "0")
        if not claimed.isascii() or not claimed.isdigit() or int(claimed[:20]) > self._limit:
            return await Problem("body-too-large").response()(scope, receive, send)
        held: list[Message] = []
        size = 0
        while True:
            message = await receive()
            held.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                return await Problem("body-too-large").response()(scope, receive, send)
            if not message.get("more_body"):
                break

        async def replay() -> Message:
            return held.pop(0) if held else await receive()

        await self._app(scope, replay, send)


class AccessLog:
    """Log one line per request with the path template, never the path, the query, a subject or a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        offered = Headers(scope=scope).get("x-request-id", "")
        request_id = offered if REQUEST_ID.fullmatch(offered) else uuid4().hex
        status = 0
        started = perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, note)
            except Exception as error:
                _confess(error)
                if not status:
                    await Problem("internal").response()(scope, receive, note)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    route=getattr(scope.get("route"), "path", "unmatched"),
                    status=status,
                    ms=round((perf_counter() - started) * 1000, 1),
                )


def _confess(error: BaseException) -> None:
    """Log where an unforeseen error arose; its message may quote a customer, so only its type is kept."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    log.error("request.broken", error=type(error).__name__, at=[f"{frame.filename}:{frame.lineno}" for frame in frames])
