"""A fleet file is taken as a whole or refused with file, line and reason."""

import re
from pathlib import Path

import pytest

from policies.fleet import Fleet, parse
from policies.inference import Deployed, Price
from policies.yaml_lines import BadFile

SHIPPED = (Path(__file__).parents[2] / "deploy/fleet.yaml").read_text(encoding="utf-8")
SMALLEST = """\
version: "1"
deployments:
  - name: planner
    tier: S
    base_url: http://127.0.0.1:8000/v1
    model: tiny
"""


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadFile) as caught:
        parse(text, "fleet.yaml")
    assert caught.value.source == "fleet.yaml"
    return caught.value.faults


def with_line(line: str) -> str:
    return f"{SMALLEST}    {line}\n"


def test_the_smallest_fleet_has_one_deployment_and_sensible_bounds() -> None:
    (planner,) = parse(SMALLEST, "fleet.yaml").deployments
    assert planner.deployed == Deployed(name="planner", tier="S", region="local", context=8192, price=Price())
    assert (planner.key_variable, planner.serving, planner.hedge_seconds) == (None, None, None)
    assert planner.timeouts.first_token < planner.timeouts.total


def test_the_shipped_fleet_serves_every_tier_and_keeps_one_at_home() -> None:
    fleet = parse(SHIPPED, "deploy/fleet.yaml")
    assert [each.tier for each in fleet.deployments] == ["S", "M", "L"]
    assert [each.name for each in fleet.deployments if each.serving] == ["planner-s", "planner-m"]
    assert all(each.key_variable for each in fleet.deployments)
    assert [each.price.input for each in fleet.deployed] == sorted(each.price.input for each in fleet.deployed)
    assert Fleet.model_validate_json(fleet.model_dump_json()) == fleet


ONE_LINE = {
    "an unknown key": ("contxt: 4096", "contxt: extra inputs are not permitted"),
    "a tier there is not": ("tier: XL", "key 'tier' is given twice"),
    "a context too small": ("context: 100", "greater than or equal to 512"),
    "a key in place of its variable": ("key_variable: sk-proj-1234", "key_variable: string should match pattern"),
    "a dialect there is not": ("dialect: tgi", "dialect: input should be 'vllm', 'sglang' or 'openai'"),
    "a negative price": ("price: {input: -1}", "price.input: input should be greater than or equal to 0"),
    "no concurrency": ("concurrency: 0", "concurrency: input should be greater than or equal to 1"),
    "a first token later than the last": (
        "timeouts: {first_token: 9, total: 8}", "timeouts: first_token (9) is longer than total (8)",
    ),
    "a breaker that never opens": ("breaker: {failures: 0}", "breaker.failures: input should be greater"),
    "a moving image": ("serving: {image: 'v/v:latest', weights: /m}", "serving.image: string should match"),
    "a key as an argument": (
        "serving: {image: 'v/v:v1.0', weights: /m, arguments: [--api-key=x]}", "a key does not belong into arguments",
    ),
    "more than a whole GPU": ("serving: {image: 'v/v:v1.0', weights: /m, gpu_memory: 1.5}", "less than or equal to 1"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), ONE_LINE.values(), ids=ONE_LINE.keys())
def test_a_faulty_line_is_refused_where_it_stands(line: str, reason: str) -> None:
    at = SMALLEST.count("\n") + 1
    assert any(number == at and reason in said for number, said in faults_of(with_line(line)))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(
            "hedge_seconds: 3", "hedge_seconds (3) has to be shorter than timeouts.first_token (3)", id="hedge"
        ),
        pytest.param("wait_seconds: 11", "wait_seconds (11) is longer than timeouts.total (10)", id="queue"),
        pytest.param(
            "serving: {image: 'v/v:v1.0', weights: /m}", "serving needs a base_url that names its service", id="service"
        ),
    ],
)
def test_what_does_not_go_together_is_shown_at_its_deployment(line: str, reason: str) -> None:
    ((number, said),) = faults_of(with_line(line))
    assert number == SMALLEST.splitlines().index("  - name: planner") + 1
    assert said.startswith("deployments.0: ")
    assert reason in said


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://planner:8000", "end in /v1"),
        ("http://planner:8000/v1/", "end in /v1"),
        ("http://planner:8000/v1?key=1", "end in /v1"),
        ("http:///v1", "name a host"),
        ("planner:8000/v1", "should match pattern"),
        ("http://planner:80000/v1", "out of range"),
        ("https://someone:hunter2@models.example/v1", "must not hold a user or password"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_being_repeated(url: str, reason: str) -> None:
    ((number, said),) = faults_of(SMALLEST.replace("http://127.0.0.1:8000/v1", url))
    assert (number, reason in said) == (5, True)
    assert "hunter2" not in said


def test_serving_describes_vllm_only() -> None:
    text = SMALLEST.replace("127.0.0.1", "planner") + "    serving: {image: 'v/v:v1.0', weights: /m}\n"
    assert parse(text, "fleet.yaml").deployments[0].serving
    ((_, said),) = faults_of(f"{text}    dialect: openai\n")
    assert "serving describes a vLLM server, but dialect is openai" in said


def test_what_two_deployments_cannot_share_is_shown_at_the_second() -> None:
    text = SHIPPED.replace("planner-m", "planner-s").replace('gpus: ["1"]', 'gpus: ["0"]')
    second = text.index("- name: planner-s", text.index("- name: planner-s") + 1)
    line = text[:second].count("\n") + 1
    faults = faults_of(text)
    assert faults[0] == (line, "the name 'planner-s' is given to two deployments")
    assert any("gpu_memory of GPU 0 adds up to 1.80" in said for _, said in faults)


def test_one_service_cannot_serve_two_models() -> None:
    faults = faults_of(SHIPPED.replace("http://planner-m:8000", "http://planner-s:8000"))
    assert [said for _, said in faults] == ["'planner-m' and 'planner-s' would be served by one service, 'planner-s'"]


def test_shares_that_fill_a_gpu_exactly_are_taken() -> None:
    text = re.sub(r"gpu_memory: 0\.9", "gpu_memory: 0.5", SHIPPED).replace('gpus: ["1"]', 'gpus: ["0"]')
    assert len(parse(text, "fleet.yaml").deployments) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a mapping"),
        ('version: "1"\ndeployments: []\n', "deployments: a fleet needs a deployment"),
        ("version: 1\ndeployments: []\n", "version: input should be a valid string"),
        ('version: "1"\n', "deployments: field required"),
        ("deployments: [\n", "expected"),
    ],
)
def test_a_file_that_is_no_fleet_is_refused(text: str, reason: str) -> None:
    assert any(reason in said for _, said in faults_of(text))
