"""Pictures over HTTP: who may send and see them, what a browser is told, and how a message carries them."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from temporalio.client import Client

from api.auth import Role, Visitor
from api.settings import Settings
from api.wiring import Parts
from policies.photos import LARGEST_UPLOAD, MOST_IN_HOUR
from tests.activities.pictures import SECRET, located, picture, pieces
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import Site, bearer, serving, slug
from workflows.messages import CustomerMessage, conversation_workflow_id


@pytest.fixture(scope="module")
async def site(settings: Settings, worker: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """An API that keeps its pictures in a folder of this test's own."""
    async with serving(settings.model_copy(update={"photos": tmp_path_factory.mktemp("photos")})) as site:
        yield site


@pytest.fixture(autouse=True)
async def another_day(site: Site, own_redis: OwnRedis) -> None:
    """Let every test begin with a full budget of uploads, and with none that waits for a message."""
    await parts_of(site).photos.forget_sender("acme", "ann")
    async for key in own_redis.client.scan_iter(match="holdfast:rates*"):
        await own_redis.client.delete(key)


def parts_of(site: Site) -> Parts:
    parts: Parts = site.server.app.state.parts
    return parts


async def upload(site: Site, talk: str, content: Any = None, kind: str = "image/jpeg", **who: Any) -> httpx.Response:
    headers = {**bearer(**who), "Content-Type": kind}
    body = picture() if content is None else content
    return await site.http.post(f"/v1/conversations/{talk}/photos", content=body, headers=headers)


async def uploaded(site: Site, talk: str, **who: Any) -> str:
    answer = await upload(site, talk, **who)
    assert answer.status_code == 200, answer.text
    photo_id: str = answer.json()["photo_id"]
    return photo_id


async def say(site: Site, talk: str, photos: list[Any], text: str = "", message_id: str = "m1") -> httpx.Response:
    body = {"message_id": message_id, "text": text, "photos": photos}
    return await site.post(f"/v1/conversations/{talk}/messages", body)


async def carried(temporal: Client, talk: str) -> list[CustomerMessage]:
    """Read what the conversation was sent, as it lies in its history."""
    history = await temporal.get_workflow_handle(conversation_workflow_id("acme", talk)).fetch_history()
    inputs = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args
        for event in history.events
        if event.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    return [(await temporal.data_converter.decode(args.payloads, [CustomerMessage]))[0] for args in inputs]


async def test_a_picture_is_sent_with_the_first_message_and_seen_by_its_sender_and_by_staff(
    site: Site, talk: str, temporal: Client
) -> None:
    sent = (await upload(site, talk)).json()
    assert (sent["media_type"], sent["width"], sent["height"]) == ("image/jpeg", 60, 40)
    assert (await say(site, talk, [sent["photo_id"]])).status_code == 200
    (message,) = await carried(temporal, talk)
    assert [photo.model_dump() for photo in message.photos] == [sent]
    for who in ({}, {"sub": "sue", "role": "agent"}, {"sub": "sid", "role": "supervisor"}):
        seen = await site.get(f"/v1/conversations/{talk}/photos/{sent['photo_id']}", **who)
        assert seen.status_code == 200
        assert Image.open(io.BytesIO(seen.content)).size == (60, 40)
        assert len(seen.content) == sent["size"]


async def test_a_browser_may_only_look_at_it(site: Site, talk: str) -> None:
    photo = await uploaded(site, talk)
    headers = (await site.get(f"/v1/conversations/{talk}/photos/{photo}")).headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-security-policy"].startswith("sandbox")


async def test_what_a_picture_knew_about_its_place_is_gone(site: Site, talk: str) -> None:
    photo = (await upload(site, talk, located("JPEG"))).json()["photo_id"]
    assert SECRET not in (await site.get(f"/v1/conversations/{talk}/photos/{photo}")).content


@pytest.mark.parametrize(
    "who", [{"sub": "bob"}, {"tenant": "other"}, {"tenant": "other", "role": "supervisor"}], ids=str
)
async def test_nobody_else_sees_it(site: Site, talk: str, who: dict[str, str]) -> None:
    photo = await uploaded(site, talk)
    answer = await site.get(f"/v1/conversations/{talk}/photos/{photo}", **who)
    assert (answer.status_code, slug(answer)) == (404, "photo-not-found")


async def test_only_customers_upload_and_never_into_somebody_elses_conversation(site: Site, talk: str) -> None:
    assert slug(await upload(site, talk, role="agent")) == "role-not-allowed"
    assert slug(await site.http.post(f"/v1/conversations/{talk}/photos", content=b"x")) == "token-missing"
    await site.say(talk, "hello")
    answer = await upload(site, talk, sub="bob")
    assert (answer.status_code, slug(answer)) == (404, "conversation-not-found")
    assert await uploaded(site, talk)


@pytest.mark.parametrize("kind", ["image/png", "text/html", "application/json", "nonsense"])
async def test_what_counts_is_what_the_bytes_are(site: Site, talk: str, kind: str) -> None:
    assert (await upload(site, talk, picture("WEBP"), kind)).json()["media_type"] == "image/jpeg"
    answer = await upload(site, talk, b"<html><script>alert(1)</script></html>", kind)
    assert (answer.status_code, slug(answer)) == (422, "photo-unreadable")


async def test_an_empty_body_is_no_picture(site: Site, talk: str) -> None:
    assert slug(await upload(site, talk, b"")) == "photo-unreadable"


