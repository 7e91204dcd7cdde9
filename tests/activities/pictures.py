"""Pictures, good and bad, as customers might send them."""

import io
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

from PIL import Image, PngImagePlugin

KINDS = ("JPEG", "PNG", "WEBP")
SECRET = b"47.6062N-122.3321W"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """Draw a picture whose left half is red and whose right half is blue, where its mode has colours."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return written(image.convert(mode), kind, **options)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def located(kind: str) -> bytes:
    """Draw a picture that says in every way its format knows where it was taken, and by whom."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = SECRET.decode()
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", SECRET.decode())
    chunks.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    profile = b"\0" * 36 + b"acsp" + b"\0" * 88 + SECRET
    ways: dict[str, dict[str, Any]] = {
        "JPEG": {"comment": SECRET, "icc_profile": profile, "xmp": SECRET},
        "PNG": {"pnginfo": chunks},
        "WEBP": {"icc_profile": profile, "xmp": SECRET},
    }
    return picture(kind, exif=exif, **ways[kind])


def bomb(width: int, height: int) -> bytes:
    """Write a PNG of one black bit per pixel: kilobytes that unpack to all these pixels."""
    packing = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packing.compress(row) for _ in range(height)) + packing.flush()
    return claiming(width, height, packed)


def claiming(width: int, height: int, packed: bytes = b"") -> bytes:
    """Write a PNG that claims a size, whatever is in it."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (head, packed, b"")))


def blank_webp(width: int, height: int) -> bytes:
    """Write a lossless WebP of one colour: 34 bytes, whatever its size (RFC 9649)."""
    sides = (width - 1) | (height - 1) << 14
    # No transform, no cache, one group of five Huffman codes of one symbol each: every pixel takes no bit at all.
    packed = b"\x2f" + struct.pack("<I", sides) + b"\x88\x88\x08\0\0\0\0\0"
    return (
        b"RIFF"
        + struct.pack("<I", 12 + len(packed) + 1)
        + b"WEBPVP8L"
        + struct.pack("<I", len(packed))
        + packed
        + b"\0"
    )


async def pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
