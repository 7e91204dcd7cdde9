"""Text as a person sees it: without the characters that are not seen."""

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

# Every kind of blank but the tab and the line break.
ODD_SPACE = re.compile(
    "[\x0b-\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
)
# The categories Cc, Cf, Cs and Co as ranges: a class is searched many times faster than asking for each character.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\uf8ff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\U000f0000-\U000ffffd"
    "\U00100000-\U0010fffd]"
)
# Fillers, variation selectors and the keycap: an emoji needs them, a number can be hidden with them.
FILLER = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u20e3\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# What may be an odd way to write a digit, a letter, a dash or the signs of an e-mail address.
DISGUISED = re.compile(
    "(?![\x00-\x7f])[\\d\xb2\xb3\xb9\u2010-\u2015\u2043\u2070-\u2099\u2212\u2460-\u249b\u24b6-\u24e9\u24ea\u24f5-\u24fd"
    "\u2776-\u277e\u3002\ufe52-\ufe6b\uff01-\uff5e\uff61\U0001d400-\U0001d7ff]"
)
DASHES = "‐‑‒–—―⁃−﹘﹣－"
STOPS = "。｡"


class Offsets:
    """Where each character of a thinned text stood before; linear in what was dropped, not in the text."""

    def __init__(self, dropped: list[int]) -> None:
        """Take the positions that were dropped, ascending."""
        self._kept = [position - count for count, position in enumerate(dropped)]

    def before(self, start: int, end: int) -> tuple[int, int]:
        """Give the span that a non-empty span of the thinned text had."""
        return self._at(start), self._at(end - 1) + 1

    def _at(self, position: int) -> int:
        return position + bisect_right(self._kept, position)


def readable(text: str) -> str:
    """Drop control, zero-width, direction and private characters; odd spaces become plain ones, line breaks stay."""
    return UNSEEN.sub("", ODD_SPACE.sub(" ", text))


def thin(text: str) -> tuple[str, Offsets]:
    """Make a text readable, and keep where its characters stood."""
    return _without(UNSEEN, ODD_SPACE.sub(" ", text))


def undisguise(text: str) -> tuple[str, Offsets]:
    """Write digits, letters and dashes of any script or width in ASCII and drop fillers: to search in, not to show."""
    if text.isascii():
        return text, Offsets([])
    bare, offsets = _without(FILLER, text)
    return DISGUISED.sub(_plain, bare), offsets


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, Offsets]:
    """Drop single characters and remember which."""
    dropped = [found.start() for found in pattern.finditer(text)]
    return (pattern.sub("", text) if dropped else text), Offsets(dropped)


def _plain(found: re.Match[str]) -> str:
    return _plain_character(found[0])


@lru_cache(maxsize=2048)
def _plain_character(char: str) -> str:
    """Give one ASCII character where there is exactly one, so that positions stay."""
    if char in DASHES:
        return "-"
    if char in STOPS:
        return "."
    digit = unicodedata.digit(char, None)
    plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and plain.isascii() else char
