"""Which words of a sentence are denied, which affirmed, and what is limited by "only" or "unless"."""

import re
from collections.abc import Iterator

from policies.claim_words import CARRIER, EARLIER, EVEN_IF, LATER, LIMIT, LIMITED, NOT, PAYER, SHOP, content_of, plain
from policies.frozen import Fact
from policies.quantities import without_numbers
from policies.terms import WORD

# What holds only for some is denied for the rest.
ONLY = re.compile(r"\b(?:only|nur|lediglich)\b", re.IGNORECASE)
CUT = re.compile(
    rf"[;:()|.!?]\s|\s[-–—]\s|\b(?:but|if|when|because|until|aber|sondern|wenn|falls|weil)\b|{LIMIT.pattern}",
    re.IGNORECASE,
)
# A comma or "and" parts two statements where a verb stands on both sides; else it parts the members of a list.
JOINT = re.compile(r"(,\s|\b(?:and|und)\b)", re.IGNORECASE)
VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|can|may|must|will|shall|do|does|did|get|gets|takes?|comes?|came"
    r"|arrived?|you|we|it|they"
    r"|tell|put|send|return|keep|ist|sind|war|wird|werden|kann|können|muss|müssen|darf|dürfen|hat|haben|sie|wir|es|er"
    r"|du|ihr|kostet"
    r"|bieten|nehmen|gilt|gelten)\b",
    re.IGNORECASE,
)
WITHOUT = re.compile(
    r"\b(?:without|ohne|(?:has|have|had|with) no)(?: (?:an?|any|further|eine?n?|weitere))? \w+", re.IGNORECASE
)
PHRASE_END = re.compile(r"[,;:()|.!?](?:\s|\Z)|\s[-–—]\s")
LIMITS_SHARE = 0.3


class Polarity(Fact):
    """Content stems of a sentence, as said and as denied; one may be both."""

    affirmed: frozenset[str]
    denied: frozenset[str]

    @property
    def words(self) -> frozenset[str]:
        return self.affirmed | self.denied


def polarity(text: str, language: str) -> Polarity:
    """Split a sentence into its statements, and see which of them hold a negation."""
    affirmed: set[str] = set()
    denied: set[str] = set()
    text = plain(without_numbers(text))
    some = ONLY.search(text)
    for piece in _statements(text):
        words = content_of(piece, language)
        negative = NOT.search(piece)
        (denied if negative else affirmed).update(words)
        if some:
            (affirmed if negative else denied).update(words)
    return Polarity(affirmed=frozenset(affirmed), denied=frozenset(denied))


def _statements(text: str) -> Iterator[str]:
    yield from (match[0] for match in WITHOUT.finditer(text))
    for piece in filter(None, CUT.split(WITHOUT.sub(" ", text))):
        first, *rest = JOINT.split(piece)
        for joint, more in zip(rest[::2], rest[1::2], strict=True):
            if NOT.match(more.strip()) or (VERB.search(first) and VERB.search(more)):
                yield first
                first = more
            else:
                first += joint + more
        yield first


def clashes(one: Polarity, other: Polarity) -> frozenset[str]:
    """Give the stems that one side only affirms and the other only denies."""
    return ((one.affirmed - one.denied) & (other.denied - other.affirmed)) | (
        (other.affirmed - other.denied) & (one.denied - one.affirmed)
    )


def loses_limit(answer: str, clause: str, language: str) -> bool:
    """Whether a sentence of a clause is limited and an answer neither limits itself nor names the limit's words."""
    text = plain(clause)
    limit = LIMIT.search(text)
    if not limit or LIMITED.search(answer):
        return False
    if ONLY.fullmatch(limit[0]):
        return True
    named = set(content_of(_phrase(text, limit.end()), language))
    return len(named & set(content_of(answer, language))) <= LIMITS_SHARE * len(named)


def adds_limit(answer: str, clause: str, language: str) -> bool:
    """Whether an answer limits or widens what its clauses do not, or by words that they do not have."""
    if EVEN_IF.search(answer) and not EVEN_IF.search(clause):
        return True
    limit = LIMIT.search(answer)
    if not limit:
        return False
    named = set(content_of(_phrase(answer, limit.end()), language))
    foreign = bool(named) and not named & set(content_of(clause, language))
    return foreign or not (LIMITED.search(clause) or NOT.search(clause))


def turned(answer: str, clause: str, language: str) -> frozenset[str]:
    """Give the stems that one side puts "before" or "until" and the other only "after"."""
    mine = [_following(pattern, answer, language) for pattern in (EARLIER, LATER)]
    theirs = [_following(pattern, clause, language) for pattern in (EARLIER, LATER)]
    return frozenset((mine[0] & theirs[1]) - theirs[0] | (mine[1] & theirs[0]) - theirs[1])


def opposites(answer: str, clause: str) -> frozenset[str]:
    """Give the words one side has with "un" before them and the other only without: "used" for "unused"."""
    if NOT.search(answer) or NOT.search(clause):
        return frozenset()
    mine, theirs = (frozenset(WORD.findall(text.casefold())) for text in (answer, clause))
    plainer = {word for word in mine - theirs if f"un{word}" in theirs}
    return frozenset(plainer | {word for word in mine - theirs if word.startswith("un") and word[2:] in theirs})


def other_payer(answer: str, clause: str) -> bool:
    """Whether an answer lets somebody else pay: "we pay" for "you pay", "paid by the receiver"."""
    mine, theirs = _payers(answer), _payers(clause)
    return bool(mine and theirs) and not mine & theirs


def _payers(text: str) -> frozenset[str]:
    names = [(match["before"] or match["after"]).casefold() for match in PAYER.finditer(text)]
    return frozenset("shop" if name in SHOP else name if name in CARRIER else "customer" for name in names)


def _following(pattern: re.Pattern[str], text: str, language: str) -> frozenset[str]:
    found: set[str] = set()
    for match in pattern.finditer(text):
        found.update(content_of(_phrase(text, match.end()), language)[:2])
    return frozenset(found)


def _phrase(text: str, start: int) -> str:
    return PHRASE_END.split(text[start:], maxsplit=1)[0]
