"""Desks of our workflows over doubles of the outside, and a server whose workflows can skip time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

from activities.policy_store import read_versions
from policies.bundle import Bundle
from tests.fakes.shop import ScriptedShop
from tests.workflows.customer import CUSTOMER, Customer, refusal_of
from tests.workflows.desk import BUNDLES, Desk, Exchange, ListedEvents
from tests.workflows.rules import shipped_but
from workers.binaries import locate
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES

__all__ = ["BUNDLES", "CUSTOMER", "Customer", "Desk", "Here", "ListedEvents", "Policies", "Skip", "refusal_of"]

# What is down costs a test this long instead of a customer's twenty seconds. Much less, and a machine that stalls for a
# moment is taken for an outage.
IMPATIENT: dict[str, Any] = {"patience_seconds": 2, "answer_within_seconds": 1}
APART = "apart"
SKIPPING = ("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")

Here = Callable[..., Desk]
Skip = Callable[[Customer, timedelta], Awaitable[None]]
Policies = Callable[..., Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep quiet what `sandboxed_runner` keeps quiet: pytest forgets the runner's own filters after each test."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("ignore:Module workflows"))


@pytest.fixture
def desk(temporal_client: Client) -> Callable[..., Desk]:
    """Make a desk over a shop with these orders; `open` it to get workers of its own."""

    def make(*orders: Any) -> Desk:
        return Desk(temporal_client, ScriptedShop(*orders))

    return make


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A server of our own: a worker of anybody else's desk would take our tasks away."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(locate("temporal")),
        dev_server_extra_args=[*PACE, *SKIPPING, "--namespace", APART],
    ) as running:
        yield running


@pytest.fixture(scope="session")
async def exchange(server: WorkflowEnvironment) -> AsyncIterator[Exchange]:
    """One worker for all desks that a session makes with `here`."""
    async with Exchange().working(server.client) as working:
        yield working


@pytest.fixture
def here(exchange: Exchange, server: WorkflowEnvironment) -> Here:
    """Make a desk over a shop with these orders, ready to answer."""

    def make(*orders: Any, policies: Path = BUNDLES) -> Desk:
        return exchange.admit(Desk(server.client, ScriptedShop(*orders), policies=policies))

    return make


@pytest.fixture
async def apart(server: WorkflowEnvironment) -> Here:
    """Make a desk in a namespace without workers; `open` it, and open it again, to have some for a while."""
    client = await server.connect_client(namespace=APART, data_converter=pydantic_data_converter)

    def make(*orders: Any) -> Desk:
        return Desk(client, ScriptedShop(*orders))

    return make


@pytest.fixture
def skip() -> Skip:
    """Move one conversation's clock once it is idle, firing the timers on the way."""

    async def forward(customer: Customer, by: timedelta) -> None:
        skipper = TimeSkipper(customer.client, config=TimeSkippingConfig(enabled=False))
        await skipper.fast_forward(customer.handle, by)

    return forward


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """Copy the shipped rules with some limits changed, as `shipped_but` takes them."""

    def changed(**limits: Any) -> Path:
        return shipped_but(tmp_path_factory.mktemp("policies"), **limits)

    return changed


@pytest.fixture(scope="session")
def impatient(policies: Policies) -> Path:
    return policies(**IMPATIENT)


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    current, versions = read_versions(BUNDLES)
    return versions[current]["northwind"]
