"""Canned replies come from a folder: those for everybody, and each tenant's own in their place."""

import shutil
from pathlib import Path

import pytest

import policies
from activities.canned_files import read_canned
from policies.canned import CannedReply, fill
from policies.yaml_lines import BadFile

SHIPPED = Path(policies.__file__).parent / "canned"
VALUES = {"customer": "Ada", "order": "10023", "agent": "Priya", "tenant": "Northwind"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what ships that a test may break."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "canned"))


def add(folder: Path, name: str, *replies: str) -> None:
    lines = [f"  - {{name: {reply}, title: {reply}, text: {name}}}" for reply in replies]
    (folder / name).write_text("\n".join(["replies:", *lines]), encoding="utf-8")


def texts(replies: tuple[CannedReply, ...]) -> dict[str, str]:
    return {reply.name: reply.text for reply in replies}


@pytest.mark.parametrize("tenant", ["northwind", "kirana"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_ships_can_be_filled_without_a_gap(tenant: str, language: str) -> None:
    filled = [fill(reply.text, VALUES) for reply in read_canned(SHIPPED).of(tenant, language)]
    assert len(filled) >= 12
    assert not [text for text in filled if set("{}") & set(text)]


def test_each_shipped_reply_is_there_in_both_languages_with_the_same_gaps() -> None:
    english, german = (texts(read_canned(SHIPPED).of("northwind", language)) for language in ("en", "de"))
    assert list(english) == list(german)
    for name, text in english.items():
        assert {gap for gap in VALUES if f"{{{gap}}}" in text} == {
            gap for gap in VALUES if f"{{{gap}}}" in german[name]
        }
        assert text != german[name]


def test_a_tenants_own_replies_stand_in_place_of_those_for_everybody() -> None:
    canned = read_canned(SHIPPED)
    ours, everybodys = texts(canned.of("kirana", "en")), texts(canned.of("northwind", "en"))
    assert ours["hello"].startswith("Namaste")
    assert "slot-please" not in everybodys
    assert list(ours) == [*everybodys, "slot-please", "fresh-goods"]
    assert ours["goodbye"] == everybodys["goodbye"]


@pytest.mark.parametrize(
    ("language", "same"), [("de-AT", "de"), ("DE", "de"), ("en-IN", "en"), ("fr", "en"), ("", "en")]
)
def test_a_language_nobody_wrote_falls_back_to_english(language: str, same: str) -> None:
    canned = read_canned(SHIPPED)
    assert canned.of("kirana", language) == canned.of("kirana", same)


def test_a_language_only_a_tenant_wrote_completes_the_english(folder: Path) -> None:
    add(folder, "kirana.hi.yaml", "hello", "festival")
    canned = read_canned(folder)
    hindi = texts(canned.of("kirana", "hi"))
    assert hindi["hello"] == hindi["festival"] == "kirana.hi.yaml"
    assert hindi["goodbye"] == texts(canned.of("northwind", "en"))["goodbye"]
    assert canned.of("northwind", "hi") == canned.of("northwind", "en")


@pytest.mark.parametrize("name", ["hello.yaml", "kirana.english.yaml", "kirana.en.old.yaml", "a b.en.yaml"])
def test_a_file_of_another_name_is_refused(folder: Path, name: str) -> None:
    add(folder, name, "hello")
    with pytest.raises(BadFile, match=r"<tenant>\.<language>\.yaml, such as default\.en\.yaml") as refused:
        read_canned(folder)
    assert refused.value.source == str(folder / name)


def test_a_folder_without_english_for_everybody_is_refused(folder: Path) -> None:
    (folder / "default.en.yaml").unlink()
    with pytest.raises(BadFile, match=r"default\.en\.yaml:1: English replies for every tenant are missing"):
        read_canned(folder)


@pytest.mark.parametrize(
    ("words", "reason"), [(b"replies: caf\xe9", "not UTF-8 at byte 12"), (b"replies: [", "de.yaml:1"), (b"", "mapping")]
)
def test_a_file_that_cannot_be_read_is_refused(folder: Path, words: bytes, reason: str) -> None:
    (folder / "default.de.yaml").write_bytes(words)
    with pytest.raises(BadFile, match=reason):
        read_canned(folder)


def test_a_folder_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "northwind.en.yaml").mkdir()
    with pytest.raises(BadFile, match="cannot be read: is a directory"):
        read_canned(folder)
