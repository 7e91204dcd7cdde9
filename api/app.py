"""Put the API together: one function from settings to an application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from api import (
    approvals,
    conversations,
    costs,
    customers,
    handling,
    health,
    inbox,
    knowledge,
    lessons,
    photos,
    shopping,
    webhooks,
)
from api.chat import pages as chat
from api.console import acts, assets, conversation, live, sessions, supervision
from api.console import approvals as approvals_page
from api.console import inbox as inbox_page
from api.console import lessons as lessons_page
from api.console import webhooks as webhooks_page
from api.door import AccessLog, BodyLimit
from api.opening import opened
from api.problems import DOCUMENT_SCHEMA, render
from api.settings import Settings

ROOMS = (
    *(conversations, photos, shopping, handling, approvals, inbox, lessons),
    *(knowledge, webhooks, costs, customers, health),
    *(chat, assets, sessions, inbox_page, conversation, acts, live),
    *(approvals_page, supervision, lessons_page, webhooks_page),
)

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
    {"name": "inbox", "description": "See what waits for people, who is at work, and pause the AI."},
    {"name": "webhooks", "description": "Tell your own systems what happens."},
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
        async with opened(settings) as parts:
            app.state.parts = parts
            yield

    # Plain FastAPI would have the reader's browser fetch the reference's scripts from somebody else's server.
    app = FastAPIOffline(title="Holdfast", version="1", description=ABOUT, openapi_tags=TAGS, lifespan=lifespan)
    for room in ROOMS:
        app.include_router(room.router)
    for error in (HTTPException, RequestValidationError):
        app.add_exception_handler(error, render)
    # The last one added is the outermost: a request is logged even when the body limit turns it away, and a page of
    # another origin may read what went wrong, too.
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessLog)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID", "X-Request-ID"],
            expose_headers=["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
        )
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


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
