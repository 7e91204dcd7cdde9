"""Strangers' pictures drawn anew, each in a process of its own that ends with it."""

import asyncio
import os
import sys
from pathlib import Path

from activities.errors import Rejected, Unavailable
from policies.photos import LARGEST_UPLOAD, MOST_PIXELS, MOST_PIXELS_JPEG

SECONDS = 20.0
# One process of a decoder beside each of the API: it takes a core and hundreds of megabytes.
AT_ONCE = 1
TOO_LARGE = (
    f"the picture has more than {LARGEST_UPLOAD // 10**6} MB or {MOST_PIXELS_JPEG // 10**6} megapixels,"
    f" or as a PNG or WebP more than {MOST_PIXELS // 10**6} megapixels"
)
UNREADABLE = "this is no JPEG, PNG or WebP picture, or it is damaged"


class Redrawer:
    """Draws pictures of unknown content into JPEG files of known content."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds`: what one picture may take."""
        self._seconds = seconds
        self._places = asyncio.Semaphore(AT_ONCE)

    async def redraw(self, source: Path, target: Path) -> tuple[int, int]:
        """Give width and height; raises Rejected as `too_large` or `unreadable`, also for what takes much computing.

        Unavailable where the machine was too busy: drawing stands behind everything else it does.
        """
        async with self._places:
            said = await self._ask(source, target)
        match said.split():
            case [width, height] if width.isdigit() and height.isdigit():
                return int(width), int(height)
            case ["too_large"]:
                raise Rejected(TOO_LARGE, "too_large")
            case _:
                raise Rejected(UNREADABLE, "unreadable")

    async def _ask(self, source: Path, target: Path) -> str:
        # It has no settings and no secrets, and a signal from the terminal does not reach it.
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "activities.photo_child", source, target),
            env={"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                said, _ = await child.communicate()
        except TimeoutError:
            raise Unavailable("drawing the picture took too long") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return said.decode(errors="replace") if child.returncode == 0 else ""
