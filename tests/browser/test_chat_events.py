"""What the chat shows of events that come without words, of what hangs on replies, and how it asks for them."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Browser, Request, Route, expect

from tests.browser.chatting import AT, Chat, chromium, event, reply, sent
from workers.embedded import EmbeddedStack

pytestmark = pytest.mark.browser

OFFER = {
    "digest": "d1",
    "kind": "refund",
    "order_id": "#12345",
    "text": "Shall I?",
    "amount": {"minor": 8999, "currency": "USD"},
    "expires_at": "2999-01-01T00:00:00Z",
}
REFUND = {
    "refund_id": "R-1",
    "order_id": "#12345",
    "status": "settled",
    "amount": {"minor": 8999, "currency": "USD"},
    "method_label": "Visa ending 4242",
    "created_at": AT,
}
HELLO = event(1, "message.customer", "hello")
TALKING = {"state": "talking", "name": "Sue"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def chat(stack: EmbeddedStack, browser: Browser) -> AsyncIterator[Chat]:
    page = await browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    chat = Chat(page, stack.settings.api_url)
    await page.route("**/queue", lambda route: route.fulfill(json={"state": "waiting", "place": 0}))
    yield chat
    await page.context.close()
    assert chat.faults == []


async def test_what_comes_without_words_is_told_in_the_language_of_the_reader(chat: Chat) -> None:
    told = [
        event(3, "handoff.requested"),
        event(4, "approval.waiting"),
        event(5, "handoff.delayed", "Es dauert leider länger."),
        event(6, "handoff.claimed", "Sue has joined.", by="Sue"),
        event(7, "handoff.returned"),
        event(8, "a.kind.of.tomorrow"),
        event(9, "conversation.closed", "Auf Wiedersehen."),
    ]
    await chat.play([sent(*told)], [HELLO, reply(2, "Good day.")])
    await chat.open(language="de")
    await chat.hears("Diese Unterhaltung ist beendet.")
    assert await chat.log.locator(".system").all_inner_texts() == [
        "Ein Mensch übernimmt.",
        "Die Erstattung wartet auf die Freigabe durch einen Menschen.",
        "Es dauert leider länger.",
        "Sue ist jetzt da.",
        "Der Assistent ist wieder da.",
        "Auf Wiedersehen.",
        "Diese Unterhaltung ist beendet.",
    ]
    await expect(chat.log.locator(".theirs")).to_have_count(1)


async def test_an_offer_that_a_person_withdrew_in_silence_cannot_be_pressed(chat: Chat) -> None:
    taken = [event(3, "offer.closed"), event(4, "handoff.claimed", "Sue has joined.", by="Sue")]
    await chat.play([sent(*taken)], [HELLO, reply(2, "Shall I?", offer=OFFER)], offer=OFFER)
    await chat.open()
    card = chat.page.get_by_role("group", name="Refund")
    await expect(card).to_contain_text("No longer open")
    await expect(card.get_by_role("button")).to_have_count(0)
    await chat.hears("Sue has joined.")


async def test_a_refund_that_the_ledger_tells_of_without_a_reply_is_shown(chat: Chat) -> None:
    heard = "document.addEventListener('holdfast:refund', ({ detail }) => (window.refund = detail.refund_id))"
    await chat.page.add_init_script(heard)
    await chat.play([sent(event(3, "refund.updated", refund=REFUND))], [HELLO, reply(2, "Good day.")])
    await chat.open()
    await chat.hears("Refunded · $89.99")
    await chat.hears("Visa ending 4242 · R-1")
    assert await chat.page.evaluate("window.refund") == "R-1"


async def test_a_message_to_a_person_is_answered_with_no_bubble_of_the_assistant(chat: Chat) -> None:
    said = [HELLO, event(2, "handoff.claimed", by="Sue")]

    async def take(route: Route) -> None:
        said.append(event(3, "message.customer", "Are you there?"))
        ids = [route.request.post_data_json["message_id"]]
        await route.fulfill(json=reply(3, "", answers=ids, stage="with_person")["reply"])

    await chat.play([], said, person=TALKING)
    await chat.page.route("**/messages", take)
    await chat.open()
    await expect(chat.page.get_by_text("You are talking to Sue.")).to_be_visible()
    await chat.say("Are you there?")
    await expect(chat.log.locator(".mine").last).to_contain_text("Are you there?")
    await expect(chat.page.locator(".mine")).to_have_count(2)
    await expect(chat.page.locator(".status")).to_be_hidden()
    await expect(chat.log.locator(".theirs")).to_have_count(0)


async def test_a_label_is_a_link_and_the_photo_of_a_delivery_is_fetched_with_the_token(chat: Chat) -> None:
    held = BytesIO()
    Image.new("RGB", (320, 200), "peru").save(held, "PNG")
    asked: list[Request] = []

    async def show(route: Route) -> None:
        asked.append(route.request)
        known = route.request.url.endswith("/AWB%201%2F2/photo")
        await (route.fulfill(body=held.getvalue(), content_type="image/png") if known else route.fulfill(status=404))

    links = [
        {"kind": "label", "order_id": "1", "url": "https://shop.example/label.pdf", "awb": ""},
        {"kind": "delivery_photo", "order_id": "1", "url": "", "awb": "AWB 1/2"},
        {"kind": "delivery_photo", "order_id": "2", "url": "", "awb": "gone"},
    ]
    await chat.page.route(f"**{chat.address}/parcels/*/photo", show)
    await chat.play([], [HELLO, reply(2, "Here they are.", links=links)])
    await chat.open()
    label = chat.log.get_by_role("link", name="Download return label")
    expected = {"href": links[0]["url"], "target": "_blank", "rel": "noopener noreferrer", "download": ""}
    assert {name: await label.get_attribute(name) for name in expected} == expected
    picture = chat.log.get_by_role("img", name="Photo of the delivery")
    await expect(picture).to_have_attribute("width", "320")
    await chat.hears("Photo of the delivery: That did not work.")
    await expect(picture).to_have_count(1)
    assert {request.headers["authorization"][:9] for request in asked} == {"Bearer ey"}


async def test_a_refused_token_is_renewed_once_for_all_and_the_question_asked_again(chat: Chat) -> None:
    minted: list[str] = []
    shown: list[str] = []

    async def mint(route: Route) -> None:
        minted.append(f"token-{len(minted) + 1}")
        await route.fulfill(json={"token": minted[-1]})

    async def admit(route: Route) -> None:
        shown.append(route.request.headers["authorization"])
        await (route.fallback() if shown[-1] == "Bearer token-2" else route.fulfill(status=401))

    followed = await chat.play([sent(reply(3, "Still there?"))], [HELLO, reply(2, "Good day.")])
    await chat.page.route("**/chat/demo/token*", mint)
    await chat.page.route(f"**{chat.address}", admit)
    await chat.open()
    await chat.hears("Good day.")
    await chat.hears("Still there?")
    assert (minted, shown) == (["token-1", "token-2"], ["Bearer token-1", "Bearer token-2"])
    assert {request.headers["authorization"] for request in followed} == {"Bearer token-2"}


async def test_a_conversation_is_followed_once_its_first_message_was_taken(chat: Chat) -> None:
    arrived, may_answer = asyncio.Event(), asyncio.Event()
    followed: list[Request] = []

    async def take(route: Route) -> None:
        arrived.set()
        await may_answer.wait()
        await route.fulfill(json=reply(2, "Good day.")["reply"])

    async def follow(route: Route) -> None:
        followed.append(route.request)
        if len(followed) == 1:
            await route.fulfill(body=sent(HELLO, reply(2, "Good day.")), content_type="text/event-stream")

    await chat.page.route("**/v1/conversations/*/events*", follow)
    await chat.page.route("**/v1/conversations/*/messages", take)
    await chat.page.clock.install()
    await chat.open(kept=True)
    await chat.page.clock.pause_at(await chat.page.evaluate("Date.now() / 1000 + 1"))
    await chat.say("hello")
    await asyncio.wait_for(arrived.wait(), 30)
    await chat.page.clock.run_for(900)
    assert followed == []
    may_answer.set()
    await chat.hears("Good day.")
    assert await chat.mine() == ["hello"]


async def test_an_answer_that_takes_its_time_is_followed_while_it_is_written(chat: Chat) -> None:
    arrived, heard, may_answer = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def take(route: Route) -> None:
        arrived.set()
        await may_answer.wait()
        await route.fulfill(json=reply(2, "Good day.")["reply"])

    async def follow(route: Route) -> None:
        if not heard.is_set():
            heard.set()
            await route.fulfill(body=sent(HELLO), content_type="text/event-stream")

    await chat.page.route("**/v1/conversations/*/events*", follow)
    await chat.page.route("**/v1/conversations/*/messages", take)
    await chat.open(kept=True)
    await chat.say("hello")
    await asyncio.wait_for(heard.wait(), 30)
    await expect(chat.log.locator(".mine")).to_contain_text("hello")
    assert arrived.is_set()
    may_answer.set()
