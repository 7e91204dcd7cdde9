"""What customers come for: one YAML file an intent, with the customers' own ways of saying it in each language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from policies.facts import IntentGuess
from policies.frozen import Written
from policies.gist import essence
from policies.yaml_lines import load

Exemplar = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
FEWEST_EXEMPLARS = 5


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

    A `background` intent is said beside the real matter ("hello", "this is a disgrace") and goes last. `called` is the
    noun phrase a question offers it by, by language. `exemplars` are customers' sentences, by language.
    """

    id: str = Field(pattern=r"^[a-z]+(_[a-z]+)*$")
    description: str = Field(min_length=1)
    playbook: Playbook
    risk: Risk
    explains: tuple[str, ...] = ()
    background: bool = False
    called: dict[Language, str] = Field(default={})
    exemplars: dict[Language, tuple[Exemplar, ...]]

    @model_validator(mode="after")
    def _is_said_often_enough(self) -> "Intent":
        if len(self.said) < FEWEST_EXEMPLARS:
            raise ValueError(f"exemplars: an intent needs at least {FEWEST_EXEMPLARS}, found {len(self.said)}")
        return self

    @property
    def said(self) -> tuple[str, ...]:
        """All exemplars, language after language."""
        return tuple(exemplar for group in self.exemplars.values() for exemplar in group)

    def called_in(self, language: str) -> str:
        """How a question in `language` offers it; English where the language has none, else empty."""
        return self.called.get(language[:2].casefold()) or self.called.get("en", "")


def parse(text: str, source: str) -> Intent:
    """Read one intent file; raises BadFile naming file, line and reason."""
    return load(text, Intent, source)


def rank(
    guesses: Iterable[IntentGuess], intents: Sequence[Intent], written: Mapping[str, int] | None = None
) -> tuple[IntentGuess, ...]:
    """Order guesses as they are to be answered: a cause before what it explains, what is said in the background last.

    Else as the customer wrote them, where `written` gives each id its place, and the surest first where it does not.
    """
    known = {intent.id: intent for intent in intents}
    place = written or {}
    best = sorted(guesses, key=lambda it: (known[it.id].background, place.get(it.id, 0), -it.confidence, it.id))
    for guess in tuple(best):
        explained = [at for at, other in enumerate(best) if other.id in known[guess.id].explains]
        if explained and explained[0] < best.index(guess):
            best.remove(guess)
            best.insert(explained[0], guess)
    return tuple(best)


def riskiest(guesses: Iterable[IntentGuess], intents: Sequence[Intent]) -> Risk:
    """What a wrong guess among these may cost at most."""
    risks = {intent.id: intent.risk for intent in intents}
    return max((risks[guess.id] for guess in guesses), key=tuple(Risk).index, default=Risk.LOW)


LONGEST_PIECE = 300
MOST_PIECES = 24
SENTENCE = re.compile(r"(?<=[.!?;।])\s+|[\r\n]+")
# Nowhere but at the first of several blanks, or a run of them would be read anew from each.
CLAUSE = re.compile(
    r"(?<!\s)\s*[,;:–—]\s+|(?<!\s)\s+(?:and|also|but|plus|und|aber|et|mais|y|pero|e|mas|aur)\s+", re.IGNORECASE
)
WORDS_OF_A_CLAUSE = 2


class Piece(NamedTuple):
    """A part of a burst that may carry an intent; `depth` 0 is a whole message, 1 a sentence, 2 a clause."""

    text: str
    depth: int


def pieces(texts: Sequence[str]) -> tuple[Piece, ...]:
    """Cut a burst into what may carry an intent: messages, sentences, clauses; codes and framing are left out.

    In the order written, each text once. At most 24 pieces of 300 characters: a longer message says what it wants in
    its beginning, or a person reads it.
    """
    found: dict[str, int] = {}
    for text in texts:
        start = text[: LONGEST_PIECE * MOST_PIECES]
        found.setdefault(essence(start), 0)
        for sentence in SENTENCE.split(start):
            found.setdefault(essence(sentence), 1)
            for clause, piece in clauses(sentence):
                if len(clause.split()) >= WORDS_OF_A_CLAUSE:
                    found.setdefault(piece, 2)
    worded = (Piece(text, depth) for text, depth in found.items() if any(char.isalpha() for char in text))
    return tuple(worded)[:MOST_PIECES]


def clauses(text: str) -> Iterator[tuple[str, str]]:
    """Cut a message into its clauses as they were written, each with the text of the piece it makes."""
    for sentence in SENTENCE.split(text[: LONGEST_PIECE * MOST_PIECES]):
        for clause in CLAUSE.split(sentence):
            yield clause, essence(clause)
