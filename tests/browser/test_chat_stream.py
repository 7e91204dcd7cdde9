"""What the chat makes of whatever an API may send it, told by streams and answers that the test makes up."""

import re
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Browser, Route, expect

from tests.browser.chatting import Chat, chromium, drafted, event, reply, sent
from workers.embedded import EmbeddedStack

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
CARD = {
    "digest": "d1",
    "kind": "refund",
    "order_id": "#12345",
    "text": "Shall I?",
    "amount": {"minor": 8999, "currency": "USD"},
    "method_label": "Visa ending 4242",
    "expires_at": "2999-01-01T00:00:00Z",
}


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


async def test_an_event_that_comes_twice_is_shown_once(chat: Chat) -> None:
    first, second = event(1, "message.customer", "hello"), reply(2, "Good day.")
    await chat.play([sent(first, second), sent(first, second, reply(3, "Anything else?"))])
    await chat.page.route(f"**{chat.address}", lambda route: route.fulfill(status=503))
    await chat.open()
    await chat.hears("Anything else?")
    assert await chat.log.locator(".bubble > p").all_inner_texts() == ["hello", "Good day.", "Anything else?"]


async def test_a_hole_in_the_stream_is_filled_from_the_transcript(chat: Chat) -> None:
    told = [event(1, "message.customer", "hello"), reply(2, "Good day."), reply(3, "Still there?")]
    followed = await chat.play([], told)
    await chat.open()
    await chat.hears("Still there?")
    await chat.page.unroute(f"**{chat.address}/events*")
    await chat.page.unroute(f"**{chat.address}")
    told += [reply(4, "The fourth."), reply(5, "The fifth.")]
    await chat.play([sent(told[-1])], told)
    await chat.page.evaluate("document.querySelector('holdfast-chat').talk.wake()")
    await chat.hears("The fifth.")
    shown = await chat.log.locator(".theirs > p").all_inner_texts()
    assert shown == ["Good day.", "Still there?", "The fourth.", "The fifth."]
    assert [request.headers["last-event-id"] for request in followed] == ["3"]


async def test_a_connection_that_broke_in_a_draft_is_taken_up_behind_it(chat: Chat) -> None:
    first = drafted(2, 1, "begin") + drafted(2, 2, "status", "parcel") + drafted(2, 3, "delta", "Your parcel ")
    again = drafted(2, 3, "delta", "Your parcel ") + drafted(2, 4, "delta", "is in Lyon.")
    followed = await chat.play([first, again], [event(1, "message.customer", "hello"), reply(2, "Good day.")])
    await chat.open()
    await expect(chat.page.locator("[aria-hidden=true].bubble")).to_have_text("Your parcel is in Lyon.")

    assert [request.headers["last-event-id"] for request in followed][:2] == ["2", "2-3"]


async def test_the_work_under_way_is_told_and_unknown_words_are_not(chat: Chat) -> None:
    doing = drafted(2, 1, "status", "orders") + drafted(2, 2, "status", "a-word-of-tomorrow")
    await chat.play([doing], [event(1, "message.customer", "hello"), reply(2, "Good day.")])
    await chat.open()
    await expect(chat.page.get_by_role("status").get_by_text("Looking up your order")).to_be_visible()


async def test_a_person_takes_over_and_hands_back(chat: Chat) -> None:
    asked = event(1, "message.customer", "[asks for a person] ")
    queue = {"state": "waiting", "place": 1, "promised_at": "2999-01-01T12:30:00Z", "name": ""}
    await chat.page.route("**/queue", lambda route: route.fulfill(json=queue))
    told = [event(3, "handoff.claimed", by="Sue"), event(4, "message.person", "Hello, I am Sue.", by="Sue")]
    await chat.play([sent(reply(2, "A person will come.", stage="with_person"))], [asked])
    await chat.open()
    await expect(chat.page.get_by_text("You are number 2 in line. Answer by")).to_be_visible()
    await chat.page.unroute(f"**{chat.address}/events*")
    await chat.play([sent(*told), sent(event(5, "handoff.returned"))], [asked])
    await chat.page.evaluate("document.querySelector('holdfast-chat').talk.wake()")
    await chat.hears("Hello, I am Sue.")
    await chat.hears("Sue has joined.")
    await chat.hears("The assistant is back.")
    await expect(chat.button("Talk to a person")).to_be_enabled()


async def test_an_offer_that_is_no_longer_made_cannot_be_pressed(chat: Chat) -> None:
    offered = reply(2, "Shall I?", offer=CARD)
    other = {**CARD, "digest": "d2", "amount": {"minor": 4500, "currency": "USD"}}
    await chat.play(
        [sent(reply(3, "Or this?", offer=other), event(4, "offer.closed") | {"reply": reply(4, "")["reply"]})],
        [offered],
        offer=CARD,
    )
    await chat.open()
    cards = chat.page.get_by_role("group", name="Refund")
    await expect(cards.nth(1)).to_contain_text("This offer has expired")
    await expect(cards.nth(0)).to_contain_text("No longer open")
    await expect(cards.get_by_role("button")).to_have_count(0)


