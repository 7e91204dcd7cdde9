"""A Temporal server, a Redis and an API of their own: these tests flush, stop and overload what they stand on."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.clients.redis_log import RedisEventLog
from api.settings import Profile, Settings
from tests.api.fakes.conversation import Publishing, ScriptedConversation
from tests.api.fakes.refund import ScriptedRefund
from tests.api.fakes.site import Site, serving
from workers.binaries import locate
from workers.ports import free_ports
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES
from workflows.messages import CONVERSATION_QUEUE


class OwnRedis:
    """A Redis that a test may stop and start; it forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (self._port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        patient = Retry(ConstantBackoff(0.02), 200)
        self.client = redis.asyncio.Redis.from_url(self.url, decode_responses=True, retry=patient)

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen([locate("redis-server"), *options], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=10)


@pytest.fixture(scope="session")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[Client]:
    env = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(locate("temporal")),
        dev_server_extra_args=PACE,
    )
    yield env.client
    await env.shutdown()


@pytest.fixture(scope="session")
async def worker(temporal: Client, own_redis: OwnRedis) -> AsyncIterator[None]:
    log = RedisEventLog.at(own_redis.url)
    async with Worker(
        temporal,
        task_queue=CONVERSATION_QUEUE,
        workflows=[ScriptedConversation, ScriptedRefund],
        activities=[Publishing(log).publish],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield
    await log.close()


@pytest.fixture(scope="session")
def settings(temporal: Client, own_redis: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        profile=Profile.DEVELOPMENT,
        temporal_address=temporal.service_client.config.target_host,
        redis_url=own_redis.url,
        photos=tmp_path_factory.mktemp("photos"),
        rate_customer="100000/minute",
        rate_tenant="100000/minute",
    )


@pytest.fixture(scope="session")
async def site(settings: Settings, worker: None) -> AsyncIterator[Site]:
    async with serving(settings) as site:
        yield site


@pytest.fixture
def talk() -> str:
    """A conversation id nobody used before."""
    return f"c-{uuid4().hex[:12]}"
