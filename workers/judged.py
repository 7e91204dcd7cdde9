"""Lines of a reviewed file: lessons as `review` writes them, edited by a person, or words that person brings along."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import StringConstraints, ValidationError

from policies.facts import IntentGuess
from policies.frozen import Written
from policies.lessons import Lesson
from policies.yaml_lines import faults_of

# Both become part of a key in the store.
LessonId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Tenant = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]


class Like(Written):
    """A near-duplicate of a line's lesson, which shares its fate."""

    id: LessonId
    text: str


class Judged(Written):
    """One line. A person edits `intent`, and `text` where it says too much; the rest tells where it comes from."""

    id: LessonId | None = None
    tenant: Tenant | None = None
    text: str | None = None
    intent: str | None = None
    language: str = ""
    why: str = ""
    guesses: tuple[IntentGuess, ...] = ()
    at: datetime | None = None
    alike: tuple[Like, ...] = ()

    @classmethod
    def of(cls, group: Sequence[Lesson]) -> Self:
        """Write near-duplicates as the line of the first of them."""
        first, *others = group
        return cls(
            id=first.id,
            tenant=first.tenant,
            text=first.text,
            intent=first.intent,
            language=first.language,
            why=first.why,
            guesses=first.guesses,
            at=first.at,
            alike=tuple(Like(id=other.id, text=other.text) for other in others),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """The lessons this line judges."""
        return tuple(lesson_id for lesson_id in (self.id, *(like.id for like in self.alike)) if lesson_id)


@dataclass(frozen=True)
class Line:
    """A judged line with its place, `file:line`, and an intent that exists."""

    place: str
    judged: Judged
    intent: str

    def refused(self, reason: str) -> str:
        return f"{self.place}: {reason}"


def read_judged(source: str, lines: Iterable[bytes], known: frozenset[str]) -> tuple[list[Line], list[str]]:
    """Read JSON Lines into lines and refusals `file:line: reason`; what has no intent yet is left out of both."""
    taken: list[Line] = []
    refused: list[str] = []
    for number, raw in enumerate(lines, 1):
        place = f"{source}:{number}"
        if not raw.strip():
            continue
        try:
            judged = Judged.model_validate_json(raw)
        except ValidationError as error:
            refused += [f"{place}: {reason}" for _, reason in faults_of(error)]
            continue
        if judged.intent is None:
            continue
        if judged.intent in known:
            taken.append(Line(place, judged, judged.intent))
        else:
            refused.append(f"{place}: no such intent: {judged.intent!r}; there are {', '.join(sorted(known))}")
    return taken, refused
