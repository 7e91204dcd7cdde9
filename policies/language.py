"""The language a message is written in: by its script, by telling words, and by a model of letter sequences."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from policies.language_words import HINDI, HINDI_TOO, TELLING
from policies.slots import mask

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

LATIN = ("en", "de", "fr", "es", "pt", "it", "nl")
# By the first word of a letter's Unicode name. Scripts of several languages stand for the one most customers speak.
SCRIPTS = {
    "DEVANAGARI": "hi", "ARABIC": "ar", "CYRILLIC": "ru", "GREEK": "el", "HEBREW": "he", "THAI": "th", "HANGUL": "ko",
    "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "GUJARATI": "gu",
    "KANNADA": "kn", "MALAYALAM": "ml", "GURMUKHI": "pa", "ARMENIAN": "hy", "GEORGIAN": "ka",
}  # fmt: skip
NOT_WORDS = re.compile(r"\[\w{1,20}\]|https?://\S{1,200}|\S{0,64}@\S{1,64}")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Log-likelihood: what one telling word weighs, and how far ahead a language has to be to be believed.
WORD_WEIGHS = 4.0
LIKELY_WEIGHS = 3.0
SURE = 4.0
LONGEST = 2_000


def language(text: str, likely: Sequence[str] = ()) -> str:
    """Name the language (ISO 639-1), "" where it cannot be told: codes, emoji, a word or two that could be any.

    `likely`: the languages to expect, most likely first, such as the one spoken so far; they tip a close call.
    """
    plain = NOT_WORDS.sub(" ", mask(text[:LONGEST]))
    written = _script(plain)
    if written != "latin":
        return written
    words = [word.casefold() for word in WORD.findall(plain)]
    if _is_hindi(words):
        return "hi"
    told = _told(words) or _by_letters(plain, words, [each for each in likely if each in LATIN])
    return told or ("hi" if words and tuple(likely[:1]) == ("hi",) else "")


def preload() -> None:
    """Read the model once (about a second, 90 MB), so that no message waits for it."""
    _identifier()


def _script(text: str) -> str:
    """The language of the script most letters are in; "latin", and "" where there is no letter."""
    counts = Counter(_script_of(char) for char in islice(filter(str.isalpha, text), 400))
    if not counts:
        return ""
    if counts["ja"]:
        return "ja"
    return counts.most_common(1)[0][0]


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str:
    name = unicodedata.name(char, "").partition(" ")[0]
    return "latin" if name == "LATIN" else SCRIPTS.get(name, "")


def _is_hindi(words: Sequence[str]) -> bool:
    """Whether Latin letters spell Hindi: few English words hide in it, many Hindi sentences have English nouns."""
    sure, maybe = sum(word in HINDI for word in words), sum(word in HINDI_TOO for word in words)
    return sure >= 1 and (sure + maybe) * 5 >= len(words)


def _told(words: Sequence[str]) -> str:
    """The language of a greeting: every word tells one, and it is the same."""
    common = set.intersection(*(set(TELLING.get(word, ())) for word in words)) if 0 < len(words) <= 3 else set()
    return common.pop() if len(common) == 1 else ""


def _by_letters(text: str, words: Sequence[str], likely: Sequence[str]) -> str:
    scores = dict(_identifier().rank(text.casefold()))
    for word in words[:60]:
        for each in TELLING.get(word, ()):
            scores[each] += WORD_WEIGHS
    for rank, each in enumerate(likely):
        scores[each] += LIKELY_WEIGHS / (rank + 1)
    (best, most), (_, next_most) = sorted(scores.items(), key=lambda scored: scored[1], reverse=True)[:2]
    return best if most - next_most >= SURE or (best in tuple(likely[:1]) and most - next_most >= 1) else ""


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    # Imported late: workflows import what reads messages, and need none of it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(LATIN))
    return identifier
