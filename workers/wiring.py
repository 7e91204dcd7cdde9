"""The outside world as settings name it: the one place that builds clients and hands them to activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from activities.clients.chat_model import ChatModel
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_log import RedisEventLog
from activities.clients.shop import HttpShop
from activities.encoder import Encoder
from activities.learning import Learner
from activities.policy_store import PolicyStore
from activities.ports import Chooser, EventLog, Shop
from activities.recognition import read_intents
from activities.screening import Screen
from policies.intent_sets import IntentSets
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
    chooser: Chooser | None = None

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

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the clients and close them afterwards; raises BadFile for a policy folder that cannot be used."""
        log, lessons = RedisEventLog.at(settings.redis_url), RedisLessons.at(settings.redis_url)
        learner, chooser = Learner(lessons), _chooser(settings)
        try:
            async with HttpShop(settings.shop_url, settings.shop_token.get_secret_value()) as shop:
                yield cls(settings, shop, log, PolicyStore(settings.policy_folder), learner, chooser)
        finally:
            await learner.close()
            await lessons.close()
            await log.close()
            if chooser:
                await chooser.close()


def _chooser(settings: Settings) -> ChatModel | None:
    if not settings.router_url:
        return None
    key = settings.router_key.get_secret_value() if settings.router_key else ""
    return ChatModel(settings.router_url, settings.router_model, key)