async def test_nothing_anybody_writes_becomes_markup_or_a_dangerous_link(chat: Chat) -> None:
    links = [
        {"kind": "label", "order_id": "1", "url": "javascript:document.title='owned'"},
        {"kind": "label", "order_id": "1", "url": "https://shop.example/label.pdf"},
    ]
    cited = [{"title": HOSTILE, "document": HOSTILE}]
    said = [event(1, "message.customer", HOSTILE), reply(2, HOSTILE, links=links, citations=cited)]
    await chat.play([sent(event(3, "message.person", HOSTILE, by=HOSTILE))], said)
    await chat.open()
    await expect(chat.log.get_by_text("<img").nth(3)).to_be_attached()
    assert await chat.page.locator("holdfast-chat >> img, holdfast-chat >> script").count() == 0
    assert [await link.get_attribute("href") for link in await chat.log.locator("a").all()] == [links[1]["url"]]
    assert await chat.page.title() == "Northwind Outfitters"


async def test_what_came_while_the_panel_was_shut_is_counted_until_it_is_read(chat: Chat) -> None:
    said = [event(1, "message.customer", "hello"), reply(2, "Good day.")]
    await chat.play([sent(reply(3, "Your refund has arrived."))], said)
    await chat.visit()
    await expect(chat.button("Open chat, 2 unread")).to_be_visible()
    await chat.button("Open chat").click()
    await chat.hears("Your refund has arrived.")
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator(".badge")).to_be_hidden()


async def test_an_order_is_picked_into_the_message(chat: Chat) -> None:
    order = {
        "order_id": "67890",
        "status": "in_transit",
        "placed_at": "2026-03-01T10:00:00Z",
        "items": ["Laptop Stand"],
    }
    listed = {"orders": [{**order, "total_minor": 4599, "currency": "USD"}]}
    await chat.page.route("**/v1/me/orders", lambda route: route.fulfill(json=listed))
    await chat.open(kept=True)
    await chat.box.fill("where is ")
    await chat.button("Choose an order").click()
    await chat.button("#67890 $45.99 Laptop Stand On its way").click()
    await expect(chat.box).to_have_value("where is #67890 ")
    await expect(chat.box).to_be_focused()


async def test_a_photo_is_checked_uploaded_shown_and_sent(chat: Chat) -> None:
    photo = {"photo_id": "0" * 32, "media_type": "image/jpeg", "size": 70, "width": 1, "height": 1}
    bodies: list[object] = []

    async def take(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        await route.fulfill(status=409, json={"type": "urn:holdfast:problem:conversation-busy"})

    await chat.page.route("**/photos", lambda route: route.fulfill(json=photo))
    await chat.page.route("**/messages", take)
    await chat.open(kept=True)
    picking = chat.page.locator("input[type=file]")
    await picking.set_input_files({"name": "a.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    await expect(chat.page.get_by_role("alert").get_by_text("Only JPEG, PNG or WebP")).to_be_visible()
    big = {"name": "a.png", "mimeType": "image/png", "buffer": bytes(8 * 1024 * 1024 + 1)}
    await picking.set_input_files(big)  # type: ignore[arg-type]  # a FilePayload spelt as a plain dict
    await expect(chat.page.get_by_role("alert").get_by_text("larger than 8 MB")).to_be_visible()
    await picking.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": _picture()})
    await expect(chat.page.get_by_role("img", name="a.png")).to_be_visible()
    await expect(chat.page.locator("progress")).to_have_count(0)
    await chat.button("Send").click()
    await expect(chat.page.get_by_text("Not sent")).to_be_visible()
    assert [{name: body[name] for name in ("text", "photos")} for body in bodies if isinstance(body, dict)] == [
        {"text": "", "photos": ["0" * 32]}
    ]


async def test_a_closed_conversation_asks_how_it_was_and_begins_another(chat: Chat) -> None:
    said = [event(1, "message.customer", "hello"), reply(2, "Good day."), event(3, "conversation.closed", "Goodbye.")]
    await chat.play([], said, closed=True)
    await chat.open()
    await expect(chat.page.get_by_role("group", name="How was this?")).to_be_visible()
    await expect(chat.box).to_be_hidden()
    await chat.button("Start a new conversation").click()
    await expect(chat.box).to_be_visible()
    await expect(chat.log.locator(".bubble")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "title", "amount"),
    [
        ("de", "Hilfe zu Ihrer Bestellung", "89,99 $ erstatten"),
        ("fr", "Aide pour votre commande", "Rembourser 89,99 $US"),
        ("es", "Ayuda con tu pedido", "Reembolsar 89,99 US$"),
        ("hi", "आपके ऑर्डर में मदद", "$89.99 रिफ़ंड करें"),
        ("ar", "مساعدة بشأن طلبك", "استرداد"),
    ],
)
async def test_six_languages_with_their_money_and_direction(chat: Chat, language: str, title: str, amount: str) -> None:
    await chat.play([], [reply(1, "Shall I?", offer=CARD)], offer=CARD)
    await chat.open(language=language)
    await expect(chat.page.get_by_role("dialog", name=title)).to_be_visible()
    await expect(chat.page.locator(".yes")).to_have_text(re.compile(amount.replace("$", r"\$").replace(" ", r"\s")))
    direction = await chat.page.locator(".root").evaluate("root => getComputedStyle(root).direction")
    assert direction == ("rtl" if language == "ar" else "ltr")


def _picture() -> bytes:
    held = BytesIO()
    Image.new("RGB", (320, 200), "peru").save(held, "PNG")
    return held.getvalue()
