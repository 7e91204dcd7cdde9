"""Approvals, supervision, lessons and webhooks in a real browser, live, on a phone and by keyboard."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page, expect

from activities.clients.photos import Photos
from activities.desk_ports import EVERYWHERE, Member, Pause
from policies.facts import FraudBand, FraudFacts, IntentGuess, Understanding
from policies.inbox import Row
from policies.lessons import unsure
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import token
from tests.fakes.queues import Queues, queues, served
from workflows.messages import Photo

DEAREST = 150_000
PHONE = {"width": 390, "height": 844}
HIGH = FraudFacts(
    score=0.86, band=FraudBand.HIGH, reasons=("six refunds in 30 days", "parcel signed at an address of other disputes")
)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server  # type: ignore[misc]
    server.stop()


@pytest.fixture
async def console(redis_server: OwnRedis, tmp_path: Path) -> AsyncIterator[Queues]:
    await redis_server.client.ping()
    async with queues(redis_server.url, Photos(tmp_path)) as console:
        yield console


@pytest.fixture
async def url(console: Queues) -> AsyncIterator[str]:
    async with served(console) as url:
        yield url


async def sign_in(page: Page, url: str, console: Queues, subject: str, role: str = "agent") -> None:
    who = token(tenant=console.tenant, sub=subject, name=subject.title(), role=role)
    await page.context.add_cookies([{"name": "holdfast", "value": who, "url": url}])


async def news(console: Queues, name: str = "12345") -> None:
    """Let the inbox say that a conversation changed, as it does when a refund begins to wait or is decided."""
    now = datetime.now(UTC)
    version = int(now.timestamp() * 1_000)
    await console.desk.file(
        Row(
            tenant=console.tenant,
            conversation_id=f"c-{name}",
            version=version,
            customer_id="U789",
            stage="waiting_approval",
            opened_at=now,
            updated_at=now,
        )
    )


async def photograph(console: Queues, conversation_id: str, colour: str) -> None:
    """Let the customer have sent a picture."""
    drawn = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(drawn, "JPEG")

    async def content() -> AsyncIterator[bytes]:
        yield drawn.getvalue()

    kept = await console.parts.photos.put(console.tenant, conversation_id, "U789", content())
    photo = Photo(photo_id=kept.photo_id, media_type="image/jpeg", size=1, width=320, height=240)
    console.line.photos[conversation_id] = (*console.line.photos.get(conversation_id, ()), photo)


async def furnish(console: Queues) -> None:
    """A day with something in every queue."""
    now = datetime.now(UTC)
    console.refund("20031", 15_900, fraud=HIGH, hours=0.7)
    console.refund("20002", DEAREST, hours=9)
    console.refund("12345", 24_900)
    await photograph(console, "c-20031", "firebrick")
    await photograph(console, "c-20031", "steelblue")
    people = (("ana", "agent", 3), ("ben", "agent", 1), ("sue", "supervisor", 5))
    for subject, role, capacity in people:
        member = {"subject": subject, "name": subject.title(), "role": role, "until": now + timedelta(minutes=5)}
        await console.desk.seen(console.tenant, Member.model_validate({**member, "capacity": capacity}))
    for number, (who, late) in enumerate((("ana", 12), ("", 47), ("ben", 190))):
        await console.desk.file(
            Row(
                tenant=console.tenant,
                conversation_id=f"c-late-{number}",
                version=1,
                customer_id=f"U30{number}",
                order_id=f"2000{number}",
                intent="delivery_dispute",
                owner="person",
                claimed=bool(who),
                assignee=who,
                assignee_name=who.title(),
                opened_at=now,
                updated_at=now,
                waiting_since=now - timedelta(minutes=late + 30),
                due_at=now - timedelta(minutes=late),
            )
        )
    pause = Pause(tenant=console.tenant, intent="invoice", by="Sue", at=now, reason="wrong VAT on invoices")
    await console.desk.pause(pause)
    guesses = (IntentGuess(id="refund_status", confidence=0.41), IntentGuess(id="track_order", confidence=0.33))
    for text in ("it is still not there, what now", "can the blue one be the green one", "hola"):
        lesson = unsure(console.tenant, Understanding(redacted=text, unsure=guesses, language="en"), now)
        assert lesson
        await console.parts.lessons.keep(lesson)


async def test_an_approval_is_given_with_a_reason_and_leaves_the_pages_of_colleagues(
    page: Page, url: str, console: Queues
) -> None:
    refund = console.refund()
    await photograph(console, "c-12345", "firebrick")
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/approvals")
    await page.wait_for_function("document.querySelector('.photos img').naturalWidth === 320")
    colleague = await page.context.browser.new_page()  # type: ignore[union-attr]
    await sign_in(colleague, url, console, "ben")
    await colleague.goto(f"{url}/console/approvals")
    card = page.get_by_role("article", name="$200.00 on order 12345")
    await card.get_by_label("Your reason").fill("The carrier has no photo of the door.")
    await card.get_by_role("button", name="Approve $200.00").click()
    await expect(page.locator(f"#card-{refund}")).to_contain_text("Approved.")
    await expect(page.locator(f"#card-{refund}")).to_be_focused()
    (decision,) = console.line.decided
    assert (decision.approver, decision.approve, decision.reason) == (
        "ana",
        True,
        "The carrier has no photo of the door.",
    )
    await expect(colleague.get_by_role("button", name="Approve $200.00")).to_be_visible()
    await news(console)
    await expect(colleague.locator(f"#card-{refund}")).to_contain_text("waits for nobody any more")


async def test_a_denial_is_made_from_the_keyboard(page: Page, url: str, console: Queues) -> None:
    refund = console.refund()
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/approvals")
    await page.get_by_label("Your reason").focus()
    await page.keyboard.type("The photo shows your door.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#card-{refund}")).to_contain_text("Denied. No money moves.")
    assert [decision.approve for decision in console.line.decided] == [False]


async def test_four_eyes_refuses_the_same_person_in_another_tab_and_keeps_what_they_wrote(
    page: Page, url: str, console: Queues
) -> None:
    refund = console.refund(total_minor=DEAREST)
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/approvals")
    stale = await page.context.browser.new_page()  # type: ignore[union-attr]
    await sign_in(stale, url, console, "ana")
    await stale.goto(f"{url}/console/approvals")
    await page.get_by_label("Your reason").fill("Fine.")
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator(f"#card-{refund}")).to_contain_text("Your approval counts: 1 of 2")
    await stale.get_by_label("Your reason").fill("Fine again.")
    await stale.get_by_role("button", name="Approve").click()
    await expect(stale.get_by_role("alert").filter(has_text="a second, different person")).to_be_visible()
    await expect(stale.get_by_label("Your reason")).to_have_value("Fine again.")
    await news(console)
    await expect(stale.locator(f"#standing-{refund}")).to_contain_text("1 of 2 approved: Ana")
    assert len(console.line.decided) == 1


async def test_news_brings_new_cards_and_leaves_what_is_being_written(page: Page, url: str, console: Queues) -> None:
    console.refund("1")
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/approvals")
    reason = page.get_by_label("Your reason").first
    await reason.fill("half a sen")
    console.refund("2")
    await news(console)
    await expect(page.get_by_role("article", name="on order 2")).to_be_visible()
    await expect(reason).to_have_value("half a sen")
    await expect(reason).to_be_focused()
    await expect(page.locator("#total")).to_contain_text("2 refunds wait")


async def test_the_first_card_comes_to_an_empty_page_by_itself(page: Page, url: str, console: Queues) -> None:
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/approvals")
    await expect(page.get_by_text("Nothing waits for a decision")).to_be_visible()
    console.refund()
    await news(console)
    await expect(page.get_by_role("article", name="on order 12345")).to_be_visible()
    await expect(page.get_by_text("Nothing waits for a decision")).to_be_hidden()


async def test_the_ai_is_paused_after_a_second_look_and_resumed(page: Page, url: str, console: Queues) -> None:
    await sign_in(page, url, console, "sue", "supervisor")
    await page.goto(f"{url}/console/supervision")
    await expect(page.get_by_label("in every shop")).to_be_disabled()
    await page.get_by_label("Pause the AI for").select_option("refund_request")
    await page.get_by_role("button", name="Pause…").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pause the AI for refund request, in your shop?")
    assert await console.desk.paused(console.tenant) == ()
    await page.get_by_label("Why").fill("wrong amounts since noon")
    await page.get_by_role("button", name="Pause", exact=True).click()
    pauses = page.get_by_role("list", name="Pauses")
    await expect(pauses).to_contain_text("Refund request")
    await expect(pauses).to_contain_text("wrong amounts since noon")
    assert [pause.intent for pause in await console.desk.paused(console.tenant)] == ["refund_request"]
    await page.get_by_role("button", name="Resume refund request").click()
    await expect(page.get_by_text("answers everything")).to_be_visible()
    assert await console.desk.paused(console.tenant) == ()


async def test_a_supervisor_changes_what_somebody_gets_while_the_numbers_go_on(
    page: Page, url: str, console: Queues
) -> None:
    await furnish(console)
    await sign_in(page, url, console, "sue", "supervisor")
    await page.goto(f"{url}/console/supervision")
    await expect(page.locator("#load-ben")).to_contain_text("1 of 1")
    most = page.get_by_label("Most at once for Ben")
    await most.fill("4")
    await console.desk.set(console.tenant, "ana", capacity=2)
    await expect(page.locator("#load-ana")).to_contain_text("1 of 2")
    await expect(most).to_have_value("4")
    await page.get_by_role("button", name="Set the most cases for Ben").click()
    await expect(page.locator("#load-ben")).to_contain_text("1 of 4")
    await page.get_by_role("button", name="Set away Ben").click()
    await expect(page.get_by_role("button", name="Set back at work Ben")).to_be_visible()


async def test_lessons_are_named_with_one_key_each(page: Page, url: str, console: Queues) -> None:
    await furnish(console)
    await sign_in(page, url, console, "ana")
    await page.goto(f"{url}/console/lessons")
    await expect(page.get_by_role("article")).to_have_count(3)
    for key, left in (("1", 2), ("2", 1)):
        await page.keyboard.press(key)
        await expect(page.get_by_role("article")).to_have_count(left)
    await page.get_by_text("Delete message 3").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("Every message has a name")).to_be_visible()
    named = await console.parts.lessons.labelled(console.tenant, 10)
    assert sorted(lesson.intent or "" for lesson in named) == ["refund_status", "track_order"]


async def test_an_endpoint_is_added_and_its_secret_shown_once(page: Page, url: str, console: Queues) -> None:
    await sign_in(page, url, console, "sue", "supervisor")
    await page.goto(f"{url}/console/webhooks")
    await page.get_by_label("Address").fill("https://shop.example/holdfast")
    await page.get_by_label("a refund was paid").check()
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("#secret")).to_contain_text("whsec_")
    await page.get_by_role("link", name="I have copied it").click()
    await expect(page.get_by_role("heading", name="https://shop.example/holdfast")).to_be_visible()
    await expect(page.get_by_text("whsec_")).to_have_count(0)


PAGES = ("approvals", "supervision", "supervision/pause", "lessons", "webhooks")


async def test_axe_finds_nothing_in_light_or_dark_and_no_page_is_wider_than_a_phone(
    page: Page, url: str, console: Queues
) -> None:
    await furnish(console)
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await sign_in(page, url, console, "sue", "supervisor")
    await console.parts.webhooks.add(console.tenant, "https://shop.example/in", (), "ERP", datetime.now(UTC))
    for name in PAGES:
        await page.goto(f"{url}/console/{name}?intent={EVERYWHERE}")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px too wide for a phone"
        await page.set_viewport_size({"width": 1500, "height": 1200})
    assert faults == []
