"""Open everything the routes need, and close it again: the one place of the API that builds clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from activities.canned_files import read_canned
from activities.clients.knowledge import Knowledge, Weaviate
from activities.clients.photos import Photos
from activities.clients.redis_desk import RedisDesk
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_lessons import RedisLessons
from activities.clients.redis_webhooks import RedisWebhooks
from activities.clients.shop import HttpShop
from activities.clients.uploads import Uploads
from activities.learning import KnownIntents
from api.auth import Gate
from api.line import Line, connect
from api.line_deliveries import DeliveriesLine
from api.line_knowledge import KnowledgeLine
from api.rates import Rates
from api.settings import Settings
from api.stream import EventStream
from api.wiring import Parts

log = structlog.get_logger("api")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """Build the parts; they connect lazily, so that the API starts while Temporal, Redis or the shop is down."""
    for name in settings.borrowed:
        log.warning("development.default.in.use", setting=name, advice="never expose this process to a network")
    client = await connect(settings)
    parts = Parts(
        settings=settings,
        line=Line(client, settings),
        releases=KnowledgeLine(client, settings),
        deliveries=DeliveriesLine(client, settings),
        stream=EventStream(settings.redis_url),
        gate=Gate(settings),
        rates=Rates(settings),
        lessons=RedisLessons.at(settings.redis_url),
        intents=KnownIntents.read(settings.intent_folder),
        uploads=Uploads(settings.knowledge / "uploads"),
        knowledge=Knowledge(settings.knowledge, _weaviate(settings)),
        ledger=RedisLedger.at(settings.redis_url),
        shop=HttpShop(settings.shop_url, settings.shop_token.get_secret_value()),
        desk=RedisDesk.at(settings.redis_url),
        canned=read_canned(settings.canned_folder),
        photos=Photos(settings.photos),
        webhooks=RedisWebhooks.at(settings.redis_url, settings.webhook_secret.get_secret_value()),
    )
    tidying = asyncio.create_task(parts.photos.keep_tidy())
    async with AsyncExitStack() as closing:
        for each in (parts.lessons, parts.knowledge, parts.ledger, parts.shop, parts.desk, parts.webhooks):
            closing.push_async_callback(each.close)
        # Whoever follows a stream is told that we end before the stream does.
        closing.push_async_callback(parts.stream.close)
        closing.callback(parts.closing.set)
        closing.callback(tidying.cancel)
        yield parts


def _weaviate(settings: Settings) -> Weaviate | None:
    if not settings.weaviate_url:
        return None
    key = settings.weaviate_key.get_secret_value() if settings.weaviate_key else ""
    return Weaviate(settings.weaviate_url, key, settings.weaviate_grpc_port)
