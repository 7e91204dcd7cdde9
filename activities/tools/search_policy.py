"""What the shop's written policy says about a question."""

from datetime import date
from typing import Protocol

from pydantic import Field
from temporalio import activity

from activities.errors import Rejected
from activities.ports import Caller
from policies.clauses import Clause
from policies.frozen import Fact
from policies.permissions import Effect
from policies.retrieval import Path, RetrievalRules, Scope


class SearchPolicy(Fact):
    """Search the shop's written policy on returns, refunds, delivery, warranty and disputes."""

    query: str = Field(description="the question in a few words, without order numbers or personal data")


class SearchScope(Fact):
    """For whom and when a clause must hold, and how hard to look; `on` is an ISO date. Never filled by a model."""

    region: str
    tier: str
    language: str
    on: str
    category: str | None = None
    path: Path = "accurate"
    rules: RetrievalRules = RetrievalRules()


class PolicyHits(Fact):
    """Clauses to cite, best first; empty when the policy does not speak of the question.

    `confidence` in 0..1: how sure it is that the first one answers, whether or not it was sure enough.
    """

    clauses: tuple[Clause, ...] = ()
    confidence: float = 0.0


class Finder(Protocol):
    """Whoever searches; see `activities/retrieval.py`."""

    async def find(self, query: str, scope: Scope, language: str, path: Path, rules: RetrievalRules) -> PolicyHits: ...


class PolicySearch:
    effect = Effect.READ

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    @activity.defn
    async def search_policy(self, ask: SearchPolicy, caller: Caller, scope: SearchScope) -> PolicyHits:
        """Report the clauses of the caller's tenant that hold in the region on the day."""
        try:
            on = date.fromisoformat(scope.on)
        except ValueError:
            raise Rejected(f"not a date: {scope.on[:40]!r}", reason="date_not_iso") from None
        held = Scope(tenant=caller.tenant, region=scope.region, on=on, tier=scope.tier, category=scope.category)
        return await self._finder.find(ask.query, held, scope.language, scope.path, scope.rules)
