"""What an answer from policy says was done or is so: a policy tells what holds for everybody, never what happened."""

import re
from collections.abc import Iterator, Sequence

from policies.claim_words import content_of
from policies.courtesy import without_courtesy
from policies.quantities import EVEN
from policies.status_words import LANGUAGES

_CUT = re.compile(
    r"([,;:()]\s|\s[-–—]\s|\b(?:and|but|so|because|since|(?<!long )(?<!soon )(?<!far )(?<!ly )as(?! (?:long|soon|a|an)"
    r"\b)|und|aber|weil|da|denn|also|daher|deshalb)\b)",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|when|once|unless|until|till|whether|whenever|as long as|as soon as|before|after|provided|in case|where"
    r"|who|which|day|date|moment|tag|that|what|how|wenn|falls|sobald|nachdem|bevor|bis|ob|sofern|solange|sollten?)\b",
    re.IGNORECASE,
)
_DONE = (
    r"(?:(?!(?:need|exceed|feed|proceed|succeed|speed)\b)\w{2,20}ed|sent|paid|made|gave|given|took|taken|got|begun|began"
    r"|put|told|found|been|gone|done)\b"
)
_OFTEN = r"(?:(?:just|already|also|now|not|never|since|all|both|still|recently) )*"
_THING = (
    r"(?:item|order|parcel|package|refund|return|money|payment|label|request|account|product|purchase"
    r"|membership)s?"
)
_STATE = (
    r"(?:unused|unopened|unworn|undamaged|new|original|complete|still|already|now|within|in its|damaged|faulty"
    r"|defective|eligible|on (?:its|the) way|here|there|ready|approved|accepted|cancell?ed|open|gold|silver)\b"
)
_TIERS = r"(?:members?|customers?|gold|silver|silber|platinum|platin|premium|vip|\w*mitglied|\w*kund(?:e|in))"
_GERMAN_DONE = (
    r"\b(?-i:(?!gegen|gelten|gesamt|geeign|genüg|gewiss)[a-zäöüß]{0,20}ge[a-zäöüß]{2,20}(?:t|en)|[a-zäöüß]{2,20}iert"
    r"|(?:zurück)?er(?:stattet|halten)|ver[a-zäöüß]{3,20}t|bekommen|bezahlt|begonnen)\b"
)
_HAS_DONE = rf"ha(?:s|ve|d) {_OFTEN}(?:{_DONE}|come|expired)"
# Said of this customer and no other; what a condition stands before is said of everybody it fits.
_EVENTS = {
    "en": (
        rf"\bwe(?:(?:['’]ve| have| had) {_OFTEN}{_DONE}| {_OFTEN}(?!put\b){_DONE}"
        rf"|(?:['’]re| are) {_OFTEN}\w+ing\b|\bsent\b)",
        rf"\A\W*(?:yes|no|then|unfortunately)?\W*you(?:['’]ve| have| had)? {_OFTEN}(?!got\b)(?:{_DONE}|bought)",
        rf"\byour (?:[\w.-]+ ){{1,5}}?(?:{_HAS_DONE}|(?:was|were|went|came|arrived|started|ended)\b)",
        rf"\byour (?:\w+ ){{0,2}}{_THING} (?:is|are) {_OFTEN}{_STATE}",
        rf"\A\W*(?:it|this|they|(?:the|this|that) {_THING})"
        rf"(?: {_HAS_DONE}| (?:was|were|went|came|arrived)\b|['’]s {_DONE})",
        rf"\byou(?:['’]re| are| have been) (?:\w+ ){{0,2}}{_TIERS}\b",
    ),
    "de": (
        rf"\bwir haben\b.{{0,160}}{_GERMAN_DONE}|\bhaben wir\b.{{0,160}}{_GERMAN_DONE}|\bwir wurden?\b",
        rf"\b(?-i:Sie) haben\b.{{0,160}}{_GERMAN_DONE}",
        rf"\bihre?[nrms]? (?:[\w-]+ ){{1,4}}?(?:wurden?\b|war(?:en)?\b|(?:hat|haben)\b.{{0,160}}{_GERMAN_DONE})",
        rf"\bwurden? ihre?[nrms]? \w+|\b(?:hat|haben) ihre?[nrms]? \w+.{{0,160}}{_GERMAN_DONE}",
        r"\bihre?[nrms]? (?:[\w-]+ ){1,3}?(?:ist|sind)\b.{0,160}"
        r"\b(?:angekommen|eingegangen|zugestellt|geliefert|storniert|erstattet|überwiesen|genehmigt|angelegt|eröffnet"
        r"|abgelaufen|angenommen|unterwegs|unbenutzt|ungeöffnet|neu|hier|da|bereits|schon)\b",
        rf"\A\W*(?:er|es|sie|(?:der|die|das) \w+) (?:wurden?\b|war(?:en)?\b|hat\b.{{0,160}}{_GERMAN_DONE})",
        rf"\b(?-i:Sie) sind (?:\w+ ){{0,2}}{_TIERS}\b",
    ),
}  # fmt: skip
EVENTS = {
    language: tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
    for language, patterns in _EVENTS.items()
}
# A condition goes on behind these: "if it was opened and it was used".
ON = frozenset(("and", "or", "because", "und", "oder", "weil", "da"))
# An answer that speaks of itself says what it did or will do; a policy has no "I".
FIRST = {language: re.compile(rf"\b{word}\b(?!\.)", re.IGNORECASE) for language, word in (("en", "i"), ("de", "ich"))}
# Announced without a condition: to this customer.
_THERE = r"(?:arrive|come|reach|be (?:there|here|with you|back))"
COMING = {
    "en": re.compile(rf"\b(?:your (?:[\w.-]+ ){{1,3}}|it |they )will {_THERE}\b", re.IGNORECASE),
    "de": re.compile(
        r"\bihre?[nrms]? (?:[\w-]+ ){1,3}?(?:wird|werden)\b.{0,160}\b(?:ankommen|kommen|eintreffen|da sein)\b",
        re.IGNORECASE,
    ),
}
WE_WILL = {
    "en": re.compile(r"\bwe(?:['’]ll| will| shall| are going to) (?:(?:also|then|now) )*(?P<verb>\w+)", re.IGNORECASE),
    "de": re.compile(r"\b(?:wir werden|(?<=[a-zäöüß] )werden wir)\b.{0,160}?(?P<verb>\w+)\W*\Z", re.IGNORECASE),
}
US = re.compile(r"\b(?:we|us|our|wir|uns|unser\w*|refunds?|erstattung\w*)\b", re.IGNORECASE)
PASSIVE = re.compile(r"\b(?:is|are|be|been|wird|werden) \w+|\bwerden\b", re.IGNORECASE)
RETURN = "return rückgabe"
THEM = re.compile(r"\byou can\b|\bcustomers can\b|\bSie können\b", re.IGNORECASE)


