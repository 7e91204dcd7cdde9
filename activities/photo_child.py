"""The process that draws a stranger's picture anew: `python -m activities.photo_child FROM TO`, see `redrawing.py`.

What it writes is a JPEG of the pixels and of nothing else: no metadata, no colour profile, no bytes behind the end.
"""

import ctypes
import os
import resource
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from policies.photos import LARGEST_UPLOAD, LONGEST_SIDE, MOST_PIXELS_JPEG, too_detailed

KINDS = ("JPEG", "PNG", "WEBP")
# Modes whose pixels are numbers of colours or bits: made smaller as they are, pixels are left out and letters break.
UNMIXABLE = ("1", "P", "PA")
QUALITY = 88
# 16 megapixels, four bytes each, held up to five times; or 40 as the numbers of a progressive JPEG, eight bytes each.
# It leaves the API half of the gigabyte that compose gives both.
MEMORY = 500_000_000
# The most that a picture of the largest kinds took was 0.7.
COMPUTING_SECONDS = 5
_PR_SET_PDEATHSIG = 1


def main(source: str, target: str) -> None:
    """Draw the picture in `source` into `target`; print its width and height, or why it was not drawn."""
    _confine()
    # Pillow warns above this and refuses above twice as much, before it makes room for any of it.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS_JPEG // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        print(*redraw(Path(source), Path(target)))
    except Image.DecompressionBombError:
        print("too_large")
    # Decoders fail in many ways, and for whoever sent the picture all of them are one.
    except Exception:
        print("unreadable")


def redraw(source: Path, target: Path) -> tuple[int, int]:
    """Draw the first frame upright, on white, with no side above 2,000 pixels; raises whatever decoders raise."""
    with Image.open(source, formats=KINDS) as opened:
        if too_detailed(*opened.size, jpeg=isinstance(opened, JpegImageFile)):
            raise Image.DecompressionBombError("too many pixels")
        # Of a JPEG, decodes no more than will be shown.
        opened.draft(None, _shown(*opened.size))
        opened.load()
        picture = _upright_and_small(opened)
    # Onto a new sheet, because a picture takes comments and profiles along from where it was read.
    sheet = Image.new("RGB", picture.size, "white")
    sheet.paste(picture, mask=picture.getchannel("A"))
    sheet.save(target, "JPEG", quality=QUALITY)
    return sheet.size


def _shown(width: int, height: int) -> tuple[int, int]:
    most = max(width, height, LONGEST_SIDE)
    return max(1, width * LONGEST_SIDE // most), max(1, height * LONGEST_SIDE // most)


def _upright_and_small(opened: Image.Image) -> Image.Image:
    picture = opened
    if opened.mode.startswith("I"):
        # Sixteen bits of grey would be cut off above 255 and not scaled.
        picture = opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif opened.mode in UNMIXABLE:
        picture = opened.convert("RGBA")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # Cameras and editors leave broken metadata behind; the picture is good all the same.
    with suppress(Exception):
        picture = ImageOps.exif_transpose(picture)
    return picture.convert("RGBA")


def _confine() -> None:
    """Give up what drawing does not need, should a decoder have been taken over or never end."""
    os.nice(19)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (COMPUTING_SECONDS, COMPUTING_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * LARGEST_UPLOAD, 2 * LARGEST_UPLOAD))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
