"""`holdfast chat`: a customer's terminal, over the same HTTP API every frontend uses."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import httpx
import typer

from workers.customer_line import CustomerLine, Refused
from workers.narration import answered, happened, spoken
from workers.settings import Settings
from workflows.messages import EventKind, OfferCard

_RECONNECT_S = 0.5


class Screen:
    """What has been shown so far; replies arrive on the event stream, so that late ones are shown too."""

    def __init__(self) -> None:
        self.offset = 0
        self.offer: OfferCard | None = None
        self._advanced = asyncio.Condition()

    async def follow(self, line: CustomerLine) -> None:
        """Show events as they come, and pick up at the last one shown after a lost connection."""
        while True:
            with suppress(httpx.TransportError, Refused):
                async for event in line.events(self.offset):
                    if event.kind is EventKind.REPLY and event.reply:
                        typer.echo(answered(event.reply))
                        self.offer = event.reply.offer
                    elif note := happened(event):
                        typer.secho(note, dim=True)
                    async with self._advanced:
                        self.offset = max(self.offset, event.offset)
                        self._advanced.notify_all()
            await asyncio.sleep(_RECONNECT_S)

    async def reach(self, offset: int) -> None:
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.offset >= offset)


async def converse(settings: Settings, tenant: str, customer_id: str, conversation_id: str | None) -> int:
    """Talk until end of input or `/quit`; return the exit status."""
    screen = Screen()
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
        screen.offer, screen.offset = reply.offer, reply.offset
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(screen.reach(reply.offset), 5)


async def _read(prompt: str) -> str | None:
    try:
        return (await asyncio.to_thread(input, f"{prompt}> ")).strip()
    except EOFError:
        return None
