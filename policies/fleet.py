"""The fleet: deployments of language models as people write them in YAML, with what a call of each may take."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, JsonValue, field_validator, model_validator

from policies.frozen import Written
from policies.inference import Deployed, Price, Tier
from policies.yaml_lines import BadFile, Path, load, locate_each

# A host that a compose file could have as a service: one label, and not this machine.
SERVICE_NAME = re.compile(r"(?!localhost$)[a-z][a-z0-9-]*")


class Timeouts(Written):
    """Seconds until a request is given up: to connect, to the first token, from one token to the next, altogether."""

    connect: float = Field(default=1, gt=0)
    first_token: float = Field(default=3, gt=0)
    next_token: float = Field(default=2, gt=0)
    total: float = Field(default=10, gt=0)

    @model_validator(mode="after")
    def _a_first_token_comes_within_the_whole(self) -> "Timeouts":
        if self.first_token > self.total:
            raise ValueError(f"first_token ({self.first_token:g}) is longer than total ({self.total:g})")
        return self


class Breaker(Written):
    """Let nothing through for `open_seconds` after `failures` failures within `within_seconds`; then one call tries."""

    failures: int = Field(default=5, ge=1)
    within_seconds: float = Field(default=30, gt=0)
    open_seconds: float = Field(default=10, gt=0)


class Serving(Written):
    """How vLLM serves a deployment of our own; all of it goes to the compose file as it is.

    `weights` is what vLLM loads, such as a folder of the volume mounted at /models. `gpus` are ids as nvidia-smi shows
    them, and `gpu_memory` the share of each that the server takes. `speculative` is vLLM's speculative_config.
    """

    image: str = Field(pattern=r"^[\w./-]+(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$")
    weights: str = Field(min_length=1)
    quantization: str | None = None
    speculative: Mapping[str, JsonValue] | None = None
    gpus: tuple[str, ...] = Field(default=("0",), min_length=1)
    gpu_memory: float = Field(default=0.9, gt=0, le=1)
    cpus: int = Field(default=8, ge=1)
    memory: str = Field(default="48g", pattern=r"^[1-9]\d*[mg]$")
    arguments: tuple[str, ...] = ()

    @field_validator("arguments")
    @classmethod
    def _no_key_in_plain_sight(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        if any(argument.startswith("--api-key") for argument in arguments):
            raise ValueError("a key does not belong into arguments; name its environment variable in key_variable")
        return arguments


class Deployment(Written):
    """One model behind one address of an OpenAI-compatible API.

    `base_url` ends in /v1; with `serving`, its host names the service of the compose file. `key_variable` names the
    environment variable that holds the key. `dialect` is how a schema is sent: `structured_outputs` to vLLM,
    `response_format` to the others. `concurrency` calls run at once over all workers; others wait up to `wait_seconds`,
    and at most `waiting` of them. After `hedge_seconds` without a first token the same call goes to the second-best
    deployment as well; None never.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    tier: Tier
    base_url: str = Field(pattern=r"^https?://")
    model: str
    key_variable: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    dialect: Literal["vllm", "sglang", "openai"] = "vllm"
    region: str = "local"
    context: int = Field(default=8192, ge=512)
    price: Price = Price()
    concurrency: int = Field(default=16, ge=1)
    waiting: int = Field(default=32, ge=0)
    wait_seconds: float = Field(default=0.5, ge=0)
    hedge_seconds: float | None = Field(default=None, gt=0)
    timeouts: Timeouts = Timeouts()
    breaker: Breaker = Breaker()
    serving: Serving | None = None

    @property
    def deployed(self) -> Deployed:
        """What policy needs to know of it."""
        return Deployed(name=self.name, tier=self.tier, region=self.region, context=self.context, price=self.price)

    @property
    def address(self) -> SplitResult:
        return urlsplit(self.base_url)

    @field_validator("base_url")
    @classmethod
    def _leads_to_the_api(cls, base_url: str) -> str:
        address = urlsplit(base_url)
        if (
            not address.hostname
            or address.port == 0
            or not address.path.endswith("/v1")
            or address.query
            or address.fragment
        ):
            raise ValueError("has to name a host and end in /v1, as in http://planner:8000/v1")
        if address.username is not None or address.password is not None:
            raise ValueError("must not hold a user or password; name the key's environment variable in key_variable")
        return base_url

    @model_validator(mode="after")
    def _waits_make_sense(self) -> "Deployment":
        if self.hedge_seconds is not None and self.hedge_seconds >= self.timeouts.first_token:
            raise ValueError(
                f"hedge_seconds ({self.hedge_seconds:g}) has to be shorter than timeouts.first_token "
                f"({self.timeouts.first_token:g}): a call that was given up is not hedged"
            )
        if self.wait_seconds > self.timeouts.total:
            raise ValueError(
                f"wait_seconds ({self.wait_seconds:g}) is longer than timeouts.total ({self.timeouts.total:g})"
            )
        return self

    @model_validator(mode="after")
    def _what_we_serve_is_a_service(self) -> "Deployment":
        if self.serving is None:
            return self
        if self.dialect != "vllm":
            raise ValueError(f"serving describes a vLLM server, but dialect is {self.dialect}")
        if self.address.scheme != "http" or not SERVICE_NAME.fullmatch(self.address.hostname or ""):
            raise ValueError("serving needs a base_url that names its service, as in http://planner:8000/v1")
        return self


class Fleet(Written):
    """The file people write: every deployment there is."""

    version: str = Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")
    deployments: tuple[Deployment, ...]

    @property
    def deployed(self) -> tuple[Deployed, ...]:
        """What policy needs to know of all of them."""
        return tuple(each.deployed for each in self.deployments)

    # Not `min_length`, which counts a deployment with a fault as missing and says so beside the fault.
    @field_validator("deployments")
    @classmethod
    def _somebody_is_there(cls, deployments: tuple[Deployment, ...]) -> tuple[Deployment, ...]:
        if not deployments:
            raise ValueError("a fleet needs a deployment; to ask no model at all, leave HOLDFAST_FLEET unset")
        return deployments


def parse(text: str, source: str) -> Fleet:
    """Read a fleet from its text; raises BadFile naming `source`, the line and what is wrong."""
    fleet = load(text, Fleet, source)
    if clashes := list(_clashes(fleet)):
        lines = locate_each(text, [path for path, _ in clashes])
        raise BadFile(source, [(line, reason) for line, (_, reason) in zip(lines, clashes, strict=True)])
    return fleet


def _clashes(fleet: Fleet) -> Iterator[tuple[Path, str]]:
    """What two deployments cannot share: a name, a service, more of a GPU than there is."""
    names: set[str] = set()
    services: dict[str, str] = {}
    shares: dict[str, float] = defaultdict(float)
    for index, each in enumerate(fleet.deployments):
        at = ("deployments", index)
        if each.name in names:
            yield (*at, "name"), f"the name {each.name!r} is given to two deployments"
        names.add(each.name)
        if each.serving is None:
            continue
        host = each.address.hostname or ""
        if (other := services.setdefault(host, each.name)) != each.name:
            yield (*at, "base_url"), f"{each.name!r} and {other!r} would be served by one service, {host!r}"
        for gpu in each.serving.gpus:
            shares[gpu] += each.serving.gpu_memory
            if shares[gpu] > 1.0001:
                yield (*at, "serving"), f"gpu_memory of GPU {gpu} adds up to {shares[gpu]:.2f} with {each.name!r}"
