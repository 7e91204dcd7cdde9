"""The compose file fits the Compose Specification, starts nothing insecure by default, and names only what exists."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from workers import cli, queues

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# Empty means without Weaviate: policy search then keeps its own files.
LEFT_EMPTY = ("${HOLDFAST_WEAVIATE_URL:-}", "${WEAVIATE_API_KEY:-}", "${HOLDFAST_CORS_ORIGINS:-}")
QUEUES = ("conversation", "understanding", "knowledge", "inference")

ONE_SHOT = {"temporal-schema", "temporal-namespace"}
# The collector's image holds one binary and no shell; the TargetDown alert watches it from outside.
CANNOT_BE_ASKED = {"otel-collector"}

VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}|(?<!\$)\$(?P<bare>\w+)")
SECRET_NAME = re.compile(r"(PASSWORD|PASSWORD_FILE|SECRET|TOKEN|API_KEY|ALLOWED_KEYS|PWD)$")

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_compose_file_fits_the_compose_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    faults = sorted(jsonschema.Draft7Validator(schema).iter_errors(COMPOSE), key=lambda fault: list(fault.path))
    assert not faults, "\n".join(f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in faults)


@each_service
def test_an_image_is_pinned_to_one_exact_version(name: str) -> None:
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?", tag), f"{SERVICES[name]['image']} may move under us"


def test_our_own_image_carries_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    ours = {service["image"] for service in SERVICES.values() if "build" in service}
    assert ours == {f"holdfast:{version}"}


@each_service
def test_a_published_port_is_on_loopback(name: str) -> None:
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in SERVICES[name].get("ports", []))


@each_service
def test_only_a_service_with_a_way_out_publishes_a_port(name: str) -> None:
    # Docker silently publishes nothing for a container that is on internal networks only.
    assert not SERVICES[name].get("ports") or "outside" in SERVICES[name]["networks"]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_task_queue_has_exactly_one_service(queue: str) -> None:
    workers = [name for name, service in SERVICES.items() if service.get("command") == ["holdfast", "worker", queue]]
    assert workers == [f"worker-{queue}"]
    assert SERVICES[workers[0]]["healthcheck"]["test"][-1] == queue


def test_a_worker_that_starts_by_itself_has_a_queue_to_work_on() -> None:
    started = {queue for queue in QUEUES if "profiles" not in SERVICES[f"worker-{queue}"]}
    assert started <= set(queues.QUEUES) <= set(QUEUES), "give the new queue a service, or the service a profile"


def test_every_command_of_ours_exists() -> None:
    known = set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]  # a click group
    asked = re.findall(r"holdfast[', ]+(\w+)", "\n".join(str(service.get("command")) for service in SERVICES.values()))
    assert set(asked) == {"worker", "sandbox"} <= known
    assert SERVICES["api"]["command"] == ["python", "-m", "api"]
    assert (ROOT / "api/__main__.py").exists()


@each_service
def test_a_service_says_how_it_is_known_to_be_well(name: str) -> None:
    check = SERVICES[name].get("healthcheck", {})
    expected = name not in ONE_SHOT | CANNOT_BE_ASKED
    assert bool(check.get("test")) == expected


@each_service
def test_a_service_restarts_within_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("on-failure:5" if name in ONE_SHOT else "unless-stopped")
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}


@each_service
def test_everything_a_service_names_is_defined(name: str) -> None:
    service = SERVICES[name]
    volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
    folders = {volume for volume in volumes if volume.startswith("./")}
    assert volumes - folders <= set(COMPOSE["volumes"])
    assert all((ROOT / folder).exists() for folder in folders)
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for other, wanted in service.get("depends_on", {}).items():
        assert (wanted["condition"] == "service_completed_successfully") == (other in ONE_SHOT)
        assert wanted["condition"] != "service_healthy" or SERVICES[other]["healthcheck"].get("test")


def test_nothing_is_defined_for_nobody() -> None:
    for kind in ("volumes", "secrets", "networks"):
        used = {entry.split(":")[0] for service in SERVICES.values() for entry in service.get(kind, [])}
        assert set(COMPOSE[kind]) <= used


def test_no_variable_has_a_default_and_a_missing_one_says_what_to_set() -> None:
    text = TEXT.replace("${NAME:?}", "")
    for optional in LEFT_EMPTY:
        assert optional in text
        text = text.replace(optional, "")
    for match in VARIABLE.finditer(text):
        assert match["rest"], f"{match[0]} would be empty in silence"
        assert match["rest"].startswith(f":?set {match['name']}"), match[0]


@each_service
def test_a_secret_comes_from_outside(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRET_NAME.search(key) and not value.startswith("/run/secrets/"):
            assert VARIABLE.search(value), f"{key} has its value in the file"


def test_only_workers_hold_the_token_that_moves_money() -> None:
    holders = {name for name, service in SERVICES.items() if "HOLDFAST_SHOP_TOKEN" in str(service.get("environment"))}
    assert holders == {"api", "shop", *(f"worker-{queue}" for queue in QUEUES)}
    assert "HOLDFAST_SHOP_READ_TOKEN" in SERVICES["api"]["environment"]["HOLDFAST_SHOP_TOKEN"], "it need only read"


def test_the_example_environment_lists_exactly_what_is_asked_for() -> None:
    asked = {match["name"] for match in VARIABLE.finditer(TEXT.replace("${NAME:?}", ""))}
    asked |= {secret["environment"] for secret in COMPOSE["secrets"].values()}
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    assert {line.rstrip("=") for line in lines if line and not line.startswith("#")} == asked
    assert not any(re.match(r"\w+=.", line) for line in lines)
