"""Words that say yes to what the customer asked: polite after a question, a promise after a request."""

import re

_ASSENTS = {
    "en": r"(?<!be )(?<!make )sure(?: thing)?|of course|no problem|absolutely|alright|all right|okay",
    "de": r"selbstverständlich|natürlich|gerne?|kein problem|alles klar|in ordnung|okay",
}
ASSENTS = {language: re.compile(rf"(?<![\w-])(?:{forms})(?!\w)", re.IGNORECASE) for language, forms in _ASSENTS.items()}
# "Where is my parcel?" asks for nothing but an answer.
_ASKS = re.compile(
    r"\W*(?:(?:hi|hello|hey|hallo|guten (?:tag|morgen|abend))(?: there)?\W+)?(?:where|when|what|which|how|who|status"
    r"|track(?:ing)?|any (?:news|updates?)|wo|wann|was|welche[rsn]?|wie|gibt es)\b",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"\b(?:can|could|will|would|shall|should|may|please|pls|want|need|must|like|make|sure|refund(?:ed)?|money|cancel"
    r"|return|change|replace|send|give|get|let|before|today|tomorrow|in time|confirm|promise|guarantee|if|and|so|but"
    r"|bitte|kann|können|könn?t\w*|wird|werde\w*|würd\w*|soll\w*|möcht\w*|muss|brauch\w*|stornier\w*|erstatt\w*|geld"
    r"|ändern?|schick\w*|sorg\w*|mach\w*|zurück\w*|umtausch\w*|heute|morgen|rechtzeitig|garantier\w*|und|aber|wenn)\b",
    re.IGNORECASE,
)
# So much of a message is read; a longer one may ask for anything.
LONGEST = 1_000


def bounded(asked: str) -> str:
    """Give the beginning of a message, with its blanks made single."""
    return " ".join(asked[: 4 * LONGEST].split())[:LONGEST]


def wants_something(asked: str) -> bool:
    """Whether a message may ask for more than an answer: a yes to it would be a promise."""
    short = bounded(asked)
    if not short:
        return False
    return len(short) >= LONGEST or len(asked) > LONGEST or not _ASKS.match(short) or bool(_WANTS.search(short))
