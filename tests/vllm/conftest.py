"""One server for all tests, started by the first that wants it and again after one that killed it."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from activities.clients.openai_server import OpenAiServer
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_switchboard import RedisSwitchboard
from policies.fleet import Deployment, parse
from tests.vllm.serve import REPOSITORY, START_SECONDS, Vllm, running_vllm, write_fleet

HERE = Path(__file__).parent
INSTRUCTIONS = REPOSITORY / "policies/instructions"
ENVIRONMENT = os.environ.get("HOLDFAST_TEST_VLLM", "")
HOW_TO_RUN = "a real vLLM takes a minute to start and 3.5 GB to install: `make test-vllm` does both"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the server, leave it out unless its environment is named, and kill the server last."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.vllm)
        # The first test also waits for the server.
        item.add_marker(pytest.mark.timeout(START_SECONDS + 420))
        if not ENVIRONMENT:
            item.add_marker(pytest.mark.skip(reason=HOW_TO_RUN))
    items.sort(key=lambda item: item in ours and "killed" in item.path.stem)


class Keeper:
    """Gives out a server that is alive."""

    def __init__(self, stack: ExitStack, folders: Callable[[], Path]) -> None:
        self._stack = stack
        self._folders = folders
        self._server: Vllm | None = None

    def server(self) -> Vllm:
        if self._server is None or not self._server.alive():
            self._server = self._stack.enter_context(running_vllm(self._folders(), Path(ENVIRONMENT)))
        return self._server


@pytest.fixture(scope="session")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    with ExitStack() as stack:
        yield Keeper(stack, lambda: tmp_path_factory.mktemp("vllm"))


@pytest.fixture
def vllm(keeper: Keeper) -> Vllm:
    """A real vLLM with the tiny model: `base_url`, `model`, `pid`, and its metrics."""
    return keeper.server()


@pytest.fixture
def deployment(vllm: Vllm, tmp_path: Path) -> Deployment:
    """The only one of a fleet file."""
    path = write_fleet(tmp_path / "fleet.yaml", [vllm.deployment()])
    (only,) = parse(path.read_text(encoding="utf-8"), str(path)).deployments
    return only


@pytest.fixture
async def model_server(deployment: Deployment) -> AsyncIterator[OpenAiServer]:
    """Our own client for it."""
    server = OpenAiServer(deployment)
    yield server
    await server.close()


@pytest.fixture
async def switchboard(redis_url: str) -> AsyncIterator[RedisSwitchboard]:
    board = RedisSwitchboard.at(redis_url)
    yield board
    await board.close()


@pytest.fixture
async def ledger(redis_url: str) -> AsyncIterator[RedisLedger]:
    async with Redis.from_url(redis_url) as redis:
        yield RedisLedger(redis)
