"""Instructions come from a folder of versions, and a released one is refused with other words."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from activities.prompt_files import DIGESTS, read_digests, read_prompts
from policies.yaml_lines import BadFile

SHIPPED = Path(policies.__file__).parent / "instructions"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what ships that a test may break."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "instructions"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_each_file_is_a_version_of_its_task(folder: Path) -> None:
    (folder / "phrase" / "2.md").write_text("Phrase better.\n", encoding="utf-8")
    prompts = read_prompts(folder)
    assert [prompt.name for prompt in prompts] == [
        "answer/1", "phrase/1", "phrase/2", "propose/1", "rewrite/1", "route/1",
    ]  # fmt: skip
    assert prompts.get("phrase/2").text == "Phrase better.\n"


def test_line_ends_of_another_system_are_not_other_words(folder: Path) -> None:
    file = folder / "phrase" / "1.md"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_prompts(folder).get("phrase/1").text == (SHIPPED / "phrase" / "1.md").read_text(encoding="utf-8")


def test_released_words_that_changed_are_refused_with_the_line_that_holds_them(folder: Path) -> None:
    edit(folder / "phrase" / "1.md", "warm", "cool")
    with pytest.raises(BadFile, match=r"phrase/1: its words changed.*add a new version instead") as refused:
        read_prompts(folder)
    assert refused.value.source == str(folder / DIGESTS)
    assert '"phrase/1"' in (folder / DIGESTS).read_text().splitlines()[refused.value.line - 1]


def test_a_released_version_that_is_gone_is_refused(folder: Path) -> None:
    (folder / "rewrite" / "1.md").unlink()
    with pytest.raises(BadFile, match="rewrite/1: was released and is gone: put it back"):
        read_prompts(folder)


@pytest.mark.parametrize("name", ["1.md", "sing/1.md", "phrase/new words.md", "phrase/old/1.md"])
def test_a_file_in_the_wrong_place_is_refused(folder: Path, name: str) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("Do it.", encoding="utf-8")
    with pytest.raises(BadFile, match=r"such as phrase/1\.md") as refused:
        read_prompts(folder)
    assert refused.value.source == str(file)


@pytest.mark.parametrize(("words", "reason"), [(b" \n", "has no words"), (b"caf\xe9", "not UTF-8 at byte 3")])
def test_a_file_that_cannot_be_read_is_refused(folder: Path, words: bytes, reason: str) -> None:
    (folder / "phrase" / "2.md").write_bytes(words)
    with pytest.raises(BadFile, match=reason):
        read_prompts(folder)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="is no folder of instructions"):
        read_prompts(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "[]", '{"phrase/1": 1}', '{"phrase/1": "a", "phrase/1": "b"}'])
def test_digests_that_are_none_are_refused(folder: Path, text: str) -> None:
    (folder / DIGESTS).write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match="not a JSON object"):
        read_digests(folder)


def test_missing_digests_are_refused(folder: Path) -> None:
    (folder / DIGESTS).unlink()
    with pytest.raises(BadFile, match="file is missing"):
        read_prompts(folder)


def test_digests_are_those_of_the_files() -> None:
    held = json.loads((SHIPPED / DIGESTS).read_text(encoding="utf-8"))
    assert held == {prompt.name: prompt.digest for prompt in read_prompts(SHIPPED)}
