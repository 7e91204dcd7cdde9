"""Pictures customers sent, in a folder that `photo_files.py` describes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from activities.clients import photo_files as files
from activities.clients.photo_files import KeptPhoto
from activities.errors import OutsideError, Rejected, Unavailable
from activities.redrawing import TOO_LARGE, Redrawer
from policies.photos import MOST_IN_CONVERSATION, MOST_UNSENT, may_add, may_hold_another, too_large

TIDIED_EVERY_S = 3600
Found = TypeVar("Found")
log = structlog.get_logger("photos")


class Photos:
    """A folder of pictures, shared by every process of the API. Raises Rejected and Unavailable."""

    def __init__(self, folder: Path, redrawer: Redrawer | None = None) -> None:
        self._folder = folder
        self._redrawer = redrawer or Redrawer()
        self._one_adds = asyncio.Lock()

    async def put(self, tenant: str, conversation: str, sender: str, content: AsyncIterator[bytes]) -> KeptPhoto:
        """Keep a picture that comes in pieces; Rejected as too_large, unreadable or too_many."""
        place = files.place_of(self._folder, tenant, conversation)
        unsent = files.unsent_of(self._folder, tenant, sender)
        await _beside(partial(_admit, place, unsent, sender))
        taken = await _beside(partial(files.open_arriving, self._folder))
        drawn = taken.with_suffix(".jpg")
        try:
            await _take(content, taken)
            width, height = await self._redrawer.redraw(taken, drawn)
            size = (await _beside(drawn.stat)).st_size
            photo = KeptPhoto(
                photo_id=secrets.token_hex(16),
                size=size,
                width=width,
                height=height,
                sent_by=sender,
                uploaded_at=datetime.now(UTC),
            )
            async with self._one_adds:
                # Others may have been added while this one was drawn.
                await _beside(partial(_admit, place, unsent, sender))
                await _beside(partial(files.add, place, unsent, photo, drawn))
        finally:
            for path in (taken, drawn):
                with suppress(OSError):
                    path.unlink()
        return photo

    async def find(self, tenant: str, conversation: str, photo_id: str) -> KeptPhoto:
        """Say what is known of a picture; Rejected as photo_absent."""
        return await _beside(partial(files.read, files.place_of(self._folder, tenant, conversation), photo_id))

    async def read(self, tenant: str, conversation: str, photo_id: str) -> bytes:
        """Read the picture itself; Rejected as photo_absent."""
        place = files.place_of(self._folder, tenant, conversation)
        return await _beside(lambda: files.picture_of(place, photo_id).read_bytes())

    async def send(self, tenant: str, conversation: str, sender: str, ids: Sequence[str]) -> tuple[KeptPhoto, ...]:
        """Note that a message carries pictures; one that is not there or not the sender's is Rejected as photo_absent.

        Gives them as they were before, so that `put_back` can undo it where the message was not taken.
        """
        found = [await self.find(tenant, conversation, photo_id) for photo_id in ids]
        if any(photo.sent_by != sender for photo in found):
            raise files.absent()
        now = datetime.now(UTC)
        sent = [photo.model_copy(update={"sent_at": photo.sent_at or now}) for photo in found]
        await self._note(tenant, conversation, sent)
        return tuple(found)

    async def put_back(self, tenant: str, conversation: str, photos: Iterable[KeptPhoto]) -> None:
        """Undo `send`: what no message carries is removed after a day."""
        await self._note(tenant, conversation, photos)

    async def forget(self, tenant: str, conversations: Iterable[str]) -> int:
        """Delete all pictures of conversations; returns how many there were."""
        places = [files.place_of(self._folder, tenant, conversation) for conversation in conversations]
        return sum([await _beside(partial(files.delete_all, place)) for place in places])

    async def forget_sender(self, tenant: str, customer_id: str) -> int:
        """Delete all pictures a customer sent, to whatever conversation; returns how many there were."""
        return await _beside(partial(files.delete_of, self._folder, tenant, customer_id))

    async def tidy(self, now: datetime) -> int:
        """Remove what has outlived its time, and what was left half done; returns how many pictures went."""
        return await _beside(partial(files.tidy, self._folder, now))

    async def keep_tidy(self) -> None:
        """Tidy once an hour until cancelled."""
        while True:
            try:
                gone = await self.tidy(datetime.now(UTC))
                log.info("photos.tidied", removed=gone)
            except OutsideError as error:
                log.warning("photos.untidy", why=error.message)
            await asyncio.sleep(TIDIED_EVERY_S)

    async def _note(self, tenant: str, conversation: str, photos: Iterable[KeptPhoto]) -> None:
        place = files.place_of(self._folder, tenant, conversation)
        for photo in photos:
            unsent = files.unsent_of(self._folder, tenant, photo.sent_by)
            await _beside(partial(files.note, place, unsent, photo))


def _admit(place: Path, unsent: Path, sender: str) -> None:
    if not may_add((photo.sent_by for photo in files.kept_in(place)), sender):
        raise Rejected(f"a conversation has at most {MOST_IN_CONVERSATION} pictures", "too_many")
    if not may_hold_another(sum(1 for _ in unsent.glob("*"))):
        raise Rejected(f"{MOST_UNSENT} pictures wait for a message already: send them, or wait a day", "too_many")


async def _take(content: AsyncIterator[bytes], path: Path) -> None:
    size = 0
    with await _beside(lambda: path.open("wb")) as file:
        async for piece in content:
            size += len(piece)
            if too_large(size):
                raise Rejected(TOO_LARGE, "too_large")
            await _beside(partial(file.write, piece))


async def _beside(work: Callable[[], Found]) -> Found:
    """Do blocking work in a thread; what is not there is Rejected, every other trouble of the disk Unavailable."""
    try:
        return await asyncio.to_thread(work)
    except FileNotFoundError:
        raise files.absent() from None
    except OSError as error:
        raise Unavailable(f"the pictures cannot be reached: {type(error).__name__}") from None
