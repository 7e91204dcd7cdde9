"""An operator paged at night opens the Temporal UI on a refund that waits for people, and understands it."""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page

from workers.customer_line import CustomerLine
from workers.embedded import EmbeddedStack

pytestmark = pytest.mark.browser

WAITING = "`WorkflowType` = 'Refund' AND `HoldfastNeedsHuman` = true"


async def test_a_waiting_approval_reads_like_a_case_file(stack: EmbeddedStack, page: Page, tmp_path: Path) -> None:
    async with CustomerLine(stack.settings, "northwind", "U100", "ui-approval") as customer:
        await customer.say("I never received order 20001, please refund")
        waiting = await customer.say("yes please")
    assert waiting.stage == "waiting_approval", waiting.text
    listed = f"http://127.0.0.1:{stack.settings.temporal_ui_port}/namespaces/default/workflows"
    await page.goto(f"{listed}?query={quote(WAITING)}")
    await page.get_by_text("refund/northwind/20001/").first.click()
    await page.get_by_text("approval deadline").first.wait_for()
    await page.get_by_text("User Metadata").first.click()
    # The UI renders Markdown in a frame of its own.
    details = page.frame_locator("iframe").last.locator("body")
    await details.get_by_text("Refund on order 20001: waiting_approval").wait_for()
    seen = await details.inner_text()
    await page.screenshot(path=tmp_path / "waiting-approval.png")
    for fact in ("$249.00", "DELIVERY_DISPUTE", "refund.above_auto_limit", "0 of 1 needed", "confirmed"):
        assert fact in seen
    assert "Marcus" not in seen
    assert "@" not in seen
