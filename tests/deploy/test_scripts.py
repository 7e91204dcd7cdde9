"""The scripts that the compose file mounts do their work against a real Temporal server."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.worker import Worker

from workers.binaries import locate
from workers.temporal_server import SEARCH_ATTRIBUTES

DEPLOY = Path(__file__).parents[2] / "deploy"


@activity.defn
async def nothing() -> None: ...


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # The CLI's folder comes first, as it does in the image these scripts run in.
    path = f"{locate('temporal').parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def namespace(temporal_server: str) -> str:
    """A namespace made twice by the script, as a second `docker compose up` would."""
    for _ in range(2):
        ran = run(
            *("sh", str(DEPLOY / "temporal/namespace.sh")),
            TEMPORAL_ADDRESS=temporal_server,
            TEMPORAL_NAMESPACE="deployed",
            HOLDFAST_RETENTION="90d",
        )
        assert ran.returncode == 0, ran.stderr
    return "deployed"


async def test_the_namespace_has_every_search_attribute_with_its_type(namespace: str, temporal_server: str) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    assert dict(known.custom_attributes) == {key.name: int(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}


async def is_well(queue: str, address: str) -> bool:
    """Run the health check of a worker as its container would, without keeping this process's workers from polling."""
    ran = await asyncio.to_thread(
        run,
        *(sys.executable, str(DEPLOY / "poller_health.py"), queue),
        HOLDFAST_TEMPORAL_ADDRESS=address,
        HOLDFAST_TEMPORAL_NAMESPACE="default",
    )
    return ran.returncode == 0


async def test_a_worker_is_well_while_it_polls_its_own_queue(temporal_server: str) -> None:
    client = await Client.connect(temporal_server)
    assert not await is_well("polled", temporal_server)
    async with Worker(client, task_queue="polled", activities=[nothing]):
        await asyncio.sleep(0.5)
        assert await is_well("polled", temporal_server)
        assert not await is_well("another", temporal_server)


async def test_a_worker_of_another_host_does_not_count(temporal_server: str) -> None:
    client = await Client.connect(temporal_server, identity=f"1@not-{socket.gethostname()}-at-all")
    async with Worker(client, task_queue="elsewhere", activities=[nothing]):
        await asyncio.sleep(0.5)
        assert not await is_well("elsewhere", temporal_server)


@pytest.mark.parametrize("script", sorted((DEPLOY / "temporal").glob("*.sh")), ids=lambda script: script.name)
def test_a_script_is_plain_posix_shell(script: Path) -> None:
    assert run("sh", "-n", str(script)).returncode == 0


def test_the_image_is_built_from_pinned_parts_and_does_not_run_as_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"python:3.11.15-slim-bookworm"}
    assert "torch==2.13.0" in text
    assert (DEPLOY.parent / "constraints.txt").read_text().count("torch==2.13.0") == 1
    assert re.search(r"^USER 10001", text, re.M)
    assert "HF_HUB_OFFLINE=1" in text


def test_the_image_carries_the_files_that_are_not_python() -> None:
    tools = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = tools["package-data"]["*"]
    rooms = [DEPLOY.parent / room.rstrip("*") for room in tools["packages"]["find"]["include"]]
    data = [path for room in rooms for path in room.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    left_behind = [str(path) for path in data if not any(path.match(pattern) for pattern in patterns)]
    assert not left_behind, f"add a pattern to package-data in pyproject.toml for {left_behind}"


def test_the_image_gets_every_file_its_recipe_copies() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    allowed = set(re.findall(r"^!(\S+)", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.M))
    copied = {path for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M) for path in line.split()}
    assert copied == allowed
