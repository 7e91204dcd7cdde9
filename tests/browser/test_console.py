"""An agent has the console open all day: reads, claims, answers, hands back, with keys, on a phone, in the dark."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.console_talks import DISPUTE, furnish, talk
from tests.browser.hostile_talks import TALK, plant
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from tests.fakes.desk_line import opened
from tests.fakes.xss_corpus import PAYLOADS
from workflows.messages import EventKind
from workflows.people import DeskView, HandBack, Tag, Tell

pytestmark = pytest.mark.browser

TENANT = "northwind"
Seat = Callable[..., Awaitable[Page]]
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        yield running


@pytest.fixture(autouse=True)
async def furnished(site: ConsoleSite) -> None:
    site.line.acts.clear()
    await furnish(site)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all: every person gets a context of their own, and starting Chromium takes seconds."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package `chromium`")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        await running.close()


@pytest.fixture
async def seat(browser: Browser, site: ConsoleSite) -> AsyncIterator[Seat]:
    """Open a window of somebody's own, signed in unless they are nobody."""
    opened_here: list[BrowserContext] = []

    async def take(subject: str, role: str = "agent", **screen: Any) -> Page:
        context = await browser.new_context(base_url=site.url, **screen)
        opened_here.append(context)
        context.set_default_timeout(15_000)
        await context.add_init_script(WATCH)
        if subject:
            await sit(context, site, staff_token(site.tenant, subject, role))
        return await context.new_page()

    yield take
    for context in opened_here:
        await context.close()


async def sit(context: BrowserContext, site: ConsoleSite, token: str) -> None:
    await context.add_cookies([{"name": "holdfast", "value": token, "url": site.url}])


async def open_talk(page: Page, conversation_id: str = DISPUTE) -> None:
    await page.goto(f"/console/c/{conversation_id}")
    await page.locator("#about .facts").first.wait_for()


async def test_ben_signs_in_and_walks_the_inbox_by_keys(site: ConsoleSite, seat: Seat) -> None:
    page = await seat("")
    await page.goto("/console")
    section = page.locator("form.people", has_text="northwind")
    await section.get_by_role("button", name="Ben (agent)").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Mine")
    await page.get_by_role("link", name="Unassigned").click()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/console/c/"))
    await expect(page.get_by_role("button", name="Claim")).to_be_visible()


