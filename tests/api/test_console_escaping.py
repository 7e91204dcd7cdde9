"""Whatever anybody writes stays words: hostile texts change not one element or attribute of a page."""

from collections.abc import AsyncIterator

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.browser.hostile_talks import TALK, plant
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from tests.fakes.xss_corpus import PAYLOADS

TENANT = "hostile"
HARMLESS = "harmless words"
PAGES = (
    "/console?view=all",
    f"/console/c/{TALK}",
    f"/console/c/{TALK}/standing",
    f"/console/c/{TALK}/about",
    f"/console/c/{TALK}/typing",
)

Shape = list[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        yield running


@pytest.fixture(scope="module")
async def sue(site: ConsoleSite) -> AsyncIterator[httpx.AsyncClient]:
    cookies = {"holdfast": staff_token(TENANT, "sue", "supervisor")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as http:
        yield http


def shape(page: BeautifulSoup) -> Shape:
    """Every element of a page with the names of its attributes, in order."""
    return [(element.name, tuple(sorted(element.attrs))) for element in page.find_all(True)]


async def read(sue: httpx.AsyncClient, path: str) -> BeautifulSoup:
    answer = await sue.get(path)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "lxml")


@pytest.fixture(scope="module")
async def harmless(site: ConsoleSite, sue: httpx.AsyncClient) -> dict[str, Shape]:
    await plant(site, HARMLESS)
    shapes = {}
    for path in PAGES:
        page = await read(sue, path)
        assert HARMLESS in page.get_text()
        shapes[path] = shape(page)
    return shapes


def test_the_corpus_is_not_small() -> None:
    assert len(set(PAYLOADS)) >= 40


@pytest.mark.parametrize("words", PAYLOADS)
async def test_hostile_words_stay_words(
    site: ConsoleSite, sue: httpx.AsyncClient, harmless: dict[str, Shape], words: str
) -> None:
    await plant(site, words)
    for path in PAGES:
        page = await read(sue, path)
        assert shape(page) == harmless[path], path
        for element in page.find_all(True):
            for name in ("href", "src", "action", "hx-get", "hx-post"):
                assert str(element.get(name, "/")).startswith(("/console", "/", "#", "http://127.0.0.1")), element


async def test_a_token_with_a_hostile_name_greets_with_words(site: ConsoleSite) -> None:
    for words in PAYLOADS[:20]:
        cookies = {"holdfast": staff_token(TENANT, "ben", name=words[:100])}
        async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as http:
            page = BeautifulSoup((await http.get("/console")).text, "lxml")
        who = page.select_one(".who b")
        assert who is not None
        assert who.get_text() == words[:100]
