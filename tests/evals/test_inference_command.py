"""The command that evaluates a model: what it reads, what it refuses, what it writes."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.policy_store import read_fleet
from evals.inference import BadCases, read_cases, report
from evals.inference_cases import CARDS, ProposalCase
from policies.inference import Usage
from tests.evals.scripted import measured, perfect, silent, task_of
from tests.fakes.model_server import Body, Say, answering
from workers.cli import app

ORDER = {"order_id": "#1", "status": "pending", "titles": ["Tent"], "placed_at": "2026-11-20T08:00:00Z"}
CANCEL = {"tool": "cancel_order", "arguments": {"order_id": "#1"}}
GOOD = {"id": "a", "language": "en", "message": "cancel it", "orders": [ORDER], "expect": [CANCEL]}


async def test_numbers_and_lines_are_written_for_others_to_read(tmp_path: Path) -> None:
    written, lines = tmp_path / "to" / "inference.json", tmp_path / "to" / "lines.jsonl"
    evaluation = await measured(silent)
    told = "\n".join(report(evaluation, written, lines))
    assert "fit the schema as sent" in told
    assert "a turn that plans and phrases" in told
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").split("\n") if line]
    assert len(rows) == len(evaluation.tried)
    assert rows[0]["why"] == "get_order_status missing"
    assert rows[0]["expected"] == [{"tool": "get_order_status", "arguments": {"order_id": "#67890"}}]
    assert json.loads(written.read_text(encoding="utf-8"))["prompts"] == ["propose/1", "phrase/1", "answer/1"]


@pytest.mark.parametrize("by", ["fleet", "address"])
async def test_the_command_measures_a_deployment_in_one_line(by: str, tmp_path: Path) -> None:
    async with answering(lambda body: perfect(task_of(body), body)) as server:
        deployments = [{"name": name, "tier": "S", "base_url": server.base_url, "model": name} for name in ("a", "b")]
        file = tmp_path / "fleet.yaml"
        file.write_text(json.dumps({"version": "1", "deployments": deployments}))
        chosen = {
            "fleet": ["--fleet", str(file), "--deployment", "b"],
            "address": ["--base-url", server.base_url, "--model", "b", "--price-input", "1", "--price-output", "4"],
        }[by]
        numbers, lines = tmp_path / "n.json", tmp_path / "l.jsonl"
        given = ["evals", "inference", *chosen, "--json", str(numbers), "--lines", str(lines)]
        result = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert result.exit_code == 0, result.output
    assert {asked.body["model"] for asked in server.requests} == {"b"}
    told = json.loads(numbers.read_text(encoding="utf-8"))
    assert bool(told["usd_a_turn"]["plans and phrases"]) == (by == "address")
    assert all(json.loads(line)["right"] for line in lines.read_text(encoding="utf-8").splitlines())


async def test_where_nothing_can_be_written_no_call_is_paid(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with answering(lambda body: perfect(task_of(body), body)) as server:
        for option, path in (("--json", tmp_path), ("--lines", tmp_path), ("--json", tmp_path / "file" / "n.json")):
            given = ["evals", "inference", "--base-url", server.base_url, "--model", "m", option, str(path)]
            kept = ["--json", str(tmp_path / "n.json")] if option == "--lines" else []
            result = await asyncio.to_thread(CliRunner().invoke, app, [*given, *kept])
            assert result.exit_code == 2
            assert f"{path} cannot be written" in result.output.replace("\n", "")
    assert not server.requests
    assert _names(tmp_path) == ["file"]


async def test_cached_tokens_cost_as_much_as_others_unless_their_price_is_given(tmp_path: Path) -> None:
    counted = Usage(prompt=1000, cached=600, completion=0)
    dollars = []
    async with answering(lambda body: Say(perfect(task_of(body), body), usage=counted)) as server:
        for more in ((), ("--price-cached", "0.5")):
            given = ["evals", "inference", "--base-url", server.base_url, "--model", "m", "--price-input", "2", *more]
            given += ["--json", str(tmp_path / "n.json")]
            result = await asyncio.to_thread(CliRunner().invoke, app, given)
            assert result.exit_code == 0, result.output
            dollars.append(json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))["calls"][0]["usd"])
    assert dollars == pytest.approx([1000 * 2 / 1e6, (400 * 2 + 600 * 0.5) / 1e6])


def test_which_of_several_deployments_has_to_be_said(tmp_path: Path) -> None:
    deployments = [{"name": name, "tier": "S", "base_url": "http://x/v1", "model": name} for name in ("a", "b")]
    file = tmp_path / "fleet.yaml"
    file.write_text(json.dumps({"version": "1", "deployments": deployments}))
    for more, says in (((), "There are a, b"), (("--deployment", "c"), "has no deployment 'c'")):
        result = CliRunner().invoke(app, ["evals", "inference", "--fleet", str(file), *more])
        assert result.exit_code == 2
        assert says in result.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expect": [{"tool": "destroy_order"}]}, ":1: expect.0.tool: the model is not shown 'destroy_order'"),
        ({"orders": []}, ":1: expect.0.tool: the model is not shown 'cancel_order'"),
        ({"expect": [{**CANCEL, "arguments": {"order_id": "#2"}}]}, "'#2' is not among the orders of this case"),
        ({"expect": [{**CANCEL, "arguments": {"amount": 3}}]}, "amount: cancel_order has no such argument"),
        ({"also": [[{**CANCEL, "arguments": {"amount": 3}}]]}, ":1: also.0.0.arguments.amount"),
        (
            {"expect": [{"tool": "initiate_refund", "arguments": {"reason_code": "BORED"}}]},
            "reason_code: 'BORED' is none of DELIVERY_FAILED",
        ),
        (
            {"expect": [{"tool": "change_address", "arguments": {"address": {"street": "x"}}}]},
            "expected some of line1",
        ),
        ({"expect": [CANCEL, CANCEL], "most": 1}, "expect: 2 proposals, but the model may make 1"),
        ({"tools": ["check_fraud_score"]}, "there is no tool 'check_fraud_score' that may be proposed"),
        ({"messages": "x"}, ":1: messages: "),
        ({"orders": [{**ORDER, "colour": "red"}]}, ":1: orders.0.colour: "),
        ({"message": " "}, ":1: message: must not be blank"),
        ({"tools": ["cancel_order"], "orders": [], "expect": []}, ":1: tools: none of them can be used"),
    ],
)
def test_a_case_that_no_model_could_get_right_is_refused(tmp_path: Path, change: Body, says: str) -> None:
    with pytest.raises(BadCases) as refused:
        read_cases(_written(tmp_path, GOOD | change))
    assert says in str(refused.value)


def test_all_faults_of_all_files_are_listed(tmp_path: Path) -> None:
    path = _written(tmp_path, GOOD, GOOD, {"id": "b"})
    path.write_text(path.read_text(encoding="utf-8") + "rubbish\n", encoding="utf-8")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(BadCases) as refused:
        read_cases(path, empty, tmp_path / "absent.jsonl")
    faults = str(refused.value).split("\n")
    assert f"{path}:2: id: 'a' stands in line 1 already" in faults
    assert [fault for fault in faults if fault.startswith(f"{path}:3: message")]
    assert [fault for fault in faults if fault.startswith(f"{path}:4: invalid JSON")]
    assert [fault for fault in faults if fault.startswith(f"{empty}:") and "holds no case" in fault]
    assert [fault for fault in faults if "absent.jsonl:1: cannot be read" in fault]


def test_cases_of_others_are_read_as_ours_are(tmp_path: Path) -> None:
    (case,) = read_cases(_written(tmp_path, GOOD)).proposals
    assert isinstance(case, ProposalCase)
    assert case.tools == tuple(CARDS)


def test_the_guide_names_a_deployment_there_is() -> None:
    root = Path(__file__).parents[2]
    guide = (root / "docs/evaluating-models.md").read_text(encoding="utf-8")
    named = re.findall(r"--fleet (\S+) --deployment (\S+)", guide)
    assert named
    for file, deployment in named:
        assert deployment in [each.name for each in read_fleet(root / file).deployments]


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _written(folder: Path, *rows: Body) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "name a model"),
        (("--base-url", "http://127.0.0.1:9/v1"), "needs --model"),
        (("--base-url", "http://127.0.0.1:9", "--model", "m"), "--base-url: has to name a host and end in /v1"),
        (("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--fleet", "f"), "give either"),
        (("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--key-variable", "NO_SUCH"), "NO_SUCH is not set"),
        (("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--dialect", "sql"), "--dialect: "),
        (("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--cases", "none.jsonl"), "none.jsonl:1: cannot be"),
        (("--base-url", "http://127.0.0.1:9/v1", "--model", "m"), "no answer from http://127.0.0.1:9/v1: unavailable"),
        (("--fleet", "absent.yaml"), "absent.yaml:1: file is missing"),
        (("--fleet", "."), ".:1: cannot be read: is a directory"),
    ],
)
def test_the_command_says_what_is_missing(given: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_FLEET", raising=False)
    result = CliRunner().invoke(app, ["evals", "inference", *given])
    assert result.exit_code == 2
    assert says in result.output.replace("\n", " ")
