"""`holdfast chat`: a customer's terminal, over the same HTTP API every frontend uses."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from workers.customer_line import CustomerLine, Refused
from workers.narration import answered, happened, spoken
from workers.settings import Settings
from workflows.messages import DraftLine, Event, EventKind, OfferCard, Reply

_RECONNECT_S = 0.5


class Bubble:
    """A reply under way on the last lines of a terminal; the reply itself takes their place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._text = ""

    def show(self, draft: DraftLine) -> None:
        if draft.kind == "drop":
            self.clear()
            return
        self._text = self._text + draft.text if draft.kind == "delta" else draft.text
        # One that was stopped would rub out what was printed since.
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        shown = f"({self._text} …)" if draft.kind == "status" else self._text
        self._live.update(Text(spoken("holdfast", shown), style="dim"), refresh=True)
        # What is being done is no beginning of what will be said.
        self._text = "" if draft.kind == "status" else self._text

    def clear(self) -> None:
        if self._live:
            self._live.stop()
        self._live, self._text = None, ""


class Screen:
    """What has been shown so far; replies arrive on the event stream, so that late ones are shown too."""

    def __init__(self, console: Console) -> None:
        self.offset = 0
        self.offer: OfferCard | None = None
        self._seen = "0"
        self._bubble = Bubble(console)
        self._drafts = console.is_terminal
        self._advanced = asyncio.Condition()

    async def follow(self, line: CustomerLine) -> None:
        """Show events as they come, and pick up at the last one shown after a lost connection."""
        try:
            while True:
                with suppress(httpx.TransportError, Refused):
                    async for each in line.lines(self._seen, self._drafts):
                        if isinstance(each, DraftLine):
                            self._seen = f"{each.after}-{each.number}"
                            self._bubble.show(each)
                        else:
                            await self._event(each)
                await asyncio.sleep(_RECONNECT_S)
        finally:
            self._bubble.clear()

    async def _event(self, event: Event) -> None:
        self._seen = str(event.offset)
        self._bubble.clear()
        if event.kind is EventKind.REPLY and event.reply:
            typer.echo(answered(event.reply))
            self.offer = event.reply.offer
        elif note := happened(event):
            typer.secho(note, dim=True)
        async with self._advanced:
            self.offset = max(self.offset, event.offset)
            self._advanced.notify_all()

    def begin_behind(self, reply: Reply) -> None:
        """Take a reply as shown, which came before there was anything to follow."""
        self.offer, self.offset, self._seen = reply.offer, reply.offset, str(reply.offset)

    async def reach(self, offset: int) -> None:
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.offset >= offset)


async def converse(settings: Settings, tenant: str, customer_id: str, conversation_id: str | None) -> int:
    """Talk until end of input or `/quit`; return the exit status."""
    screen = Screen(Console())
    conversation = conversation_id or f"chat-{uuid4().hex[:8]}"
    typer.echo(f"conversation {conversation} of {customer_id} at {tenant}; /quit ends, the conversation stays\n")
    async with CustomerLine(settings, tenant, customer_id, conversation) as line:
        following = asyncio.create_task(screen.follow(line)) if conversation_id else None
        while (text := await _read("y/n, or say something else" if screen.offer else "you")) not in (None, "/quit"):
            if not text:
                continue
            try:
                await _speak(line, screen, str(text))
            except Refused as refusal:
                typer.secho(spoken("", str(refusal)), fg="red")
                continue
            except httpx.TransportError:
                typer.secho(f"nobody answers at {settings.api_url}; is `holdfast up` running?", fg="red", err=True)
                return 1
            # An event stream exists once the first message has been taken.
            following = following or asyncio.create_task(screen.follow(line))
    return 0


async def _speak(line: CustomerLine, screen: Screen, text: str) -> None:
    choice = {"y": True, "yes": True, "n": False, "no": False}.get(text.casefold())
    if screen.offer and choice is not None:
        offer, screen.offer = screen.offer, None
        reply = await line.answer_offer(offer.digest, choice)
    else:
        reply = await line.say(text)
    if screen.offset == 0:
        typer.echo(answered(reply))
        screen.begin_behind(reply)
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(screen.reach(reply.offset), 5)


async def _read(prompt: str) -> str | None:
    try:
        return (await asyncio.to_thread(input, f"{prompt}> ")).strip()
    except EOFError:
        return None
