"""What a rule answers: an outcome, the rule that gave it, and the numbers it looked at."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from policies.frozen import Fact

Number = str | int | float


class Outcome(StrEnum):
    ALLOW = "allow"
    ASK_HUMAN = "ask_human"
    DENY = "deny"


class Verdict(Fact):
    """A judgement that explains itself: the reply, the log line, the span and the test all quote `rule`."""

    outcome: Outcome
    rule: str
    policy_version: str
    numbers: Mapping[str, Number] = Field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        return self.outcome is Outcome.ALLOW
