"""Finding a person, and hearing with the customer's facts what the AI may not answer now."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.clients.redis_desk import RedisDesk
from activities.clients.shop import HttpShop
from activities.desk import ChoosePerson, Chosen, Reception
from activities.desk_ports import EVERYWHERE, Member, Pause
from activities.hydration import Hydrated, Hydration
from activities.ports import Caller

ANN = Caller(tenant="northwind", customer_id="U789")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def desk(redis_url: str) -> AsyncIterator[RedisDesk]:
    desk = RedisDesk.at(redis_url)
    yield desk
    await desk.close()


async def run(activity: Any, ask: Any) -> Any:
    return await ActivityEnvironment().run(activity, ask)


async def test_a_person_is_found_and_asked_again_the_same_one(desk: RedisDesk) -> None:
    tenant, until = f"t-{uuid4().hex[:8]}", datetime.now(UTC) + timedelta(seconds=90)
    for name in ("Ann", "Bob"):
        await desk.seen(tenant, Member(subject=name.lower(), name=name, until=until))
    ask = ChoosePerson(tenant=tenant, conversation_id="c-1")
    found = [await run(Reception(desk).choose_person, ask) for _ in range(2)]
    assert found == [Chosen(subject="ann", name="Ann")] * 2
    passed_over = ask.model_copy(update={"except_for": ("ann",)})
    assert await run(Reception(desk).choose_person, passed_over) == Chosen(subject="bob", name="Bob")


async def test_where_nobody_is_free_nobody_is_named(desk: RedisDesk) -> None:
    ask = ChoosePerson(tenant=f"t-{uuid4().hex[:8]}", conversation_id="c-1", role="supervisor")
    assert await run(Reception(desk).choose_person, ask) == Chosen()


async def test_a_customers_facts_say_what_is_paused_for_their_shop(desk: RedisDesk, http_shop: HttpShop) -> None:
    everywhere = f"intent-{uuid4().hex[:8]}"
    paused = ((ANN.tenant, "refund_status"), (EVERYWHERE, everywhere), ("kirana", "track_order"))
    for tenant, intent in paused:
        await desk.pause(Pause(tenant=tenant, intent=intent, by="boss", at=NOW))
    told = await run(Hydration(http_shop, desk).hydrate, ANN)
    assert told == Hydrated(
        **dict(await http_shop.customer(ANN.tenant, ANN.customer_id)),
        paused=tuple(sorted((everywhere, "refund_status"))),
    )
    for tenant, intent in paused:
        await desk.resume(tenant, intent)
    assert (await run(Hydration(http_shop, desk).hydrate, ANN)).paused == ()


async def test_a_store_that_is_away_silences_nobody(http_shop: HttpShop) -> None:
    desk = RedisDesk.at("redis://127.0.0.1:1/0")
    told = await run(Hydration(http_shop, desk).hydrate, ANN)
    assert (told.customer_id, told.paused) == (ANN.customer_id, ())
    await desk.close()


async def test_without_a_store_nothing_is_paused(http_shop: HttpShop) -> None:
    assert (await run(Hydration(http_shop).hydrate, ANN)).paused == ()
