"""A slow deployment is overtaken by the second-best; both requests are on record, and only one goes on."""

import asyncio

import pytest

from activities.inference_ports import Admission
from tests.fakes.model_fleet import KeptSink, anything, fleet, outcomes, place, work
from tests.fakes.model_server import CutInTheMiddle, Held, Say, SlowFirstToken, Stall, Status

SOON = {"hedge_seconds": 0.03}


async def test_the_second_best_overtakes_a_slow_one_and_the_slow_one_is_stopped() -> None:
    async with fleet(place("slow", SlowFirstToken(30), **SOON), place("fast", Say("Yes."))) as field:
        sink = KeptSink()
        got = await field.gateway.generate(work(), anything, sink)
        await field.servers["slow"].requests[0].hung_up.wait()
    assert got.text == "Yes."
    assert sink.taken == ["|", "Yes."]
    assert [(call.deployment, call.outcome, call.hedge) for call in got.calls] == [
        ("slow", "overtaken", False),
        ("fast", "ok", True),
    ]
    assert sorted(field.switchboard.released) == [("fast", "ok", None), ("slow", "overtaken", None)]


async def test_the_first_may_still_win_and_the_hedge_is_stopped() -> None:
    gate = asyncio.Event()
    async with fleet(place("slow", Held(gate, "Yes."), **SOON), place("slower", SlowFirstToken(30))) as field:
        task = asyncio.create_task(field.gateway.generate(work(), anything))
        hedge = await field.servers["slower"].request()
        gate.set()
        got = await task
        await hedge.hung_up.wait()
    assert got.text == "Yes."
    assert outcomes(got.calls) == [("slower", "overtaken"), ("slow", "ok")]
    assert [call.hedge for call in got.calls] == [True, False]


async def test_after_the_first_token_there_is_no_hedge() -> None:
    async with fleet(place("one", Say("One at a time.", pause=0.1), hedge_seconds=0.25), place("two")) as field:
        got = await field.gateway.generate(work(), anything)
    assert outcomes(got.calls) == [("one", "ok")]


@pytest.mark.parametrize(
    ("bounds", "more"),
    [({"hedge": False}, SOON), ({"calls": 1}, SOON), ({}, {})],
    ids=["not allowed", "no call left", "not for this deployment"],
)
async def test_no_hedge_is_sent(bounds: dict[str, bool | int], more: dict[str, float]) -> None:
    async with fleet(place("one", SlowFirstToken(0.1, "Yes."), **more), place("two")) as field:
        got = await field.gateway.generate(work(**bounds), anything)
    assert outcomes(got.calls) == [("one", "ok")]


async def test_a_hedge_has_to_fit_the_money_beside_the_request_under_way() -> None:
    dollar = {"price": {"output": 1}}
    async with fleet(place("one", SlowFirstToken(0.1, "Yes."), **SOON, **dollar), place("two", **dollar)) as field:
        got = await field.gateway.generate(work(most_tokens=20, nano_usd=39_999), anything)
    assert outcomes(got.calls) == [("one", "ok")]


async def test_a_hedge_does_not_wait_for_a_token_and_passes_over_who_has_none() -> None:
    places = place("one", SlowFirstToken(30), **SOON), place("full", wait_seconds=5), place("free", Say("Yes."))
    async with fleet(*places) as field:
        field.switchboard.planned["full"] = [Admission("busy", wait=5)]
        got = await field.gateway.generate(work(), anything)
    assert outcomes(got.calls) == [("one", "overtaken"), ("free", "ok")]


async def test_when_both_fail_the_third_is_asked() -> None:
    hasty = {"connect": 0.15, "first_token": 0.15, "next_token": 0.15, "total": 1}
    first = place("one", Stall(after=0), timeouts=hasty, **SOON)
    async with fleet(first, place("two", Status(500)), place("three", Say("Yes."))) as field:
        got = await field.gateway.generate(work(), anything)
    *failed, answered = outcomes(got.calls)
    assert sorted(failed) == [("one", "timeout"), ("two", "unavailable")]
    assert answered == ("three", "ok")


async def test_a_hedge_that_is_cut_gives_way_to_the_next() -> None:
    places = (
        place("one", SlowFirstToken(30), **SOON),
        place("two", CutInTheMiddle(after=2)),
        place("three", Say("Yes.")),
    )
    async with fleet(*places) as field:
        sink = KeptSink()
        got = await field.gateway.generate(work(), anything, sink)
    assert outcomes(got.calls) == [("one", "overtaken"), ("two", "unavailable"), ("three", "ok")]
    assert sink.taken == ["|", "One ", "two ", "|", "Yes."]


@pytest.mark.parametrize("late", [True, False], ids=["deadline", "cancelled"])
async def test_both_are_stopped_when_there_is_no_more_time(late: bool) -> None:
    places = place("one", SlowFirstToken(30), **SOON), place("two", SlowFirstToken(30))
    async with fleet(*places) as field:
        bounds = {"seconds": 0.4} if late else {}
        task = asyncio.create_task(field.gateway.generate(work(**bounds), anything))
        asked = [await field.servers[name].request() for name in ("one", "two")]
        if not late:
            task.cancel()
        await asyncio.wait([task])
        for each in asked:
            await each.hung_up.wait()
        assert task.cancelled() is not late
    entered = {(call.deployment, call.outcome) for _, call in field.ledger.entries}
    assert entered == {(name, "timeout" if late else "cancelled") for name in ("one", "two")}
    assert {outcome for _, outcome, _ in field.switchboard.released} == {"cancelled"}
