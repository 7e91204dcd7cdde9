"""The small commands: what they print, and how they refuse."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import policies
from api.auth import Gate
from api.settings import Settings as ApiSettings
from workers.cli import app
from workers.queues import QUEUES

BUNDLES = Path(policies.__file__).parent / "bundles"


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """A copy of the current policy version that a test may break."""
    current = (BUNDLES / "CURRENT").read_text().strip()
    return Path(shutil.copytree(BUNDLES / current, tmp_path / current))


async def test_a_minted_token_opens_the_api_for_that_tenant_subject_and_role() -> None:
    printed = CliRunner().invoke(app, ["token", "--tenant", "northwind", "--subject", "U789", "--role", "supervisor"])
    visitor = await Gate(ApiSettings.model_validate({"profile": "development"})).admit(printed.stdout.strip())
    assert (visitor.tenant, visitor.subject, visitor.role) == ("northwind", "U789", "supervisor")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["token", "--subject", "U789", "--role", "king"], "no such role: king"),
        (["worker", "conversation", "misspelt"], "no such queue: misspelt"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_ones(arguments: list[str], reason: str) -> None:
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert reason in refused.stderr


def test_the_help_of_a_worker_names_every_queue() -> None:
    told = CliRunner().invoke(app, ["worker", "--help"], env={"COLUMNS": "200"}).stdout
    assert set(QUEUES) <= set(re.findall(r"\w+", told))


FLEET = """\
version: "1"
deployments:
  - {name: planner, tier: S, base_url: "http://127.0.0.1:9/v1", model: tiny, key_variable: NO_SUCH_KEY}
"""
NO_KEY = "NO_SUCH_KEY is not set; it holds the key of deployment 'planner'"


@pytest.mark.parametrize(
    ("arguments", "fleet", "reason"),
    [
        pytest.param(["up"], FLEET, NO_KEY, id="up without a key"),
        pytest.param(["up"], None, "fleet.yaml:1: file is missing", id="up without the file"),
        pytest.param(["demo"], FLEET, NO_KEY, id="demo without a key"),
        pytest.param(["worker", "inference"], FLEET, NO_KEY, id="worker without a key"),
        pytest.param(["worker", "conversation"], "version: 1", ":1: version: input should be", id="worker with a typo"),
    ],
)
def test_nothing_starts_with_a_fleet_that_cannot_be_used(
    tmp_path: Path, arguments: list[str], fleet: str | None, reason: str
) -> None:
    if fleet:
        (tmp_path / "fleet.yaml").write_text(fleet)
    before = sorted(tmp_path.iterdir())
    ended = run(tmp_path, *arguments, HOLDFAST_FLEET="fleet.yaml")
    assert ended.returncode == 2
    assert ended.stderr.startswith("holdfast: ")
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_worker_says_in_a_line_which_rules_it_cannot_read(tmp_path: Path) -> None:
    ended = run(tmp_path, "worker", "conversation", HOLDFAST_POLICY_FOLDER=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (2, f"holdfast: {tmp_path / 'CURRENT'}:1: file is missing\n")


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workers.cli", *arguments]
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90)


def test_no_token_is_minted_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_PROFILE", "production")
    monkeypatch.setenv("HOLDFAST_SHOP_TOKEN", "our-own-shop-token")
    monkeypatch.setenv("HOLDFAST_WEBHOOK_SECRET", "w" * 32)
    refused = CliRunner().invoke(app, ["token", "--subject", "U789"])
    assert refused.exit_code == 2
    assert "identity provider" in refused.stderr


def test_the_policy_that_ships_passes_its_check(version: Path) -> None:
    for path in (version, version.parent, BUNDLES):
        passed = CliRunner().invoke(app, ["policy", "check", str(path)])
        assert passed.exit_code == 0
        (first, *_) = map(json.loads, passed.stdout.splitlines())
        assert first["ok"]
        assert first["version"] == version.name


def test_a_faulty_policy_is_refused_with_file_line_and_reason(version: Path) -> None:
    rules = version / "rules.yaml"
    text = re.sub(r"^(\s*)auto_limit:", r"\1auto_limmit:", rules.read_text(), flags=re.MULTILINE)
    rules.write_text(text)
    line = 1 + text[: text.index("auto_limmit")].count("\n")
    refused = CliRunner().invoke(app, ["policy", "check", str(version)])
    assert refused.exit_code == 1
    faults = [json.loads(each) for each in refused.stdout.splitlines()]
    assert {"file": str(rules), "ok": False, "line": line} in [
        {key: fault[key] for key in ("file", "ok", "line")} for fault in faults if "auto_limmit" in fault["reason"]
    ]


def test_a_folder_without_a_policy_is_refused(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["policy", "check", str(tmp_path)])
    assert refused.exit_code == 1
    assert "rules.yaml" in json.loads(refused.stdout)["file"]
