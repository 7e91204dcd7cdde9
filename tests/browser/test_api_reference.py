"""A shop's developer opens the API reference, also on a machine that reaches nothing else."""

from pathlib import Path

import pytest
from playwright.async_api import Page, Request

from workers.embedded import EmbeddedStack

pytestmark = pytest.mark.browser


async def test_the_reference_lists_the_routes_without_asking_anybody_else(
    stack: EmbeddedStack, page: Page, tmp_path: Path
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    await page.goto(f"{stack.settings.api_url}/docs")
    await page.get_by_text("/v1/conversations/{conversation_id}/messages").first.wait_for()
    await page.screenshot(path=tmp_path / "reference.png")
    assert asked
    assert [url for url in asked if not url.startswith((stack.settings.api_url, "data:"))] == []
