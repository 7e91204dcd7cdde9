"""One entry for each task queue: which workflows and activities its workers run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activities.catalog import tool_activities
from activities.desk import Reception
from activities.event_log import Events
from activities.webhooks import Webhooks
from workers.wiring import Outside
from workflows.conversation import Conversation
from workflows.delivery import Delivery
from workflows.inference import INFERENCE_QUEUE
from workflows.ingest import Ingest
from workflows.knowledge_watch import ActOnKnowledge, KnowledgeWatch
from workflows.messages import CONVERSATION_QUEUE
from workflows.refund import Refund
from workflows.turn import KNOWLEDGE_QUEUE, UNDERSTANDING_QUEUE

Activities = Sequence[Callable[..., Any]]


@dataclass(frozen=True)
class Queue:
    """What a worker of one task queue runs; making its `activities` may take seconds, as they load models.

    Each imports what only it needs, so that the others start without it.
    """

    name: str
    activities: Callable[[Outside], Awaitable[Activities]]
    workflows: Sequence[type] = ()


async def _conversation(outside: Outside) -> Activities:
    events = Events(outside.log, outside.drafts, outside.desk, await outside.announcing())
    webhooks = Webhooks(outside.webhooks, outside.courier)
    return (
        *tool_activities(outside.shop, outside.desk),
        events.append_events,
        events.raise_fence,
        Reception(outside.desk).choose_person,
        webhooks.deliver_webhook,
        webhooks.disable_webhook,
        outside.policies.pin_policy,
    )


async def _understanding(outside: Outside) -> Activities:
    from activities.screening import Screener
    from workers.understanding import build

    def load() -> Activities:
        understander = build(outside.settings, outside.encoder, outside.intents, outside.screen, outside.learner)
        return (
            understander.understand,
            Screener(outside.screen).screen_texts,
        )

    return await asyncio.to_thread(load)


async def _knowledge(outside: Outside) -> Activities:
    from workers.knowledge import knowledge_activities

    embedder, screen = await asyncio.to_thread(lambda: (outside.embedder, outside.screen))
    return await knowledge_activities(outside.settings, outside.knowledge, embedder, screen, outside.policies)


async def _inference(outside: Outside) -> Activities:
    from activities.inference import Inference

    inference = Inference(await outside.gateway(), outside.prompts, outside.intents, outside.drafts)
    return (
        inference.route_intent,
        inference.propose_tools,
        inference.rewrite_query,
        inference.write_policy_answer,
        inference.phrase_reply,
    )


QUEUES = {
    queue.name: queue
    for queue in (
        Queue(CONVERSATION_QUEUE, _conversation, (Conversation, Refund, Delivery)),
        Queue(UNDERSTANDING_QUEUE, _understanding),
        Queue(INFERENCE_QUEUE, _inference),
        Queue(KNOWLEDGE_QUEUE, _knowledge, (Ingest, KnowledgeWatch, ActOnKnowledge)),
    )
}