async def test_a_search_begins_with_a_slash(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await ben.goto("/console?view=all")
    await ben.keyboard.press("/")
    await ben.keyboard.type("12345")
    await ben.keyboard.press("Enter")
    await expect(ben.get_by_role("heading", level=1)).to_contain_text("Found for “12345”")
    await expect(ben.locator("[data-row]")).to_have_count(1)


async def test_ben_claims_answers_notes_tags_and_hands_back(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await open_talk(ben)
    await ben.keyboard.press("c")
    await expect(ben.locator("#hint")).to_have_text("You have the word. The AI is silent.")
    await ben.keyboard.press("r")
    await ben.keyboard.type("/sorry")
    await ben.keyboard.press("Enter")
    reply = ben.get_by_label("Reply to the customer")
    await expect(reply).to_be_focused()
    await reply.fill("I am sorry. The carrier is looking for it.")
    await ben.keyboard.press("Control+Enter")
    await expect(ben.locator(".entry.person .words")).to_have_text("I am sorry. The carrier is looking for it.")
    await expect(reply).to_have_value("")
    await ben.keyboard.press("Escape")
    await ben.keyboard.press("n")
    await ben.keyboard.type("Ask the carrier for the scan.")
    await ben.keyboard.press("Control+Enter")
    await expect(ben.locator(".entry.private").last).to_contain_text("Ask the carrier for the scan.")
    await ben.get_by_label("Tags").fill("Lost Parcel, vip")
    await ben.get_by_role("button", name="Add", exact=True).click()
    await expect(ben.get_by_role("button", name="Remove tag lost-parcel")).to_be_visible()
    await ben.keyboard.press("Escape")
    await ben.locator("#log").focus()
    await ben.keyboard.press("h")
    dialog = ben.get_by_role("dialog")
    await dialog.get_by_label("In words for the customer").first.fill("You get $249.00 back.")
    await dialog.get_by_role("button", name="Hand back").click()
    await expect(ben.locator("#case-head")).to_contain_text("with the AI")
    acts = {act.kind: act for _, act in site.line.acts}
    assert isinstance(acts["tell"], Tell)
    assert acts["tag"] == Tag(add=("Lost Parcel", "vip"))
    back = acts["hand_back"]
    assert isinstance(back, HandBack)
    assert [(each.matter, each.order_id, each.agreed, each.words) for each in back.decisions] == [
        ("refund", "12345", True, "You get $249.00 back.")
    ]


async def test_a_gap_of_a_canned_reply_is_not_sent(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await open_talk(ben)
    await ben.get_by_label("Reply to the customer").fill("Hello {customer}, it is on its way.")
    await ben.get_by_role("button", name="Send").click()
    await expect(ben.get_by_role("alert")).to_contain_text("Write something in place of {customer}")
    assert site.line.acts == []
    await expect(ben.get_by_label("Reply to the customer")).to_have_value("Hello {customer}, it is on its way.")


async def test_news_comes_by_itself_and_leaves_what_is_being_written(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await open_talk(ben)
    await ben.locator(".why summary").first.click()
    reply = ben.get_by_label("Reply to the customer")
    await reply.fill("I am just writing this")
    await ben.get_by_label("Priority").select_option("urgent")
    await site.line.hear(TENANT, DISPUTE, "And nobody rang the bell!")
    await expect(ben.locator("#log")).to_contain_text("And nobody rang the bell!")
    await expect(reply).to_have_value("I am just writing this")
    await expect(ben.get_by_label("Priority")).to_have_value("urgent")
    await expect(ben.get_by_text("The amount is above what may be paid without a person.")).to_be_visible()


async def test_the_inbox_shows_a_new_conversation_without_a_reload(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await ben.goto("/console?view=unassigned")
    await expect(ben.locator("[data-row]").first).to_be_visible()
    fresh = talk(TENANT, "c-fresh", (EventKind.CUSTOMER, "I have just asked for a person"))
    await site.line.begin(fresh.model_copy(update={"desk": DeskView(case=opened("asked"))}), "77777")
    await expect(ben.get_by_text("I have just asked for a person")).to_be_visible()


async def test_a_colleague_who_types_is_noticed(site: ConsoleSite, seat: Seat) -> None:
    ben, ana = await seat("ben"), await seat("ana")
    await open_talk(ben)
    await open_talk(ana)
    await ana.get_by_label("Reply to the customer").press_sequentially("Hello there")
    await expect(ben.get_by_text("Ana is typing")).to_be_visible()
    await expect(ana.get_by_text("is typing")).to_have_count(0)


async def test_whoever_comes_second_is_told_in_place(site: ConsoleSite, seat: Seat) -> None:
    ben, ana = await seat("ben"), await seat("ana")
    # Ben hears no news, so his page still offers what Ana has done.
    await ben.context.route("**/live", lambda route: route.abort())
    await open_talk(ben)
    await open_talk(ana)
    await ana.get_by_role("button", name="Claim").click()
    await expect(ana.locator("#case-head")).to_contain_text("you have the word")
    await ben.get_by_role("button", name="Claim").click()
    await expect(ben.get_by_role("alert")).to_contain_text("A colleague has this conversation.")
    assert [who for who, _ in site.line.acts] == ["ana"]


async def test_a_supervisor_may_take_it_from_a_colleague(site: ConsoleSite, seat: Seat) -> None:
    ana, sue = await seat("ana"), await seat("sue", "supervisor")
    await open_talk(ana)
    await ana.get_by_role("button", name="Claim").click()
    await expect(ana.locator("#case-head")).to_contain_text("you have the word")
    await open_talk(sue)
    await sue.get_by_role("button", name="Take it from Ana").click()
    await expect(sue.locator("#case-head")).to_contain_text("you have the word")
    await expect(ana.locator("#hint")).to_contain_text("Sue has the word")


async def test_two_quick_clicks_send_once(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await open_talk(ben)
    await ben.get_by_label("Reply to the customer").fill("Once only")
    await ben.evaluate("const form = document.getElementById('form-tell'); form.requestSubmit(); form.requestSubmit();")
    await expect(ben.locator(".entry.person")).to_have_count(1)
    assert len(site.line.acts) == 1


async def test_a_session_that_ends_leads_to_the_sign_in_page(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    soon = staff_token(TENANT, "ben", exp=datetime.now(UTC) + timedelta(seconds=3))
    await sit(ben.context, site, soon)
    await ben.goto("/console")
    await ben.wait_for_url(re.compile("/console/sign-in"))
    await expect(ben.get_by_text("Your session has ended.")).to_be_visible()


async def test_light_and_dark_are_kept(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben", color_scheme="light")
    await ben.goto("/console")
    light = await ben.evaluate("getComputedStyle(document.body).backgroundColor")
    await ben.get_by_role("button", name="Change between light and dark").click()
    dark = await ben.evaluate("getComputedStyle(document.body).backgroundColor")
    await ben.reload()
    assert light != dark
    assert await ben.evaluate("getComputedStyle(document.body).backgroundColor") == dark


async def test_single_keys_can_be_switched_off(site: ConsoleSite, seat: Seat) -> None:
    ben = await seat("ben")
    await open_talk(ben)
    await ben.keyboard.press("?")
    await ben.get_by_label("Single keys work").uncheck()
    await ben.get_by_role("dialog").get_by_role("button", name="Close").click()
    await ben.keyboard.press("h")
    await expect(ben.get_by_role("dialog")).to_have_count(0)


async def test_nothing_hostile_runs_in_a_real_browser(site: ConsoleSite, seat: Seat) -> None:
    sue = await seat("sue", "supervisor")
    dialogs: list[str] = []
    asked: list[str] = []
    sue.on("dialog", lambda dialog: dialogs.append(dialog.message))
    sue.on("request", lambda request: asked.append(request.url))
    await plant(site, "\n".join(PAYLOADS))
    for path in ("/console?view=all", f"/console/c/{TALK}"):
        await sue.goto(path)
        if path.endswith(TALK):
            await sue.locator("#about .order").first.wait_for()
            await sue.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert (
            await sue.evaluate("document.querySelectorAll('main script, main iframe, main img, main svg').length") == 0
        )
        assert await sue.evaluate("window.violations") == []
    assert await sue.locator(".entry.customer .words").first.inner_text() != ""
    assert dialogs == []
    assert [url for url in asked if not url.startswith(site.url)] == []


SCREENS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 780}, "color_scheme": "light"},
}


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_page_is_accessible_and_fits(site: ConsoleSite, seat: Seat, screen: str, tmp_path: Path) -> None:
    ben = await seat("ben", **SCREENS[screen])
    for name, path in (
        ("inbox", "/console?view=all"),
        ("conversation", f"/console/c/{DISPUTE}"),
        ("absent", "/console/c/nowhere"),
        ("sign-in", "/console/sign-in"),
    ):
        await ben.goto(path)
        if name == "conversation":
            await ben.locator("#about .facts").first.wait_for()
            await ben.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        await ben.screenshot(path=tmp_path / f"{screen}-{name}.png")
        found = (await Axe().run(ben)).response["violations"]
        broken = [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]
        assert broken == [], f"{screen} {name}"
        wide = await ben.evaluate("document.documentElement.scrollWidth")
        assert wide <= SCREENS[screen]["viewport"]["width"], f"{name} is {wide} wide"
        assert await ben.evaluate("window.violations") == []
