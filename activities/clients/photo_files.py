"""Files of pictures: `<folder>/<tenant>/<conversation>/<photo_id>.jpg`, and beside each a `.json` about it.

A picture is there once its `.json` is. What still arrives lies in `<folder>/.arriving`. Each picture that no message
has carried yet has an empty file `<folder>/.unsent/<tenant>/<sender>/<photo_id>`, so that they can be counted.
All of this blocks; raises what the disk raises, and Rejected where a picture is not there.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import ValidationError

from activities.errors import Rejected
from policies.frozen import Fact
from policies.photos import UNSENT_KEPT, outlived

ARRIVING, UNSENT = ".arriving", ".unsent"


class KeptPhoto(Fact):
    """A picture as it is kept: redrawn, and with who sent it; `sent_at` is None until a message carried it."""

    photo_id: str
    media_type: Literal["image/jpeg"] = "image/jpeg"
    size: int
    width: int
    height: int
    sent_by: str
    uploaded_at: datetime
    sent_at: datetime | None = None


def absent() -> Rejected:
    return Rejected("there is no such picture", "photo_absent")


def place_of(folder: Path, tenant: str, conversation: str) -> Path:
    return folder / _segment(tenant) / _segment(conversation)


def unsent_of(folder: Path, tenant: str, sender: str) -> Path:
    return folder / UNSENT / _segment(tenant) / _segment(sender)


def open_arriving(folder: Path) -> Path:
    """Make an empty file for an upload."""
    (folder / ARRIVING).mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder / ARRIVING)
    os.close(handle)
    return Path(name)


def picture_of(place: Path, photo_id: str) -> Path:
    return place / f"{_checked(photo_id)}.jpg"


def add(place: Path, unsent: Path, photo: KeptPhoto, drawn: Path) -> None:
    """Keep a drawn picture, moving its file."""
    place.mkdir(parents=True, exist_ok=True)
    os.replace(drawn, picture_of(place, photo.photo_id))
    note(place, unsent, photo)


def note(place: Path, unsent: Path, photo: KeptPhoto) -> None:
    """Write down what is known of a picture, whole or not at all."""
    mark = unsent / photo.photo_id
    if photo.sent_at is None:
        unsent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    handle, name = tempfile.mkstemp(dir=place, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(photo.model_dump_json())
    os.replace(name, place / f"{photo.photo_id}.json")
    if photo.sent_at is not None:
        mark.unlink(missing_ok=True)


def read(place: Path, photo_id: str) -> KeptPhoto:
    try:
        return KeptPhoto.model_validate_json((place / f"{_checked(photo_id)}.json").read_bytes())
    except ValidationError:
        # Cut short by a power failure, say; it is tidied away with its picture.
        raise absent() from None


def kept_in(place: Path) -> Iterator[KeptPhoto]:
    for path in place.glob("[0-9a-f]*.json"):
        # Somebody may remove it just now.
        with suppress(FileNotFoundError, Rejected):
            yield read(place, path.stem)


def delete_all(place: Path) -> int:
    """Delete a conversation's pictures; returns how many there were."""
    count = sum(1 for _ in place.glob("[0-9a-f]*.jpg"))
    _remove(place)
    return count


def delete_of(folder: Path, tenant: str, sender: str) -> int:
    """Delete what one sender sent to any conversation; reads every `.json` of the tenant."""
    gone = 0
    for place in (folder / _segment(tenant)).glob("*"):
        for photo in kept_in(place):
            if photo.sent_by == sender:
                _delete(place, photo)
                gone += 1
    # Its name is the sender's.
    _remove(unsent_of(folder, tenant, sender))
    return gone


def tidy(folder: Path, now: datetime) -> int:
    """Remove what has outlived its time, and what was left half done; returns how many pictures went."""
    gone = 0
    for place in folder.glob("[!.]*/*"):
        known = set()
        for photo in kept_in(place):
            known.add(photo.photo_id)
            if outlived(photo.uploaded_at, photo.sent_at, now):
                _delete(place, photo)
                gone += 1
        _drop_leftovers((path for path in place.glob("*") if path.stem not in known), now)
        _drop_leftovers([place], now)
    for leftovers in (f"{ARRIVING}/*", f"{UNSENT}/*/*/*", f"{UNSENT}/*/*"):
        _drop_leftovers(folder.glob(leftovers), now)
    return gone


def _segment(name: str) -> str:
    """Make one folder name of a name, dots included: ".." must stay a name, none is hidden, and "" is one too."""
    return quote(name, safe="").replace(".", "%2E") or "%"


def _checked(photo_id: str) -> str:
    if len(photo_id) != 32 or not set(photo_id) <= set("0123456789abcdef"):
        raise absent()
    return photo_id


def _delete(place: Path, photo: KeptPhoto) -> None:
    # While the `.json` is there an erasure that broke off can be asked for again.
    for end in ("jpg", "json"):
        (place / f"{photo.photo_id}.{end}").unlink(missing_ok=True)


def _remove(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def _drop_leftovers(paths: Iterable[Path], now: datetime) -> None:
    """Delete what uploads that never ended left behind, as after a kill, and empty folders; nothing of the last day."""
    for path in paths:
        with suppress(OSError):
            if now.timestamp() - path.stat().st_mtime > UNSENT_KEPT.total_seconds():
                path.rmdir() if path.is_dir() else path.unlink()
