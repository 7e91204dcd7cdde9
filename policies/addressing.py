"""Find e-mail addresses and bank account numbers (IBAN)."""

import re
from collections.abc import Iterator

from stdnum import iban

LOCAL = r"(?<![\w.+%&~-])[\w.+%&~!#*'-]{1,64}"
TOP = r"(?:xn--[\w-]{2,59}|[^\W\d_]{2,24})"
EMAIL = re.compile(rf"{LOCAL}@(?:[\w-]{{1,63}}\.){{1,12}}{TOP}")
# Providers that people name without the end: "ann@gmail".
UNFINISHED = re.compile(
    rf"{LOCAL}@(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|live|proton(?:mail)?|gmx|web|aol|rediffmail)\b",
    re.IGNORECASE,
)
SPELLED_DOT = r"(?:\s?\.\s?|\s?[\[({]\s?dot\s?[\])}]\s?|\s+dot\s+)"
SPELLED = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}(?:\s?[\[({{]\s?at\s?[\])}}]\s?(?:[\w-]{{1,63}}{SPELLED_DOT}){{1,4}}{TOP}"
    rf"|\s+at\s+(?:[\w-]{{1,63}}\s+dot\s+){{1,4}}[^\W\d_]{{2,10}})\b",
    re.IGNORECASE,
)
HINT = re.compile(r"[\[({]\s?at\s?[\])}]|\sdot\s", re.IGNORECASE)
# Looked for at every place: what only looks like one, such as an order number, must not swallow the one behind it.
IBAN = re.compile(r"(?<![A-Z0-9])(?=([A-Z]{2}\d{2}(?:[ .\-]{0,2}[A-Z0-9]){11,30}))", re.IGNORECASE | re.ASCII)
IBAN_WORD = re.compile(
    r"iban\b[\s:.#=-]{0,4}(?:(?:is|ist|est|es|number|no|nr|my)\b[\s:.#=-]{0,3}){0,3}\Z", re.IGNORECASE
)
TOKEN_END = re.compile(r"[A-Z0-9](?![A-Z0-9])", re.IGNORECASE)
SHORTEST = 15


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of e-mail addresses, spelled out ones too ("ann at example dot com")."""
    if "@" in text:
        yield from (found.span() for found in EMAIL.finditer(text))
        yield from (found.span() for found in UNFINISHED.finditer(text))
    if HINT.search(text):
        yield from (found.span() for found in SPELLED.finditer(text))


def find_ibans(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of account numbers with the right check digits, and of mistyped ones beside the word."""
    for found in IBAN.finditer(text):
        written = found[1]
        ends = [end.end() for end in TOKEN_END.finditer(written) if end.end() >= SHORTEST]
        right = next((end for end in reversed(ends) if iban.is_valid(written[:end].upper(), check_country=False)), None)
        if right is None and IBAN_WORD.search(text[max(0, found.start() - 40) : found.start()]):
            right = _without_words(written)
        if right is not None:
            yield found.start(), found.start() + right


def _without_words(written: str) -> int:
    """Give where a mistyped number ends: before the first piece that is a word, not the letters of a bank."""
    end = 0
    for piece in re.finditer(r"[A-Z0-9]+", written, re.IGNORECASE):
        if len(piece[0]) > 4 and piece[0].isalpha():
            break
        end = piece.end()
    return end


# The library reads its table of countries when it is first asked: now, not while a message waits.
iban.is_valid("GB82WEST12345698765432")
