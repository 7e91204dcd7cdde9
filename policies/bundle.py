"""One version of every rule of one tenant, as people wrote it in YAML and as a conversation pins it."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from policies.facts import FraudBand
from policies.frozen import Fact
from policies.inference import Deployed, InferenceRules
from policies.replies import Replies
from policies.retrieval import RetrievalRules
from policies.service import ServiceRules
from policies.yaml_lines import BadFile, faults_of, load, locate

Currency = str
Tier = str


class RefundRules(Fact):
    """When money goes back by itself, and when people are asked. Limits are in minor units per currency."""

    window_days: Mapping[Tier, int]
    auto_limit: Mapping[Currency, int]
    four_eyes_limit: Mapping[Currency, int]
    bands_for_people: tuple[FraudBand, ...] = (FraudBand.MEDIUM, FraudBand.HIGH)
    late_after_days: int = Field(default=3, ge=0)
    return_first_for_change_of_mind: bool = True
    offer_minutes: int = Field(default=15, ge=1)
    approval_hours: int = Field(default=24, ge=1)
    approver_roles: tuple[str, ...] = ("agent", "supervisor")
    pay_attempts: int = Field(default=5, ge=1)
    ledger_minutes: int = Field(default=5, ge=1)
    settle_days: int = Field(default=10, ge=1)
    ask_again_minutes: int = Field(default=60, ge=1)

    def window(self, tier: str) -> int:
        """Days after delivery in which a refund needs no person; an unknown tier gets the standard window."""
        return self.window_days.get(tier, self.window_days["standard"])

    @model_validator(mode="after")
    def _standard_tier_exists(self) -> "RefundRules":
        if "standard" not in self.window_days:
            raise ValueError("window_days needs a 'standard' tier")
        missing = set(self.auto_limit) ^ set(self.four_eyes_limit)
        if missing:
            raise ValueError(f"auto_limit and four_eyes_limit must name the same currencies; differing: {missing}")
        return self


class ReturnWindowRule(Fact):
    """Days to send something back, by tier; a field that is None leaves its question open.

    `ordered_from` and `ordered_to` are the first and the last day of the orders it governs.
    """

    clause: str
    category: str | None = None
    region: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    days: Mapping[Tier, int]

    def governs(self, category: str, region: str, ordered: date) -> bool:
        """Whether it speaks of such an article, ordered in that region on that day."""
        return (
            self.category in (None, category)
            and self.region in (None, region)
            and (self.ordered_from is None or self.ordered_from <= ordered)
            and (self.ordered_to is None or ordered <= self.ordered_to)
        )

    @property
    def narrowness(self) -> tuple[bool, bool, bool]:
        """Sort key: a rule for a category beats one for a region, which beats one for a time."""
        return self.category is not None, self.region is not None, bool(self.ordered_from or self.ordered_to)

    def rivals(self, other: "ReturnWindowRule") -> bool:
        """Whether both are as narrow and govern an order in common."""
        alike = (self.category, self.region, self.narrowness) == (other.category, other.region, other.narrowness)
        begins = max(self.ordered_from or date.min, other.ordered_from or date.min)
        ends = min(self.ordered_to or date.max, other.ordered_to or date.max)
        return alike and begins <= ends

    @model_validator(mode="after")
    def _standard_tier_exists(self) -> "ReturnWindowRule":
        if "standard" not in self.days:
            raise ValueError("days needs a 'standard' tier")
        if self.ordered_from and self.ordered_to and self.ordered_to < self.ordered_from:
            raise ValueError("ordered_to lies before ordered_from")
        return self


class Playbook(Fact):
    """A narrow agent: the tools it can reach and how many tool calls one turn may take."""

    tools: tuple[str, ...]
    turns: int = Field(ge=1)


Handler = Literal[
    "track", "refund", "refund_status", "return", "cancel", "address", "policy", "person", "greeting", "thanks", "scope"
]


class Route(Fact):
    """Which playbook and flow an intent leads to."""

    playbook: str
    handler: Handler


class TalkRules(Fact):
    """Limits and clocks of a conversation."""

    max_characters: int = Field(default=4000, ge=1)
    max_waiting_messages: int = Field(default=8, ge=1)
    min_confidence: float = Field(default=0.45, ge=0, le=1)
    clarifying_questions: int = Field(default=2, ge=0)
    answer_within_seconds: float = Field(default=8, gt=0)
    settle_grace_seconds: float = Field(default=2, ge=0)
    patience_seconds: float = Field(default=20, gt=0)
    silence_minutes: float = Field(default=30, gt=0)
    feedback_hours: float = Field(default=24, gt=0)
    person_silence_hours: float = Field(default=72, gt=0)
    handoff_retry_seconds: float = Field(default=30, gt=0)
    history_limit: int = Field(default=1000, ge=50)

    @property
    def silence(self) -> timedelta:
        return timedelta(minutes=self.silence_minutes)


class Rules(Fact):
    """Every rule of one tenant, without its version and words."""

    refunds: RefundRules
    returns: tuple[ReturnWindowRule, ...]
    playbooks: Mapping[str, Playbook]
    routes: Mapping[str, Route]
    talk: TalkRules
    retrieval: RetrievalRules = RetrievalRules()
    inference: InferenceRules = InferenceRules()
    service: ServiceRules = ServiceRules()

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> "Rules":
        for intent, route in self.routes.items():
            if route.playbook not in self.playbooks:
                raise ValueError(f"route {intent!r} leads to unknown playbook {route.playbook!r}")
        if not any(not any(rule.narrowness) for rule in self.returns):
            raise ValueError("returns needs one rule without a category, region or dates, for everything else")
        return self

    @model_validator(mode="after")
    def _one_window_for_an_order(self) -> "Rules":
        for one, other in combinations(self.returns, 2):
            if one.rivals(other):
                raise ValueError(f"returns has two rules for one order: {one!r} and {other!r}")
        return self


class Bundle(Fact):
    """What a conversation pins: version, rules and words of its tenant, and the models deployed when it began."""

    version: str
    tenant: str
    rules: Rules
    replies: Mapping[str, Replies]
    fleet: tuple[Deployed, ...] = ()

    def words(self, language: str) -> Replies:
        """Replies in `language`, or in English where the tenant has none."""
        return self.replies.get(language.split("-")[0], self.replies["en"])


class RuleFile(Fact):
    """The file people write: rules for all, and what single tenants have otherwise; only tenants named are served."""

    version: str = Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")
    default: Rules
    tenants: Mapping[str, Mapping[str, Any]] = Field(min_length=1)


def parse(rules: str, replies: Mapping[str, str], source: str) -> dict[str, Bundle]:
    """Read one version from its texts; returns a bundle for each tenant named. Raises BadFile.

    `rules` is the text of the rule file, `replies` the text of each language's file, `source` the folder for messages.
    """
    written = load(rules, RuleFile, f"{source}/rules.yaml")
    words = {language: load(text, Replies, f"{source}/replies.{language}.yaml") for language, text in replies.items()}
    for language, spoken in words.items():
        if unsaid := set(Replies.model_fields) - spoken.model_fields_set:
            raise BadFile(
                f"{source}/replies.{language}.yaml", [(1, f"{sentence}: is missing") for sentence in sorted(unsaid)]
            )
    if "en" not in words:
        raise BadFile(f"{source}/replies.en.yaml", [(1, "English replies are missing; they are the fallback")])
    default = written.default.model_dump(exclude_unset=True)
    bundles = {}
    for tenant, differences in written.tenants.items():
        try:
            merged = Rules.model_validate(_merge(default, differences), extra="forbid")
        except ValidationError as error:
            raise BadFile(
                f"{source}/rules.yaml",
                [
                    (locate(rules, ("tenants", tenant, *loc), ("default", *loc)), f"tenant {tenant}: {reason}")
                    for loc, reason in faults_of(error)
                ],
            ) from None
        bundles[tenant] = Bundle(version=written.version, tenant=tenant, rules=merged, replies=words)
    return bundles


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        inner = merged.get(key)
        merged[key] = _merge(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return merged
