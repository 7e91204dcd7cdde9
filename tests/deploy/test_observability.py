"""Alerts, dashboards and their configuration parse, agree with each other, and ask only for metrics that exist."""

import asyncio
import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import promql_parser
import pytest
import yaml
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from activities import errors
from policies.fleet import parse
from policies.inference import CallOutcome
from workers.ports import free_ports
from workers.settings import Settings
from workers.telemetry import runtime

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs/operations.md").read_text()
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
GROUPS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"]]
RECORDING = yaml.safe_load((DEPLOY / "prometheus/recording.yml").read_text())["groups"]
RECORDED = [rule for group in RECORDING for rule in group["rules"]]
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
COLLECTOR = yaml.safe_load((DEPLOY / "otel-collector.yaml").read_text())
BOARD = json.loads((DEPLOY / "grafana/dashboards/holdfast.json").read_text())

ROW = re.compile(r"^\| `(?P<name>[\w:]+)` \| (?P<kind>counter|gauge|histogram) \| (?P<labels>[^|]+) \|", re.M)
METRICS = {row["name"]: (row["kind"], set(re.findall(r"\w+", row["labels"]))) for row in ROW.finditer(OPERATIONS)}
QUERIES = [
    *((rule["record"], rule["expr"]) for rule in RECORDED),
    *((alert["alert"], alert["expr"]) for alert in ALERTS),
    *((panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]),
]


