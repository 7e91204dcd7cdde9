"""Read what a sentence of a reply claims, clause by clause: of which order, what happened, which numbers and codes."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar

from policies.actors import REACH, actors_of
from policies.claim_values import BLANK, Code, Span, Value, blanked, codes_in, values_in
from policies.claim_words import NOT
from policies.courtesy import NEUTRAL, without_courtesy
from policies.modals import ANY
from policies.quantities import COUNT, EVEN
from policies.status_words import MODELESS, SEEN, Mention, Mode, cue_of, mentions, present

LINK = re.compile(r"https?://[^\s)>\]]+|www\.[^\s)>\]]+|[^\s@(<]{1,64}@[^\s@]{1,253}", re.IGNORECASE)
LINK_END = ".,;:!?)"
RELATIVE = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight|soon|shortly|immediately|instantly|right away|straight away|momentarily"
    r"|(?:this|next|last) (?:week|month|year|morning|afternoon|evening)|heute|morgen|gestern|übermorgen|bald|demnächst"
    r"|sofort|umgehend|gleich|in kürze|(?:nächste|diese|kommende|letzte)[rn]? (?:woche|monat|jahr))\b",
    re.IGNORECASE,
)
CUT = re.compile(
    r"[;:](?=\s)|,(?=\s)(?!\s(?:den |the )?\0)|\s[-–—]\s|\n|\b(?:and|but|(?<!das )(?<!es )so|because"
    r"|while|whereas|although|though|as soon as"
    r"|once(?= (?:it|they|the|this|that|your?|we|i|a)\b)|if|when|(?:until|before)(?= (?:you|it)\b)|whether"
    r"|which|who|unless|und|aber|sondern|sobald|wenn|falls|weil|ob|während|obwohl|dass"
    r"|bis(?= (?:sie|es|der|das)\b))\b",
    re.IGNORECASE,
)
DENIED = re.compile(rf"{NOT.pattern}|n['’]t\b|\bno longer\b", re.IGNORECASE)
YES_OR_NO = re.compile(r"\W*(yes|no|ja|nein)\b\s*[,.!:–-]", re.IGNORECASE)
OR = re.compile(r"\W*(?:or|nor|oder|noch)\b", re.IGNORECASE)
EITHER_BEFORE = re.compile(r"\b(?:or|oder)(?: \w+){0,2} \Z", re.IGNORECASE)
EITHER_AFTER = re.compile(r" (?:or|oder)\b", re.IGNORECASE)
# What makes a clause one of its own, so that it does not go on in the mode of the one before it.
OWN_VERB = {
    "en": re.compile(
        r"^\W*\w+ you\b|\b(?:i|we|it|they|is|are|was|were|ha[sd]|have|does|did|will|can|may|gets?)\b"
        r"|['’](?:s|re|ve|ll|m)\b",
        re.I,
    ),
    "de": re.compile(
        r"\b(?:ich|wir|sie|es|er|ist|sind|war(?:en)?|ha(?:t|be|ben)|wurden?|wird|werden|kann|können)\b", re.I
    ),
}
ASIDE = re.compile(r"\(([^()]{1,400})\)")
# "The date is 24 November": the value itself is what is said.
IS_VALUE = re.compile(rf"\b(?:is|was|ist|war|of|von)(?: (?:on|am|der|the|for|den))? ?{BLANK}", re.IGNORECASE)
LETTERS = re.compile(r"[^\W\d_]+")
Place = TypeVar("Place", Span, Mention)


class Claim(NamedTuple):
    topic: str
    mode: str
    denied: bool


class Clause(NamedTuple):
    """A part of a sentence with at most one kind of statement. `aside` are the words it has in parentheses.

    `denied` counts its negations: two are neither yes nor no. `conditional` where an "if" stands in the sentence, or
    in its half before or after a semicolon.
    """

    text: str
    claims: frozenset[Claim]
    topics: frozenset[str]
    values: tuple[Value, ...]
    codes: tuple[Code, ...]
    words: frozenset[str]
    aside: frozenset[str]
    denied: int
    conditional: bool
    actors: frozenset[str]

    @property
    def about(self) -> frozenset[str]:
        """What it speaks of, apart from orders and parcels."""
        return self.words | self.topics

    @property
    def seen(self) -> bool:
        return bool(SEEN.search(self.text))


class Said(NamedTuple):
    """A sentence read: `plain` is the text without its courtesies."""

    plain: str
    clauses: tuple[Clause, ...]
    links: tuple[str, ...]
    relative: frozenset[str]

    @property
    def yes_or_no(self) -> str:
        """The yes or no it begins with."""
        match = YES_OR_NO.match(self.plain)
        return match[1].casefold() if match else ""

    @property
    def asks(self) -> bool:
        return self.plain.rstrip(" \n\"'”)").endswith("?")

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(code for clause in self.clauses for code in clause.codes)


def read(sentence: str, language: str) -> Said:
    """Read one sentence or line of a reply."""
    plain = without_courtesy(sentence.translate(EVEN), language)
    links = tuple(match[0].rstrip(LINK_END).casefold() for match in LINK.finditer(plain))
    # "No, the period ended": a yes or no answers, it denies nothing of its sentence.
    yes_or_no = YES_OR_NO.match(plain)
    text = BLANK * yes_or_no.end() + plain[yes_or_no.end() :] if yes_or_no else plain
    text = LINK.sub(lambda match: BLANK * len(match[0]), text)
    relative = frozenset(match[0].casefold() for match in RELATIVE.finditer(text))
    # A code that a word names comes first: "ending 4242:" would be read as an amount after "$50.00".
    codes = list(codes_in(text, plain, named=True))
    text = blanked(text, codes)
    spans = list(values_in(text))
    text = blanked(text, [span for span in spans if span.value and span.value.unit != COUNT])
    codes += codes_in(text, plain, named=False)
    hidden = blanked(text, codes)
    found = [each for each in mentions(hidden, language) if BLANK not in hidden[each.start : each.end]]
    whole = _Whole(hidden, language, found)
    groups = _groups(whole, [span for span in codes if span.code and span.code.label == "order"])
    hiding = {at for code in codes for at in range(code.start, code.end)}
    placed = sorted([*(span for span in spans if span.start not in hiding), *codes], key=attrgetter("start"))
    clauses, before = [], None
    for start, end in groups:
        before = _clause(whole, start, end, _between(placed, start, end), before)
        clauses.append(before)
    halves = [hidden.count(";", 0, start + 1) for start, _ in groups]
    return Said(plain, tuple(_under_conditions(clauses, halves)), links, relative)


class _Whole:
    """A sentence whose numbers and codes are hidden, with what all its clauses are read by."""

    def __init__(self, hidden: str, language: str, found: Sequence[Mention]) -> None:
        self.hidden = hidden
        self.language = language
        self.found = found
        seen = SEEN.search(hidden)
        self.seen_from = seen.end() if seen else len(hidden) + 1
        money = (each.end for each in found if each.topic in ("repay", "approved"))
        self.money_from = min(money, default=len(hidden) + 1)


def _between(places: Sequence[Place], start: int, end: int) -> Sequence[Place]:
    """Give those of sorted places that begin in a part of a sentence."""
    first, last = (bisect_left(places, at, key=attrgetter("start")) for at in (start, end))
    return places[first:last]


def _under_conditions(clauses: Sequence[Clause], halves: Sequence[int]) -> Iterator[Clause]:
    under = {
        at for at, clause in zip(halves, clauses, strict=True) if any(claim.mode == "if" for claim in clause.claims)
    }
    for at, clause in zip(halves, clauses, strict=True):
        yield clause._replace(conditional=at in under)


def _clause(whole: _Whole, start: int, end: int, kept: Sequence[Span], before: Clause | None) -> Clause:
    text, language = whole.hidden[start:end], whole.language
    inside = _between(whole.found, start, end)
    claims = [each for each in inside if each.claims]
    goes_on = before is not None and not OWN_VERB[language].search(text)
    denied = len(DENIED.findall(text))
    if goes_on and before is not None and OR.match(text):
        denied = denied or before.denied
    cue = cue_of(text, language) if claims else None
    said = frozenset(
        _claim(each, whole, text, start, cue, bool(denied), before if goes_on else None) for each in claims
    )
    rest = "".join(
        text[left - start : right - start] + " "
        for left, right in zip(
            [start, *(each.end for each in inside)], [*(each.start for each in inside), end], strict=True
        )
    )
    aside = frozenset(word for match in ASIDE.finditer(rest) for word in _words(match[1], language))
    return Clause(
        text=text,
        claims=said,
        topics=frozenset(each.topic for each in inside),
        values=tuple(span.value for span in kept if span.value),
        codes=tuple(span.code for span in kept if span.code),
        words=frozenset(_words(rest, language)),
        aside=aside,
        denied=denied,
        conditional=False,
        actors=actors_of(text, [(each.start - start, each.end - start) for each in claims]),
    )


def _claim(
    each: Mention, whole: _Whole, text: str, start: int, cue: Mode | None, denied: bool, before: Clause | None
) -> Claim:
    at = each.start - start
    topic = "money_on_its_way" if each.topic == "transit" and whole.money_from <= each.start else each.topic
    if whole.seen_from <= each.start:
        return Claim(topic, "seen", denied)
    if EITHER_BEFORE.search(text[max(0, at - REACH) : at]) or EITHER_AFTER.match(whole.hidden, each.end):
        return Claim(topic, "either", denied)
    cue = cue or present(text, whole.hidden[each.start : each.end], whole.language)
    mode = each.mode if each.mode and cue not in ("if", "open") else cue
    if mode is None and before and before.claims:
        mode = min(before.claims).mode
    if topic in MODELESS and mode not in ("if", "open"):
        mode = "done"
    return Claim(topic, mode or "done", denied)


def _groups(whole: _Whole, orders: Sequence[Span]) -> list[tuple[int, int]]:
    """Cut a sentence so that each part claims something; what claims nothing joins the part it belongs to.

    "It should come" claims nothing that can be compared, and belongs to no other part.
    """
    hidden = whole.hidden
    outside = ASIDE.sub(lambda match: BLANK * len(match[0]), hidden)
    claims = [each for each in whole.found if each.claims]
    cuts = [0, *(match.start() for match in CUT.finditer(outside) if match.start()), len(hidden)]
    groups: list[tuple[int, int]] = []
    pending: int | None = None
    for start, end in pairwise(cuts):
        if _between(claims, start, end):
            groups.append((start if pending is None else pending, end))
            pending = None
        elif ANY[whole.language].search(outside, start, end):
            groups += [(start, end)] if pending is None else [(pending, start), (start, end)]
            pending = None
        elif pending is None and groups and hidden[start] == ";":
            groups.append((start, end))
        elif pending is None and groups and not _between(orders, start, end):
            groups[-1] = (groups[-1][0], end)
        elif pending is None:
            pending = start
    if pending is not None and groups:
        groups[-1] = (groups[-1][0], len(hidden))
    return groups or [(0, len(hidden))]


def _words(text: str, language: str) -> Iterator[str]:
    """Give the words that are neither a number, a code nor only there to hold the sentence together."""
    for word in LETTERS.findall(RELATIVE.sub(" ", text)):
        if (plain := word.casefold()) not in NEUTRAL[language]:
            yield plain
