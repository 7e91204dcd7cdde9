"""What the chat's readers see of how it is served: the words of their language, and a module without its comments."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Route, expect

from api.chat import pages
from tests.browser.chatting import Chat, chromium, event, reply
from workers.embedded import EmbeddedStack

pytestmark = pytest.mark.browser

WORDS = "**/chat/words/{}.json"
RULES = """sheets => sheets.map((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map((rule) => rule.cssText.replaceAll(", ", ","));
})"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def chat(stack: EmbeddedStack, browser: Browser) -> AsyncIterator[Chat]:
    page = await browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    chat = Chat(page, stack.settings.api_url)
    await chat.play([], [event(1, "message.customer", "hello"), reply(2, "Good day.")])
    yield chat
    await page.context.close()
    assert chat.faults == []


async def held_back(chat: Chat, language: str) -> asyncio.Event:
    """Let the words of a language come only once the event is set."""
    may_come = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await chat.page.route(WORDS.format(language), hold)
    return may_come


async def test_words_are_fetched_once_and_only_of_languages_that_were_chosen(chat: Chat) -> None:
    fetched: list[str] = []
    chat.page.on("request", lambda asked: fetched.append(asked.url) if "/chat/words/" in asked.url else None)
    await chat.open()
    await chat.hears("Good day.")
    assert fetched == []
    for language, title in (("de", "Hilfe zu Ihrer Bestellung"), ("en", "Help with"), ("de", "Hilfe zu")):
        await chat.page.locator("#language").select_option(language)
        await expect(chat.page.get_by_role("dialog", name=title)).to_be_visible()
    await chat.hears("Good day.")
    assert [url.rsplit("/", 1)[1] for url in fetched] == ["de.json"]


async def test_english_is_spoken_where_the_words_cannot_be_had_until_they_can(chat: Chat) -> None:
    await chat.page.route(WORDS.format("ar"), lambda route: route.fulfill(status=503, json={"title": "busy"}))
    await chat.open(language="ar")
    await expect(chat.page.get_by_role("dialog", name="Help with your order")).to_be_visible()
    root = chat.page.locator(".root")
    assert [await root.get_attribute(name) for name in ("dir", "lang")] == ["ltr", "en"]
    await chat.page.unroute(WORDS.format("ar"))
    await chat.page.locator("#language").select_option("en")
    await chat.page.locator("#language").select_option("ar")
    await expect(chat.page.get_by_role("dialog", name="مساعدة بشأن طلبك")).to_be_visible()
    assert [await root.get_attribute(name) for name in ("dir", "lang")] == ["rtl", "ar"]


async def test_what_changes_while_words_are_under_way_is_shown_in_the_language_before(chat: Chat) -> None:
    may_come = await held_back(chat, "de")
    await chat.open()
    await chat.page.locator("#language").select_option("de")
    await chat.page.locator("#customer").select_option("U100")
    await expect(chat.page.get_by_role("dialog", name="Help with your order")).to_be_visible()
    may_come.set()
    await expect(chat.page.get_by_role("dialog", name="Hilfe zu Ihrer Bestellung")).to_be_visible()


async def test_of_two_languages_under_way_the_one_chosen_last_is_spoken(chat: Chat) -> None:
    may_come = await held_back(chat, "de")
    await chat.open()
    await chat.page.locator("#language").select_option("de")
    await chat.page.locator("#language").select_option("es")
    title = chat.page.locator("h2#title")
    await expect(title).to_have_text("Ayuda con tu pedido")
    async with chat.page.expect_response(WORDS.format("de")) as answer:
        may_come.set()
    await (await answer.value).finished()
    await expect(title).to_have_text("Ayuda con tu pedido")


async def test_a_page_that_comes_in_another_language_never_shows_english_first(chat: Chat) -> None:
    may_come = await held_back(chat, "fr")
    page = "<!doctype html><html lang='fr'><script type='module' src='/chat/holdfast-chat.js'></script>"
    shop = page + "<holdfast-chat token-url='/chat/demo/token'></holdfast-chat>"
    await chat.page.route("**/chat/demo?*", lambda route: route.fulfill(body=shop, content_type="text/html"))
    async with chat.page.expect_request(WORDS.format("fr")):
        await chat.visit()
    assert await chat.page.locator(".launcher").count() == 0
    may_come.set()
    await expect(chat.button("Ouvrir le chat")).to_be_visible()


async def test_the_served_module_has_the_style_of_its_source_and_is_below_fifty_kilobytes(chat: Chat) -> None:
    await chat.visit()
    source = (pages.ASSETS / pages.COMPONENT).read_text(encoding="utf-8")
    served = await chat.page.evaluate("fetch('/chat/holdfast-chat.js').then((answer) => answer.text())")
    assert len(served.encode()) < 50_000
    assert await chat.page.evaluate("import('/chat/holdfast-chat.js').then((module) => Object.keys(module))") == [
        "HoldfastChat"
    ]
    sheets = [text.split("replaceSync(`")[1].split("`")[0] for text in (source, served)]
    readable, lean = await chat.page.evaluate(RULES, sheets)
    assert len(readable) > 80
    assert lean == readable
