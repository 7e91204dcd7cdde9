"""What came of one case, whichever task it was for, and the counts that all tasks have in common."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from evals.inference_endpoint import Listening
from evals.measures import Measure, count
from policies.decoding import plain
from policies.inference import ModelCall, Task

# A call that ended so brought an answer, good or bad; any other one failed.
ANSWERED = ("ok", "malformed")


@dataclass(frozen=True)
class Tried:
    """A case with what was wanted, what came, and `why` it counted as it did, "" where nothing was wrong.

    `said` is what the model decoded, as it came; `strict` and `fits` judge its form against the schema as sent, None
    where no schema was sent or no answer came. `cut` says that it ended at the limit of tokens.
    """

    task: Task
    id: str
    language: str
    expected: object
    got: object
    why: str
    said: str
    calls: tuple[ModelCall, ...]
    strict: bool | None = None
    fits: bool | None = None
    cut: bool = False

    @property
    def right(self) -> bool:
        return not self.why

    @property
    def answered(self) -> bool:
        """Whether the model answered at all, in whatever form."""
        return any(call.outcome in ANSWERED for call in self.calls)

    def as_json(self) -> Mapping[str, Any]:
        """Give the line of this case for people who look for what went wrong."""
        calls = [call.model_dump(include={"outcome", "usage", "nano_usd", "first_token_ms"}) for call in self.calls]
        return {
            "task": self.task,
            "id": self.id,
            "language": self.language,
            "right": self.right,
            "why": self.why,
            "expected": self.expected,
            "got": self.got,
            "said": self.said,
            "calls": calls,
        }


def form_of(listening: Listening, calls: Sequence[ModelCall]) -> tuple[bool | None, bool | None]:
    """Judge a structured answer as it came: whether it is strict JSON, and whether it fits the schema as sent.

    Raw control characters in strings are no strict JSON; they are blanked out before the schema is looked at, as they
    are before production reads an answer. One cut at the token limit is neither.
    """
    if listening.request is None or listening.request.schema is None:
        return None, None
    if not any(call.outcome in ANSWERED for call in calls):
        return None, None
    if not listening.whole:
        return False, False
    try:
        filled = json.loads(plain(listening.said))
    except ValueError:
        return False, False
    try:
        json.loads(listening.said)
    except ValueError:
        strict = False
    else:
        strict = True
    return strict, Draft202012Validator(listening.request.schema).is_valid(filled)


def common(task: Task, tried: Sequence[Tried]) -> Iterator[Measure]:
    """Count what every task is asked: whether an answer came, and whether it has the form it was to have."""
    yield from count(task, "all", "calls answered", (each.answered for each in tried))
    cut = (each.cut for each in tried if each.answered)
    yield from count(task, "all", "cut at the limit of tokens", cut, None, "at most")
    yield from count(task, "all", "fit the schema as sent", (each.fits for each in tried if each.fits is not None))
    yield from count(task, "all", "are strict JSON", (each.strict for each in tried if each.strict is not None))


def by_language(task: Task, name: str, tried: Sequence[Tried]) -> Iterator[Measure]:
    for language in sorted({each.language for each in tried}):
        yield from count(task, language, name, (each.right for each in tried if each.language == language))
