"""A whole stack whose only model is a server in the test's own process."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.browser.conftest import page
from tests.fakes.model_server import Body, ModelServerScript, Step
from tests.streaming.watching import truthful
from workers.embedded import EmbeddedStack, on_free_ports
from workers.settings import read_settings

__all__ = ["Model", "page"]


@dataclass
class Model:
    """Answers every request by `answer`, which a test may change."""

    server: ModelServerScript
    answer: Callable[[Body], str | Step] = truthful


@pytest.fixture(scope="session")
async def scripted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Model, EmbeddedStack]]:
    model: Model
    folder: Path = tmp_path_factory.mktemp("streaming")
    async with ModelServerScript(always=lambda body: model.answer(body)) as server:
        model = Model(server)
        deployment = {"name": "scripted", "tier": "S", "base_url": server.base_url, "model": "scripted"}
        fleet = folder / "fleet.yaml"
        fleet.write_text(yaml.safe_dump({"version": "1", "deployments": [deployment]}), encoding="utf-8")
        settings = on_free_ports(read_settings(data=folder / "data", fleet=fleet))
        async with EmbeddedStack(settings, say=print) as running:
            yield model, running


@pytest.fixture
def model(scripted: tuple[Model, EmbeddedStack]) -> Model:
    scripted[0].answer = truthful
    return scripted[0]


@pytest.fixture
def stack(scripted: tuple[Model, EmbeddedStack]) -> EmbeddedStack:
    return scripted[1]
