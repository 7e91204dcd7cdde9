"""Text as a person sees it: without the characters that are not seen."""

import unicodedata

KEPT = "\n\t"
UNSEEN = {"Cc", "Cf", "Cs", "Co"}


def readable(text: str) -> str:
    """Drop control, zero-width, direction and private characters; odd spaces become plain ones, line breaks stay."""
    spaced = (char if char in KEPT else " " if char.isspace() else char for char in text)
    return "".join(char for char in spaced if char in KEPT or unicodedata.category(char) not in UNSEEN)
