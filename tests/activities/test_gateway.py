"""The gateway tries deployments within an allowance, never beyond it, and puts every request on record once."""

import asyncio
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

import pytest
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities.gateway import Gateway
from activities.inference_ports import Admission
from policies.inference import ModelCall, Price, Usage, cost
from tests.fakes.model_fleet import KeptLedger, KeptSink, OpenSwitchboard, anything, fleet, outcomes, place, work
from tests.fakes.model_server import CutInTheMiddle, MalformedJson, Say, SlowFirstToken, Stall, Status, Step

DEAR = {"price": {"input": 10, "output": 30, "cached": 1}}
HASTY = {"connect": 0.15, "first_token": 0.15, "next_token": 0.15, "total": 1}
CHEAP = {"price": {"input": 1, "output": 3, "cached": 0.1}}


async def test_an_answer_comes_with_its_call_as_the_server_counted_it() -> None:
    counted = Usage(prompt=50, cached=40, completion=6)
    ticks = iter([0.0, 0.25, 0.5, 0.75])
    async with fleet(place("one", Say("It left today.", usage=counted), **DEAR), clock=lambda: next(ticks)) as field:
        sink = KeptSink()
        got = await field.gateway.generate(work(), anything, sink)
    assert (got.text, got.reason) == ("It left today.", "")
    assert sink.taken == ["|", "It ", "left ", "today."]
    (call,) = got.calls
    assert (call.task, call.prompt, call.outcome, call.usage) == ("phrase", "phrase/1", "ok", counted)
    assert call.nano_usd == cost(counted, Price(**DEAR["price"]))
    assert (call.first_token_ms, call.decode_ms, call.hedge) == (250, 500, False)
    assert field.ledger.entries == [("acme", call)]
    assert field.switchboard.released == [("one", "ok", None)]


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (Status(429), "rate_limited"),
        (Status(500), "unavailable"),
        (Status(400), "rejected"),
        (MalformedJson(), "malformed"),
        (CutInTheMiddle(after=2), "unavailable"),
        (Say("Too lo", finish="length"), "malformed"),
        (Say("", chunks=[]), "malformed"),
        (Stall(after=0), "timeout"),
    ],
    ids=repr,
)
async def test_after_a_failure_the_next_one_answers_and_the_draft_begins_anew(step: Step, outcome: str) -> None:
    more = {"timeouts": HASTY} if isinstance(step, Stall) else {}
    async with fleet(place("one", step, **more), place("two", Say("Yes."))) as field:
        sink = KeptSink()
        got = await field.gateway.generate(work(), anything, sink)
    assert got.text == "Yes."
    assert outcomes(got.calls) == [("one", outcome), ("two", "ok")]
    assert "".join(sink.taken).rpartition("|")[2] == "Yes."
    assert field.switchboard.released == [("one", outcome, None), ("two", "ok", None)]


async def test_what_a_server_did_not_count_is_estimated() -> None:
    free = [Status(500), CutInTheMiddle(after=3)]
    async with fleet(place("one", free[0], **DEAR), place("two", free[1], **DEAR)) as field:
        got = await field.gateway.generate(work("x" * 80), anything)
    assert (got.text, got.reason) == (None, "failed")
    refused, cut = got.calls
    assert (refused.usage, refused.nano_usd) == (Usage(), 0)
    assert cut.usage == Usage(prompt=20, completion=3)
    assert cut.nano_usd == cost(cut.usage, Price(**DEAR["price"]))


async def test_an_answer_that_is_not_accepted_is_malformed() -> None:
    async with fleet(place("one", Say("[")), place("two", Say("{}"))) as field:
        got = await field.gateway.generate(work(), lambda text: text == "{}")
    assert (got.text, outcomes(got.calls)) == ("{}", [("one", "malformed"), ("two", "ok")])
    async with fleet(place("one", Say("[")), place("two", Status(500))) as field:
        got = await field.gateway.generate(work(), lambda text: text == "{}")
    assert (got.text, got.reason) == (None, "malformed")


async def test_no_more_requests_are_sent_than_allowed() -> None:
    three = (place("one", Status(500)), place("two", Status(500)), place("three"))
    async with fleet(*three) as field:
        got = await field.gateway.generate(work(calls=2), anything)
    assert (got.reason, outcomes(got.calls)) == ("failed", [("one", "unavailable"), ("two", "unavailable")])


