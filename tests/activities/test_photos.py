"""Pictures of customers: drawn anew, kept apart, gone when their time is over, whatever bytes a stranger sends."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from activities.clients.photo_files import KeptPhoto
from activities.clients.photos import Photos
from activities.errors import Rejected, Unavailable
from activities.photo_child import redraw
from activities.redrawing import Redrawer
from policies.photos import LARGEST_UPLOAD, MOST_IN_CONVERSATION
from tests.activities.pictures import KINDS, SECRET, blank_webp, bomb, claiming, located, picture, pieces, written

HERE = ("acme", "c-1")
NO_LIMIT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path / "photos")


async def put(photos: Photos, content: bytes, sender: str = "ann") -> KeptPhoto:
    return await photos.put(*HERE, sender, pieces(content))


async def kept(photos: Photos, content: bytes) -> Image.Image:
    """Put a picture and open what is kept of it; what was said about it must be so."""
    photo = await put(photos, content)
    return opened(await photos.read(*HERE, photo.photo_id), photo)


def opened(content: bytes, photo: KeptPhoto | None = None) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    assert (image.format, image.mode, max(image.size) <= 2_000) == ("JPEG", "RGB", True)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert content.endswith(b"\xff\xd9")
    if photo:
        assert (photo.width, photo.height, photo.size) == (*image.size, len(content))
    return image


async def refused(photos: Photos, content: bytes) -> str:
    with pytest.raises(Rejected) as refusal:
        await put(photos, content)
    return refusal.value.reason


def lying(photos_folder: Path) -> list[str]:
    return [path.name for path in photos_folder.rglob("*") if path.is_file()]


def reddish(image: Image.Image, x: float, y: float) -> bool:
    red, _, blue = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))  # type: ignore[misc]
    return bool(red > 200 > 60 > blue)


# -- what is drawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_becomes_a_jpeg_of_the_same_picture(photos: Photos, kind: str) -> None:
    image = await kept(photos, picture(kind))
    assert (image.size, reddish(image, 0.1, 0.5), reddish(image, 0.9, 0.5)) == ((60, 40), True, False)


@pytest.mark.parametrize("kind", KINDS)
async def test_place_camera_and_comments_are_gone(photos: Photos, kind: str) -> None:
    content = located(kind)
    assert SECRET in content
    photo = await put(photos, content)
    assert SECRET not in await photos.read(*HERE, photo.photo_id)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_it_stands_upright_whatever_the_camera_noted(photos: Photos, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = await kept(photos, picture("JPEG", exif=exif))
    red_at = {1: (0.1, 0.5), 2: (0.9, 0.5), 3: (0.9, 0.5), 4: (0.1, 0.5)}
    red_at |= {5: (0.5, 0.1), 6: (0.5, 0.1), 7: (0.5, 0.9), 8: (0.5, 0.9)}
    assert image.size == ((60, 40) if orientation < 5 else (40, 60))
    assert reddish(image, *red_at[orientation])
    assert not reddish(image, *(1 - share for share in red_at[orientation]))


@pytest.mark.parametrize(
    ("size", "becomes"), [((4_000, 1_000), (2_000, 500)), ((30, 6_000), (10, 2_000)), ((9_000, 1), (2_000, 1))]
)
async def test_a_large_picture_is_made_smaller_and_keeps_its_shape(
    photos: Photos, size: tuple[int, int], becomes: tuple[int, int]
) -> None:
    assert (await kept(photos, picture("JPEG", size))).size == becomes


async def test_forty_megapixels_as_a_jpeg_and_sixteen_of_every_other_kind_are_drawn(photos: Photos) -> None:
    assert (await kept(photos, picture("JPEG", (8_000, 5_000)))).size == (2_000, 1_250)
    for kind, quickly in (("PNG", {"compress_level": 1}), ("WEBP", {"method": 0, "lossless": True})):
        assert (await kept(photos, picture(kind, (5_000, 3_200), "RGBA", **quickly))).size == (2_000, 1_280)


async def test_what_is_transparent_becomes_white_and_sixteen_bits_of_grey_stay_grey(photos: Photos) -> None:
    glass = written(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")
    assert (await kept(photos, glass)).getpixel((10, 10)) == (255, 255, 255)
    grey = written(Image.new("I;16", (20, 20), 30_000), "PNG")
    assert (await kept(photos, grey)).getpixel((10, 10)) == (117, 117, 117)


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "P"), ("PNG", "1"), ("PNG", "LA")])
async def test_unusual_colours_are_drawn_too(photos: Photos, kind: str, mode: str) -> None:
    assert (await kept(photos, picture(kind, mode=mode))).size == (60, 40)


@pytest.mark.parametrize("mode", ["1", "P"])
async def test_fine_lines_of_few_colours_are_mixed_when_it_is_made_smaller(photos: Photos, mode: str) -> None:
    lines = Image.new("L", (4_000, 40))
    lines.paste(255, mask=Image.frombytes("L", (4_000, 40), b"\0\xff" * 80_000))
    (level, *_) = (await kept(photos, written(lines.convert(mode), "PNG"))).getpixel((1_000, 10))  # type: ignore[misc]
    assert 100 < level < 156


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_of_a_moving_picture_the_first_frame_stays(photos: Photos, kind: str) -> None:
    red, green = (Image.new("RGB", (20, 20), colour) for colour in ("red", "green"))
    moving = written(red, kind, save_all=True, append_images=[green])
    assert reddish(await kept(photos, moving), 0.5, 0.5)


# -- what strangers may try -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"MZ" + bytes(500),
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        picture()[:-30],
        claiming(100, 100),
    ],
    ids=["empty", "text", "svg", "html", "pdf", "program", "gif", "bmp", "tiff", "postscript", "cut", "hollow"],
)
async def test_what_is_no_picture_is_refused_and_leaves_nothing(photos: Photos, tmp_path: Path, content: bytes) -> None:
    assert await refused(photos, content) == "unreadable"
    assert lying(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        claiming(100_000, 100_000),
        claiming(2**31 - 1, 2**31 - 1),
        bomb(5_000, 3_201),
        bomb(20_000, 20_000),
        blank_webp(5_000, 3_201),
        blank_webp(16_384, 16_384),
    ],
    ids=[
        "claims ten gigapixels",
        "claims the most",
        "a little too many",
        "400 MP in 50 kB",
        "WebP",
        "the largest WebP",
    ],
)
async def test_a_bomb_is_refused_unopened(photos: Photos, tmp_path: Path, content: bytes) -> None:
    assert len(content) < 100_000
    assert await refused(photos, content) == "too_large"
    assert lying(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", [b"PK\x03\x04", b"<script>alert(1)</script>", b"<?php system($_GET[1]);", b"\x7fELF"])
async def test_of_a_file_that_is_two_things_only_the_picture_stays(photos: Photos, kind: str, tail: bytes) -> None:
    photo = await put(photos, picture(kind) + tail * 3)
    assert tail not in await photos.read(*HERE, photo.photo_id)


async def test_taking_ends_at_eight_megabytes_however_much_comes(photos: Photos, tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield bytes(65_536)

    with pytest.raises(Rejected, match="8 MB or 40 megapixels"):
        await photos.put(*HERE, "ann", endless())
    assert taken <= LARGEST_UPLOAD + 65_536
    assert lying(tmp_path) == []


async def test_an_upload_that_breaks_off_leaves_nothing(photos: Photos, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield picture()
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await photos.put(*HERE, "ann", broken())
    assert lying(tmp_path) == []


async def test_where_the_machine_is_too_busy_to_draw_nothing_is_said_of_the_picture(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await put(Photos(tmp_path, Redrawer(0.001)), picture())
    assert lying(tmp_path) == []
    assert await kept(Photos(tmp_path), picture())


SMALL = {kind: picture(kind) for kind in KINDS}
HEADS = st.sampled_from([b"", b"\xff\xd8\xff\xe0\x00\x10JFIF\0", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 "])
damaged = st.one_of(
    st.builds(lambda head, rest: head + rest, HEADS, st.binary(max_size=2_000)),
    st.builds(lambda kind, at: SMALL[kind][: at % len(SMALL[kind])], st.sampled_from(KINDS), st.integers(0, 10_000)),
    st.builds(
        lambda kind, at, junk: SMALL[kind][: at % len(SMALL[kind])] + junk + SMALL[kind][at % len(SMALL[kind]) :],
        st.sampled_from(KINDS),
        st.integers(0, 10_000),
        st.binary(min_size=1, max_size=40),
    ),
    st.builds(
        lambda kind, at, byte: SMALL[kind][: (at := at % len(SMALL[kind]))] + bytes([byte]) + SMALL[kind][at + 1 :],
        st.sampled_from(KINDS),
        st.integers(0, 10_000),
        st.integers(0, 255),
    ),
)


@NO_LIMIT
@given(content=damaged)
def test_whatever_the_bytes_a_clean_picture_comes_out_or_none(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "from", tmp_path / "to.jpg"
    source.write_bytes(content)
    target.unlink(missing_ok=True)
    try:
        size = redraw(source, target)
    except Exception:
        assert not target.exists()
    else:
        assert opened(target.read_bytes()).size == size


@settings(parent=NO_LIMIT, max_examples=25)
@given(content=damaged)
async def test_whatever_the_bytes_the_store_keeps_a_clean_picture_or_nothing(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / os.urandom(8).hex()
    photos = Photos(folder)
    try:
        photo = await put(photos, content)
    except Rejected:
        assert lying(folder) == []
    else:
        opened(await photos.read(*HERE, photo.photo_id), photo)
        assert sorted(lying(folder)) == [f"{photo.photo_id}{end}" for end in ("", ".jpg", ".json")]


# -- how it is kept ---------------------------------------------------------------------------------------------------


async def test_ids_cannot_be_guessed_and_say_nothing(photos: Photos) -> None:
    one, other = [await put(photos, picture()) for _ in range(2)]
    assert one.photo_id != other.photo_id
    assert {len(one.photo_id), len(other.photo_id)} == {32}


@pytest.mark.parametrize("name", ["..", ".", "", ".arriving", ".unsent", "a/../../b", "a\0b", "ä:b"])
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    photos = Photos(tmp_path / "photos")
    for tenant, conversation in ((name, "c"), ("acme", name)):
        photo = await photos.put(tenant, conversation, "ann", pieces(picture()))
        assert await photos.find(tenant, conversation, photo.photo_id) == photo
        assert len(list((tmp_path / "photos").glob(f"*/*/{photo.photo_id}.jpg"))) == 1
    # Two pictures, what is known of each, and a mark for each that no message carried it.
    assert len(lying(tmp_path)) == len(lying(tmp_path / "photos")) == 6


@pytest.mark.parametrize("photo_id", ["", "../c-1", "x" * 32, "A" * 32, "0" * 32, "0" * 31])
async def test_an_unknown_or_odd_id_is_no_picture(photos: Photos, photo_id: str) -> None:
    await put(photos, picture())
    for ask in (photos.find(*HERE, photo_id), photos.read(*HERE, photo_id), photos.send(*HERE, "ann", [photo_id])):
        with pytest.raises(Rejected, match="no such picture"):
            await ask


async def test_a_picture_is_found_in_its_own_conversation_and_tenant_only(photos: Photos) -> None:
    photo = await put(photos, picture())
    for tenant, conversation in (("acme", "c-2"), ("other", "c-1")):
        with pytest.raises(Rejected):
            await photos.find(tenant, conversation, photo.photo_id)


async def test_ten_of_one_sender_are_kept_even_if_all_come_at_once(photos: Photos) -> None:
    tries = [put(photos, picture()) for _ in range(MOST_IN_CONVERSATION + 3)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert [each.reason for each in came if isinstance(each, Rejected)] == ["too_many"] * 3
    assert await refused(photos, picture()) == "too_many"
    assert await put(photos, picture(), sender="bob")


async def test_only_who_sent_a_picture_may_send_it_with_a_message(photos: Photos) -> None:
    mine, theirs = await put(photos, picture()), await put(photos, picture(), sender="bob")
    with pytest.raises(Rejected, match="no such picture"):
        await photos.send(*HERE, "ann", [mine.photo_id, theirs.photo_id])
    assert (await photos.find(*HERE, mine.photo_id)).sent_at is None
    assert await photos.send(*HERE, "ann", [mine.photo_id]) == (mine,)
    sent = await photos.find(*HERE, mine.photo_id)
    assert sent.sent_at
    await photos.send(*HERE, "ann", [mine.photo_id])
    assert await photos.find(*HERE, mine.photo_id) == sent


async def test_what_no_message_carried_goes_after_a_day_and_what_one_carried_stays(photos: Photos) -> None:
    lost, sent, returned = [await put(photos, picture()) for _ in range(3)]
    await photos.send(*HERE, "ann", [sent.photo_id])
    await photos.put_back(*HERE, await photos.send(*HERE, "ann", [returned.photo_id]))
    now = datetime.now(UTC)
    assert await photos.tidy(now + timedelta(hours=23)) == 0
    assert await photos.tidy(now + timedelta(hours=25)) == 2
    assert await photos.read(*HERE, sent.photo_id)
    for gone in (lost, returned):
        with pytest.raises(Rejected):
            await photos.read(*HERE, gone.photo_id)
    assert await photos.tidy(now + timedelta(days=91)) == 1


async def test_leftovers_of_a_killed_process_and_empty_folders_go_after_a_day(photos: Photos, tmp_path: Path) -> None:
    photo = await put(photos, picture())
    folder = tmp_path / "photos"
    place = next(folder.glob("acme/*"))
    cut, orphan = (place / f"{'0' * 32}.{end}" for end in ("json", "jpg"))
    leftovers = (cut, orphan, place / ".half", folder / ".arriving" / "tmp1")
    for path in leftovers:
        path.write_bytes(b"{")
    now = datetime.now(UTC)
    assert await photos.tidy(now) == 0
    assert all(path.exists() for path in leftovers)
    assert await put(photos, picture())
    with pytest.raises(Rejected):
        await photos.find(*HERE, cut.stem)
    assert await photos.tidy(now + timedelta(days=2)) == 2
    assert lying(folder) == []
    assert not place.exists()
    with pytest.raises(Rejected):
        await photos.find(*HERE, photo.photo_id)


async def test_it_tidies_itself_also_where_the_folder_is_not_there_yet(tmp_path: Path) -> None:
    photos, old = Photos(tmp_path / "photos"), tmp_path / "photos" / ".arriving" / "tmp1"
    assert await photos.tidy(datetime.now(UTC)) == 0
    old.parent.mkdir(parents=True)
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    tidying = asyncio.create_task(photos.keep_tidy())
    for _ in range(1_000):
        if not lying(tmp_path):
            break
        await asyncio.sleep(0.01)
    assert lying(tmp_path) == []
    assert not tidying.done()
    tidying.cancel()


async def test_forgetting_a_conversation_leaves_the_others(photos: Photos) -> None:
    await put(photos, picture())
    other = await photos.put("acme", "c-2", "ann", pieces(picture()))
    assert await photos.forget("acme", ["c-1", "never-was"]) == 1
    assert await photos.forget("acme", ["c-1"]) == 0
    assert await photos.find("acme", "c-2", other.photo_id) == other


async def test_a_disk_that_fails_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        await put(Photos(tmp_path / "photos"), picture())
