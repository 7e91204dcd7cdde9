"""The committed overlay is what the shipped fleet makes of itself, and keeps the rules of the compose file."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from policies.fleet import parse
from workers.fleet_compose import overlay

ROOT = Path(__file__).parents[2]
FLEET = Path("deploy/fleet.yaml")
TEXT = (ROOT / "deploy/fleet.compose.yml").read_text(encoding="utf-8")
OVERLAY: dict[str, Any] = yaml.safe_load(TEXT)
BELOW: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVED = {name: service for name, service in OVERLAY["services"].items() if "image" in service}

each_server = pytest.mark.parametrize("name", SERVED)


def test_the_committed_file_is_what_the_command_writes() -> None:
    written = overlay(parse((ROOT / FLEET).read_text(encoding="utf-8"), str(FLEET)), FLEET)
    assert written == TEXT, "run: holdfast fleet compose deploy/fleet.yaml > deploy/fleet.compose.yml"


def test_the_overlay_fits_the_compose_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    faults = sorted(jsonschema.Draft7Validator(schema).iter_errors(OVERLAY), key=lambda fault: list(fault.path))
    assert not faults, "\n".join(f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in faults)


def test_every_deployment_of_our_own_has_its_service() -> None:
    fleet = parse((ROOT / FLEET).read_text(encoding="utf-8"), str(FLEET))
    assert list(SERVED) == [each.address.hostname for each in fleet.deployments if each.serving]
    assert (
        set(OVERLAY["services"]) - set(SERVED) == {"worker-conversation", "worker-inference"} <= set(BELOW["services"])
    )
    assert not set(SERVED) & set(BELOW["services"])


@each_server
def test_a_server_keeps_to_itself(name: str) -> None:
    service = SERVED[name]
    assert "ports" not in service
    assert service["networks"] == ["inside"]
    assert service["restart"] == "unless-stopped"
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[\w./-]+:v\d+\.\d+\.\d+", service["image"])
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


@each_server
def test_a_server_asks_itself_where_it_listens(name: str) -> None:
    command = SERVED[name]["command"]
    port = command[command.index("--port") + 1]
    assert f"http://127.0.0.1:{port}/health" in SERVED[name]["healthcheck"]["test"][-1]


@each_server
def test_a_key_comes_from_a_secret_and_not_from_the_command_line(name: str) -> None:
    service = SERVED[name]
    assert service["secrets"] == ["vllm_api_key"]
    assert "$$(cat /run/secrets/vllm_api_key)" in service["entrypoint"][-2]
    assert "--api-key" not in service["command"]
    assert not any("KEY" in variable for variable in service["environment"])


def test_what_the_overlay_shares_with_the_file_below_is_the_same_there() -> None:
    for kind in ("networks", "volumes", "secrets"):
        shared = {name: value for name, value in OVERLAY[kind].items() if name in BELOW[kind]}
        assert shared == {name: BELOW[kind][name] for name in shared}
    assert {"inside"} == set(OVERLAY["networks"]) <= set(BELOW["networks"])
    assert {"models"} == set(OVERLAY["volumes"])


def test_a_variable_that_is_missing_says_what_to_set() -> None:
    used = re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", TEXT)
    assert {name for name, _ in used} == {"VLLM_API_KEY", "FRONTIER_API_KEY"}
    assert all(rest == f":?set {name}" for name, rest in used)


def test_the_fleet_the_workers_mount_is_the_one_it_was_written_from() -> None:
    for name in ("worker-conversation", "worker-inference"):
        source, target, mode = OVERLAY["services"][name]["volumes"][0].split(":")
        assert (ROOT / source).resolve() == (ROOT / FLEET).resolve()
        assert (target, mode) == (OVERLAY["services"][name]["environment"]["HOLDFAST_FLEET"], "ro")
