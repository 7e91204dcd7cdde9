"""What `holdfast fleet` prints and refuses, and where keys come from and may go."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from policies.fleet import Deployment, Fleet, parse
from workers.cli import app
from workers.fleet import keys
from workers.fleet_compose import overlay

SHIPPED = Path(__file__).parents[2] / "deploy/fleet.yaml"
KEY = "sk-proj-0123456789"


@pytest.fixture(autouse=True)
def no_fleet_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_FLEET", raising=False)


def fleet_of(*deployments: dict[str, Any]) -> Fleet:
    start = {"tier": "S", "model": "tiny", "base_url": "http://planner:8000/v1"}
    made = (Deployment.model_validate({"name": f"d{at}", **start, **each}) for at, each in enumerate(deployments))
    return Fleet(version="1", deployments=tuple(made))


def test_keys_are_read_from_the_variables_the_fleet_names() -> None:
    fleet = fleet_of({"key_variable": "ONE"}, {}, {"key_variable": "TWO"})
    assert keys(fleet, {"ONE": KEY, "TWO": "b\n", "THREE": "c"}) == {"d0": KEY, "d2": "b"}


@pytest.mark.parametrize("environment", [{}, {"ONE": ""}, {"ONE": " \n"}], ids=["unset", "empty", "blank"])
def test_a_missing_key_is_told_with_its_variable_and_deployment(environment: dict[str, str]) -> None:
    fleet = fleet_of({"key_variable": "ONE"}, {"key_variable": "TWO"})
    with pytest.raises(ValueError, match="ONE is not set; it holds the key of deployment 'd0'") as missing:
        keys(fleet, environment)
    assert "TWO is not set; it holds the key of deployment 'd1'" in str(missing.value)


@pytest.mark.parametrize(
    ("url", "open_"),
    [
        ("https://models.example/v1", False),
        ("http://models.example/v1", True),
        ("http://10.0.0.7:8000/v1", True),
        ("http://[2001:db8::7]:8000/v1", True),
        ("http://planner:8000/v1", False),
        ("http://localhost:8000/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://127.0.0.1.example/v1", True),
    ],
)
def test_in_production_no_key_travels_in_the_clear(url: str, open_: bool) -> None:
    fleet = fleet_of({"base_url": url, "key_variable": "ONE"})
    assert keys(fleet, {"ONE": KEY}, "development") == {"d0": KEY}
    assert keys(fleet_of({"base_url": url}), {}) == {}
    if not open_:
        assert keys(fleet, {"ONE": KEY}) == {"d0": KEY}
        return
    with pytest.raises(ValueError, match="'d0' would get its key over plain HTTP; its base_url has to be https") as no:
        keys(fleet, {"ONE": KEY}, "production")
    assert KEY not in str(no.value)


def test_the_shipped_fleet_passes_its_check_and_names_the_variables_it_needs() -> None:
    passed = CliRunner().invoke(app, ["fleet", "check", str(SHIPPED)])
    assert passed.exit_code == 0
    assert json.loads(passed.stdout) == {
        "file": str(SHIPPED),
        "ok": True,
        "version": "1",
        "tiers": {"S": ["planner-s"], "M": ["planner-m"], "L": ["frontier-l"]},
        "variables": ["FRONTIER_API_KEY", "VLLM_API_KEY"],
    }


def test_the_fleet_of_the_settings_is_checked_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_FLEET", str(SHIPPED))
    assert json.loads(CliRunner().invoke(app, ["fleet", "check"]).stdout)["ok"]


def test_prometheus_is_told_the_servers_of_our_own() -> None:
    printed = CliRunner().invoke(app, ["fleet", "targets", str(SHIPPED)]).stdout
    assert json.loads(printed) == [
        {"targets": ["planner-s:8000"], "labels": {"deployment": "planner-s"}},
        {"targets": ["planner-m:8000"], "labels": {"deployment": "planner-m"}},
    ]
    shown = (SHIPPED.parent / "prometheus/fleet/README.md").read_text(encoding="utf-8")
    assert f"`{printed.strip()}`" in shown


@pytest.mark.parametrize("command", ["check", "compose", "targets"])
def test_without_any_fleet_a_command_says_what_to_name(command: str) -> None:
    refused = CliRunner().invoke(app, ["fleet", command])
    assert refused.exit_code == 2
    assert "name a file, or set HOLDFAST_FLEET" in refused.stderr


def test_every_fault_of_a_fleet_is_a_line_with_file_line_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(SHIPPED.read_text().replace("tier: M", "tier: XM").replace("gpt-4.1\n", "gpt-4.1\n    modle: x\n"))
    refused = CliRunner().invoke(app, ["fleet", "check", str(file)])
    assert refused.exit_code == 1
    faults = [json.loads(line) for line in refused.stdout.splitlines()]
    assert {fault["file"] for fault in faults} == {str(file)}
    assert [fault["reason"].partition(": ")[0] for fault in faults] == ["deployments.1.tier", "deployments.2.modle"]
    lines = file.read_text().splitlines()
    assert [lines[fault["line"] - 1].strip() for fault in faults] == ["tier: XM", "modle: x"]


@pytest.mark.parametrize("command", ["check", "compose", "targets"])
def test_a_file_that_cannot_be_read_is_refused(command: str, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "file is missing"), (tmp_path, "cannot be read: is a directory")):
        refused = CliRunner().invoke(app, ["fleet", command, str(path)])
        assert refused.exit_code == 1
        assert reason in refused.output


def services_of(*deployments: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(overlay(fleet_of(*deployments), Path("fleet.yaml")))["services"]
    return services


SERVING = {"image": "vllm/vllm-openai:v0.29.0", "weights": "/models/tiny"}


def test_only_what_we_serve_ourselves_becomes_a_service() -> None:
    elsewhere = {"base_url": "https://models.example/v1", "key_variable": "ELSEWHERE"}
    services = services_of({"serving": SERVING}, elsewhere)
    assert list(services) == ["planner", "worker-conversation", "worker-inference"]
    assert services["worker-inference"]["environment"]["ELSEWHERE"] == "${ELSEWHERE:?set ELSEWHERE}"
    assert "ELSEWHERE" not in services["worker-conversation"]["environment"]


def test_what_serving_says_is_passed_on_to_vllm() -> None:
    noted = {
        **SERVING, "quantization": "awq", "speculative": {"method": "ngram", "num_speculative_tokens": 3},
        "gpus": ["2", "3"], "gpu_memory": 0.75, "arguments": ["--max-num-seqs", "16"], "memory": "96g", "cpus": 12,
    }  # fmt: skip
    service = services_of({"serving": noted, "context": 4096})["planner"]
    command = service["command"]
    assert command[0] == "/models/tiny"
    given = dict(pairwise(command))
    assert {name: given[name] for name in given if name.startswith("--") and not given[name].startswith("--")} == {
        "--served-model-name": "tiny", "--port": "8000", "--max-model-len": "4096", "--gpu-memory-utilization": "0.75",
        "--tensor-parallel-size": "2", "--quantization": "awq",
        "--structured-outputs-config": '{"backend": "xgrammar", "disable_any_whitespace": true}',
        "--speculative-config": '{"method": "ngram", "num_speculative_tokens": 3}', "--max-num-seqs": "16",
    }  # fmt: skip
    assert {"--enable-prefix-caching", "--enable-prompt-tokens-details"} <= set(command)
    assert service["deploy"]["resources"]["limits"] == {"cpus": "12", "memory": "96g"}
    assert service["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"] == ["2", "3"]


def test_a_server_without_a_key_has_no_secret() -> None:
    service = services_of({"serving": SERVING})["planner"]
    assert service["entrypoint"] == ["vllm", "serve"]
    assert "secrets" not in service


def test_a_server_gets_its_key_and_its_arguments_letter_by_letter(tmp_path: Path) -> None:
    odd = ["--chat-template", 'it\'s $HOME "and" ${more} `x`']
    service = services_of({"serving": {**SERVING, "arguments": odd}, "key_variable": "ONE"})["planner"]
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "vllm").write_text('#!/bin/sh\nprintf "%s\\0" "$VLLM_API_KEY" "$@"\n')
    (tmp_path / "vllm").chmod(0o755)
    # What Compose does to a dollar that is written twice.
    started = [each.replace("$$", "$") for each in (*service["entrypoint"], *service["command"])]
    started = [each.replace("/run/secrets/one", str(tmp_path / "key")) for each in started]
    ran = subprocess.run(started, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    key, serve, weights, *rest = ran.stdout.split("\0")[:-1]
    assert (key, serve, weights) == (KEY, "serve", "/models/tiny")
    assert rest[-2:] == odd
    assert not any(KEY in each for each in started)


@pytest.mark.parametrize(
    ("file", "mounted"),
    [
        ("deploy/fleet.yaml", "./deploy/fleet.yaml"),
        ("/etc/fleet.yaml", "/etc/fleet.yaml"),
        ("../f.yaml", "./../f.yaml"),
    ],
)
def test_workers_find_the_fleet_where_it_is_mounted(file: str, mounted: str) -> None:
    fleet = parse(SHIPPED.read_text(), "fleet.yaml")
    services = yaml.safe_load(overlay(fleet, Path(file)))["services"]
    for name in ("worker-conversation", "worker-inference"):
        assert services[name]["volumes"] == [f"{mounted}:{services[name]['environment']['HOLDFAST_FLEET']}:ro"]
