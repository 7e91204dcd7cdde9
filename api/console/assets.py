"""The console's scripts and styles: vendored, and read once when the process starts."""

from pathlib import Path

from fastapi import Response

from api.console import pages
from api.problems import Problem

router = pages.room()


@router.get("/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """Serve a script or style; its address changes with its content, so browsers may keep it for ever."""
    if name not in pages.ASSETS or version != pages.VERSION:
        raise Problem("route-not-found")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(pages.ASSETS[name], media_type=pages.TYPES[Path(name).suffix], headers=kept)
