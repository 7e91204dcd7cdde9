"""Files that wait to be ingested: whole or not there, small enough, and never outside their own folder."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.clients.uploads import Uploads
from activities.errors import Rejected, Unavailable
from activities.ingest_steps import LARGEST_FILE

HERE = ("northwind", "2026-12")


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads")


async def pieces(count: int, size: int = 1_000_000) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


def on_disk(tmp_path: Path) -> list[str]:
    return sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())


async def listed(uploads: Uploads) -> list[tuple[str, int]]:
    return [(file.name, file.size) for file in await uploads.names(*HERE)]


async def test_what_is_put_is_listed_by_name_and_read_back(uploads: Uploads) -> None:
    await uploads.put(*HERE, "returns.md", b"thirty days")
    await uploads.put(*HERE, "de/Rückgabe.md", pieces(3))
    assert await listed(uploads) == [("de/Rückgabe.md", 3_000_000), ("returns.md", 11)]
    assert await uploads.read(*HERE, "returns.md") == b"thirty days"
    assert await uploads.names("northwind", "2027-01") == await uploads.names("kirana", "2026-12") == ()


async def test_a_file_put_again_replaces_the_first(uploads: Uploads) -> None:
    await uploads.put(*HERE, "returns.md", b"thirty days")
    await uploads.put(*HERE, "returns.md", b"sixty")
    assert await listed(uploads) == [("returns.md", 5)]


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x.md",
        "a/../../x.md",
        "/etc/x.md",
        "a//x.md",
        ".hidden",
        "a/.git/x",
        "a\\x",
        "a\nb",
        "é" * 150,
        "caf\udce9.md",
    ],
)
async def test_a_name_that_leads_elsewhere_is_refused(uploads: Uploads, tmp_path: Path, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        await uploads.put(*HERE, name, b"x")
    assert refused.value.reason == "bad_name"
    with pytest.raises(Rejected):
        await uploads.read(*HERE, name)
    assert on_disk(tmp_path) == []


@pytest.mark.parametrize("name", ["..", "", "a/b", ".x", "a b", "x" * 64])
async def test_tenants_and_releases_have_plain_names(uploads: Uploads, name: str) -> None:
    for place in ((name, "2026-12"), ("northwind", name)):
        with pytest.raises(Rejected, match="is no name of a"):
            await uploads.put(*place, "x.md", b"x")
        with pytest.raises(Rejected, match="is no name of a"):
            await uploads.clear(*place)
    with pytest.raises(Rejected, match="is no name of a tenant"):
        await uploads.forget("..")


async def test_a_large_stream_is_ended_at_the_limit_and_leaves_nothing(uploads: Uploads, tmp_path: Path) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        async for piece in pieces(200):
            asked += len(piece)
            yield piece

    with pytest.raises(Rejected, match="more than 20 MB") as refused:
        await uploads.put(*HERE, "large.pdf", endless())
    assert refused.value.reason == "too_large"
    assert asked == LARGEST_FILE + 1_000_000
    assert on_disk(tmp_path) == []


async def test_a_file_of_200_megabytes_is_not_opened(uploads: Uploads, tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    with large.open("wb") as file:
        file.truncate(200_000_000)
    large.chmod(0)
    with pytest.raises(Rejected) as refused:
        await uploads.put_file(*HERE, "large.pdf", large)
    assert refused.value.reason == "too_large"


async def test_a_large_file_that_somebody_laid_there_is_not_read(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.put(*HERE, "small.md", b"x")
    with (tmp_path / "uploads" / Path(*HERE) / "large.md").open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(Rejected) as refused:
        await uploads.read(*HERE, "large.md")
    assert refused.value.reason == "too_large"


async def test_a_broken_stream_leaves_what_was_there_before(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.put(*HERE, "returns.md", b"thirty days")

    async def breaks() -> AsyncIterator[bytes]:
        yield b"sixty"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await uploads.put(*HERE, "returns.md", breaks())
    assert await uploads.read(*HERE, "returns.md") == b"thirty days"
    assert len(on_disk(tmp_path)) == 1


async def test_the_files_of_a_release_have_a_limit_in_number(uploads: Uploads, tmp_path: Path) -> None:
    folder = tmp_path / "uploads" / Path(*HERE)
    folder.mkdir(parents=True)
    for number in range(9_999):
        (folder / f"{number}.md").touch()
    await uploads.put(*HERE, "last.md", b"x")
    with pytest.raises(Rejected) as refused:
        await uploads.put(*HERE, "one more.md", b"x")
    assert refused.value.reason == "too_many_files"
    await uploads.put(*HERE, "last.md", b"another")


async def test_a_file_and_a_folder_cannot_share_a_name(uploads: Uploads) -> None:
    await uploads.put(*HERE, "returns", b"x")
    with pytest.raises(Rejected, match="name of its folder"):
        await uploads.put(*HERE, "returns/de.md", b"x")
    await uploads.put(*HERE, "delivery/de.md", b"x")
    with pytest.raises(Rejected, match="a folder has this name"):
        await uploads.put(*HERE, "delivery", b"x")


async def test_a_note_stays_until_the_release_is_cleared(uploads: Uploads) -> None:
    await uploads.put(*HERE, "de/returns.md", b"x")
    assert await uploads.noted(*HERE) is None
    await uploads.note(*HERE, "read")
    await uploads.drop(*HERE, await uploads.names(*HERE))
    assert (await uploads.names(*HERE), await uploads.noted(*HERE)) == ((), "read")
    await uploads.put(*HERE, "de", b"no folder any more")
    await uploads.clear(*HERE)
    assert await uploads.noted(*HERE) is None
    await uploads.clear(*HERE)


async def test_a_forgotten_tenant_leaves_no_file_and_others_keep_theirs(uploads: Uploads, tmp_path: Path) -> None:
    await asyncio.gather(*(uploads.put(tenant, "1", "x.md", b"x") for tenant in ("northwind", "kirana")))
    await uploads.forget("northwind")
    assert on_disk(tmp_path) == ["uploads/kirana/1/x.md"]


async def test_what_is_not_there_is_refused_by_name(uploads: Uploads) -> None:
    with pytest.raises(Rejected, match=r"absent.md does not wait"):
        await uploads.read(*HERE, "absent.md")


async def test_only_what_was_listed_is_dropped(uploads: Uploads) -> None:
    for name in ("a.md", "b.md"):
        await uploads.put(*HERE, name, b"thirty")
    before = await uploads.names(*HERE)
    await uploads.put(*HERE, "b.md", b"eighty")
    await uploads.put(*HERE, "c.md", b"x")
    await uploads.drop(*HERE, before)
    assert await listed(uploads) == [("b.md", 6), ("c.md", 1)]


async def test_a_note_goes_without_the_files_that_wait(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.put(*HERE, "a.md", b"x")
    await uploads.note(*HERE, "read")
    await uploads.drop_note(*HERE)
    assert (await uploads.noted(*HERE), await listed(uploads)) == (None, [("a.md", 1)])
    await uploads.drop(*HERE, await uploads.names(*HERE))
    await uploads.drop_note(*HERE)
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_the_folder_is_looked_through_once_for_many_files(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []

    def counted(place: Path, **more: object) -> object:
        walks.append(place)
        return iter(())

    monkeypatch.setattr(os, "walk", counted)
    for number in range(5):
        await uploads.put(*HERE, f"{number}.md", b"x")
    assert len(walks) == 1


async def test_a_file_put_while_the_release_is_cleared_is_an_outage_and_can_be_put_again(
    uploads: Uploads, tmp_path: Path
) -> None:
    async def cleared() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.to_thread(shutil.rmtree, tmp_path / "uploads")

    with pytest.raises(Unavailable):
        await uploads.put(*HERE, "a.md", cleared())
    await uploads.put(*HERE, "a.md", b"x")
    assert await listed(uploads) == [("a.md", 1)]


async def test_a_listing_passes_over_what_goes_meanwhile(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.put(*HERE, "a.md", b"x")
    # A link to nothing is what a file that went looks like.
    (tmp_path / "uploads" / Path(*HERE) / "gone.md").symlink_to(tmp_path / "nowhere")
    assert await listed(uploads) == [("a.md", 1)]
