"""Messages inside a message: what encoded parts of a text say once they are decoded."""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote

from policies.look_alikes import TELLING, WORD

LONGEST = 4_000
MOST = 8
BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{16,4000}={0,2}(?![A-Za-z0-9+/=])")
HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:[ ,:]{0,2}(?:0x|\\x)?[0-9A-Fa-f]{2}){7,1000}(?![0-9A-Za-z])")
BINARY = re.compile(r"(?<![01])[01]{8}(?:[ ,]{0,2}[01]{8}){3,500}(?![01])")
PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){6,1000}")
MORSE = re.compile(r"(?<![.\-\w])[.\-]{1,5}(?:[ /|]{1,3}[.\-]{1,5}){7,1000}(?![.\-\w])")
HEX_DIGITS = re.compile(r"(?:0x|\\x)?([0-9A-Fa-f]{2})")
SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
CODE = dict(zip(re.split(" ", SIGNS), "abcdefghijklmnopqrstuvwxyz", strict=True))
FREQUENT = TELLING | frozenset(
    re.findall(
        r"\w+",
        "what which where when how who are you that this with from have can could would please and for not most give"
        " they does did was were name answer question make write user about into there their",
    )
)


def _turned(word: str, by: int) -> str:
    return "".join(chr((ord(char) - 97 + by) % 26 + 97) for char in word)


TURNED = {_turned(word, by): by for by in range(1, 26) for word in FREQUENT}
TURNED = {word: by for word, by in TURNED.items() if word not in FREQUENT}
MIRRORED = frozenset(word[::-1] for word in FREQUENT if len(word) > 3) - FREQUENT
PIG_ENDING = re.compile(r"(?:qu|str|[cstw]h|[bcdfgpst][rl]|[bcdfghjklmnpqrstvwxyz])ay$")


def decoded(text: str) -> tuple[str, ...]:
    """Give what encoded parts of a text say, at most 8 texts of 4,000 characters; nothing where they say nothing."""
    found = dict.fromkeys(said[:LONGEST] for said in _decoded(text) if _is_language(said))
    return tuple(found)[:MOST]


def _decoded(text: str) -> Iterator[str]:
    for match in BASE64.finditer(text):
        try:
            yield base64.b64decode(match[0].rstrip("=") + "=" * (-len(match[0].rstrip("=")) % 4)).decode()
        except (binascii.Error, ValueError):
            continue
    for match in HEX.finditer(text):
        yield bytes(int(pair, 16) for pair in HEX_DIGITS.findall(match[0])).decode("latin-1")
    for match in BINARY.finditer(text):
        digits = re.sub(r"[ ,]", "", match[0])
        yield "".join(chr(int(digits[at : at + 8], 2)) for at in range(0, len(digits), 8))
    for match in PERCENT.finditer(text):
        yield unquote(match[0])
    for match in MORSE.finditer(text):
        words = (word.split() for word in re.split(r"[/|]", match[0]))
        yield " ".join("".join(CODE.get(sign, "") for sign in word) for word in words)
    yield from _respelt(text[: 2 * LONGEST])


def _respelt(text: str) -> Iterator[str]:
    """Undo alphabets turned by a number of letters, words written backwards, and pig latin."""
    words = WORD.findall(text.casefold())
    turns = Counter(TURNED[word] for word in words if word in TURNED)
    for by, hits in turns.most_common(1):
        if hits >= 2 and hits * 10 >= len(words):
            yield " ".join(_turned(word, -by) for word in words if word.isascii())
    if sum(word in MIRRORED for word in words) >= 2:
        yield text[::-1]
    ended = [word for word in words if len(word) > 3 and word.endswith("ay")]
    if len(ended) >= 3 and len(ended) * 10 >= 6 * len(words):
        yield " ".join(_from_pig_latin(word) for word in words)


def _from_pig_latin(word: str) -> str:
    stem = word.removesuffix("ay")
    turned = [stem[-moved:] + stem[:-moved] for moved in (1, 2, 3)] + [stem.removesuffix("w")]
    known = [each for each in turned if each in FREQUENT]
    ending = PIG_ENDING.search(word)
    if known or not ending:
        return known[0] if known else word
    return word[ending.start() : -2] + word[: ending.start()]


def _is_language(said: str) -> bool:
    """Ids and hashes decode to noise; a hidden sentence is mostly letters."""
    plain = sum(char.isalpha() or char.isspace() for char in said)
    return len(said) >= 6 and said.isprintable() and plain >= 0.8 * len(said)