async def test_a_request_that_could_cost_too_much_is_not_sent() -> None:
    worst = cost(Usage(prompt=90 // 3 + 1, completion=20), Price(**CHEAP["price"]))
    places = place("dear", **DEAR), place("cheap", Status(500), **CHEAP)
    async with fleet(*places) as field:
        got = await field.gateway.generate(work("x" * 90, nano_usd=worst), anything)
        assert outcomes(got.calls) == [("cheap", "unavailable")]
        got = await field.gateway.generate(work("x" * 90, nano_usd=worst - 1), anything)
        assert (got.calls, got.reason) == ((), "too_dear")
        got = await field.gateway.generate(work("x" * 90, tiers=("L",)), anything)
        assert (got.calls, got.reason) == ((), "no_model")


async def test_what_is_spent_leaves_less_for_the_next() -> None:
    worst = cost(Usage(prompt=31, completion=20), Price(**CHEAP["price"]))
    async with fleet(place("one", Say("["), **CHEAP), place("two", **CHEAP)) as field:
        got = await field.gateway.generate(work("x" * 90, nano_usd=worst + 1), lambda _: False)
    assert outcomes(got.calls) == [("one", "malformed")]


async def test_the_deadline_ends_everything_and_is_not_held_against_the_deployment() -> None:
    async with fleet(place("one", Stall(after=2)), place("two")) as field:
        got = await field.gateway.generate(work(seconds=0.4), anything)
        await field.servers["one"].requests[0].hung_up.wait()
    assert (got.text, got.reason, outcomes(got.calls)) == (None, "failed", [("one", "timeout")])
    assert got.calls[0].usage.completion == 2
    assert field.switchboard.released == [("one", "cancelled", None)]


@pytest.mark.parametrize(
    ("step", "waited", "told"),
    [
        (Stall(after=0), 2.5, "timeout"),
        (Stall(after=0), 2.4, "cancelled"),
        (Stall(after=1), 9.0, "cancelled"),
    ],
    ids=["half of what it may take", "less", "the first token was there"],
)
async def test_a_deadline_is_held_against_a_deployment_that_kept_us_waiting(
    step: Step, waited: float, told: str
) -> None:
    ticks = chain([0.0], repeat(waited))
    async with fleet(place("one", step), clock=lambda: next(ticks)) as field:
        got = await field.gateway.generate(work(seconds=0.4), anything)
    assert outcomes(got.calls) == [("one", "timeout")]
    assert field.switchboard.released == [("one", told, None)]


async def test_a_caller_who_waits_no_more_is_not_held_against_a_deployment() -> None:
    ticks = chain([0.0], repeat(9.0))
    async with fleet(place("one", Stall(after=0)), clock=lambda: next(ticks)) as field:
        task = asyncio.create_task(field.gateway.generate(work(), anything))
        await field.servers["one"].request()
        task.cancel()
        await asyncio.wait([task])
    assert field.switchboard.released == [("one", "cancelled", None)]


@pytest.mark.parametrize("enough", [1, 3])
async def test_a_sink_that_wants_no_more_ends_the_generation_at_the_server(enough: int) -> None:
    async with fleet(place("one", Stall(after=4)), place("two")) as field:
        got = await field.gateway.generate(work(), anything, KeptSink(enough))
        await field.servers["one"].requests[0].hung_up.wait()
    assert (got.text, got.reason, outcomes(got.calls)) == (None, "stopped", [("one", "cancelled")])


@pytest.mark.parametrize("step", [SlowFirstToken(30), Stall(after=1)], ids=repr)
async def test_a_cancelled_activity_leaves_nothing_behind(step: Step) -> None:
    async with fleet(place("one", step)) as field:
        task = asyncio.create_task(field.gateway.generate(work(), anything))
        asked = await field.servers["one"].request()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asked.hung_up.wait()
    assert [(tenant, call.outcome) for tenant, call in field.ledger.entries] == [("acme", "cancelled")]


async def test_an_error_of_the_sink_is_raised_and_leaves_nothing_behind() -> None:
    class Broken(KeptSink):
        async def take(self, text: str) -> bool:
            raise ZeroDivisionError

    async with fleet(place("one", Stall(after=4))) as field:
        with pytest.raises(ZeroDivisionError):
            await field.gateway.generate(work(), anything, Broken())
        await field.servers["one"].requests[0].hung_up.wait()
    assert field.switchboard.released == [("one", "cancelled", None)]


FULL = Admission("busy", wait=0.01)


@pytest.mark.parametrize(
    ("answers", "more", "expected"),
    [
        ([FULL, FULL], {"wait_seconds": 5}, [("one", "ok")]),
        ([FULL] * 100, {"wait_seconds": 0.05}, [("one", "busy"), ("two", "ok")]),
        ([FULL], {"wait_seconds": 0}, [("one", "busy"), ("two", "ok")]),
        ([Admission("busy")], {"wait_seconds": 5}, [("one", "busy"), ("two", "ok")]),
        ([Admission("open", wait=3)], {"wait_seconds": 5}, [("one", "open"), ("two", "ok")]),
    ],
    ids=["a token comes free", "none comes in time", "no waiting", "the queue is full", "the breaker is open"],
)
async def test_a_token_is_waited_for_but_not_longer_than_the_deployment_says(
    answers: list[Admission], more: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answering = {name: (Say("Yes."),) if (name, "ok") in expected else () for name in ("one", "two")}
    async with fleet(place("one", *answering["one"], **more), place("two", *answering["two"])) as field:
        field.switchboard.planned["one"] = list(answers)
        got = await field.gateway.generate(work(calls=1), anything)
    assert (got.text, outcomes(got.calls)) == ("Yes.", expected)
    assert all(call.nano_usd == 0 for call in got.calls if call.outcome != "ok")


async def test_a_deadline_while_waiting_for_a_token_is_on_record() -> None:
    async with fleet(place("one", wait_seconds=5)) as field:
        field.switchboard.planned["one"] = [FULL] * 1000
        got = await field.gateway.generate(work(seconds=0.1), anything)
    assert (got.reason, outcomes(got.calls)) == ("failed", [("one", "busy")])
    assert got.calls[0].queued_ms >= 50


async def test_a_rate_limited_request_is_repeated_once_when_nobody_else_is_left() -> None:
    async with fleet(place("one", Status(429, retry_after=0), Say("Yes."))) as field:
        got = await field.gateway.generate(work(), anything)
    assert (got.text, outcomes(got.calls)) == ("Yes.", [("one", "rate_limited"), ("one", "ok")])
    assert field.switchboard.released[0] == ("one", "rate_limited", 0.0)
    async with fleet(place("one", Status(429, retry_after=0), Status(429, retry_after=0))) as field:
        got = await field.gateway.generate(work(), anything)
    assert outcomes(got.calls) == [("one", "rate_limited")] * 2


@pytest.mark.parametrize(
    ("steps", "bounds"),
    [
        ((Status(429, retry_after=60),), {}),
        ((Status(429),), {}),
        ((Status(429, retry_after=0),), {"calls": 1}),
    ],
    ids=["too long", "nobody knows how long", "no call left"],
)
async def test_a_rate_limit_is_not_waited_for(steps: tuple[Step, ...], bounds: dict[str, Any]) -> None:
    async with fleet(place("one", *steps)) as field:
        got = await field.gateway.generate(work(**bounds), anything)
    assert (got.reason, outcomes(got.calls)) == ("failed", [("one", "rate_limited")])


async def test_bookkeeping_that_fails_loses_no_answer() -> None:
    async with fleet(place("one", Say("Yes."))) as field:

        async def refuse(tenant: str, call: object) -> None:
            field.ledger.entries.append((tenant, call))  # type: ignore[arg-type]
            raise ConnectionError

        field.ledger.enter = refuse  # type: ignore[method-assign]
        got = await field.gateway.generate(work(), anything)
    assert got.text == "Yes."


async def test_an_answer_does_not_wait_for_bookkeeping_that_hangs() -> None:
    class Hanging(KeptLedger):
        answers = asyncio.Event()

        async def enter(self, tenant: str, call: ModelCall) -> None:
            await self.answers.wait()
            await super().enter(tenant, call)

    ledger = Hanging()
    async with fleet(place("one", Say("Yes.")), ledger=ledger) as field:
        async with asyncio.timeout(10):
            got = await field.gateway.generate(work(), anything)
        assert (got.text, ledger.entries) == ("Yes.", [])
        ledger.answers.set()
        await field.gateway.close()
        assert ledger.entries == [("acme", got.calls[0])]


def own(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK adds to every metric."""
    ours = ("task", "deployment", "tier", "outcome", "kind", "tenant")
    return {name: labels[name] for name in ours if name in labels}


async def test_operators_count_calls_tokens_cost_and_waits() -> None:
    buffer = MetricBuffer(1000)
    environment = ActivityEnvironment()
    environment.metric_meter = Runtime(telemetry=TelemetryConfig(metrics=buffer)).metric_meter
    counted = Usage(prompt=50, cached=40, completion=6)
    async with fleet(place("one", Status(500)), place("two", Say("Yes.", usage=counted), **DEAR)) as field:
        got = await environment.run(field.gateway.generate, work(), anything)
    seen = [
        (each.metric.name.removeprefix("holdfast_inference_"), own(each.attributes), each.value)
        for each in buffer.retrieve_updates()
    ]
    two = {"deployment": "two", "tier": "S"}
    counters = [each for each in seen if not each[0].endswith("_seconds")]
    assert (
        "calls_total",
        {"deployment": "one", "tier": "S", "task": "phrase", "outcome": "unavailable"},
        1,
    ) in counters
    assert ("calls_total", {**two, "task": "phrase", "outcome": "ok"}, 1) in counters
    for kind, count in counted.model_dump().items():
        assert ("tokens_total", {**two, "kind": kind}, count) in counters
    assert ("cost_nano_usd_total", {"tenant": "acme", "tier": "S"}, got.calls[1].nano_usd) in counters
    histograms = [(name, attributes["deployment"]) for name, attributes, _ in seen if name.endswith("_seconds")]
    assert histograms == [("queue_seconds", "one"), ("queue_seconds", "two"), ("first_token_seconds", "two")]


def test_a_deployment_without_a_server_is_named_at_the_start() -> None:
    one = place("one").deployment("http://localhost/v1")
    with pytest.raises(ValueError, match="one"):
        Gateway([one], {}, OpenSwitchboard(), KeptLedger())
