"""Customers in the shop's chat and people in the console, over the whole stack and in real browsers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chatting import Chat
from workers.embedded import EmbeddedStack
from workers.tokens import mint

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.timeout(240)]

TENANT = "northwind"
SLOW = 45_000
PHONE = {"width": 390, "height": 844}

Seat = Callable[[str, str], Awaitable[Page]]


@pytest.fixture
async def seat(stack: EmbeddedStack, page: Page) -> AsyncIterator[Seat]:
    """Give somebody of the shop a browser of their own, signed in to the console."""
    browser = page.context.browser
    assert isinstance(browser, Browser)
    faults: list[str] = []

    async def sit(subject: str, role: str = "agent") -> Page:
        context = await browser.new_context(base_url=stack.settings.api_url, viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(SLOW)
        token = mint(stack.settings, TENANT, subject, role, timedelta(hours=1))  # type: ignore[arg-type]
        await context.add_cookies([{"name": "holdfast", "value": token, "url": stack.settings.api_url}])
        seated = await context.new_page()
        seated.on("pageerror", lambda error: faults.append(str(error)))
        seated.on("console", lambda said: faults.append(said.text) if "Security Policy" in said.text else None)
        return seated

    yield sit
    assert faults == []


@pytest.fixture
async def chat(stack: EmbeddedStack, page: Page) -> AsyncIterator[Chat]:
    chat = Chat(page, stack.settings.api_url)
    yield chat
    assert chat.faults == []


async def refunds(stack: EmbeddedStack, customer: str, order_id: str) -> list[int]:
    """Read from the shop's ledger what was paid back on an order, in cents."""
    headers = {"Authorization": f"Bearer {stack.settings.shop_token.get_secret_value()}"}
    async with httpx.AsyncClient(base_url=stack.settings.shop_url, headers=headers, trust_env=False) as shop:
        found = await shop.get(f"/v1/{TENANT}/orders/{order_id}/refunds")
    return [refund["amount_minor"] for refund in found.json()["refunds"]]


async def offered(chat: Chat, customer: str, order_id: str) -> None:
    await chat.open(customer)
    await chat.say(f"order {order_id} never arrived, I want a refund")
    await expect(chat.page.get_by_role("group", name="Refund")).to_be_visible(timeout=SLOW)


async def test_a_refund_far_above_the_limit_takes_two_people_while_the_customer_is_away(
    stack: EmbeddedStack, chat: Chat, seat: Seat
) -> None:
    await offered(chat, "U100", "20002")
    await chat.button("Refund $1,299.00").click()
    await chat.hears("A colleague")
    await chat.page.close()
    ana, sue = await seat("ana", "agent"), await seat("sue", "supervisor")
    for desk, told in ((ana, "1 of 2"), (sue, "Approved.")):
        await desk.goto("/console/approvals")
        card = desk.locator("article.approval", has_text="20002")
        await card.get_by_label("Your reason").fill("The carrier confirms the loss.")
        await card.get_by_role("button", name="Approve $1,299.00").click()
        await expect(desk.get_by_text(told).first).to_be_visible(timeout=SLOW)
    browser = ana.context.browser
    assert browser is not None
    again = Chat(await browser.new_page(), stack.settings.api_url, chat.conversation)
    await again.open("U100")
    await again.hears("Refunded · $1,299.00")
    assert await refunds(stack, "U100", "20002") == [129900]


async def test_a_person_is_asked_for_answers_and_hands_back_with_a_decision(
    stack: EmbeddedStack, chat: Chat, seat: Seat
) -> None:
    await chat.open("U101")
    await chat.say("where is order 20011?")
    await chat.hears("delivered")
    await chat.button("Talk to a person").click()
    await chat.hears("ticket")
    desk = await seat("ben", "agent")
    await desk.goto("/console?view=all")
    await desk.locator(f"#row-{chat.conversation} a").first.click()
    await desk.get_by_role("button", name="Claim").click()
    await expect(desk.get_by_text("you have the word", exact=True)).to_be_visible()
    await chat.hears("ben")
    await desk.get_by_label("Reply to the customer").fill("Hello, Ben here. I have looked at <b>both</b> parcels.")
    await desk.get_by_role("button", name="Send").click()
    await chat.hears("I have looked at <b>both</b> parcels.")
    await chat.say("Can I have my money back for 20011?")
    await expect(desk.locator("#log")).to_contain_text("Can I have my money back for 20011?", timeout=SLOW)
    assert await chat.page.get_by_role("group", name="Refund").count() == 0, "a person has the word"
    await desk.get_by_role("button", name="Hand back").first.click()
    await desk.get_by_label("Order", exact=True).first.fill("20011")
    await desk.get_by_label("Outcome").first.select_option("no")
    await desk.get_by_label("In words for the customer").first.fill("The carrier photographed it at your door.")
    await desk.locator("#hand-back").get_by_role("button", name="Hand back").click()
    await expect(desk.get_by_text("with the AI", exact=True)).to_be_visible()
    await chat.say("I want a refund on order 20011")
    await chat.hears("The carrier photographed it at your door.")
    assert await chat.page.get_by_role("group", name="Refund").count() == 0
    assert await refunds(stack, "U101", "20011") == []


async def test_the_worker_is_killed_between_the_button_and_the_money(stack: EmbeddedStack, chat: Chat) -> None:
    await offered(chat, "U105", "20051")
    await chat.button("Refund $54.00").click()
    await stack.kill("conversation")
    await asyncio.sleep(0.5)
    await stack.restart("conversation")
    await chat.hears("Refunded · $54.00")
    assert await refunds(stack, "U105", "20051") == [5400]


async def test_two_agents_claim_at_once_and_one_has_the_word(stack: EmbeddedStack, chat: Chat, seat: Seat) -> None:
    await chat.open("U102")
    await chat.say("hello")
    await chat.button("Talk to a person").click()
    await chat.hears("ticket")
    ana, ben = await seat("ana", "agent"), await seat("ben", "agent")
    for desk in (ana, ben):
        await desk.goto(f"/console/c/{chat.conversation}")
        await expect(desk.get_by_role("button", name="Claim")).to_be_enabled()
    # A press on the page itself: the button is gone for whoever is a moment later.
    press = "document.querySelector('#case-head form button[data-key=c]').click()"
    await asyncio.gather(*(desk.evaluate(press) for desk in (ana, ben)))
    for desk in (ana, ben):
        await expect(desk.locator("#case-head").get_by_text("the word")).to_be_visible()
    have = [await desk.get_by_text("you have the word", exact=True).count() for desk in (ana, ben)]
    assert sorted(have) == [0, 1]
    await expect(chat.log.get_by_text("joined")).to_have_count(1)


async def test_everything_fits_a_phone(stack: EmbeddedStack, chat: Chat, seat: Seat) -> None:
    await chat.page.set_viewport_size(PHONE)
    await offered(chat, "U789", "12345")
    desk = await seat("sue", "supervisor")
    await desk.set_viewport_size(PHONE)
    pages = ("", f"/c/{chat.conversation}", "/approvals", "/supervision", "/lessons", "/webhooks")
    for each, address in ((chat.page, None), *((desk, f"/console{page}") for page in pages)):
        if address:
            await each.goto(address)
        wide = await each.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], address or "the chat"
