"""What a message says to an open question: yes, no, or anything else. Rules over words, never a guess."""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

from policies.facts import Answer
from policies.unicode import readable

LONGEST = 160
DECORATION = "👍👌🙏😊🙂😀😄✅\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


class Part(Enum):
    """What one phrase adds to an answer."""

    AGREE = "agrees by itself"
    HEARD = "agrees only beside an agreement or an instruction"
    REFUSE = "refuses"
    POLITE = "adds nothing"
    DOUBT = "words that look like agreement and often are not"


# "ok" says that the question was heard, "sure" that its answer is yes; only the second moves money by itself.
PHRASES: dict[Part, tuple[str, ...]] = {
    Part.AGREE: (
        "yes|yep|yup|yeah|yess|yesss|aye|sure|certainly|definitely|absolutely|of course|affirmative|agreed|confirmed",
        "i confirm|confirm|i agree|i accept|i do|i want that|that's right|that is right|that's correct|correct|exactly",
        "do it|do that|do so|please do|go ahead|go for it|proceed|please proceed|let's do it|let us do it|make it so",
        "yes i do|yes it is|yes that's fine|yes that is fine|yes that's right|yes you can|you can go ahead|sounds good",
        "kindly do|kindly do so|kindly proceed|kindly confirm|do the needful|kindly do the needful",
        "ja|jawohl|ja klar|ja gerne|ja genau|genau|einverstanden|natürlich|mach das|machen sie das|bitte machen",
        "oui|ouais|d'accord|bien sûr|bien sur|vas-y|allez-y|volontiers|je confirme|je suis d'accord|tout à fait",
        "sí|si|claro|claro que sí|claro que si|por supuesto|adelante|hazlo|hágalo|confirmo|de acuerdo|vale",
        "sim|com certeza|pode fazer|pode ser sim|faça isso|faz isso|concordo|isso mesmo|claro que sim",
        "haan|haan ji|han|han ji|haa|ji haan|ji han|bilkul|kar do|kar dijiye|kar dijiyega|haan kar do",
    ),
    Part.HEARD: (
        "ok|okay|okey|okej|k|alright|all right|fine|good|great|perfect|cool|right|yeah sure|that works|works for me",
        "gut|in ordnung|bien|parfait|bueno|perfecto|tudo bem|está bem|beleza|theek hai|thik hai|accha|acha|ji",
    ),
    Part.REFUSE: (
        "no|nope|nah|no way|never|absolutely not|certainly not|definitely not|of course not|not now|negative|i refuse",
        "please don't|don't do it|don't do that|do not do it|do not do that|please do not",
        "i don't want that|stop|i decline|nein|auf keinen fall|lieber nicht",
        "bitte nicht|non|surtout pas|pas du tout|jamais|nunca|de ninguna manera",
        "não|nao|de jeito nenhum|nahi|nahin|nahi ji|mat karo|bilkul nahi",
    ),
    Part.POLITE: (
        "please|pls|plz|kindly|thanks|thank you|thank you very much|many thanks|thx|ty|cheers|sir|madam|ma'am|mate",
        "bitte|danke|danke schön|vielen dank|merci|s'il vous plaît|s'il vous plait|s'il te plaît|svp|stp",
        "por favor|gracias|muchas gracias|obrigado|obrigada|dhanyavaad|dhanyavad|shukriya",
    ),
    Part.DOUBT: ("yeah yeah|yeah right|oh sure|oh yes|sure sure|ja ja|si claro|sí claro|sure thanks|go",),
}
PARTS = {tuple(phrase.split()): part for part, rows in PHRASES.items() for row in rows for phrase in row.split("|")}
LONGEST_PHRASE = max(map(len, PARTS))

QUOTES = str.maketrans("’‘ʼ`´", "'''''")
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
NOTHING = re.compile(r"[\s.,!;:–—-]*")
HESITATION = re.compile(r"\.\s*\.|[?؟¿]")


def answer(text: str) -> Answer:
    """Judge one message: YES or NO only when every word of it says so."""
    words = _words(text)
    parts = _parts(words) if words else None
    if not parts or Part.DOUBT in parts:
        return Answer.OTHER
    agrees, refuses = Part.AGREE in parts, Part.REFUSE in parts
    if refuses:
        return Answer.OTHER if agrees else Answer.NO
    return Answer.YES if agrees else Answer.OTHER


def answer_all(texts: Iterable[str]) -> Answer:
    """Judge a burst: any no is NO, and it is YES only when all its messages read as one are."""
    burst = tuple(texts)
    if any(answer(text) is Answer.NO for text in burst):
        return Answer.NO
    return answer(" \n".join(burst))


def _words(text: str) -> list[str] | None:
    """The words of a text, or None when it holds anything beside words, plain punctuation and a friendly emoji."""
    if len(text) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", readable(text)).translate(QUOTES).casefold()
    plain = "".join(char for char in plain if char not in DECORATION)
    if HESITATION.search(plain) or not NOTHING.fullmatch(WORD.sub("", plain)):
        return None
    return WORD.findall(plain)


def _parts(words: list[str]) -> list[Part] | None:
    """Read the words as phrases, longest first; None when a word is in no phrase."""
    parts, at = [], 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            part = PARTS.get(tuple(words[at : at + length]))
            if part:
                parts.append(part)
                at += length
                break
        else:
            return None
    return parts
