"""The outside world as settings name it: the one place that builds clients and hands them to activities."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.clients.announcing import Announcing
from activities.clients.redis_desk import RedisDesk
from activities.clients.redis_drafts import RedisDrafts
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_log import RedisEventLog
from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.shop import HttpShop
from activities.clients.webhook_post import WebhookPost
from activities.inference_ports import Drafts
from activities.intent_files import read_intents
from activities.learning import Learner
from activities.policy_store import PolicyStore
from activities.ports import EventLog, Shop
from activities.prompt_files import read_prompts
from policies.intent_sets import IntentSets
from policies.prompts import Prompts
from workers.settings import Settings
from workflows.messages import CONVERSATION_QUEUE

if TYPE_CHECKING:
    from activities.clients.knowledge import Knowledge
    from activities.embedding import Embedder
    from activities.encoder import Encoder
    from activities.gateway import Gateway
    from activities.screening import Screen


@dataclass(frozen=True)
class Outside:
    """What activities are built from; a test builds one of doubles.

    What takes seconds to import is imported by the queues that need it: a killed worker is back the sooner.
    """

    settings: Settings
    shop: Shop
    log: EventLog
    policies: PolicyStore
    learner: Learner
    drafts: Drafts
    desk: RedisDesk
    webhooks: RedisWebhooks
    courier: WebhookPost
    closing: AsyncExitStack

    @cached_property
    def encoder(self) -> "Encoder":
        """The embedding model, loaded on first use and then shared by every queue of this process."""
        from workers.understanding import load_encoder

        return load_encoder(self.settings)

    @cached_property
    def intents(self) -> IntentSets:
        return read_intents(self.settings.intent_folder)

    @cached_property
    def prompts(self) -> Prompts:
        return read_prompts(self.settings.prompt_folder)

    @cached_property
    def screen(self) -> "Screen":
        from workers.understanding import load_screen

        return load_screen(self.settings, self.encoder, self.intents)

    @cached_property
    def embedder(self) -> "Embedder":
        from workers.knowledge import load_embedder

        return load_embedder(self.settings, self.encoder, self.intents)

    @cached_property
    def knowledge(self) -> "Knowledge":
        from workers.knowledge import open_knowledge

        return open_knowledge(self.settings, self.embedder.fingerprint)

    async def gateway(self) -> "Gateway | None":
        """Open the way to the language models; whoever does not need it does not need their keys."""
        from workers.inference import open_gateway

        return await self.closing.enter_async_context(open_gateway(self.settings))

    async def announcing(self) -> Announcing:
        """Make the way to webhooks, over a client of its own that connects when the first event is announced."""
        client = await Client.connect(
            self.settings.temporal_address,
            namespace=self.settings.temporal_namespace,
            data_converter=pydantic_data_converter,
            lazy=True,
        )
        return Announcing(client, self.webhooks, CONVERSATION_QUEUE)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the clients and close them afterwards; raises BadFile for a policy folder that cannot be used."""
        log, lessons = RedisEventLog.at(settings.redis_url), RedisLessons.at(settings.redis_url)
        learner, drafts, desk = Learner(lessons), RedisDrafts.at(settings.redis_url), RedisDesk.at(settings.redis_url)
        webhooks = RedisWebhooks.at(settings.redis_url, settings.webhook_secret.get_secret_value())
        courier = WebhookPost(settings.webhooks_private)
        async with AsyncExitStack() as closing:
            for each in (log, lessons, drafts, learner, desk, webhooks, courier):
                closing.push_async_callback(each.close)
            shop = HttpShop(settings.shop_url, settings.shop_token.get_secret_value())
            await closing.enter_async_context(shop)
            policies = PolicyStore(settings.policy_folder, settings.fleet)
            outside = cls(settings, shop, log, policies, learner, drafts, desk, webhooks, courier, closing)
            try:
                yield outside
            finally:
                if "knowledge" in vars(outside):
                    await outside.knowledge.close()