def series_of(metric: str) -> set[str]:
    kind, _ = METRICS[metric]
    return {f"{metric}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else {metric}


def selectors_of(query: str) -> list[promql_parser.VectorSelector]:
    """Parse a query and list every selector in it."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        return True

    parsed = promql_parser.parse(query.replace("$__rate_interval", "5m"))
    promql_parser.walk(parsed, visit)
    return found


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_query_asks_for_metrics_and_labels_that_exist(title: str, query: str) -> None:
    known = {series: METRICS[metric][1] | {"le"} for metric in METRICS for series in series_of(metric)}
    # A recorded series is named level:metric:operations, where the level lists the labels it keeps.
    known |= {rule["record"]: set(rule["record"].partition(":")[0].split("_")) for rule in RECORDED}
    selectors = selectors_of(query)
    assert selectors
    labels = set()
    for selector in selectors:
        assert selector.name in known, f"{title} asks for {selector.name}, which docs/operations.md does not list"
        labels |= known[selector.name]
        assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name]
    grouped = {label for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", query) for label in group.split(", ")}
    assert grouped <= labels


def test_every_metric_of_ours_is_looked_at() -> None:
    asked = {selector.name for _, query in QUERIES for selector in selectors_of(query)}
    assert not [metric for metric in METRICS if not asked & series_of(metric)]


def test_tool_outcomes_in_queries_are_the_failures_clients_raise() -> None:
    raised = {kind.__name__.lower() for kind in (errors.Unavailable, errors.Malformed, errors.Unknown)}
    queries = [query for _, query in QUERIES if "holdfast_tool_calls_total" in query]
    asked = {match for query in queries for match in re.findall(r'outcome=~"([^"]+)"', query)}
    assert {frozenset(match.split("|")) for match in asked} == {frozenset(raised)}


def test_the_outcomes_of_model_calls_are_those_of_the_record() -> None:
    (meaning,) = re.findall(r"^\| `holdfast_inference_calls_total` .*`outcome`: ([^|]+) \|$", OPERATIONS, re.M)
    # A worker that died with its call could not count it.
    assert set(meaning.split(", ")) == set(get_args(CallOutcome)) - {"lost"}
    excused = {match for _, query in QUERIES for match in re.findall(r'outcome!~"([^"]+)"', query)}
    assert {name for names in excused for name in names.split("|")} < set(get_args(CallOutcome))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_who_reacts_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["runbook"] == f"docs/operations.md#{alert['alert'].lower()}"
    assert f"\n### {alert['alert']}\n" in OPERATIONS


def test_every_runbook_belongs_to_an_alert() -> None:
    pages = OPERATIONS.partition("## Alerts at night")[2]
    assert re.findall(r"^### (\w+)$", pages, re.M) == [alert["alert"] for alert in ALERTS]


def test_every_worker_is_scraped_where_it_listens() -> None:
    (job,) = (job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == "workers")
    (lookup,) = job["dns_sd_configs"]
    assert set(lookup["names"]) == {name for name in SERVICES if name.startswith("worker-")}
    for name in lookup["names"]:
        assert SERVICES[name]["environment"]["HOLDFAST_METRICS_BIND"] == f"0.0.0.0:{lookup['port']}"


def test_the_example_of_scraped_servers_is_the_example_fleet() -> None:
    fleet = parse((DEPLOY / "fleet.yaml").read_text(), "deploy/fleet.yaml")
    assert [(entry["targets"], entry["labels"]["deployment"]) for entry in example_servers()] == [
        ([each.address.netloc], each.name) for each in fleet.deployments if each.serving
    ]


def example_servers() -> list[dict[str, Any]]:
    (text,) = re.findall(r"`(\[.+\])`", (DEPLOY / "prometheus/fleet/README.md").read_text())
    servers: list[dict[str, Any]] = json.loads(text)
    return servers


def test_the_collector_wires_only_what_it_defines_and_prometheus_asks_it_there() -> None:
    for pipeline in COLLECTOR["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= set(COLLECTOR[kind])
    targets = {
        target: job["job_name"]
        for job in PROMETHEUS["scrape_configs"]
        for static in job.get("static_configs", [])
        for target in static["targets"]
    }
    exported = COLLECTOR["exporters"]["prometheus"]["endpoint"].rpartition(":")[2]
    (reader,) = COLLECTOR["service"]["telemetry"]["metrics"]["readers"]
    own = reader["pull"]["exporter"]["prometheus"]["port"]
    assert targets[f"otel-collector:{exported}"] == "otel"
    assert targets[f"otel-collector:{own}"] == "otel-collector"
    assert {target.partition(":")[0] for target in targets} <= set(SERVICES)


def test_grafana_finds_its_dashboards_and_its_data() -> None:
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/holdfast.yml").read_text())["providers"]
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    assert {panel["datasource"]["uid"] for panel in BOARD["panels"]} == {source["uid"]}
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


HISTOGRAMS = [name for name, (kind, _) in METRICS.items() if kind == "histogram" and name.startswith("holdfast_")]


@activity.defn
async def nothing() -> None: ...


@workflow.defn(sandboxed=False)
class Idle:
    @workflow.run
    async def run(self) -> None:
        for name in HISTOGRAMS:
            workflow.metric_meter().create_histogram_timedelta(name).record(timedelta(milliseconds=450))
        await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=5))


async def test_a_real_worker_offers_the_metrics_we_ask_for_in_seconds(temporal_server: str) -> None:
    (port,) = free_ports(1)
    telling = runtime(Settings(metrics_bind=f"127.0.0.1:{port}", otlp_endpoint=None))
    client = await Client.connect(temporal_server, runtime=telling)
    async with Worker(client, task_queue="measured", workflows=[Idle], activities=[nothing]):
        await client.execute_workflow(Idle.run, id="measured", task_queue="measured")
        await asyncio.sleep(0.2)
        async with httpx.AsyncClient(trust_env=False) as http:
            offered = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    for metric in (metric for metric in METRICS if metric.startswith("temporal_")):
        kind, labels = METRICS[metric]
        assert f"# TYPE {metric} {kind}\n" in offered
        line = next(line for line in offered.splitlines() if re.match(rf"{metric}(_bucket)?\{{", line))
        assert all(f'{label}="' in line for label in labels)
    for metric in HISTOGRAMS:
        assert re.search(rf"^{metric}_sum{{.*}} 0\.45$", offered, re.M)
    # A threshold between two distant boundaries would be guessed.
    bounds = set(re.findall(r'holdfast_inference_first_token_seconds_bucket{.*le="([^"]+)"', offered))
    assert {"0.5", "0.6", "0.8"} <= bounds


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian package prometheus) is not installed")
def test_alerts_fire_when_they_should() -> None:
    command = ["promtool", "test", "rules", "alerts.test.yml"]
    ran = subprocess.run(command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian package prometheus) is not installed")
def test_prometheus_takes_its_configuration_and_the_example_of_scraped_servers(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    (tmp_path / "prometheus/fleet/servers.json").write_text(json.dumps(example_servers()))
    command = ["promtool", "check", "config", "prometheus.yml"]
    ran = subprocess.run(command, cwd=tmp_path / "prometheus", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fleet" not in ran.stdout + ran.stderr, "a file of targets that it does not find or understand is a warning"
