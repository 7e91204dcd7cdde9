"""`holdfast intents …` on a real Redis and real files: what people review and accept, and the report on drift."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from typer.testing import CliRunner, Result

from activities.clients.redis_lessons import RedisLessons
from policies.facts import IntentGuess, Understanding
from policies.lessons import Lesson, corrected, unsure
from tests.workers.test_exemplars import CANCEL, TRACK
from workers.lessons import intents

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Desk:
    """A person at the command line of one shop."""

    folder: Path
    redis_url: str
    tenant: str

    def run(self, *arguments: str, lines: Sequence[object] = ()) -> Result:
        """Call `holdfast intents …` with JSON Lines on standard input."""
        given_ = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        return CliRunner().invoke(intents, arguments, input=given_)

    def keep(self, *lessons: Lesson) -> None:
        async def keep(store: RedisLessons) -> None:
            for lesson in lessons:
                await store.keep(lesson)
                await asyncio.sleep(0.002)  # a list is ordered by the server's milliseconds

        self.ask(keep)

    def ask(self, question: Callable[[RedisLessons], Awaitable[Any]]) -> Any:
        async def ask() -> Any:
            store = RedisLessons.at(self.redis_url)
            try:
                return await question(store)
            finally:
                await store.close()

        return asyncio.run(ask())

    def lesson(self, text: str, language: str = "en") -> Lesson:
        doubt = IntentGuess(id="track_order", confidence=0.4)
        made = unsure(self.tenant, Understanding(redacted=text, language=language, unsure=(doubt,)), NOW)
        assert made is not None
        return made


@pytest.fixture
def desk(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (tmp_path / "track_order.yaml").write_text(TRACK)
    (tmp_path / "cancel_order.yaml").write_text(CANCEL)
    monkeypatch.setenv("HOLDFAST_REDIS_URL", redis_url)
    monkeypatch.setenv("HOLDFAST_INTENT_FOLDER", str(tmp_path))
    return Desk(tmp_path, redis_url, f"t-{uuid4().hex[:8]}")


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


# -- review and label --------------------------------------------------------------------------------------------


def test_review_writes_waiting_lessons_with_guesses_and_near_duplicates_as_one(desk: Desk) -> None:
    desk.keep(*map(desk.lesson, ("it is still at the depot", "do you gift wrap", "It is still at the depot!!")))
    first, second = rows(desk.run("review", "--tenant", desk.tenant))
    assert (first["text"], first["intent"], first["why"]) == ("it is still at the depot", None, "unsure")
    assert first["guesses"][0]["id"] == "track_order"
    assert [like["text"] for like in first["alike"]] == ["It is still at the depot!!"]
    assert (second["text"], second["alike"]) == ("do you gift wrap", [])
    assert len(rows(desk.run("review", "--tenant", desk.tenant, "--limit", "1"))) == 1


def test_labels_are_read_back_from_an_edited_review(desk: Desk) -> None:
    desk.keep(*map(desk.lesson, ("it is still at the depot", "It is still at the depot!!", "do you gift wrap")))
    depot, wrap = rows(desk.run("review", "--tenant", desk.tenant))
    labelled = desk.run(
        "label", "--tenant", desk.tenant, "--by", "sue", lines=[{**depot, "intent": "track_order"}, wrap]
    )
    assert (labelled.exit_code, labelled.stderr) == (0, "")
    assert [row["intent"] for row in rows(labelled)] == ["track_order"] * 2
    assert [row["text"] for row in rows(desk.run("review", "--tenant", desk.tenant))] == ["do you gift wrap"]
    (done,) = rows(desk.run("review", "--tenant", desk.tenant, "--labelled"))
    assert done["intent"] == "track_order"
    assert [each.labelled_by for each in desk.ask(lambda store: store.labelled(desk.tenant, 9))] == ["sue", "sue"]


def test_a_wrong_label_is_refused_by_line_and_the_others_are_set(desk: Desk) -> None:
    lesson = desk.lesson("it is still at the depot")
    desk.keep(lesson)
    labelled = desk.run(
        "label",
        "--tenant",
        desk.tenant,
        lines=[
            {"id": lesson.id, "intent": "sing"},
            {"id": "0" * 32, "intent": "track_order"},
            {"text": "hello", "intent": "track_order"},
            {"id": lesson.id, "tenant": "other", "intent": "track_order"},
            {"id": lesson.id, "intent": "track_order"},
        ],
    )
    assert labelled.exit_code == 1
    assert [row["id"] for row in rows(labelled)] == [lesson.id]
    assert [line.split(": ")[0].rpartition(":")[2] for line in labelled.stderr.splitlines()] == ["1", "2", "3", "4"]
    assert "no such intent: 'sing'; there are cancel_order, track_order" in labelled.stderr


# -- accept ------------------------------------------------------------------------------------------------------


def test_accept_shows_a_diff_and_changes_nothing_until_told(desk: Desk) -> None:
    lines = [
        {"text": "has it left the depot", "intent": "track_order"},
        {"text": "Ist es unterwegs?", "intent": "track_order", "language": "de"},
    ]
    shown = desk.run("accept", lines=lines)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == (
        "--- a/track_order.yaml\n+++ b/track_order.yaml\n@@ -7,8 +7,10 @@\n   en:\n"
        "     - \"where is my parcel\"   # the most frequent one\n     - 'where''s my order'\n"
        '+    - "has it left the depot"\n \n   # as typed in Vienna\n   de:\n     - "Wo ist mein Paket?"\n'
        '+    - "Ist es unterwegs?"\n # the end\n'
    )
    assert (desk.folder / "track_order.yaml").read_text() == TRACK
    assert desk.run("accept", "--write", lines=lines).stdout == shown.stdout
    written = yaml.safe_load((desk.folder / "track_order.yaml").read_text())["exemplars"]
    assert (written["en"][-1], written["de"][-1]) == ("has it left the depot", "Ist es unterwegs?")
    assert sorted(path.name for path in desk.folder.iterdir()) == ["cancel_order.yaml", "track_order.yaml"]


def test_a_shops_own_exemplars_go_into_a_file_that_extends_what_ships(desk: Desk) -> None:
    lines = [{"text": "did the elf bring it", "intent": "track_order"}]
    shown = desk.run("accept", "--tenant", desk.tenant, "--write", lines=lines)
    assert "--- /dev/null\n" in shown.stdout
    path = desk.folder / "tenants" / desk.tenant / "track_order.yaml"
    assert yaml.safe_load(path.read_text()) == {
        "id": "track_order",
        "extends": True,
        "exemplars": {"en": ["did the elf bring it"]},
    }
    more = desk.run("accept", "--tenant", desk.tenant, "--write", lines=[{"text": "elf?", "intent": "track_order"}])
    assert '+    - "elf?"' in more.stdout
    assert (desk.folder / "track_order.yaml").read_text() == TRACK


REFUSED: dict[str, tuple[object, str]] = {
    "no JSON": ("{", "invalid JSON"),
    "a misspelt field": ({"text": "has it left", "intnet": "track_order"}, "intnet"),
    "no such intent": ({"text": "has it left", "intent": "sing"}, "no such intent: 'sing'"),
    "neither text nor id": ({"intent": "track_order"}, '"text" or "id" is missing'),
    "a lesson of nobody": ({"id": "0" * 32, "intent": "track_order"}, '"tenant" is missing'),
    "a known exemplar": ({"text": "Where is my parcel?", "intent": "track_order"}, "of track_order already"),
    "one of another intent": ({"text": "cancel my order", "intent": "track_order"}, "of cancel_order already"),
    "an e-mail address": ({"text": "ask ann@example.com", "intent": "track_order"}, "personal data"),
    "too short": ({"text": " x ", "intent": "track_order"}, "2 to 300 characters"),
    "too long": ({"text": "x " * 200, "intent": "track_order"}, "2 to 300 characters"),
    "no language": ({"text": "has it left", "intent": "track_order", "language": "../x"}, "no such language"),
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_line_is_refused_by_file_and_line_while_good_ones_are_taken(
    desk: Desk, line: object, reason: str
) -> None:
    good = {"text": "has it left the depot", "intent": "track_order"}
    shown = desk.run("accept", lines=[good, line, good])
    assert shown.exit_code == 1
    assert shown.stdout.count('+    - "has it left the depot"') == 1
    second, third = shown.stderr.splitlines()
    assert second.partition(": ")[0].endswith(":2")
    assert reason in second
    assert "ann@example.com" not in shown.output
    assert third.partition(": ")[0].endswith(":3")
    assert "is an exemplar of track_order already" in third


def test_a_reviewed_file_is_named_in_errors_and_may_hold_other_bytes_than_text(desk: Desk, tmp_path: Path) -> None:
    reviewed = tmp_path / "reviewed.jsonl"
    reviewed.write_bytes(b'\n{"text": "\xff", "intent": "track_order"}\n{"text": "not judged", "intent": null}\n')
    shown = desk.run("accept", str(reviewed))
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith(f"{reviewed}:2: ")


def test_accepted_lessons_are_dealt_with_their_near_duplicates_too(desk: Desk) -> None:
    desk.keep(*map(desk.lesson, ("it is still at the depot", "It is still at the depot!!", "do you gift wrap")))
    desk.keep(corrected(desk.tenant, "mein Paket steckt fest", (), "track_order", "sue", NOW))
    depot, wrap = rows(desk.run("review", "--tenant", desk.tenant))
    (stuck,) = rows(desk.run("review", "--tenant", desk.tenant, "--labelled"))
    lines = [{**depot, "intent": "track_order"}, wrap, {"id": stuck["id"], "intent": "track_order", "language": "de"}]
    desk.run("accept", "--tenant", desk.tenant, lines=lines)
    assert len(rows(desk.run("review", "--tenant", desk.tenant))) == 2, "a diff alone accepts nothing"
    accepted = desk.run("accept", "--tenant", desk.tenant, "--write", lines=lines)
    assert (accepted.exit_code, accepted.stderr) == (0, "")
    path = desk.folder / "tenants" / desk.tenant / "track_order.yaml"
    assert yaml.safe_load(path.read_text())["exemplars"] == {
        "en": ["it is still at the depot"],
        "de": ["mein Paket steckt fest"],
    }
    assert [row["text"] for row in rows(desk.run("review", "--tenant", desk.tenant))] == ["do you gift wrap"]
    assert rows(desk.run("review", "--tenant", desk.tenant, "--labelled")) == []


def test_words_of_one_shop_teach_no_other_but_may_teach_all(desk: Desk) -> None:
    desk.keep(desk.lesson("it is still at the depot"))
    (line,) = rows(desk.run("review", "--tenant", desk.tenant))
    line["intent"] = "track_order"
    refused = desk.run("accept", "--tenant", "another", "--write", lines=[line])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"words of {desk.tenant}'s customers" in refused.stderr
    assert desk.run("accept", "--write", lines=[line]).exit_code == 0
    assert "it is still at the depot" in (desk.folder / "track_order.yaml").read_text()
    assert rows(desk.run("review", "--tenant", desk.tenant)) == []


def test_a_file_of_another_shape_is_named_and_nothing_is_written(desk: Desk) -> None:
    (desk.folder / "cancel_order.yaml").write_text('id: cancel_order\nexemplars:\n  - "cancel it"\n')
    refused = desk.run("accept", "--write", lines=[{"text": "has it left", "intent": "track_order"}])
    assert refused.exit_code == 2
    assert "cancel_order.yaml:2: exemplars: has to be lists by language" in refused.stderr
    assert (desk.folder / "track_order.yaml").read_text() == TRACK


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
@pytest.mark.parametrize("command", ["review", "label", "accept", "drift"])
def test_a_name_that_is_no_tenants_is_refused(desk: Desk, command: str, name: str) -> None:
    refused = desk.run(command, "--tenant", name)
    assert refused.exit_code == 2
    assert "is no name of a tenant" in refused.stderr


def test_without_a_store_the_command_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_REDIS_URL", "redis://127.0.0.1:1/0")
    refused = desk.run("review", "--tenant", desk.tenant)
    assert refused.exit_code == 2
    assert "the store of lessons is away" in refused.stderr
    assert desk.run("accept", lines=[{"text": "has it left", "intent": "track_order"}]).exit_code == 0


def test_what_could_not_be_ended_in_the_store_is_said_after_the_files_are_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.keep(desk.lesson("it is still at the depot"))
    (line,) = rows(desk.run("review", "--tenant", desk.tenant))
    monkeypatch.setenv("HOLDFAST_REDIS_URL", "redis://127.0.0.1:1/0")
    accepted = desk.run("accept", "--write", lines=[{**line, "intent": "track_order"}])
    assert (accepted.exit_code, "their lessons still wait" in accepted.stderr) == (1, True)
    assert "it is still at the depot" in (desk.folder / "track_order.yaml").read_text()


# -- drift -------------------------------------------------------------------------------------------------------


def test_drift_compares_a_week_with_the_one_before(desk: Desk) -> None:
    async def count(store: RedisLessons) -> None:
        await store.count(desk.tenant, "2026-W45", {"track_order:9": 900, "unsure:2": 100})
        await store.count(desk.tenant, "2026-W46", {"track_order:9": 500, "unsure:2": 490, "cancel_order:5": 10})

    desk.ask(count)
    found = {row["of"]: row for row in rows(desk.run("drift", "--tenant", desk.tenant, "--week", "2026-W46"))}
    assert list(found) == ["overall", "cancel_order", "track_order", "unsure"]
    assert {(row["tenant"], row["week"], row["before"]) for row in found.values()} == {
        (desk.tenant, "2026-W46", "2026-W45")
    }
    assert (found["unsure"]["count"], found["unsure"]["count_before"]) == (490, 100)
    assert {of: row["verdict"] for of, row in found.items()} == {
        "overall": "drifted",
        "cancel_order": "stable",
        "track_order": "drifted",
        "unsure": "drifted",
    }


def test_drift_is_about_this_week_unless_told_and_refuses_what_is_no_week(desk: Desk) -> None:
    (row,) = rows(desk.run("drift", "--tenant", desk.tenant))
    assert (row["of"], row["verdict"]) == ("overall", "too few")
    for bad in ("2026-W54", "last", "2026-46"):
        refused = desk.run("drift", "--tenant", desk.tenant, "--week", bad)
        assert (refused.exit_code, "is no ISO week" in refused.stderr) == (2, True)
