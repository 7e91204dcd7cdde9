"""The small commands: what they print, and how they refuse."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import policies
from api.auth import Gate
from api.settings import Settings as ApiSettings
from workers.cli import app

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


def test_no_token_is_minted_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_PROFILE", "production")
    monkeypatch.setenv("HOLDFAST_SHOP_TOKEN", "our-own-shop-token")
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
