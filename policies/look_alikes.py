"""Letters that only look like other letters, undone so that a scorer reads what a person sees."""

import re
import unicodedata

CYRILLIC = dict(zip("асеорхуіјѕԁһԛԝьвнкмтАВЕЅІЈКМНОРСТХУ", "aceopxyijsdhqwbbhkmtABESIJKMHOPCTXY", strict=True))
GREEK = dict(zip("αορνικυεητχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aopvikuentxwABEZHIKMNOPTYX", strict=True))
OTHER = dict(zip("ɑɡıɩʟɴʀꜱᴀᴄᴇɪᴋᴍᴏᴘᴛᴜᴠᴡᴢоօսոհƖǃ", "agiilnrsaceikmoptuvwzoounhli", strict=True))
LOOKS_LIKE = str.maketrans(CYRILLIC | GREEK | OTHER)
LEET = str.maketrans("0134578@$!|+", "oieastbasilt")
ASCII_LETTER = re.compile(r"[A-Za-z]")
WORD = re.compile(r"[^\W\d_]+")
LEET_WORD = re.compile(r"(?<![\w@$])[A-Za-z]{0,20}[0134578@$!|+][A-Za-z0134578@$!|+]{1,20}(?![\w@$])")
SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .*_-]{1,3}){4,400}[^\W\d_](?![^\W_])")
APART = re.compile(r"[ .*_-]+")
ACCENTS = re.compile("[̀-ͯ]")
# What an attack is made of; a disguise counts as one where undoing it brings such a word to light.
TELLING = frozenset(
    re.findall(
        r"\w+",
        "ignore disregard forget override bypass reveal repeat print instructions instruction previous prior above"
        " rules system prompt password secret admin developer jailbreak unrestricted refund approve approved without"
        " check all your policy guidelines restrictions tell show the hidden key code mode assistant customer address"
        " email anything",
    )
)
JOINED = re.compile("|".join(sorted(TELLING, key=len, reverse=True)))


def unveil(text: str) -> str:
    """Write out words that hide in look-alike, full-width, spaced-out or l33t letters; other text stays as it is."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        foreign = len(WORD.findall(text)) > 2 * sum(1 for word in WORD.findall(text) if ASCII_LETTER.search(word))
        text = WORD.sub(lambda word: _latin(word[0], foreign), text)
    text = SPACED.sub(lambda run: _joined(run[0]), text)
    return LEET_WORD.sub(lambda word: _spelt(word[0]), text)


def bare(text: str) -> str:
    """Give text for matching: lower case, without the accents of Latin, Greek and Cyrillic letters."""
    if text.isascii():
        return text.casefold()
    apart = ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", apart).casefold()


def _latin(word: str, foreign: bool) -> str:
    """A word of look-alikes alone is a disguise among Latin words, and a real word among Russian or Greek ones."""
    if word.isascii():
        return word
    like = word.translate(LOOKS_LIKE)
    return like if like.isascii() and (not foreign or ASCII_LETTER.search(word)) else word


def _joined(run: str) -> str:
    words = re.split(r" {2,3}", run) if "  " in run else [run]
    joined = [APART.sub("", word) for word in words]
    split = " ".join(JOINED.sub(lambda found: f" {found[0]} ", word.casefold()) for word in joined)
    return " ".join(split.split())


def _spelt(word: str) -> str:
    plain = word.translate(LEET)
    return plain if plain.casefold() in TELLING else word
