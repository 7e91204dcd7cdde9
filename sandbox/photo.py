"""The delivery photo: a small drawn picture of a parcel at a door, so that the repository ships no image."""

import struct
import zlib
from functools import cache

WIDTH, HEIGHT = 96, 64
WALL, DOOR, FLOOR, PARCEL, TAPE = (214, 205, 190), (92, 64, 51), (120, 120, 120), (193, 154, 107), (230, 200, 140)


@cache
def draw_photo() -> bytes:
    """Return a valid 96 x 64 RGB PNG."""
    rows = b"".join(b"\x00" + bytes(c for x in range(WIDTH) for c in _colour(x, y)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _colour(x: int, y: int) -> tuple[int, int, int]:
    if 20 <= x < 48 and 36 <= y < 58:
        return TAPE if 32 <= x < 36 else PARCEL
    if y >= 54:
        return FLOOR
    return DOOR if 52 <= x < 80 and y >= 8 else WALL


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
