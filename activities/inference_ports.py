"""What inference needs of the outside world: model servers, who may call them, what was spent, drafts for clients."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from policies.fleet import Deployment
from policies.inference import Allowance, CallOutcome, ModelCall, Task, Usage
from policies.prompts import ChatMessage


@dataclass(frozen=True)
class ModelRequest:
    """One prompt with how its answer is decoded: by a JSON schema, by a regular expression, or freely."""

    messages: tuple[ChatMessage, ...]
    most_tokens: int
    schema: Mapping[str, object] | None = None
    pattern: str | None = None
    temperature: float = 0.0


@dataclass(frozen=True)
class Piece:
    """Text as it was decoded; the last piece carries what the server counted."""

    text: str = ""
    usage: Usage | None = None


class ModelFailed(Exception):
    """A request that brought no answer; `retry_after` in seconds, where the server said so. Never names words."""

    def __init__(self, outcome: CallOutcome, said: str, retry_after: float | None = None) -> None:
        super().__init__(said)
        self.outcome = outcome
        self.retry_after = retry_after


class ModelServer(Protocol):
    """One deployment of the fleet over its API."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        """Yield pieces until the answer is complete; closing the iterator ends the generation at the server.

        Raises ModelFailed, also for a first token or a next one that takes longer than the deployment's timeouts.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Admission:
    """Whether a call may be sent now; `lease` is given back with its outcome, `wait` is after how long to ask again."""

    state: Literal["admitted", "busy", "open"]
    lease: str = ""
    wait: float = 0.0


class Switchboard(Protocol):
    """Circuit breakers and concurrency tokens of all deployments, shared by all workers.

    When it cannot be reached calls are admitted: a missing Redis must not silence a healthy model.
    """

    async def admit(self, deployment: Deployment) -> Admission: ...

    async def release(
        self, deployment: Deployment, lease: str, outcome: CallOutcome, retry_after: float | None = None
    ) -> None:
        """Give the token back and tell the breaker how it went."""
        ...


class Ledger(Protocol):
    """What calls cost, by tenant and day; an entry that cannot be written is logged, never an error."""

    async def enter(self, tenant: str, call: ModelCall) -> None: ...


@dataclass(frozen=True)
class DraftPlace:
    """Where a draft belongs: behind event `after` of a conversation's stream, by the turn that holds `epoch`."""

    stream: str
    after: int
    epoch: int
    attempt: int = field(default=1)


class Drafts(Protocol):
    """Text of a reply under way, for clients to show until the reply itself comes; raises Unavailable.

    Each call is atomic with the fence: it returns False, and writes nothing, when a higher epoch was seen, a person
    holds the word, or an event behind `after` is there.
    """

    async def begin(self, place: DraftPlace) -> bool:
        """Raise the fence to this epoch and start a draft: what was shown of an earlier attempt is void."""
        ...

    async def add(self, place: DraftPlace, text: str) -> bool: ...

    async def drop(self, place: DraftPlace) -> bool:
        """Say that the draft is void and the reply will come as a whole."""
        ...

    async def status(self, stream: str, word: str) -> bool:
        """Say what is being done right now, until a draft begins; refused while one is open."""
        ...

    async def raise_fence(self, stream: str, epoch: int, held: bool = False) -> None:
        """Refuse every draft of an epoch below this one from here on, and any at all while it is `held`.

        It stays held until it is raised with `held` False to this epoch or a higher one; a lower epoch changes nothing.
        """
        ...


@dataclass(frozen=True)
class Work:
    """One task for the gateway; `prompt` names prompt and version, as in "phrase/1", `attempt` the activity's."""

    task: Task
    prompt: str
    request: ModelRequest
    allowance: Allowance
    attempt: int = 1


class Sink(Protocol):
    """Whoever takes an answer while it is decoded; either method ends the whole work by returning False."""

    async def begin(self) -> bool:
        """A deployment has sent its first token: whatever was taken before is void."""
        ...

    async def take(self, text: str) -> bool: ...


@dataclass(frozen=True)
class Generated:
    """An answer, or None with a reason: "failed", "malformed", "stopped" by the sink, "no_model" or "too_dear".

    "no_model": none in the tiers and regions allowed has the context; "too_dear": each of them could cost too much.
    """

    text: str | None
    calls: tuple[ModelCall, ...]
    reason: str = ""


class Generator(Protocol):
    """The gateway as tasks see it; it never raises for a model that fails."""

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        """Try deployments within the allowance until an answer is accepted; `accept` judges a whole answer's form."""
        ...
