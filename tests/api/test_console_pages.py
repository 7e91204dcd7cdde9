"""What the console's pages tell and do: why a turn went as it did, who is meant, what was decided, what is news."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from activities.desk_ports import Member
from activities.errors import Unavailable
from policies.cases import Priority
from tests.browser.console_talks import DISPUTE, furnish
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from workflows.people import Assign, HandBack, Prioritise, Snooze

TENANT = "pages"
OURS = {"Sec-Fetch-Site": "same-origin", "X-Holdfast": "console", "HX-Request": "true"}
HERE = f"/console/c/{DISPUTE}"


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        yield running


@pytest.fixture(autouse=True)
async def furnished(site: ConsoleSite) -> None:
    site.line.acts.clear()
    await furnish(site)


@pytest.fixture
async def ben(site: ConsoleSite) -> AsyncIterator[httpx.AsyncClient]:
    cookies = {"holdfast": staff_token(TENANT, "ben")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as http:
        yield http


async def words_of(ben: httpx.AsyncClient, path: str, query: str = "body") -> str:
    answer = await ben.get(path)
    assert answer.status_code == 200
    found = BeautifulSoup(answer.text, "lxml").select_one(query)
    assert found is not None
    return " ".join(found.get_text(" ").split())


async def act(ben: httpx.AsyncClient, kind: str, **form: Any) -> httpx.Response:
    known = {"act_id": f"{kind}-{datetime.now(UTC).timestamp()}", **form}
    return await ben.post(f"{HERE}/acts/{kind}", data=known, headers=OURS)


async def test_why_is_told_in_plain_words(ben: httpx.AsyncClient) -> None:
    why = await words_of(ben, HERE, ".why")
    for part in (
        "delivery dispute, 93 % sure",
        "The amount is above what may be paid without a person. ask a person",
        "Rule made.up_rule.",
        "version 2026-11-01",
        "get order status: ok",
        "NW-DISP-2",
        "small-eu (S) to phrase: ok, 450 tokens, $0.0002",
    ):
        assert part in why


async def test_notes_are_marked_as_private_and_the_summary_stands_on_top(ben: httpx.AsyncClient) -> None:
    note = await words_of(ben, HERE, ".entry.private:last-of-type")
    assert "only colleagues see this" in note
    assert "looks like a misdelivery" in note
    head = await words_of(ben, HERE, "#case-head")
    assert "the amount is above what may be paid without a person" in head


async def test_customer_and_order_come_from_the_shop(ben: httpx.AsyncClient) -> None:
    about = await words_of(ben, f"{HERE}/about")
    for part in ("U789", "gold", "Order #12345", "Nimbus Runner Shoes", "$249.00 Visa ending 4242", "#12399"):
        assert part in about


async def test_a_shop_that_is_away_is_said_so(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    site.shop.fail_next("customer", Unavailable("the shop is away"))
    about = await words_of(ben, f"{HERE}/about")
    assert "The shop does not answer right now." in about
    assert (await ben.get(HERE)).status_code == 200


async def test_an_order_of_another_customer_is_not_shown(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    theirs = site.shop.orders["12399"].model_copy(update={"customer_id": "U1"})
    site.shop.orders["12399"] = theirs
    assert (await ben.get(f"{HERE}/orders/12399")).status_code == 404
    assert (await ben.get(f"{HERE}/orders/12345")).status_code == 200


async def test_the_temporal_link_names_the_workflow(ben: httpx.AsyncClient) -> None:
    page = (await ben.get(HERE)).text
    assert f"http://127.0.0.1:8233/namespaces/default/workflows/conversation%2F{TENANT}%2F{DISPUTE}" in page


async def test_forms_become_acts(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    await site.desk.seen(TENANT, Member(subject="ana", name="Ana", until=until))
    assert (await act(ben, "prioritise", priority="urgent")).status_code == 200
    assert (await act(ben, "snooze", hours="4")).status_code == 200
    assert (await act(ben, "assign", to="ana")).status_code == 200
    done = [each for _, each in site.line.acts]
    assert done[0] == Prioritise(priority=Priority.URGENT)
    assert isinstance(done[1], Snooze)
    assert done[1].until is not None
    assert timedelta(hours=3, minutes=58) < done[1].until - datetime.now(UTC) <= timedelta(hours=4)
    assert done[2] == Assign(to="ana", to_name="Ana")


async def test_blank_decisions_are_none(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    rows = {
        "matter": ["refund", "return"],
        "order_id": ["12345", ""],
        "agreed": ["no", "yes"],
        "words": ["Declined.", " "],
    }
    assert (await act(ben, "claim")).status_code == 200
    assert (await act(ben, "hand_back", **rows)).status_code == 200
    back = site.line.acts[-1][1]
    assert isinstance(back, HandBack)
    assert [(each.matter, each.agreed, each.words) for each in back.decisions] == [("refund", False, "Declined.")]


WRONG = {
    "no such act": ("dance", {}, 404, "There is nothing at this address"),
    "no words": ("note", {"text": "  "}, 422, "Write something first."),
    "too many words": ("note", {"text": "x" * 4_001}, 422, "missing or too long"),
    "a stranger": ("assign", {"to": "nobody"}, 422, "not at work in the last day"),
    "a priority that is none": ("prioritise", {"priority": "very"}, 422, "Look at priority"),
    "a snooze without end": ("snooze", {"hours": "99999"}, 422, "Choose how long"),
    "an act id that is none": ("claim", {"act_id": "<b>"}, 422, "Load the page again"),
}


@pytest.mark.parametrize(("kind", "form", "status", "told"), WRONG.values(), ids=WRONG.keys())
async def test_what_cannot_be_done_is_told_in_the_notice(
    site: ConsoleSite, ben: httpx.AsyncClient, kind: str, form: dict[str, str], status: int, told: str
) -> None:
    answer = await act(ben, kind, **form)
    assert answer.status_code == status
    assert answer.headers["HX-Retarget"] == "#notice"
    assert told in answer.text
    assert site.line.acts == []


async def test_a_refused_act_is_over_so_its_form_gets_another_id(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    cookies = {"holdfast": staff_token(TENANT, "ana")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as ana:
        await act(ana, "claim")
    refused = await act(ben, "tell", text="Hello")
    assert refused.status_code == 403
    assert "This conversation is not yours" in refused.text
    assert 'id="act-id-tell"' in refused.text


async def test_a_message_can_be_said_to_mean_something_else(ben: httpx.AsyncClient) -> None:
    answer = await ben.post(f"{HERE}/messages/m1/intent", data={"intent": "track_order"}, headers=OURS)
    assert answer.status_code == 200
    assert "Noted as track order" in answer.text
    unknown = await ben.post(f"{HERE}/messages/m1/intent", data={"intent": "dance"}, headers=OURS)
    assert unknown.status_code == 422


async def test_a_picture_is_shown_to_staff_of_its_tenant_alone(site: ConsoleSite, ben: httpx.AsyncClient) -> None:
    picture = BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "JPEG")

    async def pieces() -> AsyncIterator[bytes]:
        yield picture.getvalue()

    kept = await site.photos.put(TENANT, DISPUTE, "U789", pieces())
    shown = await ben.get(f"{HERE}/photos/{kept.photo_id}")
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert (await ben.get(f"{HERE}/photos/{'0' * 32}")).status_code == 404
    headers = {"Authorization": f"Bearer {staff_token('another', 'eve')}"}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, trust_env=False) as eve:
        assert (await eve.get(f"{HERE}/photos/{kept.photo_id}")).status_code == 404
        assert (await eve.get(HERE)).status_code == 404


async def test_news_names_what_to_fetch_again_and_keeps_people_at_work(
    site: ConsoleSite, ben: httpx.AsyncClient
) -> None:
    async def stir() -> None:
        while True:
            await site.desk.typing(TENANT, "c-1", "ben", "Ben")
            await site.desk.typing(TENANT, DISPUTE, "ana", "Ana")
            await site.line.hear(TENANT, DISPUTE, "hello?")
            await asyncio.sleep(0.1)

    heard: set[str] = set()
    stirring = asyncio.create_task(stir())
    async with asyncio.timeout(30), ben.stream("GET", "/console/live") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                heard.add(line.removeprefix("event: "))
            if {"row", f"row:{DISPUTE}", f"typing:{DISPUTE}"} <= heard:
                break
    stirring.cancel()
    assert "typing:c-1" not in heard, "nobody is told of their own typing"
    members = await site.desk.members(TENANT, datetime.now(UTC))
    assert [member.name for member in members if member.subject == "ben"] == ["Ben"]


async def test_a_window_out_of_sight_keeps_its_person_at_work(site: ConsoleSite) -> None:
    cookies = {"holdfast": staff_token(TENANT, "dora")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as dora:
        assert (await dora.get("/console/still-here")).status_code == 204
    now = datetime.now(UTC)
    (seen,) = [member for member in await site.desk.members(TENANT, now) if member.subject == "dora"]
    assert seen.until > now + timedelta(seconds=60)
