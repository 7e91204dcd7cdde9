"""The outside world as settings name it: the one place that builds clients and hands them to activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from activities.clients.chat_model import ChatModel
from activities.clients.knowledge import Knowledge
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_log import RedisEventLog
from activities.clients.shop import HttpShop
from activities.embedding import Embedder
from activities.encoder import Encoder
from activities.learning import Learner
from activities.policy_store import PolicyStore
from activities.ports import EventLog, Shop
from activities.recognition import read_intents
from activities.screening import Screen
from policies.intent_sets import IntentSets
from workers.knowledge import load_embedder, open_knowledge
from workers.settings import Settings
from workers.understanding import load_encoder, load_screen


@dataclass(frozen=True)
class Outside:
    """What activities are built from; a test builds one of doubles."""

    settings: Settings
    shop: Shop
    log: EventLog
    policies: PolicyStore
    learner: Learner
    model: ChatModel | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model, loaded on first use and then shared by every queue of this process."""
        return load_encoder(self.settings)

    @cached_property
    def intents(self) -> IntentSets:
        return read_intents(self.settings.intent_folder)

    @cached_property
    def screen(self) -> Screen:
        return load_screen(self.settings, self.encoder, self.intents)

    @cached_property
    def embedder(self) -> Embedder:
        return load_embedder(self.settings, self.encoder, self.intents)

    @cached_property
    def knowledge(self) -> Knowledge:
        return open_knowledge(self.settings, self.embedder.fingerprint)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the clients and close them afterwards; raises BadFile for a policy folder that cannot be used."""
        log, lessons = RedisEventLog.at(settings.redis_url), RedisLessons.at(settings.redis_url)
        learner, model = Learner(lessons), _model(settings)
        try:
            async with HttpShop(settings.shop_url, settings.shop_token.get_secret_value()) as shop:
                outside = cls(settings, shop, log, PolicyStore(settings.policy_folder), learner, model)
                try:
                    yield outside
                finally:
                    if "knowledge" in vars(outside):
                        await outside.knowledge.close()
        finally:
            await learner.close()
            await lessons.close()
            await log.close()
            if model:
                await model.close()


def _model(settings: Settings) -> ChatModel | None:
    if not settings.router_url:
        return None
    key = settings.router_key.get_secret_value() if settings.router_key else ""
    return ChatModel(settings.router_url, settings.router_model, key)
