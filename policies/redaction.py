"""Take personal data out of a message before anything stores it; numbers of the shop stay."""

import re
from collections.abc import Callable, Iterator, Sequence

from policies import cards, national_ids
from policies.addressing import find_emails, find_ibans
from policies.facts import PersonalDatum, PersonalKind
from policies.frozen import Fact
from policies.number_words import CODE
from policies.phones import Phones, number_of
from policies.placeholders import PLACEHOLDER, Ledger, restore
from policies.unicode import Offsets, thin, undisguise

__all__ = ["Redaction", "Span", "redact", "restore"]

# Without a digit or an "@" there is nothing to find but an address spelled out.
PERHAPS = re.compile(r"[0-9@]|[\[({]\s?at\s?[\])}]|\sdot\s", re.IGNORECASE)
BLANK = "\x00"

Found = tuple[int, int, PersonalKind]


class Span(Fact):
    """Where something personal stood, in characters of the text as given."""

    kind: PersonalKind
    start: int
    end: int


class Redaction(Fact):
    """A readable text without personal data, and what its placeholders stand for."""

    text: str
    spans: tuple[Span, ...] = ()
    held: tuple[PersonalDatum, ...] = ()


def redact(text: str, held: Sequence[PersonalDatum] = (), region: str | None = None) -> Redaction:
    """Replace personal data by placeholders that are stable within a conversation.

    `held` is what its earlier messages held; `region` (ISO 3166, "DE") is where a telephone number most likely belongs.
    A placeholder that a customer typed becomes a value of its own, so that it never stands for another.
    """
    shown, given = thin(text)
    bare, seen = undisguise(shown)
    if not PERHAPS.search(bare):
        return Redaction(text=shown, held=tuple(held))
    ledger = Ledger(held, lambda kind, value: _normal(kind, value, region))
    literals = [(*found.span(), None) for found in PLACEHOLDER.finditer(shown)]
    ledger.reserve([shown[start:end] for start, end, _ in literals])
    personal = [(*seen.before(start, end), kind) for start, end, kind in _search(bare, region)]
    pieces: list[str] = []
    last = 0
    for start, end, kind in sorted((*literals, *personal)):
        value = shown[start:end]
        pieces += shown[last:start], ledger.placeholder(kind, value) if kind else ledger.literal(value)
        last = end
    spans = tuple(_span(given, start, end, kind) for start, end, kind in sorted(personal))
    return Redaction(text="".join((*pieces, shown[last:])), spans=spans, held=ledger.held)


def _search(text: str, region: str | None) -> list[Found]:
    """Find what is personal, the surest kind first; what is found is blanked, so that no two spans overlap."""
    found: list[Found] = []
    for kept in (PLACEHOLDER, CODE):
        text = _blanked(text, [match.span() for match in kept.finditer(text)])
    searches: tuple[tuple[PersonalKind, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
        (PersonalKind.EMAIL, find_emails),
        (PersonalKind.IBAN, find_ibans),
        (PersonalKind.CARD, cards.find),
        (PersonalKind.NATIONAL_ID, national_ids.find_beside_words),
        (PersonalKind.NATIONAL_ID, national_ids.find_shaped),
        (PersonalKind.PHONE, lambda rest: Phones(rest, region).find()),
    )
    for kind, search in searches:
        spans = list(_apart(search(text)))
        found += ((start, end, kind) for start, end in spans)
        text = _blanked(text, spans)
    return found


def _apart(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sort spans and drop what overlaps one that begins earlier."""
    last = 0
    for start, end in sorted(spans):
        if start >= last:
            yield start, end
            last = end


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    if not spans:
        return text
    pieces: list[str] = []
    last = 0
    for start, end in spans:
        pieces += text[last:start], BLANK * (end - start)
        last = end
    return "".join((*pieces, text[last:]))


def _span(given: Offsets, start: int, end: int, kind: PersonalKind) -> Span:
    first, after = given.before(start, end)
    return Span(kind=kind, start=first, end=after)


def _normal(kind: PersonalKind, value: str, region: str | None) -> str:
    """Give the form in which two spellings of one value are equal."""
    if PLACEHOLDER.fullmatch(value):
        return value
    plain, _ = undisguise(value)
    match kind:
        case PersonalKind.EMAIL:
            return plain.casefold()
        case PersonalKind.PHONE:
            return number_of(plain, region)
        case _:
            return re.sub(r"[\W_]", "", plain).upper()
