"""The processes of the embedded stack: how each is started, when it is ready, and which ports it wants."""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis.asyncio
from redis.exceptions import RedisError
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workers.binaries import locate
from workers.settings import Settings
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES, search_attribute_flags


@dataclass(frozen=True)
class Part:
    """One process. `ports` maps each port it listens on to the setting that moves it."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    environment: dict[str, str] = field(default_factory=dict)
    ports: dict[int, str] = field(default_factory=dict)
    patience: float = 10
    # Parts that must be ready before this one starts; a worker waits for its server by itself and needs none.
    after: tuple[str, ...] = ()
    # Removed before each start, so that an earlier process's readiness is not taken for this one's.
    ready_file: Path | None = None


def parts(settings: Settings) -> list[Part]:
    """List what to start, in the order of dependence; a service whose address was given to us is not among them."""
    folder = settings.data.absolute()
    chosen = []
    if not settings.was_given("temporal_address"):
        chosen.append(_temporal(settings, folder))
    if not settings.was_given("redis_url"):
        chosen.append(_redis(settings, folder))
    if not settings.was_given("shop_url"):
        chosen.append(_shop(settings, folder))
    chosen.append(_api(settings))
    # Models are asked from a process of its own; without a fleet the queue only says that there are none.
    chosen.append(_worker(settings, folder, "conversation", *([] if settings.fleet else ["inference"])))
    # One process for the queues that need the embedding model, so that it is loaded once.
    chosen.append(_worker(settings, folder, "understanding", "knowledge"))
    if settings.fleet:
        chosen.append(_worker(settings, folder, "inference"))
    return chosen


def _temporal(settings: Settings, folder: Path) -> Part:
    port, ui_port = settings.temporal_port, settings.temporal_ui_port

    async def ready() -> bool:
        try:
            client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
            request = ListSearchAttributesRequest(namespace=settings.temporal_namespace)
            known = await client.operator_service.list_search_attributes(request)
        except (RPCError, RuntimeError):
            return False
        return {key.name for key in SEARCH_ATTRIBUTES} <= set(known.custom_attributes) and await _answers(
            f"http://127.0.0.1:{ui_port}"
        )

    command = (
        *(str(locate("temporal")), "server", "start-dev"),
        *("--db-filename", str(folder / "temporal.db")),
        *("--ip", "127.0.0.1", "--port", str(port)),
        *("--ui-ip", "127.0.0.1", "--ui-port", str(ui_port)),
        *("--namespace", settings.temporal_namespace, "--log-format", "json", "--log-level", "warn"),
        *search_attribute_flags(),
        *PACE,
    )
    return Part(
        "temporal", command, ready, ports={port: "HOLDFAST_TEMPORAL_PORT", ui_port: "HOLDFAST_TEMPORAL_UI_PORT"}
    )


def _redis(settings: Settings, folder: Path) -> Part:
    async def ready() -> bool:
        try:
            async with redis.asyncio.Redis.from_url(settings.redis_url, socket_timeout=2) as client:
                return bool(await client.ping())
        except RedisError:
            return False

    command = (
        *(str(locate("redis-server")), "--bind", "127.0.0.1", "--port", str(settings.redis_port)),
        *("--dir", str(folder / "redis"), "--appendonly", "yes", "--save", "", "--daemonize", "no"),
        # Its own title would hide the command line by which an orphan is recognised as ours.
        *("--set-proc-title", "no"),
    )
    return Part("redis", command, ready, ports={settings.redis_port: "HOLDFAST_REDIS_PORT"})


def _shop(settings: Settings, folder: Path) -> Part:
    port = settings.shop_port
    command = (
        *(sys.executable, "-m", "sandbox", "serve"),
        *("--host", "127.0.0.1", "--port", str(port), "--data", str(folder / "shop")),
    )
    environment = {"SANDBOX_SHOP_TOKEN": settings.shop_token.get_secret_value()}
    if settings.shop_admin_token:
        environment["SANDBOX_ADMIN_TOKEN"] = settings.shop_admin_token.get_secret_value()
    return Part(
        "shop",
        command,
        lambda: _answers(f"{settings.shop_url}/healthz"),
        environment,
        ports={port: "HOLDFAST_SHOP_PORT"},
    )


def _api(settings: Settings) -> Part:
    port = settings.api_port
    return Part(
        "api",
        (sys.executable, "-m", "api"),
        lambda: _answers(f"{settings.api_url}/readyz"),
        settings.as_environment(),
        ports={port: "HOLDFAST_API_PORT"},
        after=("temporal", "redis"),
        patience=15,
    )


def _worker(settings: Settings, folder: Path, *queues: str) -> Part:
    flag = folder / "run" / f"{queues[0]}.ready"

    async def ready() -> bool:
        return flag.exists()

    return Part(
        queues[0],
        (sys.executable, "-m", "workers.cli", "worker", *queues, "--ready-file", str(flag)),
        ready,
        settings.as_environment(),
        patience=settings.graceful_shutdown_s + 5,
        ready_file=flag,
    )


async def _answers(url: str) -> bool:
    # The proxy of a corporate environment must never see a loopback address.
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        try:
            return (await client.get(url)).is_success
        except httpx.TransportError:
            return False


def child_environment(part: Part) -> dict[str, str]:
    """Join our own environment, without buffering of output, with what the part adds."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **part.environment}
