"""The files a person names for an ingest: found, listed and copied to where workers read them."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from activities.clients.uploads import Uploads
from activities.errors import Rejected
from activities.ingest_reading import refused, too_large
from activities.ingest_steps import LARGEST_FILE
from policies.releases import Finding


class Found(NamedTuple):
    """A file, and the name it has within the release."""

    name: str
    path: Path


def find(path: Path) -> tuple[Found, ...]:
    """List one file, or all of a folder but hidden ones, by name; Rejected for what cannot be listed or named."""
    if path.is_file():
        return (Found(_named(path.name), path),)
    return tuple(sorted(Found(_named(file.relative_to(path).as_posix()), file) for file in _files(path)))


def _files(path: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(path, onerror=_closed):
        below[:] = [name for name in below if not name.startswith(".")]
        files = (Path(folder, name) for name in names if not name.startswith("."))
        yield from (file for file in files if file.is_file())


def _closed(error: OSError) -> NoReturn:
    raise Rejected(
        f"{error.filename}: {error.strerror}: change its permissions, or leave it out", reason="closed_folder"
    )


def _named(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Rejected(f"{name!r}: the name of this file is not UTF-8: rename it", reason="bad_name") from None
    return name


def sift(files: Sequence[Found]) -> tuple[tuple[Found, ...], list[Finding]]:
    """Tell files that can be copied from those that are too large or closed to us, without opening any."""
    good, left = [], []
    for file in files:
        if file.path.stat().st_size > LARGEST_FILE:
            left.append(too_large(file.name))
        elif not os.access(file.path, os.R_OK):
            left.append(
                Finding(kind="unreadable", source=file.name, says="it may not be opened: change its permissions")
            )
        else:
            good.append(file)
    return tuple(good), left


def digest_of(files: Sequence[Found]) -> str:
    """Hash names and contents, to know the same files again."""
    whole = hashlib.sha256()
    for file in files:
        with file.path.open("rb") as content:
            whole.update(f"{file.name}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


async def copy(
    files: Sequence[Found], uploads: Uploads, tenant: str, release: str, tell: Callable[[int], None]
) -> list[Finding]:
    """Make these the files that wait for a release; returns those whose names cannot be used."""
    await uploads.clear(tenant, release)
    left = []
    for done, file in enumerate(files):
        tell(done)
        try:
            await uploads.put_file(tenant, release, file.name, file.path)
        except Rejected as refusal:
            if refusal.reason != "bad_name":
                raise
            left.append(refused(file.name, refusal))
    return left
