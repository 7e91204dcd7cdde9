"""What a conversation asks of a language model, and what it gets back: proposals and words, never decisions."""

from typing import ClassVar

from policies.clauses import Citation, Clause
from policies.facts import IntentGuess
from policies.frozen import Fact
from policies.inference import Allowance, ModelCall, Task
from policies.prompts import Setting, Turned
from policies.proposals import Proposal


class Asking(Fact):
    """What every task has in common: its bounds, the prompt's version, and the conversation in redacted words."""

    task: ClassVar[Task]
    allowance: Allowance
    prompt: str
    setting: Setting
    history: tuple[Turned, ...] = ()
    message: str


class Inferred(Fact):
    """What every answer has in common: the calls it took, for the record. `reasons` say why there is no answer.

    They are "no_model" (none fits), "too_dear" (each that fits could cost too much), "failed" (every call did),
    "malformed", or a reason of the task's own.
    """

    calls: tuple[ModelCall, ...] = ()
    reasons: tuple[str, ...] = ()


class RouteIntent(Asking):
    """Name the intent of a message, one of those the tenant has a route for."""

    task: ClassVar[Task] = "route"
    intents: tuple[str, ...]


class Routed(Inferred):
    """The intent the model decoded; None where it chose none of them (reason "no_intent") or did not answer."""

    guess: IntentGuess | None = None


class ProposeTools(Asking):
    """Propose which tools a message calls for. Only these tools, and only these orders and parcels, can be decoded."""

    task: ClassVar[Task] = "propose"
    tools: tuple[str, ...]
    most: int = 3


class Proposed(Inferred):
    """Proposals in the order to take them up; `dropped` names tool and reason of those that did not fit."""

    proposals: tuple[Proposal, ...] = ()
    dropped: tuple[str, ...] = ()


class RewriteQuery(Asking):
    """Rewrite a question to the written policy into what its documents would say."""

    task: ClassVar[Task] = "rewrite"


class Rewritten(Inferred):
    query: str = ""


class WriteAnswer(Asking):
    """Put clauses into words that answer the message; `given` is what was said already from facts."""

    task: ClassVar[Task] = "answer"
    clauses: tuple[Clause, ...]
    given: tuple[str, ...] = ()


class WrittenAnswer(Inferred):
    """What may be told, with its sources; `text` is empty where the clause itself has to be told."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    grounded: bool = False


class PhraseReply(Asking):
    """Put sentences that are true into better words, and stream them as a draft behind event `after`.

    `names` of people in the sentences are kept from the model.
    """

    task: ClassVar[Task] = "phrase"
    sentences: tuple[str, ...]
    names: tuple[str, ...] = ()
    stream: str
    after: int
    epoch: int


class Phrased(Inferred):
    """A reply that says what the sentences say; `text` is empty where the sentences themselves have to be told.

    Reasons of its own: those of `policies/truth.py`, and "fenced" where another turn or a person took over.
    """

    text: str = ""
