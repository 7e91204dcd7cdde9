"""Why a sentence of a model may not be told."""

from typing import Literal

from policies.frozen import Fact

Reason = Literal[
    "amount", "date", "id", "status", "promise", "number", "negation", "question", "words", "language", "link"
]


class Untrue(Fact):
    """A sentence that what was told does not bear out, or leaves out; `what` is the part of it at fault."""

    sentence: str
    reason: Reason
    what: str