def claimed_actions(sentence: str, sources: Sequence[str], language: str) -> Iterator[str]:
    """Find what a sentence says was done, is coming or is so for this customer, where no source says the same.

    `sources` are the sentences of clauses, and the facts that the backend vouches for. Languages: en and de.
    """
    name = language.split("-")[0].casefold()
    if name not in LANGUAGES:
        return
    plain = without_courtesy(sentence.translate(EVEN), name)
    under, between = False, ""
    for at, piece in enumerate(_CUT.split(plain)):
        if at % 2:
            between = piece.casefold()
            continue
        under = under and between in ON
        happens = not under and any(_happens(piece, pattern) for pattern in (*EVENTS[name], FIRST[name]))
        if happens and not _told(piece, sources, name):
            yield piece.strip()
            return
        under = under or bool(_IF.search(piece))
    if COMING[name].search(plain) and not _IF.search(plain) and not _told(plain, sources, name):
        yield plain.strip()
    elif (coming := WE_WILL[name].search(plain)) and not _ours(coming["verb"], sources, name):
        yield coming[0]


def _happens(piece: str, pattern: re.Pattern[str]) -> bool:
    match = pattern.search(piece)
    return bool(match) and not _IF.search(piece[: match.start()] if match else "")


def _told(piece: str, sources: Sequence[str], language: str) -> bool:
    """Whether one source has all the words of a piece, and says of what happened as much as it does."""
    words = frozenset(content_of(piece, language))
    patterns = (*EVENTS[language], COMING[language])
    return any(
        words <= frozenset(content_of(source, language)) and any(pattern.search(source) for pattern in patterns)
        for source in sources
    )


def _ours(verb: str, sources: Sequence[str], language: str) -> bool:
    """Whether a source says that we do what a verb says, or that it is done; to return something is the customer's."""
    words = frozenset(content_of(verb, language))
    return any(
        words <= frozenset(content_of(source, language))
        and not THEM.search(source)
        and (US.search(source) or (PASSIVE.search(source) and not words & frozenset(content_of(RETURN, language))))
        for source in sources
    )
