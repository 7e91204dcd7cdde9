"""What models may take in a turn, by rule and by wish; what they took is on the record and adds up."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig

from activities.inference_asks import PhraseReply
from policies.inference import CallOutcome, Usage
from policies.prompts import MOST_CHARACTERS
from policies.wishes import Wish
from tests.fakes.shop import order
from tests.workflows.conftest import Here, Policies
from tests.workflows.model_scenes import (
    STATUS,
    aloud,
    asked_of_models,
    choices_of,
    prompt_of,
    proposing,
    refund,
    rule_of,
    tasks_of,
    thinking,
    told,
    with_model,
    wording,
)
from tests.workflows.scripted_models import LARGE, SMALL
from tests.workflows.test_bursts import post
from tests.workflows.test_renewal import renewed
from workflows.inference import GRACE_S, HEARTBEAT

WHERE = "where is order 12345?"
MUMBLE = "zzz"
LIE = thinking("Your order has been refunded.")


@pytest.fixture(scope="session")
def short(policies: Policies) -> Path:
    return policies(history_limit=50)


async def test_each_choice_says_by_which_rule_and_what_it_looked_at(here: Here) -> None:
    desk = with_model(here(order()), proposing(STATUS))
    reply = await desk.customer().say(MUMBLE)
    assert choices_of(reply) == [("S", "tier.novel"), ("S", "tier.light")]
    assert reply.decision
    numbers = reply.decision.choices[0].numbers
    assert (numbers["task"], numbers["calls"], numbers["row_tier"]) == ("propose", 6, "L")
    assert reply.decision.choices[1].numbers["calls"] == 5
    assert [(call.task, call.outcome) for call in reply.decision.calls] == [
        ("propose", "ok"),
        ("phrase", "unavailable"),
    ]


# -- bounds of a turn --------------------------------------------------------------------------------------------------


async def test_calls_are_bounded_by_the_turn(here: Here, policies: Policies) -> None:
    desk = with_model(here(order(), policies=policies(inference={"calls_per_turn": 1})), proposing(STATUS))
    reply = await desk.customer().say(MUMBLE)
    assert choices_of(reply) == [("S", "tier.novel"), ("deterministic", "tier.calls_spent")]
    assert tasks_of(desk) == ["propose"]
    assert "was delivered on" in reply.text


async def test_a_task_that_would_cost_more_than_the_turn_has_is_done_without_a_model(
    here: Here, policies: Policies
) -> None:
    desk = with_model(here(order(), policies=policies(inference={"turn_usd": 0.00002})), proposing(STATUS))
    reply = await desk.customer().say(MUMBLE)
    assert choices_of(reply) == [("deterministic", "tier.cost_lowered")]
    assert desk.works == []


async def test_what_a_call_has_cost_is_gone_for_the_next_one(here: Here, policies: Policies) -> None:
    desk = with_model(here(order(), policies=policies(inference={"turn_usd": 0.001})), proposing(STATUS))
    desk.usage = Usage(prompt=10_000)
    reply = await desk.customer().say(MUMBLE)
    assert choices_of(reply) == [("S", "tier.novel"), ("deterministic", "tier.no_money")]
    assert tasks_of(desk) == ["propose"]


async def test_what_a_call_has_taken_is_gone_for_the_next_one(here: Here, policies: Policies) -> None:
    desk = with_model(here(order(), policies=policies(inference={"turn_seconds": 2})), proposing(STATUS))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("propose") as model:
        (answer,) = await post(customer, MUMBLE)
        await model.reached()
        await asyncio.sleep(1.6)
        model.open()
        reply = await answer
    assert choices_of(reply) == [("S", "tier.novel"), ("deterministic", "tier.no_time")]
    assert "was delivered on" in reply.text


async def test_a_model_that_never_answers_is_waited_for_as_long_as_the_rules_say(
    here: Here, policies: Policies
) -> None:
    desk = with_model(here(order(), policies=policies(inference={"turn_seconds": 0.6})), proposing(STATUS))
    with desk.held("propose"):
        reply = await desk.customer().say(MUMBLE)
    assert reply.text.startswith("I am not sure I understood.")
    assert choices_of(reply) == [("S", "tier.hurry")]


async def test_a_question_carries_no_more_of_the_conversation_than_its_prompt_holds(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    for _ in range(10):
        await customer.say(f"hello {'so ' * 500}")
    await customer.say(WHERE)
    (task,) = await asked_of_models(customer)
    (asked,) = await customer.client.data_converter.decode(task.input.payloads, [PhraseReply])
    assert 5_000 < sum(len(line.text) for line in asked.history) <= MOST_CHARACTERS


async def test_a_worker_is_waited_for_no_longer_than_its_models(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    await customer.say(WHERE, wish=Wish(within_ms=800))
    (waits,) = await asked_of_models(customer)
    bound = timedelta(seconds=0.8 + GRACE_S)
    assert waits.schedule_to_start_timeout.ToTimedelta() == waits.start_to_close_timeout.ToTimedelta() == bound
    assert waits.schedule_to_close_timeout.ToTimedelta() == bound + HEARTBEAT


async def test_a_turn_that_is_superseded_while_a_model_thinks_does_nothing_more(here: Here) -> None:
    """Without the model's idea it would have gone on to call a person."""
    desk = with_model(here(order()), lambda work: None)
    customer = desk.customer()
    await customer.say(MUMBLE, "first")
    await customer.say(MUMBLE, "second")
    with desk.held("propose") as model:
        waiting = await post(customer, MUMBLE)
        await model.reached()
        waiting += await post(customer, WHERE)
        reply, same = await asyncio.gather(*waiting)
    assert reply == same
    assert (reply.stage, desk.shop.tickets) == ("open", [])
    assert "was delivered on" in reply.text


