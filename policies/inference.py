"""What a language model may be asked for, what it may cost, and how one call of it is put on record."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field, model_validator

from policies.frozen import Fact
from policies.wishes import Quality, Wish

Tier = Literal["S", "M", "L"]
# From the cheapest model to the ablest; below all of them stands the deterministic tier, which asks none.
LADDER: tuple[Tier, ...] = ("S", "M", "L")
DETERMINISTIC: Literal["deterministic"] = "deterministic"
NANO = 1_000_000_000
# Told in the templates' own words, whoever else speaks: money, offers, what was done, who has the case, quotations.
GUARDED = (
    "refund*", "*_offer", "offer_*", "*_done", "change_*", "policy_*", "hand*_over*", "with_person", "person_*",
    "ai_paused", "photo_received", "mail_*",
)  # fmt: skip

# route: name the intent; propose: tools and their arguments; rewrite: a search query; answer: put clauses into words;
# phrase: put a reply into words.
Task = Literal["route", "propose", "rewrite", "answer", "phrase"]
TASKS: tuple[Task, ...] = ("route", "propose", "rewrite", "answer", "phrase")

CallOutcome = Literal[
    "ok",
    "malformed",  # an answer that does not fit its schema or form
    "rejected",  # the server refused the request, and would again
    "rate_limited",  # 429, or 503 with Retry-After
    "unavailable",  # no connection, 5xx, or cut in the middle
    "timeout",
    "cancelled",  # stopped by us: superseded, fenced, or a sentence that was not true
    "overtaken",  # a hedged call that another one was faster than
    "busy",  # no concurrency token came free in time; nothing was sent
    "open",  # the circuit breaker let nothing through; nothing was sent
    "lost",  # the worker died with the call; what it cost is not known
]


class Price(Fact):
    """US dollars per million tokens; a self-hosted deployment states what its machine costs.

    `cached` is for prompt tokens a prefix cache held; None means that they cost as much as the others.
    """

    input: float = Field(default=0, ge=0)
    cached: float | None = Field(default=None, ge=0)
    output: float = Field(default=0, ge=0)


class Usage(Fact):
    """Tokens of one call as the server counted them; `cached` is the part of `prompt` its prefix cache held."""

    prompt: int = Field(default=0, ge=0)
    cached: int = Field(default=0, ge=0)
    completion: int = Field(default=0, ge=0)


class Deployed(Fact):
    """What policy has to know of a deployment to choose a tier; `region` is where the words are processed."""

    name: str
    tier: Tier
    region: str
    context: int
    price: Price


class ModelCall(Fact):
    """One request to one deployment, as the decision record and the ledger hold it.

    `prompt` names the prompt and its version, as in "phrase/1". Milliseconds: waited for a concurrency token,
    from sending to the first token, from there to the last. `attempt` counts a retried activity from 1.
    """

    task: Task
    deployment: str
    tier: Tier
    prompt: str = ""
    outcome: CallOutcome
    usage: Usage = Usage()
    nano_usd: int = 0
    queued_ms: int = 0
    first_token_ms: int = 0
    decode_ms: int = 0
    attempt: int = 1
    hedge: bool = False


class Allowance(Fact):
    """What one task may use: tiers in the order to try them, and the most calls, seconds and money it may take.

    `regions` are those its words may be processed in, empty for any. `rule` is the row that chose the first tier.
    """

    tenant: str
    tiers: tuple[Tier, ...]
    rule: str
    regions: tuple[str, ...] = ()
    calls: int = Field(default=1, ge=1)
    seconds: float = Field(gt=0)
    nano_usd: int = Field(ge=0)
    hedge: bool = True


class Row(Fact):
    """One row of the routing matrix: it fits when everything it names does; the first row that fits decides.

    `tier` is where the call goes. Bounds: `confidence_below`, `seconds_below` and `usd_below` are exclusive.
    """

    rule: str = Field(pattern=r"^tier\.[a-z_]+$")
    tier: Literal["deterministic", "S", "M", "L"]
    tasks: tuple[Task, ...] = ()
    complexity: tuple[Literal["simple", "several", "tangled"], ...] = ()
    risk: tuple[Literal["low", "change", "money"], ...] = ()
    quality: tuple[Quality, ...] = ()
    confidence_below: float | None = Field(default=None, ge=0, le=1)
    novel: bool | None = None
    seconds_below: float | None = Field(default=None, gt=0)
    usd_below: float | None = Field(default=None, gt=0)

    @property
    def fits_everything(self) -> bool:
        return not self.model_dump(exclude={"rule", "tier"}, exclude_defaults=True)


MATRIX: tuple[Row, ...] = (
    Row(rule="tier.no_time", tier=DETERMINISTIC, seconds_below=0.5),
    Row(rule="tier.no_money", tier=DETERMINISTIC, usd_below=0.00001),
    Row(rule="tier.hurry", tier="S", seconds_below=1.5),
    Row(rule="tier.wish_fast", tier="S", quality=("fast",)),
    Row(rule="tier.wish_best", tier="L", quality=("best",)),
    Row(rule="tier.tangled_money", tier="L", tasks=("propose",), complexity=("tangled",), risk=("money",)),
    Row(rule="tier.novel", tier="L", tasks=("propose",), novel=True),
    Row(rule="tier.tangled", tier="M", complexity=("tangled",)),
    Row(rule="tier.money", tier="M", tasks=("propose",), risk=("money",)),
    Row(rule="tier.unsure", tier="M", tasks=("propose",), confidence_below=0.3),
    Row(rule="tier.policy_words", tier="M", tasks=("answer",)),
    Row(rule="tier.light", tier="S"),
)


class InferenceRules(Fact):
    """What models may do for a tenant, and within which bounds; nothing here matters while no fleet is configured.

    A turn may make `calls_per_turn` requests, retries and hedges among them, take `turn_seconds` for all of them and
    cost `turn_usd`. `expected_tokens` is what an answer to a task is reckoned with before it is known. `reword` names
    sentences of the replies, `*` stands for any letters.
    """

    tasks: tuple[Task, ...] = TASKS
    calls_per_turn: int = Field(default=6, ge=1, le=20)
    turn_seconds: float = Field(default=6, gt=0)
    turn_usd: float = Field(default=0.01, ge=0)
    regions: tuple[str, ...] = ()
    hedge: bool = True
    expected_tokens: Mapping[Task, int] = {"route": 20, "propose": 120, "rewrite": 40, "answer": 200, "phrase": 160}
    prompts: Mapping[Task, str] = {"route": "1", "propose": "1", "rewrite": "1", "answer": "1", "phrase": "1"}
    matrix: tuple[Row, ...] = MATRIX
    reword: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _every_task_finds_its_row(self) -> "InferenceRules":
        names = [row.rule for row in self.matrix]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"matrix names a rule twice: {', '.join(twice)}")
        if not self.matrix or not self.matrix[-1].fits_everything:
            raise ValueError("matrix needs a last row with a rule and a tier only, for everything no other row fits")
        if early := [row.rule for row in self.matrix[:-1] if row.fits_everything]:
            raise ValueError(f"matrix has rows that are never reached, below {early[0]!r}, which fits everything")
        return self

    @model_validator(mode="after")
    def _every_task_is_described(self) -> "InferenceRules":
        for name, known in (("prompts", self.prompts), ("expected_tokens", self.expected_tokens)):
            if missing := [task for task in self.tasks if task not in known]:
                raise ValueError(f"{name} lacks the task {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _nothing_guarded_is_reworded(self) -> "InferenceRules":
        if guarded := [name for name in self.reword if "*" not in name and _is_guarded(name)]:
            raise ValueError(f"reword names what is always told in the templates' own words: {', '.join(guarded)}")
        return self

    def may_reword(self, sentence: str) -> bool:
        """Whether a sentence of the replies, by its name, may be told in a model's words."""
        name = sentence.replace(".", "_")
        return any(fnmatchcase(name, pattern) for pattern in self.reword) and not _is_guarded(name)


class Signals(Fact):
    """What the routing matrix looks at. `novel`: nothing we know of comes near the message."""

    task: Task
    trusted: bool
    confidence: float = 1.0
    complexity: str = "simple"
    risk: str = "low"
    novel: bool = False
    wish: Wish = Wish()
    prompt_tokens: int = 0
    seconds_left: float
    nano_usd_left: int
    calls_left: int


def _is_guarded(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in GUARDED)


def cost(usage: Usage, price: Price) -> int:
    """Reckon a call in billionths of a dollar; a cached token costs `cached`, where that is given, and not `input`."""
    fresh = max(usage.prompt - usage.cached, 0)
    cached = price.input if price.cached is None else price.cached
    return round(1000 * (fresh * price.input + usage.cached * cached + usage.completion * price.output))


def spent(calls: Sequence[ModelCall]) -> int:
    """Add up what calls cost, in billionths of a dollar."""
    return sum(call.nano_usd for call in calls)
