"""Session fixtures: one real Temporal server, one real Redis, and, for tests that need everything, a whole stack."""

import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workers.binaries import locate
from workers.embedded import EmbeddedStack, on_free_ports
from workers.ports import free_ports
from workers.settings import read_settings
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES

# What is worked out from models and exemplars is the same in every test and every run: half a minute, once.
os.environ.setdefault("HOLDFAST_MODEL_CACHE", str(Path(".holdfast/models").resolve()))


@pytest.fixture(scope="session")
async def temporal_env() -> AsyncIterator[WorkflowEnvironment]:
    """A real development server with Holdfast's search attributes; `temporal_env.client` talks pydantic."""
    env = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(locate("temporal")),
        dev_server_extra_args=PACE,
    )
    try:
        yield env
    finally:
        await env.shutdown()


@pytest.fixture(scope="session")
def temporal_client(temporal_env: WorkflowEnvironment) -> Client:
    return temporal_env.client


@pytest.fixture(scope="session")
def temporal_server(temporal_env: WorkflowEnvironment) -> str:
    """The address of the session's Temporal server, for processes that a test starts."""
    return temporal_env.client.service_client.config.target_host


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this session, empty at first; tests keep apart by their keys."""
    (port,) = free_ports(1)
    folder: Path = tmp_path_factory.mktemp("redis")
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", "--daemonize", "no"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([locate("redis-server"), *options], stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_for_redis(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """Everything, in processes of its own on free ports; a test that kills a part starts it again."""
    settings = on_free_ports(read_settings(data=tmp_path_factory.mktemp("stack")))
    async with EmbeddedStack(settings, say=print) as running:
        yield running


def _wait_for_redis(url: str) -> None:
    deadline = time.monotonic() + 10
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