@pytest.mark.parametrize(
    ("outcome", "rule"), [("unavailable", "tier.calls_spent"), ("busy", "tier.light"), ("open", "tier.light")]
)
async def test_what_was_never_sent_is_no_call_of_the_turn(
    here: Here, policies: Policies, outcome: CallOutcome, rule: str
) -> None:
    desk = with_model(here(order(), policies=policies(inference={"calls_per_turn": 1})), lambda work: None)
    desk.fails_as = outcome
    customer = desk.customer()
    replies = [await customer.say(MUMBLE, f"m{number}") for number in range(3)]
    assert [rule for _, rule in choices_of(replies[-1])] == ["tier.novel", rule]


async def test_a_task_that_is_off_is_done_without_a_model(here: Here, policies: Policies) -> None:
    desk = with_model(here(order(), policies=policies(inference={"tasks": ["phrase"]})), wording(aloud))
    customer = desk.customer()
    assert choices_of(await customer.say(MUMBLE)) == [("deterministic", "tier.task_off")]
    assert rule_of(await customer.say(WHERE)) == "reply.borne_out"
    assert tasks_of(desk) == ["phrase"]


@pytest.mark.parametrize(("regions", "asked"), [(["eu"], []), (["local"], ["phrase"])])
async def test_words_stay_where_the_tenant_lets_them_go(
    here: Here, policies: Policies, regions: list[str], asked: list[str]
) -> None:
    desk = with_model(here(order(), policies=policies(inference={"regions": regions})), wording(aloud))
    reply = await desk.customer().say(WHERE)
    assert tasks_of(desk) == asked
    rule = ("S", "tier.light") if asked else ("deterministic", "tier.no_deployment")
    assert choices_of(reply) == [rule]
    assert [work.allowance.regions for work in desk.works] == [tuple(regions)] * len(asked)


# -- wishes ------------------------------------------------------------------------------------------------------------


WISHES: dict[str, tuple[Wish, tuple[str, str]]] = {
    "no time": (Wish(within_ms=0), ("deterministic", "tier.no_time")),
    "a hurry": (Wish(within_ms=1200), ("S", "tier.hurry")),
    "no money": (Wish(at_most_usd=0), ("deterministic", "tier.no_money")),
    "the fastest": (Wish(quality="fast"), ("S", "tier.wish_fast")),
    "the best": (Wish(quality="best"), ("L", "tier.wish_best")),
    "nothing in particular": (Wish(), ("S", "tier.light")),
    "more than there is": (Wish(within_ms=60_000, at_most_usd=10), ("S", "tier.light")),
}


