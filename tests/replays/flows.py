"""The flows whose histories are kept: small conversations that between them walk every command our workflows give."""

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.inference_ports import Work
from policies.facts import OrderFacts
from tests.fakes.shop import order
from tests.workflows.colleague import Colleague
from tests.workflows.customer import Customer
from tests.workflows.desk import Desk
from tests.workflows.model_scenes import STATUS, Script, aloud, thinking, told, with_model
from workflows.messages import EventKind
from workflows.people import Ruling

DISPUTE = "I want a refund on order #12345, it never arrived"
# How often and when these come depends on how fast the log is and how long a history grew meanwhile.
NEVER_COUNTED = ("append_events",)
COUNTED_ONCE = ("pin_policy", "continue as new")


class Flow(NamedTuple):
    """Orders, what the customer does about them, after how many events the talk is renewed, and a model, if any."""

    orders: tuple[OrderFacts, ...]
    play: Callable[[Desk, Customer], Awaitable[None]]
    history_limit: int = 1000
    model: Script | None = None


async def _dispute(desk: Desk, customer: Customer) -> None:
    await customer.say(DISPUTE)
    await customer.say("Yes, please.")
    await customer.hears(EventKind.REPLY, 2)


async def _cancel(desk: Desk, customer: Customer) -> None:
    await customer.say("cancel order 12345")
    await customer.say("yes")
    await customer.hears(EventKind.REPLY, 2)


async def _hand_over(desk: Desk, customer: Customer) -> None:
    await customer.say("where is order 12345?")
    await customer.ask_for_person("I want to talk to somebody")
    await customer.say("hello?")
    await customer.hears(EventKind.REPLY, 3)


async def _people(desk: Desk, customer: Customer) -> None:
    await customer.say("I want a refund on order #12345, it never arrived")
    ann = Colleague(customer)
    await ann.claim(act_id="a1")
    await ann.tell("I am looking for it.", act_id="a2")
    await customer.say("thank you")
    await ann.hand_back(Ruling(matter="refund", order_id="12345", agreed=False, words="It lies at the neighbour's."))
    await customer.say("I want a refund on order #12345")
    await customer.hears(EventKind.REPLY, 2)


async def _policy(desk: Desk, customer: Customer) -> None:
    await customer.say("how long can I keep it, order 12345?")
    await customer.hears(EventKind.REPLY, 1)


async def _renewal(desk: Desk, customer: Customer) -> None:
    await customer.say(DISPUTE)
    for _ in range(8):
        await customer.say("hello")
    await customer.say("no")
    await customer.hears(EventKind.REPLY, 10)


async def _models(desk: Desk, customer: Customer) -> None:
    await customer.say("zzz the thing from before")
    await customer.hears(EventKind.REPLY, 1)


def _look_and_reword(work: Work) -> str:
    proposed = json.dumps({"proposals": [STATUS]})
    return proposed if work.task == "propose" else thinking(aloud(told(work)))


FLOWS = {
    "dispute": Flow((order(),), _dispute),
    "cancel": Flow((order(status="pending"),), _cancel),
    "hand_over": Flow((order(),), _hand_over),
    "people": Flow((order(),), _people),
    "policy": Flow((order(),), _policy),
    "renewal": Flow((order(),), _renewal, history_limit=70),
    "models": Flow((order(),), _models, model=_look_and_reword),
}


async def histories(desk: Desk, name: str) -> dict[str, list[WorkflowHistory]]:
    """Play a flow; returns the histories of the runs it made, oldest first, by flow and workflow."""
    flow, customer = FLOWS[name], desk.customer(conversation_id=name)
    await flow.play(with_model(desk, flow.model) if flow.model else desk, customer)
    runs = [run async for run in desk.client.list_workflows(f"HoldfastTenant = '{desk.tenant}'")]
    kept: dict[str, list[WorkflowHistory]] = {}
    for run in sorted(runs, key=lambda each: each.start_time):
        handle = desk.client.get_workflow_handle(run.id, run_id=run.run_id)
        if run.workflow_type == "Refund":
            await handle.result()
        kept.setdefault(f"{name}.{run.workflow_type.lower()}", []).append(await handle.fetch_history())
    return kept


def fingerprint(runs: Iterable[WorkflowHistory]) -> list[str]:
    """List the commands a workflow gave over all its runs, in order; what is repeated at once is there once."""
    commands: list[str] = []
    for command in (_command(event) for run in runs for event in run.events):
        if command and command not in NEVER_COUNTED and not (command in COUNTED_ONCE and command in commands):
            commands.append(command)
        for length in (1, 2):
            if commands[-length:] == commands[-2 * length : -length]:
                del commands[-length:]
    return commands


def _command(event: HistoryEvent) -> str:
    match event.event_type:
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            return event.activity_task_scheduled_event_attributes.activity_type.name
        case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
            child = event.start_child_workflow_execution_initiated_event_attributes
            return f"start {child.workflow_type.name}"
        case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
            return f"signal {event.signal_external_workflow_execution_initiated_event_attributes.signal_name}"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
            return "continue as new"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            return "complete"
    return ""
