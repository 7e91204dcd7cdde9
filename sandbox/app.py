"""The shop as an ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from fastapi import FastAPI

from sandbox import admin, problems, reading, writing
from sandbox.database import Database
from sandbox.gate import Gate
from sandbox.moments import now_utc
from sandbox.seed import seed_if_empty
from sandbox.settings import Settings
from sandbox.shop import Shop


def create_app(settings: Settings, clock: Callable[[], datetime] = now_utc) -> FastAPI:
    """Open the database under `settings.data`, seed it when it is empty, and build the app over it."""
    database = Database(settings.data)
    seed_if_empty(database, clock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        database.close()

    app = FastAPI(title="Stand-in shop", version="1", lifespan=lifespan)
    app.state.shop = Shop(database, clock, timedelta(seconds=settings.settle_after))
    problems.install(app)
    app.include_router(reading.router)
    app.include_router(writing.router)
    app.include_router(admin.router)
    app.add_middleware(Gate, database=database, shop_token=settings.shop_token, admin_token=settings.admin_token)
    return app
