"""Put the API together: one function from settings to an application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from activities.clients.knowledge import Knowledge, Weaviate
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_lessons import RedisLessons
from activities.clients.uploads import Uploads
from activities.learning import KnownIntents
from api import approvals, conversations, costs, customers, health, knowledge, lessons
from api.auth import Gate
from api.door import AccessLog, BodyLimit
from api.line import Line
from api.problems import DOCUMENT_SCHEMA, render
from api.rates import Rates
from api.settings import Settings
from api.stream import EventStream
from api.wiring import Parts

log = structlog.get_logger("api")

ABOUT = """Talk to Holdfast, an order-support agent that never tells a customer something the shop has not done.

Every write carries an id chosen by the client: repeat it after a lost answer and you get the first answer again.
Every error is an RFC 9457 problem document whose `type` ends with a stable slug."""

STREAM = """event: conversation.closed
data: {"offset":7,"kind":"conversation.closed","at":"2026-01-01T12:00:00Z","text":"Goodbye"}
id: 7

"""

TAGS = [
    {"name": "conversations", "description": "Talk to the agent, answer its offers, follow its events."},
    {"name": "approvals", "description": "Decide on refunds that wait for people."},
    {"name": "lessons", "description": "Say what messages meant that were not, or wrongly, understood."},
    {
        "name": "knowledge",
        "description": "Bring in your documents, move their releases, open what replies cite.",
    },
    {"name": "costs", "description": "See what language models cost."},
    {"name": "customer data", "description": "Export or erase what is held about one customer."},
    {"name": "health", "description": "For load balancers and operators."},
]


def create(settings: Settings) -> FastAPI:
    """Build the application; it connects to Temporal and Redis lazily and starts while either is down."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for name in settings.borrowed:
            log.warning("development.default.in.use", setting=name, advice="never expose this process to a network")
        line = await Line.open(settings)
        stream = EventStream(settings.redis_url)
        kept = RedisLessons.at(settings.redis_url)
        intents = KnownIntents.read(settings.intent_folder)
        documents = Knowledge(settings.knowledge, _weaviate(settings))
        uploads = Uploads(settings.knowledge / "uploads")
        ledger = RedisLedger.at(settings.redis_url)
        gate, rates = Gate(settings), Rates(settings)
        app.state.parts = Parts(line, stream, gate, rates, kept, intents, uploads, documents, ledger)
        yield
        app.state.parts.closing.set()
        await stream.close()
        await kept.close()
        await documents.close()
        await ledger.close()

    # Plain FastAPI would have the reader's browser fetch the reference's scripts from somebody else's server.
    app = FastAPIOffline(title="Holdfast", version="1", description=ABOUT, openapi_tags=TAGS, lifespan=lifespan)
    for room in (conversations, approvals, lessons, knowledge, costs, customers, health):
        app.include_router(room.router)
    for error in (HTTPException, RequestValidationError):
        app.add_exception_handler(error, render)
    # The last one added is the outermost: a request is logged even when the body limit turns it away.
    app.add_middleware(BodyLimit)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID", "X-Request-ID"],
            expose_headers=["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
        )
    app.add_middleware(AccessLog)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def _weaviate(settings: Settings) -> Weaviate | None:
    if not settings.weaviate_url:
        return None
    key = settings.weaviate_key.get_secret_value() if settings.weaviate_key else ""
    return Weaviate(settings.weaviate_url, key, settings.weaviate_grpc_port)


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=ABOUT, routes=app.routes, tags=app.openapi_tags
        )
        schema["components"]["schemas"]["Problem"] = DOCUMENT_SCHEMA
        # FastAPI describes streams in the words of OpenAPI 3.2, which a 3.1 document may not hold.
        follow = schema["paths"]["/v1/conversations/{conversation_id}/events"]["get"]
        follow["responses"]["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}, "example": STREAM}
        app.openapi_schema = schema
    return app.openapi_schema
