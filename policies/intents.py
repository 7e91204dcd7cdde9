"""What customers come for: one YAML file an intent, with the customers' own ways of saying it."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from policies.facts import IntentGuess
from policies.frozen import Written
from policies.slots import mask
from policies.yaml_lines import BadFile, load

Exemplar = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class Playbook(StrEnum):
    """The agent that takes up an intent; none means an answer without tools or a person."""

    TRACKING = "tracking"
    POLICY = "policy"
    NEGOTIATION = "negotiation"
    NONE = "none"


class Risk(StrEnum):
    """What a wrong guess may cost: a sentence, a change of an order, money."""

    LOW = "low"
    CHANGE = "change"
    MONEY = "money"


class Intent(Written):
    """One reason to write. `explains` names intents this one is the cause of, and goes before when both are said.

    A `background` intent is said beside the real matter ("hello", "this is a disgrace") and goes last.
    """

    id: str = Field(pattern=r"^[a-z]+(_[a-z]+)*$")
    description: str = Field(min_length=1)
    playbook: Playbook
    risk: Risk
    explains: tuple[str, ...] = ()
    background: bool = False
    exemplars: tuple[Exemplar, ...] = Field(min_length=5)


def parse(text: str, source: str) -> Intent:
    """Read one intent file; raises BadFile naming file, line and reason."""
    return load(text, Intent, source)


def gather(files: Iterable[tuple[str, str]]) -> tuple[Intent, ...]:
    """Read (source, text) pairs into a set of intents: ids are unique, and `explains` names intents of the set."""
    intents: dict[str, Intent] = {}
    for source, text in files:
        intent = parse(text, source)
        if intent.id in intents:
            raise BadFile(source, [(1, f"id: {intent.id!r} is already the id of another file")])
        intents[intent.id] = intent
    for intent in intents.values():
        for other in intent.explains:
            if other not in intents:
                raise BadFile(f"{intent.id}.yaml", [(1, f"explains: there is no intent {other!r}")])
    return tuple(intents.values())


def rank(guesses: Iterable[IntentGuess], intents: Sequence[Intent]) -> tuple[IntentGuess, ...]:
    """Order guesses best first: a cause before what it explains, what is said in the background last."""
    known = {intent.id: intent for intent in intents}
    best = sorted(guesses, key=lambda guess: (known[guess.id].background, -guess.confidence, guess.id))
    for guess in tuple(best):
        explained = [at for at, other in enumerate(best) if other.id in known[guess.id].explains]
        if explained and explained[0] < best.index(guess):
            best.remove(guess)
            best.insert(explained[0], guess)
    return tuple(best)


LONGEST_PIECE = 300
MOST_PIECES = 24
SENTENCE = re.compile(r"(?<=[.!?;।])\s+|[\r\n]+")
CLAUSE = re.compile(r"\s*[,;:–—]\s+|\s+(?:and|also|but|plus|und|aber|et|mais|y|pero|e|mas|aur)\s+", re.IGNORECASE)
WORDS_OF_A_CLAUSE = 2


def pieces(texts: Sequence[str]) -> tuple[str, ...]:
    """Cut a burst into what may carry an intent: every message whole, its sentences, their clauses; codes left out.

    At most 24 pieces of 300 characters: a longer message says what it wants in its beginning, or a person reads it.
    """
    found: dict[str, None] = {}
    for text in texts:
        plain = mask(text[: LONGEST_PIECE * MOST_PIECES])
        found[plain[:LONGEST_PIECE]] = None
        for sentence in SENTENCE.split(plain):
            found[sentence[:LONGEST_PIECE]] = None
            clauses = [clause for clause in CLAUSE.split(sentence) if len(clause.split()) >= WORDS_OF_A_CLAUSE]
            found.update((clause[:LONGEST_PIECE], None) for clause in clauses)
    return tuple(piece for piece in found if any(char.isalpha() for char in piece))[:MOST_PIECES]
