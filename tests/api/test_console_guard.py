"""Writes in the console come from its own pages, and its answers say what a browser may do with them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.bodies import NAME
from tests.browser.console_talks import talk
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from tests.fakes.desk_line import opened
from workflows.messages import EventKind
from workflows.people import DeskView

TENANT = "guarded"
HERE = {"Sec-Fetch-Site": "same-origin"}
OURS = {**HERE, "X-Holdfast": "console"}
CLAIM = "/console/c/c-guard/acts/claim"


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        await running.line.begin(
            talk(TENANT, "c-guard", (EventKind.CUSTOMER, "hello"), desk=DeskView(case=opened("asked")))
        )
        yield running


@pytest.fixture
async def ben(site: ConsoleSite) -> AsyncIterator[httpx.AsyncClient]:
    cookies = {"holdfast": staff_token(TENANT, "ben")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as http:
        yield http


def origin(site: ConsoleSite) -> dict[str, str]:
    return {"Origin": site.url}


FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site", "X-Holdfast": "console"},
    "a neighbour on the same domain": {"Sec-Fetch-Site": "same-site", "X-Holdfast": "console"},
    "an address typed by hand": {"Sec-Fetch-Site": "none", "X-Holdfast": "console"},
    "another origin, from a browser without fetch metadata": {
        "Origin": "https://evil.example",
        "X-Holdfast": "console",
    },
    "an opaque origin": {"Origin": "null", "X-Holdfast": "console"},
    "no word of where from": {"X-Holdfast": "console"},
    "here, without header or form token": HERE,
    "here, with another header": {**HERE, "X-Holdfast": "something"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_write_from_elsewhere_is_refused(
    ben: httpx.AsyncClient, site: ConsoleSite, headers: dict[str, str]
) -> None:
    before = len(site.line.acts)
    answer = await ben.post(CLAIM, data={"act_id": "a1"}, headers=headers)
    assert answer.status_code == 403
    assert "did not come from a page of the console" in answer.text
    assert len(site.line.acts) == before


async def test_a_write_from_here_with_the_header_is_done(ben: httpx.AsyncClient, site: ConsoleSite) -> None:
    answer = await ben.post(CLAIM, data={"act_id": "by-header"}, headers=OURS)
    assert answer.status_code == 200
    assert "you have the word" in answer.text


async def test_an_older_browser_that_names_our_origin_is_heard(ben: httpx.AsyncClient, site: ConsoleSite) -> None:
    answer = await ben.post(CLAIM, data={"act_id": "by-origin"}, headers={**origin(site), "X-Holdfast": "console"})
    assert answer.status_code == 200


async def test_a_plain_form_with_its_token_is_done_and_with_somebody_elses_is_not(
    ben: httpx.AsyncClient, site: ConsoleSite
) -> None:
    page = (await ben.get("/console")).text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    done = await ben.post(CLAIM, data={"act_id": "by-form", "form_token": token}, headers=HERE)
    assert done.status_code == 200
    cookies = {"holdfast": staff_token(TENANT, "ana")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as ana:
        refused = await ana.post(CLAIM, data={"act_id": "stolen", "form_token": token}, headers=HERE)
    assert refused.status_code == 403
    assert "out of date" in refused.text


async def test_a_double_click_is_one_act(ben: httpx.AsyncClient, site: ConsoleSite) -> None:
    before = len(site.line.acts)
    for _ in range(2):
        answer = await ben.post(
            "/console/c/c-guard/acts/note", data={"act_id": "twice", "text": "Called the carrier"}, headers=OURS
        )
        assert answer.status_code == 200
    assert len(site.line.acts) == before + 1


@pytest.mark.parametrize("path", ["/console", "/console/c/c-guard", "/console/sign-in", "/console/c/c-absent"])
async def test_every_page_says_what_a_browser_may_do(ben: httpx.AsyncClient, path: str) -> None:
    answer = await ben.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


async def test_assets_are_kept_for_ever_under_an_address_of_their_content(ben: httpx.AsyncClient) -> None:
    page = (await ben.get("/console")).text
    address = page.split('href="')[2].split('"')[0]
    sheet = await ben.get(address)
    assert sheet.status_code == 200
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "immutable" in sheet.headers["Cache-Control"]
    gone = await ben.get(address.replace("/assets/", "/assets/0"))
    assert gone.status_code == 404


def test_every_vendored_script_has_its_licence_beside_it() -> None:
    folder = Path("api/console/assets")
    vendored = {path.name.split(".")[0].removesuffix("-ext") for path in folder.glob("*.min.js")}
    assert len(vendored) == 3
    licences = {path.name.split(".")[0] for path in folder.glob("*.LICENSE.txt")}
    assert vendored <= licences


CURSORS = ("x", "1~..", "1~", "~c-1", "1~c-1\n")


@pytest.mark.parametrize("cursor", CURSORS)
async def test_a_cursor_nobody_gave_is_a_page_that_says_so(ben: httpx.AsyncClient, cursor: str) -> None:
    answer = await ben.get("/console", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "Look at: cursor." in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_form_that_cannot_be_read_is_a_page_that_says_so(ben: httpx.AsyncClient) -> None:
    broken = {"Content-Type": "multipart/form-data; boundary=a", **HERE}
    for headers in (broken, {**broken, "X-Holdfast": "console"}):
        answer = await ben.post(CLAIM, content=b"not a part", headers=headers)
        assert answer.status_code == 422
        assert "The form could not be read" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", [".", ".."])
async def test_dots_are_no_conversation(ben: httpx.AsyncClient, name: str) -> None:
    answer = await ben.get(f"/console/c/{name.replace('.', '%2e')}/standing")
    assert answer.status_code in (404, 422)
    assert not re.fullmatch(NAME, name)
    assert re.fullmatch(NAME, name + "-")
