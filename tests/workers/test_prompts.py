"""The `holdfast prompts` commands: what there is, who names it, and whether what is named can be used."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import policies
from activities.prompt_files import read_prompts
from workers.cli import app

SHIPPED = Path(policies.__file__).parent
VERSION = (SHIPPED / "bundles" / "CURRENT").read_text(encoding="utf-8").strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of instructions/ and bundles/ that a test may break, and that the commands read."""
    for name, variable in (("instructions", "HOLDFAST_PROMPT_FOLDER"), ("bundles", "HOLDFAST_POLICY_FOLDER")):
        monkeypatch.setenv(variable, str(shutil.copytree(SHIPPED / name, tmp_path / name)))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["prompts", *arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def name_versions(folder: Path, policy: str, **versions: str) -> tuple[Path, int]:
    """Add a policy version that names other prompts for everybody; gives its file and the line of the first."""
    version = shutil.copytree(folder / "bundles" / VERSION, folder / "bundles" / policy)
    rules = version / "rules.yaml"
    text = rules.read_text(encoding="utf-8").replace(f'version: "{VERSION}"', f'version: "{policy}"')
    named = {"route": "1", "propose": "1", "rewrite": "1", "answer": "1", "phrase": "1"} | versions
    entries = "".join(f'      {task}: "{number}"\n' for task, number in named.items())
    text, count = re.subn(r"^    prompts: .*\n", f"    prompts:\n{entries}", text, flags=re.MULTILINE)
    assert count == 1
    rules.write_text(text, encoding="utf-8")
    first = next(iter(versions))
    return rules, 1 + text[: text.index(f'      {first}: "{versions[first]}"')].count("\n")


def test_each_version_is_listed_with_its_digest_and_the_policies_that_name_it(folder: Path) -> None:
    (folder / "instructions" / "phrase" / "2.md").write_text("Phrase better.\n", encoding="utf-8")
    name_versions(folder, "2026-12-01", phrase="2")
    listed = run("list")
    assert listed.exit_code == 0
    by_name = {f"{line['task']}/{line['version']}": line for line in lines(listed)}
    assert by_name["phrase/1"]["policies"] == [VERSION]
    assert by_name["phrase/2"]["policies"] == ["2026-12-01"]
    assert by_name["answer/1"]["policies"] == [VERSION, "2026-12-01"]
    assert [by_name[name]["released"] for name in ("phrase/1", "phrase/2")] == [True, False]
    shipped = read_prompts(SHIPPED / "instructions")
    assert by_name["phrase/1"]["digest"] == shipped.get("phrase/1").digest


def test_a_prompt_is_shown_word_for_word() -> None:
    shown = run("show", "phrase/1")
    assert shown.exit_code == 0
    assert shown.stdout == (SHIPPED / "instructions" / "phrase" / "1.md").read_text(encoding="utf-8")


def test_a_prompt_there_is_not_is_refused_with_those_there_are() -> None:
    refused = run("show", "phrase/99")
    assert refused.exit_code == 2
    assert "there is no prompt 'phrase/99'; there are: answer/1" in refused.stderr


def test_what_ships_passes_its_check() -> None:
    passed = run("check")
    assert passed.exit_code == 0
    assert all(line["ok"] for line in lines(passed))
    assert lines(passed)[-1]["version"] == VERSION


def test_a_policy_that_names_a_version_there_is_not_is_refused_once_with_its_line(folder: Path) -> None:
    rules, line = name_versions(folder, "2026-12-01", phrase="7")
    refused = run("check")
    assert refused.exit_code == 1
    (fault,) = (each for each in lines(refused) if not each["ok"])
    assert (fault["file"], fault["line"]) == (str(rules), line)
    assert fault["reason"].startswith("there is no prompt phrase/7; there are: answer/1, phrase/1")


def test_a_policy_that_names_a_draft_is_refused_with_the_line_that_releases_it(folder: Path) -> None:
    (folder / "instructions" / "phrase" / "2.md").write_text("Phrase better.\n", encoding="utf-8")
    assert run("check").exit_code == 0
    name_versions(folder, "2026-12-01", phrase="2")
    refused = run("check")
    assert refused.exit_code == 1
    (fault,) = (each for each in lines(refused) if not each["ok"])
    (entry,) = re.findall(r'add ("phrase/2": "[0-9a-f]{64}")', fault["reason"])
    digests = folder / "instructions" / "digests.json"
    digests.write_text(digests.read_text().replace("{", f"{{{entry},", 1), encoding="utf-8")
    assert run("check").exit_code == 0


def test_edited_words_are_refused_with_file_and_reason(folder: Path) -> None:
    words = folder / "instructions" / "route" / "1.md"
    words.write_text(words.read_text(encoding="utf-8") + "Be kind.\n", encoding="utf-8")
    refused = run("check")
    assert refused.exit_code == 1
    (fault,) = lines(refused)
    assert fault["file"] == str(folder / "instructions" / "digests.json")
    assert "add a new version instead" in fault["reason"]
    assert run("list").exit_code == 2


def test_a_policy_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / "bundles" / VERSION / "rules.yaml").write_text("rules", encoding="utf-8")
    refused = run("check")
    assert refused.exit_code == 1
    assert str(folder / "bundles" / VERSION / "rules.yaml") in {each["file"] for each in lines(refused)}
