"""The real shop and the real models, once per session, and clients that speak to the shop."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from activities.clients.shop import HttpShop
from activities.encoder import Encoder
from activities.recognition import Recogniser
from activities.screening import Screen
from activities.understanding import Understander
from tests.fakes.processes import SandboxProcess, running_sandbox
from workers import understanding
from workers.settings import read_settings


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


@pytest.fixture(scope="session")
def understander() -> Understander:
    """Everything that understands messages, over the shipped model, intents and attacks."""
    return understanding.understander(read_settings())


@pytest.fixture(scope="session")
def encoder(understander: Understander) -> Encoder:
    return understander.encoder


@pytest.fixture(scope="session")
def recogniser(understander: Understander) -> Recogniser:
    return understander.recogniser


@pytest.fixture(scope="session")
def screen(understander: Understander) -> Screen:
    return understander.screen
