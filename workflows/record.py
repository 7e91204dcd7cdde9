"""Why a turn went as it did and what it took: what a person checks a reply by."""

from collections.abc import Sequence
from datetime import datetime

from policies.frozen import Fact
from policies.inference import ModelCall, Usage, spent
from policies.retrieval import Consulted
from policies.tiers import TierChoice
from policies.verdict import Verdict


class ToolUse(Fact):
    """One tool call of a turn, as the decision record shows it."""

    tool: str
    outcome: str
    note: str = ""


class Decision(Fact):
    """Why a turn went as it did, in terms a person can check.

    `tier` is the ablest model that had a part in it, `choices` why each task got its tier, `calls` every request made.
    """

    turn: int
    at: datetime
    intent: str
    confidence: float
    playbook: str
    tier: str = "deterministic"
    policy_version: str
    verdicts: tuple[Verdict, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    consulted: tuple[Consulted, ...] = ()
    choices: tuple[TierChoice, ...] = ()
    calls: tuple[ModelCall, ...] = ()


class Spent(Fact):
    """What the models of a conversation took so far."""

    calls: int = 0
    usage: Usage = Usage()
    nano_usd: int = 0

    def and_(self, calls: Sequence[ModelCall]) -> "Spent":
        used = [call.usage for call in calls]
        usage = Usage(
            prompt=self.usage.prompt + sum(each.prompt for each in used),
            cached=self.usage.cached + sum(each.cached for each in used),
            completion=self.usage.completion + sum(each.completion for each in used),
        )
        return Spent(calls=self.calls + len(calls), usage=usage, nano_usd=self.nano_usd + spent(calls))
