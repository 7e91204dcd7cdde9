"""What models say in tests, and what tests look at afterwards."""

import json
import re
from collections.abc import Callable
from typing import Any

from temporalio.api.history.v1 import ActivityTaskScheduledEventAttributes

from activities.inference_ports import Work
from policies.facts import IntentGuess
from policies.inference import Task
from policies.placeholders import unmask
from tests.workflows.customer import Customer
from tests.workflows.desk import Desk
from tests.workflows.scripted_models import SMALL
from workflows.inference import INFERENCE_QUEUE
from workflows.messages import Reply

Script = Callable[[Work], str | None]
QUOTED = re.compile(r"<(quoted-\w+)>\n(.*?)\n</\1>", re.DOTALL)
STATUS = {"tool": "get_order_status", "arguments": {"order_id": "12345"}}
ESCALATE = {"tool": "escalate_to_human", "arguments": {"summary": "wants to complain"}}


def refund(order_id: str = "12345", reason: str = "DELIVERY_DISPUTE", **more: Any) -> dict[str, Any]:
    return {"tool": "initiate_refund", "arguments": {"order_id": order_id, "reason_code": reason, **more}}


def address(order_id: str = "12345", line1: str = "5 Elm Street") -> dict[str, Any]:
    where = {"line1": line1, "city": "London", "postal_code": "SW1A 1AA", "country": "UK"}
    return {"tool": "change_address", "arguments": {"order_id": order_id, "address": where}}


def proposing(*proposals: object) -> Script:
    """Propose these tools; every other task fails."""
    return only("propose", json.dumps({"proposals": proposals}))


def only(task: Task, text: str) -> Script:
    return lambda work: text if work.task == task else None


def thinking(response: str, thought: str = "say it kindly") -> str:
    return f"<thought>{thought}</thought>\n<response>{response}</response>"


def wording(word: Callable[[list[str]], str]) -> Script:
    """Put the sentences a phrasing is given into other words; every other task fails."""
    return lambda work: thinking(word(told(work))) if work.task == "phrase" else None


def aloud(sentences: list[str]) -> str:
    """Say sentences again, the last one first."""
    return " ".join(reversed(sentences))


def guess(*intents: str) -> dict[str, tuple[IntentGuess, ...]]:
    """What understanding is not sure of."""
    return {"unsure": tuple(IntentGuess(id=intent, confidence=0.3) for intent in intents)}


def reworded(work: Work, *names: str) -> str:
    """What a customer reads of sentences said `aloud`, with the names that no model was shown."""
    return unmask(aloud(told(work)), names or ("building staff",))


def told(work: Work) -> list[str]:
    """Read the sentences a phrasing is to say."""
    last = work.request.messages[-1].content
    return [found[1] for found in QUOTED.findall(last[last.index("Sentence 1:") :])]


def prompt_of(work: Work) -> str:
    return "\n".join(message.content for message in work.request.messages)


def offered_tools(work: Work) -> list[str]:
    """List the tools a proposal may name, by its schema."""
    assert work.request.schema
    return re.findall(r'"tool": {"type": "string", "const": "(\w+)"', json.dumps(work.request.schema))


def tasks_of(desk: Desk) -> list[str]:
    return [work.task for work in desk.works]


async def asked_of_models(customer: Customer) -> list[ActivityTaskScheduledEventAttributes]:
    """List the tasks a conversation gave to the workers of models."""
    events = [event async for event in customer.handle.fetch_history_events()]
    scheduled = [event.activity_task_scheduled_event_attributes for event in events]
    return [each for each in scheduled if each.task_queue.name == INFERENCE_QUEUE]


def with_model(desk: Desk, model: Script) -> Desk:
    desk.fleet, desk.model = (SMALL,), model
    return desk


def choices_of(reply: Reply) -> list[tuple[str, str]]:
    """Name each choice of a tier with the rule that made it."""
    assert reply.decision
    return [(choice.tier, choice.rule) for choice in reply.decision.choices]


def rule_of(reply: Reply) -> str:
    """Name the verdict on the words of a reply, "" where none was asked for."""
    assert reply.decision
    rules = [verdict.rule for verdict in reply.decision.verdicts if verdict.rule.startswith("reply.")]
    return rules[-1] if rules else ""


def used(reply: Reply, tool: str = "propose_tools") -> tuple[str, str]:
    """Give outcome and note of the last use of a tool."""
    assert reply.decision
    uses = [use for use in reply.decision.tools if use.tool == tool]
    return uses[-1].outcome, uses[-1].note


def noted(reply: Reply) -> list[str]:
    return used(reply)[1].split("; ")
