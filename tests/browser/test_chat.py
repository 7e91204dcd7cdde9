"""A customer of the demo shop talks to the whole stack through the chat that the shop embeds."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from activities.clients.redis_drafts import RedisDrafts
from activities.inference_ports import DraftPlace
from tests.browser.chatting import Chat, chromium
from workers.embedded import EmbeddedStack
from workflows.messages import event_stream

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

WHERE = "where is order 67890?"
FOUND = "is on its way"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def chat(stack: EmbeddedStack, browser: Browser) -> AsyncIterator[Chat]:
    page = await browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    chat = Chat(page, stack.settings.api_url)
    yield chat
    await page.context.close()
    assert chat.faults == []


async def violations(page: Page) -> list[str]:
    """Name what WCAG 2.2 AA finds wrong with the page and the chat in it."""
    rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = (await Axe().run(page, options={"runOnly": rules})).response["violations"]
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


async def test_a_parcel_is_tracked_and_the_words_come_while_they_are_written(stack: EmbeddedStack, chat: Chat) -> None:
    await chat.open()
    await chat.say(WHERE)
    await chat.hears(FOUND)
    bubble = chat.page.locator("[aria-hidden=true].bubble")
    await expect(bubble).to_be_hidden()
    drafts = RedisDrafts.at(stack.settings.redis_url)
    last = await chat.page.evaluate("document.querySelector('holdfast-chat').talk.offset")
    place = DraftPlace(event_stream("northwind", chat.conversation), last, 50, 1)
    await drafts.begin(place)
    for words in ("The Laptop Stand ", "left the sorting centre."):
        await drafts.add(place, words)
    await expect(bubble).to_have_text("The Laptop Stand left the sorting centre.")
    await drafts.drop(place)
    await expect(bubble).to_be_hidden()
    await drafts.close()
    assert await chat.mine() == [WHERE]


async def test_a_dispute_is_confirmed_by_the_button_paid_once_and_rated(chat: Chat) -> None:
    await chat.open("U101")
    await chat.say("order 20013 never arrived, I want a refund")
    card = chat.page.get_by_role("group", name="Refund")
    await expect(card).to_be_visible(timeout=30_000)
    for fact in ("$45.00", "Order #20013", "Visa ending 5100", "Valid for"):
        await expect(card).to_contain_text(fact)
    await card.get_by_role("button", name="Refund $45.00").click()
    await expect(card).to_contain_text("You confirmed this", timeout=30_000)
    await expect(card.get_by_role("button")).to_have_count(0)
    await chat.hears("Refunded · $45.00")
    await chat.button("Good").first.click()
    await chat.page.get_by_role("textbox", name="Anything to add?").fill("quick")
    await chat.page.get_by_role("group", name="How was this?").get_by_role("button", name="Send").click()
    await chat.hears("Thank you for your feedback.")
    await expect(chat.page.get_by_role("group", name="How was this?")).to_have_count(0)


async def test_a_reload_in_the_middle_finds_the_offer_open_and_nothing_doubled(chat: Chat) -> None:
    await chat.open("U101", kept=True)
    await chat.say("order 20011 never arrived, I want a refund")
    card = chat.page.get_by_role("group", name="Refund")
    await expect(card).to_be_visible(timeout=30_000)
    await chat.open("U101", kept=True)
    await expect(card.get_by_role("button", name="Refund $")).to_be_enabled()
    assert await chat.mine() == ["order 20011 never arrived, I want a refund"]
    await card.get_by_role("button", name="No, thanks").click()
    await expect(card).to_contain_text("You declined this", timeout=30_000)


async def test_a_reload_while_a_message_is_on_its_way_sends_it_once(chat: Chat) -> None:
    ids: list[str] = []

    async def hold(route: Route) -> None:
        ids.append(route.request.post_data_json["message_id"])
        await (route.continue_() if len(ids) > 1 else route.fulfill(status=504, headers={"Retry-After": "60"}))

    await chat.page.route("**/messages", hold)
    await chat.open(kept=True)
    await chat.say(WHERE)
    await expect(chat.page.get_by_role("status").get_by_text("Writing…")).to_be_visible()
    await chat.open(kept=True)
    await chat.hears(FOUND)
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert await chat.mine() == [WHERE]


async def test_a_lost_answer_is_asked_for_again_with_the_same_id(chat: Chat) -> None:
    ids: list[str] = []
    heard_again = asyncio.Event()

    async def lose(route: Route) -> None:
        ids.append(route.request.post_data_json["message_id"])
        answer = await route.fetch()
        if len(ids) == 1:
            return await route.abort()
        await route.fulfill(response=answer)
        heard_again.set()

    await chat.page.route("**/messages", lose)
    await chat.open()
    await chat.say(WHERE)
    await chat.hears(FOUND)
    await asyncio.wait_for(heard_again.wait(), 30)
    await expect(chat.page.locator(".mine")).to_have_count(1)
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_what_is_written_offline_is_sent_once_when_the_network_is_back(chat: Chat) -> None:
    await chat.open()
    await chat.say("hello")
    await expect(chat.log.locator(".theirs")).not_to_have_count(0, timeout=30_000)
    await chat.page.context.set_offline(True)
    await expect(chat.page.get_by_text("You are offline.")).to_be_visible()
    await chat.say(WHERE)
    await expect(chat.page.get_by_text("Waiting for connection")).to_be_visible()
    await chat.page.context.set_offline(False)
    await chat.hears(FOUND)
    await expect(chat.page.get_by_text("You are offline.")).to_be_hidden()
    assert await chat.mine() == ["hello", WHERE]


async def test_two_devices_show_the_same_conversation(stack: EmbeddedStack, browser: Browser, chat: Chat) -> None:
    await chat.open()
    await chat.say(WHERE)
    await chat.hears(FOUND)
    phone = Chat(
        await browser.new_page(viewport={"width": 390, "height": 780}), stack.settings.api_url, chat.conversation
    )
    await phone.open()
    await phone.hears(FOUND)
    await phone.say("hello from my phone")
    await chat.hears("hello from my phone")
    await expect(phone.page.locator(".mine")).to_have_count(2)
    assert await chat.mine() == await phone.mine() == [WHERE, "hello from my phone"]
    await phone.page.context.close()
    assert phone.faults == []


async def test_a_person_is_one_press_away(chat: Chat) -> None:
    await chat.open("U102")
    await chat.say("hello")
    await expect(chat.log.locator(".theirs")).not_to_have_count(0, timeout=30_000)
    wish = chat.button("Talk to a person")
    await wish.click()
    await chat.hears("You asked for a person.")
    await expect(wish).to_be_disabled()
    await expect(chat.page.locator(".queue")).not_to_be_empty()


async def test_an_order_is_picked_and_a_photo_of_the_damage_sent_with_it(chat: Chat) -> None:
    held = BytesIO()
    Image.new("RGB", (320, 200), "peru").save(held, "PNG")
    await chat.open()
    await chat.button("Choose an order").click()
    await chat.page.get_by_role("button", name="#67890").click()
    await expect(chat.box).to_have_value("#67890 ")
    await chat.page.locator("input[type=file]").set_input_files(
        {"name": "dent.png", "mimeType": "image/png", "buffer": held.getvalue()}
    )
    await expect(chat.page.locator("progress")).to_have_count(0)
    await chat.box.press("End")
    await chat.page.keyboard.type("arrived broken")
    await chat.button("Send").click()
    await expect(chat.log.locator(".mine")).to_contain_text("#67890 arrived broken", timeout=30_000)
    await expect(chat.log.get_by_role("img", name="Photo you sent")).to_have_attribute("width", "320")


async def test_on_a_phone_the_panel_covers_the_page_and_the_keyboard_stays_in_it(chat: Chat, tmp_path: Path) -> None:
    await chat.page.set_viewport_size({"width": 375, "height": 667})
    await chat.open()
    dialog = chat.page.get_by_role("dialog", name="Help with your order")
    assert await dialog.bounding_box() == {"x": 0, "y": 0, "width": 375, "height": 667}
    await expect(chat.box).to_be_focused()
    for _ in range(14):
        await chat.page.keyboard.press("Tab")
        assert await chat.page.evaluate("document.activeElement.localName") == "holdfast-chat"
    await chat.page.screenshot(path=tmp_path / "phone.png")
    await chat.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(chat.button("Open chat")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_rule_of_accessibility_is_broken(chat: Chat, scheme: str) -> None:
    await chat.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a plain word of the parameters
    await chat.visit("U105", "ar" if scheme == "dark" else "en")
    assert await violations(chat.page) == []
    await chat.page.locator(".launcher").click()
    await expect(chat.page.locator(".chip")).to_have_count(3)
    assert await violations(chat.page) == []
    await chat.say("order 20052 never arrived, I want a refund")
    await expect(chat.page.locator(".card")).to_be_visible(timeout=30_000)
    assert await violations(chat.page) == []
