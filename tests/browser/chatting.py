"""A customer at the demo shop: the chat's panel as tests use it, and streams and answers that a test makes up."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, async_playwright, expect

from tests.browser.conftest import CHROMIUM, QUIET

AT = "2026-03-01T10:00:00Z"
Line = dict[str, Any]


class Chat:
    """The chat on one page; `faults` are what a strict policy refused and what broke in the page's scripts."""

    def __init__(self, page: Page, url: str, conversation: str = "") -> None:
        self.page = page
        self.conversation = conversation or f"chat-{uuid4().hex[:12]}"
        self.address = f"/v1/conversations/{self.conversation}"
        self.faults: list[str] = []
        self._url = url
        self.log: Locator = page.get_by_role("log")
        self.box: Locator = page.locator(".foot textarea")
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Security Policy" in said.text else None)

    async def visit(self, customer: str = "U789", language: str = "en", *, kept: bool = False) -> None:
        """Come to the shop; with `kept` the chat itself remembers which conversation it is in."""
        asked = {"customer": customer, "language": language, "conversation": self.conversation}
        if kept:
            del asked["conversation"]
        await self.page.goto(f"{self._url}/chat/demo?{urlencode(asked)}")

    async def open(self, customer: str = "U789", language: str = "en", *, kept: bool = False) -> None:
        await self.visit(customer, language, kept=kept)
        await self.page.locator(".launcher").click()
        await expect(self.page.get_by_role("dialog")).to_be_visible()

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def hears(self, text: str) -> None:
        await expect(self.log.get_by_text(text).first).to_be_visible(timeout=30_000)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    async def mine(self) -> list[str]:
        """Read the customer's own bubbles, those not answered yet included."""
        return [text.strip() for text in await self.page.locator(".mine > p").all_inner_texts()]

    async def play(self, streams: Sequence[str], events: Sequence[Line] = (), **more: Any) -> list[Request]:
        """Answer as an API that holds these events and sends these streams, one a connection, then silence."""
        left, followed = list(streams), []

        async def follow(route: Route) -> None:
            followed.append(route.request)
            if left:
                await route.fulfill(body=left.pop(0), content_type="text/event-stream")

        async def read(route: Route) -> None:
            last = max((event["offset"] for event in events), default=0)
            transcript = {"offer": None, "person": None, "closed": False, "last_offset": last, **more}
            await route.fulfill(json={"events": list(events), **transcript})

        await self.page.route(f"**{self.address}/events*", follow)
        await self.page.route(f"**{self.address}", read)
        return followed


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start one Chromium for all tests of a file; a page of its own context is a visitor nobody knows."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package `chromium`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()


def event(offset: int, kind: str, text: str = "", **more: Any) -> Line:
    return {"offset": offset, "kind": kind, "at": AT, "text": text, **more}


def reply(offset: int, text: str, **more: Any) -> Line:
    answer = {"offset": offset, "turn": 1, "answers": [], "text": text, "at": AT, "stage": "open", **more}
    return event(offset, "message.assistant", text, reply=answer)


def sent(*lines: Line) -> str:
    """Write events as the API streams them."""
    return "".join(f"event: {line['kind']}\ndata: {json.dumps(line)}\nid: {line['offset']}\n\n" for line in lines)


def drafted(after: int, number: int, kind: str, text: str = "") -> str:
    line = {"after": after, "number": number, "epoch": 1, "attempt": 1, "kind": kind, "text": text}
    return f"event: reply.draft\ndata: {json.dumps(line)}\nid: {after}-{number}\n\n"
