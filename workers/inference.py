"""Build the way to the language models from the fleet that settings name; without a fleet there is none."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from activities.clients.openai_server import OpenAiServer
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_switchboard import RedisSwitchboard
from activities.gateway import Gateway
from activities.policy_store import read_fleet
from workers.fleet import keys
from workers.settings import Settings


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway | None]:
    """Open one client for each deployment; raises BadFile for a bad fleet, ValueError for a key that is missing."""
    if settings.fleet is None:
        yield None
        return
    fleet = read_fleet(settings.fleet)
    found = keys(fleet, os.environ, settings.profile)
    async with AsyncExitStack() as closing:
        servers = {each.name: OpenAiServer(each, found.get(each.name)) for each in fleet.deployments}
        switchboard, ledger = RedisSwitchboard.at(settings.redis_url), RedisLedger.at(settings.redis_url)
        for close in (switchboard.close, ledger.close, *(server.close for server in servers.values())):
            closing.push_async_callback(close)
        gateway = Gateway(fleet.deployments, servers, switchboard, ledger)
        closing.push_async_callback(gateway.close)
        yield gateway
