"""One entry for each task queue: which workflows and activities its workers run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activities.catalog import tool_activities
from activities.event_log import Events
from activities.intent_router import IntentRouter
from activities.knowledge import Knowledge, read_documents
from activities.screening import Screener
from activities.tools.search_policy import PolicySearch
from workers.understanding import build
from workers.wiring import Outside
from workflows.conversation import Conversation
from workflows.messages import CONVERSATION_QUEUE
from workflows.refund import Refund
from workflows.turn import KNOWLEDGE_QUEUE, UNDERSTANDING_QUEUE

Activities = Sequence[Callable[..., Any]]


@dataclass(frozen=True)
class Queue:
    """What a worker of one task queue runs; `activities` may take seconds, as it loads models."""

    name: str
    activities: Callable[[Outside], Activities]
    workflows: Sequence[type] = ()


def _conversation(outside: Outside) -> Activities:
    return (*tool_activities(outside.shop), Events(outside.log).append_events, outside.policies.pin_policy)


def _understanding(outside: Outside) -> Activities:
    understander = build(outside.settings, outside.encoder, outside.intents, outside.screen, outside.learner)
    return (
        understander.understand,
        Screener(outside.screen).screen_texts,
        IntentRouter(outside.chooser, outside.intents).route_intent,
    )


def _knowledge(outside: Outside) -> Activities:
    clauses = read_documents(outside.settings.document_folder)
    return (PolicySearch(Knowledge(outside.encoder, clauses, outside.screen)).search_policy,)


QUEUES = {
    queue.name: queue
    for queue in (
        Queue(CONVERSATION_QUEUE, _conversation, (Conversation, Refund)),
        Queue(UNDERSTANDING_QUEUE, _understanding),
        Queue(KNOWLEDGE_QUEUE, _knowledge),
    )
}
