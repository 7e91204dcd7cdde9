"""Rewrite a question into what is searched for: its meaning without greetings and numbers, and the codes it names."""

import re
from collections.abc import Iterator

from policies.awbs import awbs
from policies.frozen import Fact
from policies.order_ids import order_ids
from policies.placeholders import PLACEHOLDER
from policies.skus import skus
from policies.slots import mask
from policies.terms import codes_of, terms_of

LONGEST = 2_000
MOST_TERMS = 40
MOST_CODES = 8
WORD = re.compile(r"[^\W\d_]+")
GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|guten (?:tag|morgen|abend)|grüezi|servus|bonjour|salut|bonsoir|hola|buenos días"
    r"|buenas tardes|olá|bom dia|namaste|नमस्ते|hoi|goedendag|ciao|buongiorno)\b[\s,.!:–-]*)+",
    re.IGNORECASE,
)

SPACED = re.compile(r"(?<![\w-])(?:SKU[\s:-]*(\d{3,6})[\s-]?([A-Z])|(\d{3,6})-([A-Z]))(?![\w-])", re.IGNORECASE)

# What customers say, and the word policies have for it; a question is embedded both ways. With the heading's share in
# `activities/embedding.py` it brought recall@5 of paraphrases from .77 to .86, and cost no other kind any.
EVERYDAY = {
    "refund": "cash money reimburse reimbursed reimbursement",
    "exchange": "swap swapping",
    "parcel": "box package packages shipment",
    "item": "stuff thing things unit goods",
    "warranty": "guarantee guaranteed",
    "delivery": "shipping",
    "deliver": "ship",
    "free": "gratis complimentary",
    "faulty": "broke broken died dead defective busted",
    "repaired": "mended fixed",
    "repair": "mend fix",
    "address": "flat apartment",
    "stolen": "stole nicked swiped",
    "lost": "vanished disappeared missing",
    "carrier": "courier driver postman mailman ups fedex dhl usps",
    "damaged": "smashed cracked dented shattered",
    "phone": "mobile cell cellphone",
    "bank": "statement",
}
FORMAL = {word: formal for formal, words in EVERYDAY.items() for word in words.split()}


class Rewritten(Fact):
    """`meanings` are embedded, `terms` and `codes` looked up; `own` are codes of orders and parcels.

    Those are nothing a policy speaks of: looked up like any other, but not missed where no passage holds them.
    """

    meanings: tuple[str, ...]
    terms: tuple[str, ...]
    codes: tuple[str, ...]
    own: frozenset[str] = frozenset()


def rewrite(query: str, language: str) -> Rewritten:
    """Strip greetings, placeholders and order numbers; a query of nothing else has no terms and no meaning."""
    text = GREETING.sub("", " ".join(PLACEHOLDER.sub(" ", query[:LONGEST]).split()))
    terms = terms_of(text, language)
    codes = tuple(dict.fromkeys((*codes_of(text), *_guessed(text))))[:MOST_CODES]
    return Rewritten(
        meanings=tuple(dict.fromkeys(_said(text, language))) if terms else (),
        terms=tuple(dict.fromkeys((*terms, *codes)))[:MOST_TERMS],
        codes=codes,
        own=frozenset(codes_of(" ".join((*order_ids(text), *awbs(text))))),
    )


def _said(text: str, language: str) -> Iterator[str]:
    """Say a question as it is, and in the words of a policy; a code is no part of what it means."""
    plain = mask(text)
    yield plain
    if language.startswith("en"):
        yield WORD.sub(lambda word: FORMAL.get(word[0].casefold(), word[0]), plain)


def _guessed(text: str) -> Iterator[str]:
    """Read articles written with blanks, "sku 9942 b", or without the word, "9942-B"."""
    spaced = (f"SKU-{''.join(match[::2])}-{''.join(match[1::2])}" for match in SPACED.findall(text))
    yield from codes_of(" ".join((*skus(text), *spaced)))
