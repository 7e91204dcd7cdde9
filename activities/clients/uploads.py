"""Files that wait to be ingested: `<folder>/<tenant>/<release>/<path>`, and the notes kept beside them."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from activities.errors import Rejected, Unavailable
from activities.ingest_steps import LARGEST_FILE, LARGEST_RELEASE, MOST_FILES, Waiting
from policies.releases import NAME

_NAME = re.compile(NAME)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
# Hidden, so that no upload can have this name.
_NOTE = ".note.json"
Found = TypeVar("Found")


class Uploads:
    """A folder that the API or the command line fill and a worker empties. Raises Rejected and Unavailable.

    A name is a relative path with "/" between its parts. What is put replaces what had its name, whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[Path, dict[str, int]] = {}

    async def put(self, tenant: str, release: str, name: str, content: bytes | AsyncIterator[bytes]) -> Waiting:
        """Keep one file, given whole or in pieces; Rejected as too_large before more than 20 MB of it were taken."""
        place = self._place(tenant, release)
        path = place / _checked(name)
        if isinstance(content, bytes):
            _refuse_large(name, len(content))
        beside = await _beside(lambda: _open_beside(path, name))
        try:
            with beside:
                size = await _copy(content, beside, name)
            await _beside(lambda: self._admit(place, name, size))
            await _beside(lambda: os.replace(beside.name, path))
        finally:
            with suppress(FileNotFoundError):
                os.unlink(beside.name)
        # Whoever cleared the folder meanwhile has forgotten its sizes, too.
        self._sizes.get(place, {})[name] = size
        return Waiting(name=name, size=size)

    async def put_file(self, tenant: str, release: str, name: str, path: Path) -> Waiting:
        """Copy a file, which may raise OSError; one that is too large is not even opened."""
        _refuse_large(name, (await asyncio.to_thread(path.stat)).st_size)
        return await self.put(tenant, release, name, await asyncio.to_thread(path.read_bytes))

    async def names(self, tenant: str, release: str) -> tuple[Waiting, ...]:
        """List what waits, by name."""
        place = self._place(tenant, release)
        return await _beside(lambda: tuple(sorted(_waiting(place), key=lambda each: each.name)))

    async def read(self, tenant: str, release: str, name: str) -> bytes:
        """Read one file; Rejected when it is not there or too large."""
        path = self._place(tenant, release) / _checked(name)

        def read() -> bytes:
            try:
                _refuse_large(name, path.stat().st_size)
                return path.read_bytes()
            except FileNotFoundError:
                raise Rejected(f"{name} does not wait to be read", reason="not_uploaded") from None

        return await _beside(read)

    async def note(self, tenant: str, release: str, text: str) -> None:
        """Keep a text beside the files of a release."""
        place = self._place(tenant, release)

        def write() -> None:
            beside = _open_beside(place / _NOTE, _NOTE)
            with beside:
                beside.write(text.encode())
            os.replace(beside.name, place / _NOTE)

        await _beside(write)

    async def drop(self, tenant: str, release: str, files: Sequence[Waiting]) -> None:
        """Delete these files, but not one that was put anew since they were listed."""
        place = self._place(tenant, release)

        def remove() -> None:
            for file in files:
                path = place / file.name
                with suppress(FileNotFoundError):
                    if _stamp(path.stat()) == file.stamp:
                        path.unlink()
                _prune(path.parent, place)

        await _beside(remove)
        self._sizes.pop(place, None)

    async def drop_note(self, tenant: str, release: str) -> None:
        """Delete the note of a release."""
        place = self._place(tenant, release)

        def remove() -> None:
            (place / _NOTE).unlink(missing_ok=True)
            _prune(place, self._folder)

        await _beside(remove)

    async def noted(self, tenant: str, release: str) -> str | None:
        """Read the note back; None where there is none."""
        path = self._place(tenant, release) / _NOTE
        return await _beside(lambda: path.read_text(encoding="utf-8") if path.exists() else None)

    async def clear(self, tenant: str, release: str) -> None:
        """Delete everything of a release, its note too."""
        await self._remove(self._place(tenant, release))

    async def forget(self, tenant: str) -> None:
        """Delete everything of a tenant."""
        await self._remove(self._folder / _named(tenant, "tenant"))

    async def _remove(self, place: Path) -> None:
        await _beside(lambda: shutil.rmtree(place) if place.exists() else None)
        for known in [known for known in self._sizes if known.is_relative_to(place)]:
            del self._sizes[known]

    def _place(self, tenant: str, release: str) -> Path:
        return self._folder / _named(tenant, "tenant") / _named(release, "release")

    def _admit(self, place: Path, name: str, size: int) -> None:
        """Refuse what would make a release too large; other processes' files count from their first listing on."""
        held = self._sizes.get(place)
        if held is None:
            held = self._sizes[place] = {each.name: each.size for each in _waiting(place)}
        others = sum(held.values()) - held.get(name, 0)
        if name not in held and len(held) >= MOST_FILES:
            raise Rejected(f"a release has at most {MOST_FILES} files", reason="too_many_files")
        if others + size > LARGEST_RELEASE:
            raise Rejected(f"a release has at most {LARGEST_RELEASE // 10**6} MB", reason="too_large")


def _named(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise Rejected(f"{name[:80]!r} is no name of a {what}: letters, digits, '.', '_' and '-'", reason="bad_name")
    return name


def _checked(name: str) -> PurePosixPath:
    parts = name.split("/")
    if len(name) > 400 or _UNPRINTABLE.search(name) or not all(_harmless(part) for part in parts):
        raise Rejected(f"{name[:80]!r} is no path of a file within a release", reason="bad_name")
    return PurePosixPath(*parts)


def _harmless(part: str) -> bool:
    return bool(part) and not part.startswith(".") and len(part.encode()) <= 200


def _refuse_large(name: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise Rejected(
            f"{name} has more than {LARGEST_FILE // 10**6} MB: split it, or leave its images out", reason="too_large"
        )


def _open_beside(path: Path, name: str) -> IO[bytes]:
    """Open a hidden file that will become `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Rejected(f"{name}: a file has the name of its folder", reason="bad_name") from None
    if path.is_dir():
        raise Rejected(f"{name}: a folder has this name", reason="bad_name")
    return tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False)


async def _copy(content: bytes | AsyncIterator[bytes], into: IO[bytes], name: str) -> int:
    size = 0
    async for piece in _pieces(content):
        size += len(piece)
        _refuse_large(name, size)
        await _beside(partial(into.write, piece))
    await _beside(into.flush)
    return size


async def _pieces(content: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
    else:
        async for piece in content:
            yield piece


def _waiting(place: Path) -> Iterator[Waiting]:
    """List what is there, but not what goes meanwhile."""
    for path in _files(place):
        with suppress(FileNotFoundError):
            found = path.stat()
            yield Waiting(name=path.relative_to(place).as_posix(), size=found.st_size, stamp=_stamp(found))


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_ino}.{found.st_mtime_ns}"


def _files(place: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(place, onerror=_closed):
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _closed(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _prune(folder: Path, place: Path) -> None:
    """Delete a folder with nothing in it, and so on upwards below `place`."""
    while folder != place:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


async def _beside(work: Callable[[], Found]) -> Found:
    """Do it in a thread; what the disk refuses is an outage."""
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise Unavailable(f"the folder of uploads cannot be used: {error.strerror}") from error
