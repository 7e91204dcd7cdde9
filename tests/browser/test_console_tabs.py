"""Many windows of the console in one browser, and a press whose answer never comes."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.console_talks import DISPUTE, furnish
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from tests.fakes.queues import queues, served
from workflows.people import Tell

pytestmark = pytest.mark.browser

TENANT = "tabs"
TALK = f"/console/c/{DISPUTE}"
# Headless browsers show every tab at once; a tab is out of sight when a test says so.
SIGHT = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.sight = (seen) => { hidden = !seen; document.dispatchEvent(new Event("visibilitychange")); };
"""


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        await furnish(running)
        yield running


@pytest.fixture
async def ben(page: Page, site: ConsoleSite) -> AsyncIterator[Page]:
    """The first tab of a browser in which Ben is signed in."""
    assert page.context.browser
    context = await page.context.browser.new_context()
    context.set_default_timeout(15_000)
    await context.add_init_script(SIGHT)
    await context.add_cookies([{"name": "holdfast", "value": staff_token(TENANT, "ben"), "url": site.url}])
    yield await context.new_page()
    await context.close()


async def test_tabs_out_of_sight_leave_the_connections_to_the_one_in_sight(ben: Page, site: ConsoleSite) -> None:
    tabs = [ben, *[await ben.context.new_page() for _ in range(6)]]
    for tab in tabs:
        async with tab.expect_request("**/console/live"):
            await tab.goto(f"{site.url}{TALK}")
        await tab.locator("#about .facts").first.wait_for()
        await tab.evaluate("sight(false)")
    await site.line.hear(TENANT, DISPUTE, "Are you all asleep?")
    await expect(ben.locator("#log")).not_to_contain_text("Are you all asleep?")
    async with ben.expect_request("**/console/live"):
        await ben.evaluate("sight(true)")
    await expect(ben.locator("#log")).to_contain_text("Are you all asleep?")
    await site.line.hear(TENANT, DISPUTE, "Good morning.")
    await expect(ben.locator("#log")).to_contain_text("Good morning.")


async def test_news_leaves_the_search_that_somebody_is_typing(ben: Page, site: ConsoleSite) -> None:
    async with ben.expect_request("**/console/live"):
        await ben.goto(f"{site.url}/console?view=all")
    box = ben.get_by_role("searchbox")
    await box.fill("123")
    async with ben.expect_response(lambda answer: "/console?" in answer.url and answer.request.resource_type == "xhr"):
        await site.line.hear(TENANT, DISPUTE, "Is anybody there?")
    await expect(ben.locator("#board")).to_contain_text("Is anybody there?")
    await expect(box).to_have_value("123")


async def test_words_whose_sending_is_unsettled_cannot_be_changed(ben: Page, site: ConsoleSite) -> None:
    pressed: list[str] = []

    async def lose(route: Route) -> None:
        pressed.append(route.request.post_data or "")
        if len(pressed) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await ben.goto(f"{site.url}{TALK}")
    await ben.locator("#about .facts").first.wait_for()
    await ben.route("**/acts/tell", lose)
    reply = ben.get_by_label("Reply to the customer")
    await reply.fill("It is on its way.")
    await ben.get_by_role("button", name="Send").click()
    await expect(ben.get_by_text("cannot be changed now")).to_be_visible()
    await expect(reply).not_to_be_editable()
    await expect(reply).to_have_value("It is on its way.")
    await ben.get_by_role("button", name="Send").click()
    await expect(reply).to_have_value("")
    await expect(reply).to_be_editable()
    await expect(ben.get_by_text("cannot be changed now")).to_have_count(0)
    assert pressed[0] == pressed[1]
    assert [act for _, act in site.line.acts] == [Tell(text="It is on its way.")]


async def test_a_reason_whose_decision_is_unsettled_cannot_be_changed(page: Page, redis_url: str) -> None:
    async with queues(redis_url) as console, served(console) as url:
        refund = console.refund()
        who = staff_token(console.tenant, "ana")
        await page.context.add_cookies([{"name": "holdfast", "value": who, "url": url}])
        await page.goto(f"{url}/console/approvals")
        reason = page.get_by_label("Your reason")
        await reason.fill("The carrier has no photo.")
        console.line.down = "temporal-unavailable"
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_text("It may not have been decided")).to_be_visible()
        await expect(reason).not_to_be_editable()
        console.line.down = ""
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator(f"#card-{refund}")).to_contain_text("Approved.")
    assert [each.reason for each in console.line.decided] == ["The carrier has no photo."]
