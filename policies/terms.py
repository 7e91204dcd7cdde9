"""Cut text into the terms an index is searched by: stems of words, and codes kept whole in one canonical form."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

import snowballstemmer  # type: ignore[import-untyped]  # it ships no types

# Vowel signs of Indian scripts and accents written by themselves are marks, which `\w` leaves out.
MARKS = "".join(char for char in map(chr, range(0x300, 0xABFF)) if unicodedata.category(char).startswith("M"))
LETTER = rf"(?:[^\W_]|[{MARKS}])"
# A word, or the pieces of a code with what stands between them.
WORD = re.compile(rf"{LETTER}+(?:[\-‐‑‒–/._]{LETTER}+)*")
PARTED = re.compile(rf"[^\w{MARKS}]+|_+")
LONGEST = 64
STEMMED = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese", "hi": "hindi"}
# So common that they rank nothing, in the languages of the shipped words.
COMMON = """
    a an and are as at be by can could did do does for from had has have how i if in into is it its may me my of on
    or our shall should so than that the their them then there they this to was we were what when where which who will
    with would you your der die das den dem des ein eine einen einem einer und oder ist sind ich mein meine meinen sie
    wir wie was wann wo kann können für mit von zu zum zur im in auf an bei
"""
STOPS = frozenset(COMMON.split())


def terms_of(text: str, language: str = "en") -> tuple[str, ...]:
    """Give the terms of a text in their order: letters, digits and "_" only, so that any engine splits them alike.

    A code stays one term ("SKU-9942-B" is "sku_9942_b"); other words are stemmed; stop words are left out.
    """
    terms: list[str] = []
    for word in _words(text):
        if is_code(word):
            terms.append(_code(word))
        else:
            terms += [_stem(piece, language) for piece in PARTED.split(word) if piece and piece not in STOPS]
    return tuple(term[:LONGEST] for term in terms)


def codes_of(text: str) -> tuple[str, ...]:
    """Give the codes a text names, each once, canonical: article, parcel and policy numbers."""
    return tuple(dict.fromkeys(_code(word)[:LONGEST] for word in _words(text) if is_code(word)))


def is_code(word: str) -> bool:
    """Whether a word is a code: a digit and a letter in one word ("9942-B", "RET-07"), or eight digits and more."""
    digits = sum(char.isdigit() for char in word)
    letters = sum(char.isalpha() for char in word)
    if not digits:
        return False
    if not letters:
        return digits >= 8 and word.isdigit()
    # "30-day", "2nd" and "14h" are words about numbers.
    return digits >= 2 and not re.fullmatch(r"\d+[\-‐‑‒–/]?[^\W\d_]{2,}", word) and len(word) >= 4


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _code(word: str) -> str:
    return PARTED.sub("_", word)


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    name = STEMMED.get(language.split("-")[0])
    return str(_stemmer(name).stemWord(word)) if name else word


@lru_cache(maxsize=8)
def _stemmer(name: str) -> Any:
    return snowballstemmer.stemmer(name)
