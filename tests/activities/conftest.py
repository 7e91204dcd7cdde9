"""The real shop, once per session, and clients that speak to it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from activities.clients.shop import HttpShop
from tests.fakes.processes import SandboxProcess, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def http_shop(sandbox: SandboxProcess) -> AsyncIterator[HttpShop]:
    """A client whose patience is short, so that a lost answer costs a test half a second."""
    async with HttpShop(sandbox.url, sandbox.token, httpx.Timeout(0.5)) as shop:
        yield shop
    sandbox.clear_faults()
