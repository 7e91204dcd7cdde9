"""One entry for each task queue: which workflows and activities its workers run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activities.answering import PolicyWriter
from activities.catalog import tool_activities
from activities.event_log import Events
from activities.intent_router import IntentRouter
from activities.screening import Screener
from workers.knowledge import knowledge_activities
from workers.understanding import build
from workers.wiring import Outside
from workflows.conversation import Conversation
from workflows.ingest import Ingest
from workflows.knowledge_watch import ActOnKnowledge, KnowledgeWatch
from workflows.messages import CONVERSATION_QUEUE
from workflows.refund import Refund
from workflows.turn import KNOWLEDGE_QUEUE, UNDERSTANDING_QUEUE

Activities = Sequence[Callable[..., Any]]


@dataclass(frozen=True)
class Queue:
    """What a worker of one task queue runs; making its `activities` may take seconds, as they load models."""

    name: str
    activities: Callable[[Outside], Awaitable[Activities]]
    workflows: Sequence[type] = ()


async def _conversation(outside: Outside) -> Activities:
    return (*tool_activities(outside.shop), Events(outside.log).append_events, outside.policies.pin_policy)


async def _understanding(outside: Outside) -> Activities:
    def load() -> Activities:
        understander = build(outside.settings, outside.encoder, outside.intents, outside.screen, outside.learner)
        return (
            understander.understand,
            Screener(outside.screen).screen_texts,
            IntentRouter(outside.model, outside.intents).route_intent,
            PolicyWriter(outside.model).write_policy_answer,
        )

    return await asyncio.to_thread(load)


async def _knowledge(outside: Outside) -> Activities:
    embedder, screen = await asyncio.to_thread(lambda: (outside.embedder, outside.screen))
    return await knowledge_activities(outside.settings, outside.knowledge, embedder, screen, outside.policies)


QUEUES = {
    queue.name: queue
    for queue in (
        Queue(CONVERSATION_QUEUE, _conversation, (Conversation, Refund)),
        Queue(UNDERSTANDING_QUEUE, _understanding),
        Queue(KNOWLEDGE_QUEUE, _knowledge, (Ingest, KnowledgeWatch, ActOnKnowledge)),
    )
}
