"""What pictures may take of machine and disk, and that a customer's are gone once they want to be forgotten."""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.clients.photo_files import KeptPhoto
from activities.clients.photos import Photos
from activities.errors import Rejected
from activities.redrawing import Redrawer
from policies.photos import MOST_UNSENT
from tests.activities.pictures import picture, pieces


class Copying(Redrawer):
    """Keeps a picture as it came, for tests that need many and look at none; notes how many it had at once."""

    at_once = most = 0

    async def _ask(self, source: Path, target: Path) -> str:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.to_thread(shutil.copy, source, target)
        self.at_once -= 1
        return "60 40"


@pytest.fixture
def redrawer() -> Copying:
    return Copying()


@pytest.fixture
def photos(tmp_path: Path, redrawer: Copying) -> Photos:
    return Photos(tmp_path, redrawer)


async def put(photos: Photos, conversation: str, sender: str = "ann", tenant: str = "acme") -> KeptPhoto:
    return await photos.put(tenant, conversation, sender, pieces(b"picture"))


def lying(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_pictures_are_drawn_one_at_a_time(photos: Photos, redrawer: Copying) -> None:
    await asyncio.gather(*(put(photos, f"c-{number}") for number in range(5)))
    assert redrawer.most == 1


def test_drawing_stands_behind_all_other_work_and_has_bounds(tmp_path: Path) -> None:
    source = tmp_path / "from"
    os.mkfifo(source)
    command = [sys.executable, "-m", "activities.photo_child", source, tmp_path / "to.jpg"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        # Opens once the other side does, which by then has given up what it does not need.
        with source.open("wb") as end:
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == 19
            limits = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)
            memory, seconds, file = (resource.prlimit(child.pid, limit)[1] for limit in limits)
            end.write(picture()[:10])
        assert child.communicate()[0] == b"unreadable\n"
    assert 0 < memory < 2**30
    assert (seconds, file) == (5, 2**24)


async def test_twenty_pictures_of_one_customer_wait_for_a_message_at_most_wherever_they_lie(photos: Photos) -> None:
    waiting = [await put(photos, f"c-{number // 4}") for number in range(MOST_UNSENT)]
    with pytest.raises(Rejected, match="20 pictures wait for a message") as refusal:
        await put(photos, "c-new")
    assert refusal.value.reason == "too_many"
    assert await put(photos, "c-new", "bob")
    assert await put(photos, "c-new", tenant="other")
    before = await photos.send("acme", "c-0", "ann", [waiting[0].photo_id])
    await put(photos, "c-new")
    await photos.put_back("acme", "c-0", before)
    with pytest.raises(Rejected):
        await put(photos, "c-new")


async def test_twenty_at_most_wait_even_if_all_come_at_once(photos: Photos) -> None:
    tries = [put(photos, f"c-{number}") for number in range(MOST_UNSENT + 3)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert [each.reason for each in came if isinstance(each, Rejected)] == ["too_many"] * 3


async def test_what_is_tidied_away_waits_no_longer(photos: Photos, tmp_path: Path) -> None:
    for number in range(MOST_UNSENT):
        await put(photos, f"c-{number}")
    assert await photos.tidy(datetime.now(UTC) + timedelta(hours=25)) == MOST_UNSENT
    assert await put(photos, "c-new")
    await photos.tidy(datetime.now(UTC) + timedelta(days=3))
    assert lying(tmp_path) == []


async def test_forgetting_a_sender_takes_their_pictures_from_every_conversation_and_nobody_elses(
    photos: Photos, tmp_path: Path
) -> None:
    sent, waiting = await put(photos, "c-1"), await put(photos, "never-begun")
    await photos.send("acme", "c-1", "ann", [sent.photo_id])
    others = [("acme", "c-1", "bob"), ("acme", "c-2", "ann2"), ("other", "c-1", "ann")]
    theirs = [(where, await put(photos, where[1], where[2], where[0])) for where in others]
    assert await photos.forget_sender("acme", "ann") == 2
    assert await photos.forget_sender("acme", "ann") == 0
    for conversation, photo in (("c-1", sent), ("never-begun", waiting)):
        with pytest.raises(Rejected, match="no such picture"):
            await photos.read("acme", conversation, photo.photo_id)
    for (tenant, conversation, _), photo in theirs:
        assert await photos.find(tenant, conversation, photo.photo_id) == photo
        assert await photos.read(tenant, conversation, photo.photo_id) == b"picture"
    assert not (tmp_path / ".unsent" / "acme" / "ann").exists()


async def test_forgetting_a_sender_of_no_picture_or_a_tenant_without_a_folder_is_nothing(photos: Photos) -> None:
    assert await photos.forget_sender("..", "ann") == 0
    await put(photos, "c-1")
    assert await photos.forget_sender("acme", "..") == 0
    assert await photos.forget("acme", [""]) == 0
