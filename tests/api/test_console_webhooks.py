"""The webhooks page: endpoints, a secret shown once, and messages that were given up."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from api.problems import Problem
from policies.webhooks import Told
from tests.api.conftest import OwnRedis
from tests.fakes.queues import Queues, queues, signed_in
from workflows.webhook_messages import Attempt, DeadLetter

NOW = datetime.now(UTC)
OWN = {"X-Holdfast": "console"}
GOOD = {"url": "https://shop.example/in", "events": ["handoff.requested", "refund.settled"], "description": "ERP"}


@pytest.fixture
async def console(own_redis: OwnRedis) -> AsyncIterator[Queues]:
    async with queues(own_redis.url) as console:
        yield console


async def added(console: Queues) -> str:
    """Add an endpoint; returns its id."""
    async with signed_in(console, "sue", "supervisor") as sue:
        await sue.post("/console/webhooks", data=GOOD, headers=OWN)
    return (await console.parts.webhooks.listed(console.tenant))[-1].id


async def test_an_endpoints_secret_is_shown_once(console: Queues) -> None:
    async with signed_in(console, "sue", "supervisor") as sue:
        made = await sue.post("/console/webhooks", data=GOOD, headers=OWN)
        html = (await sue.get("/console/webhooks")).text
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert "it is not shown again" in made.text
    assert secret not in html
    for told in ("https://shop.example/in", "handoff.requested", "refund.settled", "ERP", "active"):
        assert told in html, told


async def test_a_new_secret_says_how_long_the_old_one_holds(console: Queues) -> None:
    endpoint = await added(console)
    async with signed_in(console, "sue", "supervisor") as sue:
        made = await sue.post(f"/console/webhooks/{endpoint}/rotate", headers=OWN)
    assert "whsec_" in made.text
    assert "signed with the old secret as well" in made.text


async def form_ids(console: Queues) -> list[str]:
    """Load the page and read the ids of its forms: a rotation for each endpoint, then the one that adds."""
    html = (await signed_in(console, "sue", "supervisor").get("/console/webhooks")).text
    return re.findall(r'name="form_id" value="([0-9a-f]{16})"', html)


async def test_a_form_sent_twice_adds_one_endpoint(console: Queues) -> None:
    form = {**GOOD, "form_id": (await form_ids(console))[-1]}
    async with signed_in(console, "sue", "supervisor") as sue:
        answers = await asyncio.gather(*(sue.post("/console/webhooks", data=form, headers=OWN) for _ in range(3)))
    assert len(await console.parts.webhooks.listed(console.tenant)) == 1
    assert sorted("whsec_" in answer.text for answer in answers) == [False, False, True]
    assert sum("nothing was done again" in answer.text for answer in answers) == 2


async def test_a_form_sent_twice_makes_one_new_secret(console: Queues) -> None:
    endpoint = await added(console)
    form = {"form_id": (await form_ids(console))[0]}
    path = f"/console/webhooks/{endpoint}/rotate"
    async with signed_in(console, "sue", "supervisor") as sue:
        first, again = [await sue.post(path, data=form, headers=OWN) for _ in range(2)]
        another = await sue.post(path, data={"form_id": (await form_ids(console))[0]}, headers=OWN)
    assert ["whsec_" in answer.text for answer in (first, again, another)] == [True, False, True]
    assert "nothing was done again" in again.text
    assert len(await console.parts.webhooks.secrets(console.tenant, endpoint, NOW)) == 3


async def test_a_test_nobody_sent_in_time_is_said_so(console: Queues) -> None:
    endpoint = await added(console)

    async def late(tenant: str, endpoint_id: str) -> Attempt:
        raise Problem("still-working")

    console.deliveries.test = late  # type: ignore[method-assign]
    async with signed_in(console, "sue", "supervisor") as sue:
        answer = await sue.post(f"/console/webhooks/{endpoint}/test", headers=OWN)
    assert answer.status_code == 504
    assert "not sent later" in answer.text


async def test_an_endpoint_is_disabled_enabled_and_removed(console: Queues) -> None:
    endpoint = await added(console)
    async with signed_in(console, "sue", "supervisor") as sue:
        for disabled in ("true", "false"):
            await sue.post(f"/console/webhooks/{endpoint}/disabled", data={"disabled": disabled}, headers=OWN)
            (kept,) = await console.parts.webhooks.listed(console.tenant)
            assert kept.disabled is (disabled == "true")
        await sue.post(f"/console/webhooks/{endpoint}/delete", headers=OWN)
    assert await console.parts.webhooks.listed(console.tenant) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"events": []}, "Choose at least one event."),
        ({"url": "shop"}, "Write the whole address"),
        ({"url": "https://user:secret@shop.example/"}, "The address"),
        ({"url": "https://shop.example/#there"}, "must not hold a fragment"),
        ({"events": ["webhook.test"]}, "is only sent on your wish"),
    ],
)
async def test_what_cannot_be_added_is_said_with_what_was_typed(
    console: Queues, change: dict[str, object], told: str
) -> None:
    async with signed_in(console, "sue", "supervisor") as sue:
        answer = await sue.post("/console/webhooks", data={**GOOD, **change}, headers=OWN)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="ERP"' in answer.text
    assert await console.parts.webhooks.listed(console.tenant) == ()


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (Attempt(number=1, at=NOW, status=204, took_ms=12), "Delivered: it answered 204 after 12 ms."),
        (Attempt(number=1, at=NOW, status=500), "Not delivered: it answered 500."),
        (Attempt(number=1, at=NOW, error="timeout"), "Not delivered: no answer in time."),
    ],
)
async def test_a_test_says_what_came_of_it(console: Queues, attempt: Attempt, told: str) -> None:
    endpoint = await added(console)
    console.deliveries.outcome = attempt
    async with signed_in(console, "sue", "supervisor") as sue:
        answer = await sue.post(f"/console/webhooks/{endpoint}/test", headers=OWN)
    assert told in answer.text
    assert console.deliveries.asked == [("test", endpoint)]


async def test_a_message_that_was_given_up_can_be_replayed(console: Queues) -> None:
    endpoint, message = await added(console), f"msg_{'0' * 32}"
    last = Attempt(number=10, at=NOW, error="unreachable")
    console.deliveries.letters = [
        DeadLetter(
            endpoint_id=endpoint,
            message_id=message,
            type=Told.REFUND_SETTLED,
            conversation_id="c-9",
            attempts=10,
            last=last,
            dead_since=NOW,
            until=NOW + timedelta(days=30),
        )
    ]
    console.deliveries.outcome = Attempt(number=1, at=NOW, status=200, took_ms=3)
    async with signed_in(console, "sue", "supervisor") as sue:
        html = (await sue.get("/console/webhooks")).text
        for told in ("refund.settled", "/console/c/c-9", ">10<", "no connection"):
            assert told in html, told
        answer = await sue.post(f"/console/webhooks/dead/{endpoint}/{message}/replay", headers=OWN)
    assert "Delivered: it answered 200" in answer.text
    assert "Nothing was given up." in answer.text
    assert console.deliveries.asked == [("replay", endpoint, message, "sue")]


async def test_another_shops_endpoint_is_out_of_reach(console: Queues) -> None:
    endpoint = await added(console)
    console.tenant += "-b"
    async with signed_in(console, "eve", "supervisor") as eve:
        assert "shop.example" not in (await eve.get("/console/webhooks")).text.split("Add an endpoint")[0]
        for act in ("rotate", "delete", "test"):
            assert (await eve.post(f"/console/webhooks/{endpoint}/{act}", headers=OWN)).status_code == 404


async def test_the_page_is_for_supervisors(console: Queues) -> None:
    async with signed_in(console, "ana", "agent") as ana:
        assert (await ana.get("/console/webhooks")).status_code == 403
        assert (await ana.post("/console/webhooks", data=GOOD, headers=OWN)).status_code == 403