@pytest.mark.parametrize("wish", WISHES)
async def test_a_wish_narrows_what_models_may_take(here: Here, wish: str) -> None:
    wished, chosen = WISHES[wish]
    desk = with_model(here(order()), wording(aloud))
    desk.fleet = (SMALL, LARGE)
    reply = await desk.customer().say(WHERE, wish=wished)
    assert choices_of(reply) == [chosen]
    assert reply.decision
    assert [call.deployment for call in reply.decision.calls] == {"S": ["small"], "L": ["large"]}.get(chosen[0], [])
    assert reply.decision.tier == chosen[0]
    for work in desk.works:
        assert work.allowance.seconds <= 6
        assert work.allowance.nano_usd <= 3_000_000


async def test_a_wish_holds_for_its_message_alone_and_the_newest_of_a_burst_counts(here: Here) -> None:
    desk = with_model(here(order()), wording(aloud))
    customer = desk.customer()
    await customer.say("hello")
    with desk.held("understand") as understanding:
        first = asyncio.create_task(customer.say(WHERE, wish=Wish(within_ms=0)))
        await understanding.reached()
        second = asyncio.create_task(customer.say("please", wish=Wish(quality="fast")))
        await understanding.reached()
    reply, same = await asyncio.gather(first, second)
    assert reply == same
    assert choices_of(reply) == [("S", "tier.wish_fast")]
    assert choices_of(await customer.say(WHERE)) == [("S", "tier.light")]


# -- what it took ------------------------------------------------------------------------------------------------------


async def test_what_was_spent_adds_up_over_turns_and_superseded_ones(here: Here) -> None:
    desk = with_model(
        here(order(), order("22222")),
        lambda work: proposing(STATUS)(work) if work.task == "propose" else thinking(aloud(told(work))),
    )
    customer = desk.customer()
    first = await customer.say(MUMBLE)
    with desk.held("draft") as writing:
        waiting = await post(customer, "zzz again")
        await writing.reached()
        waiting += await post(customer, "where is order 22222")
        await writing.reached()
    second, _ = await asyncio.gather(*waiting)
    third = await customer.say(WHERE)
    spent = (await customer.transcript()).spent
    recorded = [call for reply in (first, second, third) if reply.decision for call in reply.decision.calls]
    # The proposal of the superseded turn was paid, too; its phrasing was stopped before it could say what it took.
    assert [(call.task, call.outcome) for call in recorded] == [
        *(("propose", "ok"), ("phrase", "ok")),
        *(("propose", "ok"), ("phrase", "cancelled"), ("phrase", "ok")),
        ("phrase", "ok"),
    ]
    assert spent.calls == len(recorded) == 6
    assert (spent.usage.prompt, spent.usage.cached, spent.nano_usd) == (500, 200, 60_000)


async def test_a_new_run_knows_what_was_heard_and_spent_and_whose_word_it_was(here: Here, short: Path) -> None:
    desk = with_model(here(order(), policies=short), wording(aloud))
    customer = desk.customer()
    first = await customer.say(WHERE)
    before = (await customer.transcript()).spent
    last = desk.drafted[-1][1].epoch
    await renewed(customer)
    assert (await customer.transcript()).spent == before
    await customer.say("where is my order?")
    assert first.text.replace("building staff", "[name_1]") in prompt_of(desk.works[-1])
    assert desk.drafted[-1][1].epoch > last
    assert (await customer.transcript()).spent.calls == before.calls + 1


# -- what operators count ----------------------------------------------------------------------------------------------


async def test_what_was_dropped_and_how_replies_were_worded_is_counted(apart: Here) -> None:
    counted = MetricBuffer(10_000)
    desk = with_model(
        apart(order(), order("777", customer_id="U1")), lambda work: LIE if work.task == "phrase" else None
    )
    runtime = Runtime(telemetry=TelemetryConfig(metrics=counted))
    host = desk.client.service_client.config.target_host
    desk.client = await Client.connect(
        host, namespace=desk.client.namespace, data_converter=desk.client.data_converter, runtime=runtime
    )
    async with desk.open():
        customer = desk.customer()
        await customer.say(WHERE)
        desk.model = proposing(refund("777"))
        await customer.say(MUMBLE)
    counts = {
        (update.metric.name, update.attributes.get("outcome", update.attributes.get("reason")))
        for update in counted.retrieve_updates()
    }
    assert ("holdfast_replies_phrased_total", "status") in counts
    assert ("holdfast_proposals_dropped_total", "foreign_order") in counts
