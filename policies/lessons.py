"""What a message that was not understood leaves behind: its redacted words, for a person to name what they mean."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from policies.facts import Injection, IntentGuess, Understanding
from policies.frozen import Fact
from policies.redaction import redact
from policies.unicode import readable

LONGEST_LESSON = 2_000
# A number without a country code is looked for as one of each of these.
REGIONS = (None, "US", "GB", "DE", "FR", "ES", "BR", "IN")
# Calibrated confidences: below this a guess is wrong more often than right.
LOW_CONFIDENCE = 0.5


class Lesson(Fact):
    """Words in search of an intent; `text` is redacted and names no customer, conversation or order owner.

    `intent` is None until a person, `labelled_by`, has said it. `guesses` is what we took the words for.
    """

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    tenant: str
    text: str = Field(max_length=LONGEST_LESSON)
    language: str = ""
    guesses: tuple[IntentGuess, ...] = ()
    intent: str | None = None
    why: Literal["unsure", "corrected"]
    labelled_by: str = ""
    at: datetime


def lesson_id(tenant: str, text: str) -> str:
    """Name a lesson by its words, so that the same message is one lesson however often it is noted."""
    plain = " ".join(text.casefold().split())
    return hashlib.sha256(f"{tenant}\n{plain}".encode()).hexdigest()[:32]


def unsure(tenant: str, understood: Understanding, at: datetime) -> Lesson | None:
    """Keep a message that no intent is sure of, or only with low confidence; None for all others.

    Flagged messages are left out: whoever sends a hundred attacks would otherwise push out what customers asked.
    """
    best = max((guess.confidence for guess in understood.intents), default=0.0)
    text = understood.redacted[:LONGEST_LESSON].strip()
    if not text or best >= LOW_CONFIDENCE or understood.injection is not Injection.ALLOW:
        return None
    guesses = (*understood.intents, *understood.unsure)
    return Lesson(
        id=lesson_id(tenant, text),
        tenant=tenant,
        text=text,
        language=understood.language,
        guesses=guesses,
        why="unsure",
        at=at,
    )


def corrected(tenant: str, text: str, guesses: Sequence[IntentGuess], intent: str, by: str, at: datetime) -> Lesson:
    """Make a lesson of a customer's own words that `by` has named the intent of; the text is redacted here."""
    clean = scrubbed(text)[:LONGEST_LESSON].strip()
    return Lesson(
        id=lesson_id(tenant, clean),
        tenant=tenant,
        text=clean,
        guesses=tuple(guesses),
        intent=intent,
        why="corrected",
        labelled_by=by,
        at=at,
    )


def scrubbed(text: str) -> str:
    """The text without personal data: stricter than in a conversation, as a lesson leaves it."""
    clean = readable(text)
    for region in REGIONS:
        clean = redact(clean, region=region).text
    return clean


def holds_personal(text: str) -> bool:
    """Say whether redaction still finds something in a text; what stands for it, such as `[email_1]`, is none."""
    return any(redact(text, region=region).spans for region in REGIONS)
