"""The customer's terminal: a reply is seen while it is written where there is a terminal, and once in any case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO

import httpx
import pytest
from rich.console import Console

from workers.chat import Screen
from workflows.messages import DraftLine, Event, EventKind, Reply

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TEXT = "Your parcel is in Lyon."
REPLY = Reply(offset=3, turn=1, answers=("m1",), text=TEXT, at=NOW, stage="talking")
ANSWER = Event(offset=3, kind=EventKind.REPLY, at=NOW, text=TEXT, reply=REPLY)


def drafted(*pieces: str, first: int = 1) -> list[DraftLine]:
    kinds = [word if word in ("begin", "drop") else "delta" for word in pieces]
    return [
        DraftLine(after=2, number=first + at, epoch=1, attempt=1, kind=kind, text=piece if kind == "delta" else "")
        for at, (kind, piece) in enumerate(zip(kinds, pieces, strict=True))
    ]


class ScriptedLine:
    """An API that sends each of these lists and then loses the connection."""

    def __init__(self, *connections: list[DraftLine | Event]) -> None:
        self.connections = list(connections)
        self.asked: list[tuple[str, bool]] = []

    async def lines(self, after: str, drafts: bool) -> AsyncIterator[DraftLine | Event]:
        self.asked.append((after, drafts))
        for line in self.connections.pop(0):
            yield line
        raise httpx.ReadError("cut")


async def watch(line: ScriptedLine, terminal: bool) -> tuple[Screen, str]:
    """Follow until the reply was shown; return what the console was sent."""
    sent = StringIO()
    screen = Screen(Console(file=sent, force_terminal=terminal, width=100))
    following = asyncio.create_task(screen.follow(line))
    await asyncio.wait_for(screen.reach(3), 10)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    return screen, sent.getvalue()


async def test_a_terminal_shows_the_draft_and_rubs_it_out_for_the_reply(capsys: pytest.CaptureFixture[str]) -> None:
    line = ScriptedLine([*drafted("begin", "Your parcel ", "is in"), ANSWER])
    _, sent = await watch(line, terminal=True)
    assert "Your parcel is in" in sent
    assert sent.endswith("\x1b[?25h\r\x1b[1A\x1b[2K"), "the cursor is shown again and the line is empty"
    assert capsys.readouterr().out.count(TEXT) == 1


async def test_a_dropped_draft_is_rubbed_out_and_a_new_one_starts_empty(capsys: pytest.CaptureFixture[str]) -> None:
    line = ScriptedLine([*drafted("begin", "Wrong", "drop", "begin", "Your parcel"), ANSWER])
    _, sent = await watch(line, terminal=True)
    assert "Wrong" in sent
    assert "WrongYour" not in sent
    assert "Your parcel" in sent


async def test_a_lost_connection_goes_on_behind_the_last_draft(capsys: pytest.CaptureFixture[str]) -> None:
    line = ScriptedLine(drafted("begin", "Your parcel "), [*drafted("is in", first=3), ANSWER])
    _, sent = await watch(line, terminal=True)
    assert line.asked == [("0", True), ("2-2", True)]
    assert "Your parcel is in" in sent


async def test_where_there_is_no_terminal_no_drafts_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    line = ScriptedLine([ANSWER])
    _, sent = await watch(line, terminal=False)
    assert line.asked == [("0", False)]
    assert sent == ""
    assert capsys.readouterr().out.count(TEXT) == 1