@pytest.mark.parametrize("chunked", [False, True])
async def test_above_eight_mebibytes_it_is_refused_whatever_was_claimed(site: Site, talk: str, chunked: bool) -> None:
    large = bytes(LARGEST_UPLOAD + 1)
    answer = await upload(site, talk, pieces(large) if chunked else large)
    assert (answer.status_code, slug(answer)) == (413, "photo-too-large")


async def test_a_large_picture_below_the_limit_passes_the_door(site: Site, talk: str) -> None:
    content = picture("JPEG") + bytes(7_000_000)
    assert (await upload(site, talk, content)).status_code == 200


async def test_the_eleventh_picture_of_a_conversation_is_refused(site: Site, talk: str) -> None:
    for _ in range(10):
        await uploaded(site, talk)
    answer = await upload(site, talk)
    assert (answer.status_code, slug(answer)) == (409, "photos-too-many")


async def test_a_customer_uploads_twenty_an_hour_whatever_conversations_they_name(site: Site, talk: str) -> None:
    who = {"sub": f"u-{talk}"}
    visitor = Visitor(tenant="acme", subject=who["sub"], role=Role.CUSTOMER, expires_at=datetime.now(UTC))
    for _ in range(MOST_IN_HOUR - 1):
        await parts_of(site).rates.take_photo(visitor)
    assert slug(await upload(site, talk, b"", **who)) == "photo-unreadable"
    answer = await upload(site, f"{talk}-2", **who)
    assert (answer.status_code, slug(answer)) == (429, "rate-limited")
    assert answer.headers["ratelimit-policy"] == '"photos";q=20;w=3600'
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert (await site.get(f"/v1/conversations/{talk}", **who)).status_code == 404
    assert await uploaded(site, talk, sub=f"v-{talk}")


async def test_pictures_that_are_not_ones_own_or_not_there_cannot_be_sent(
    site: Site, talk: str, temporal: Client
) -> None:
    theirs, mine = await uploaded(site, talk, sub="bob"), await uploaded(site, talk)
    elsewhere = await uploaded(site, f"{talk}-2")
    for photos in ([theirs], [mine, "0" * 32], [elsewhere]):
        answer = await say(site, talk, photos, "look")
        assert (answer.status_code, slug(answer)) == (404, "photo-not-found")
    assert (await site.get(f"/v1/conversations/{talk}")).status_code == 404
    assert (await parts_of(site).photos.find("acme", talk, mine)).sent_at is None


@pytest.mark.parametrize(
    ("photos", "problem"),
    [
        (["0" * 32] * 2, "request-invalid"),
        ([f"{each:032}" for each in range(5)], "request-invalid"),
        (["../../etc/passwd"], "request-invalid"),
        ([7], "request-invalid"),
        (["0" * 31 + "\n"], "request-invalid"),
        ([], "message-blank"),
    ],
    ids=["twice", "five", "a path", "a number", "a newline", "none"],
)
async def test_an_odd_list_of_pictures_is_refused(site: Site, talk: str, photos: list[Any], problem: str) -> None:
    answer = await say(site, talk, photos)
    assert (answer.status_code, slug(answer)) == (422, problem)


async def test_a_repeated_message_gets_the_first_answer_also_with_pictures(site: Site, talk: str) -> None:
    photo = await uploaded(site, talk)
    first, again = [await say(site, talk, [photo], "look") for _ in range(2)]
    assert first.status_code == 200
    assert again.json() == first.json()


async def test_a_picture_of_a_refused_message_was_not_sent(site: Site, talk: str) -> None:
    photo, other = await uploaded(site, talk), await uploaded(site, talk)
    await say(site, talk, [other], "look", "m1")
    assert slug(await say(site, talk, [photo, other], "refuse conversation-busy", "m2")) == "conversation-busy"
    assert (await parts_of(site).photos.find("acme", talk, photo)).sent_at is None
    assert (await parts_of(site).photos.find("acme", talk, other)).sent_at is not None


async def test_erasing_a_customer_deletes_their_pictures(site: Site, talk: str) -> None:
    who = {"sub": f"u-{talk}"}
    photo = await uploaded(site, talk, **who)
    body = {"message_id": "m1", "text": "look", "photos": [photo]}
    await site.post(f"/v1/conversations/{talk}/messages", body, **who)
    for _ in range(100):
        if (await site.get("/v1/me/export", **who)).json()["conversations"]:
            break
        await asyncio.sleep(0.05)
    assert (await site.http.delete("/v1/me", headers=bearer(**who))).json()["conversations"] == 1
    answer = await site.get(f"/v1/conversations/{talk}/photos/{photo}", role="supervisor")
    assert (answer.status_code, slug(answer)) == (404, "photo-not-found")


async def test_erasing_a_customer_also_deletes_what_they_sent_to_a_conversation_that_never_began(
    site: Site, talk: str
) -> None:
    who = {"sub": f"u-{talk}"}
    photo, theirs = await uploaded(site, talk, **who), await uploaded(site, talk, sub=f"v-{talk}")
    assert (await site.http.delete("/v1/me", headers=bearer(**who))).json()["conversations"] == 0
    statuses = [
        (await site.get(f"/v1/conversations/{talk}/photos/{each}", role="supervisor")).status_code
        for each in (photo, theirs)
    ]
    assert statuses == [404, 200]


async def test_without_its_folder_the_store_is_unavailable(
    settings: Settings, worker: None, tmp_path: Path, talk: str
) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")
    async with serving(settings.model_copy(update={"photos": tmp_path / "photos"})) as site:
        answer = await upload(site, talk)
        assert (answer.status_code, slug(answer)) == (503, "photos-unavailable")
        assert (await site.say(talk, "hello")).status_code == 200
