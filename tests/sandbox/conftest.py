"""One seeded shop per test, over its real ASGI application and a database on disk."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from sandbox.app import create_app
from sandbox.database import Database
from sandbox.seed import seed_if_empty
from sandbox.settings import Settings
from tests.sandbox.desk import Clock, Desk

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded database file to copy: seeding a hundred of them would take most of the time."""
    database = Database(tmp_path_factory.mktemp("seeded"))
    seed_if_empty(database, NOON)
    database.close()
    return database.path


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def app(tmp_path: Path, seeded: Path, clock: Clock) -> FastAPI:
    shutil.copy(seeded, tmp_path)
    return create_app(Settings(data=tmp_path, settle_after=10), clock)


@pytest.fixture
async def desk(app: FastAPI, clock: Clock) -> AsyncIterator[Desk]:
    # An unexpected error has to come back as the problem document a server would send.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        yield Desk(http, clock)
    app.state.shop.database.close()
