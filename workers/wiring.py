"""The outside world as settings name it: the one place that builds clients and hands them to activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from activities.clients.redis_log import RedisEventLog
from activities.clients.shop import HttpShop
from activities.encoder import Encoder
from activities.policy_store import PolicyStore
from activities.ports import EventLog, Shop
from workers.settings import Settings


@dataclass(frozen=True)
class Outside:
    """What activities are built from; a test builds one of doubles."""

    settings: Settings
    shop: Shop
    log: EventLog
    policies: PolicyStore

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model, loaded on first use and then shared by every queue of this process."""
        return Encoder(self.settings.encoder_model)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the clients and close them afterwards; raises BadFile for a policy folder that cannot be used."""
        log = RedisEventLog.at(settings.redis_url)
        try:
            async with HttpShop(settings.shop_url, settings.shop_token.get_secret_value()) as shop:
                yield cls(settings, shop, log, PolicyStore(settings.policy_folder))
        finally:
            await log.close()
