"""`holdfast up`: the embedded stack in the foreground, with what a person needs to know about it."""

import asyncio
import signal
import time

import typer

from workers.embedded import CannotStart, EmbeddedStack
from workers.settings import Settings

_BANNER = """
  ****************************************************************************
  *  DEVELOPMENT stack: known secrets, no TLS, a stand-in shop, one machine.  *
  *  It listens on 127.0.0.1 only. Do not put customers or money on it.       *
  ****************************************************************************
"""


async def keep_up(settings: Settings) -> int:
    """Run the stack until SIGINT or SIGTERM; return the command's exit status."""
    if settings.profile != "development":
        typer.secho("holdfast: `up` is for profile development; see deploy/ for production", err=True, fg="red")
        return 2
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    typer.echo(_BANNER)
    began = time.monotonic()
    stack = EmbeddedStack(settings, say=typer.echo)
    starting, stopping = asyncio.create_task(stack.start()), asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait([starting])
        typer.echo("stopped before it was ready")
        return 130
    if failure := starting.exception():
        if not isinstance(failure, CannotStart):
            raise failure
        typer.secho(f"holdfast: {failure}", err=True, fg="red")
        return 1
    typer.echo(_addresses(settings, time.monotonic() - began))
    await stop.wait()
    typer.echo("\nstopping ...")
    await stack.stop()
    typer.echo("stopped; `holdfast up` goes on where it was")
    return 0


def _addresses(settings: Settings, seconds: float) -> str:
    rows = {
        "API": settings.api_url,
        "API reference": f"{settings.api_url}/docs",
        "Demo shop": f"{settings.api_url}/chat/demo",
        "Console": f"{settings.api_url}/console",
        "Temporal UI": f"http://127.0.0.1:{settings.temporal_ui_port}",
        "Temporal": settings.temporal_address,
        "Redis": settings.redis_url,
        "Stand-in shop": settings.shop_url,
        "Data and logs": str(settings.data.absolute()),
    }
    lines = [f"ready after {seconds:.1f} s", "", *(f"  {name:<14} {address}" for name, address in rows.items())]
    return "\n".join([*lines, "", "Talk to it with `holdfast chat`. Ctrl-C stops it."])
