"""What a reply says where it claims nothing else: what may, must or will be, and where something is."""

import re

_FAMILIES = {
    "en": {
        "will": r"will|shall|going to|won['’]t|['’]ll",
        "can": r"can(?:not)?|can['’]t|could|may|might|able to",
        "should": r"should|would|ought",
        "must": r"must|needs?|ha(?:s|ve) to",
        "come": r"com(?:e|es|ing)",
        "get": r"gets?|getting",
    },
    "de": {
        "will": r"wird|werden?|würden?",
        "can": r"kann|können|könnten?|darf|dürfen",
        "should": r"soll(?:te|ten|en)?",
        "must": r"muss|müssen|müssten?|brauch(?:t|en)",
        "come": r"komm(?:t|en)|käme",
        "get": r"bekomm(?:t|en)",
    },
}
FAMILIES = {
    language: tuple((name, re.compile(rf"(?<!\w)(?:{forms})(?!\w)", re.IGNORECASE)) for name, forms in families.items())
    for language, families in _FAMILIES.items()
}
ANY = {
    language: re.compile(rf"(?<!\w)(?:{'|'.join(families.values())})(?!\w)", re.IGNORECASE)
    for language, families in _FAMILIES.items()
}


# Where something is, or who has it, where the word itself is in every other reply.
PLACE = re.compile(
    r"\b(?P<at>in|at|with|near|by|on|im|bei|beim|auf)"
    r"(?: (?:the|your|our|my|a|an|dem|der|den|ihrem|ihrer|unserem|unserer))?"
    r" (?P<place>shop|carrier|you|us|me|zustelldienst|paketdienst|ihnen|uns|mir|team)\b",
    re.IGNORECASE,
)


def places_of(text: str) -> frozenset[tuple[str, str]]:
    """Give where a text says that something is: ("at", "shop")."""
    return frozenset((match["at"].casefold(), match["place"].casefold()) for match in PLACE.finditer(text))


def modals_of(text: str, language: str) -> frozenset[str]:
    """Give the kinds of modal verbs of a text."""
    return frozenset(name for name, pattern in FAMILIES[language] if pattern.search(text))
