"""What the shop's written policy says about a question."""

from datetime import date

from pydantic import Field
from temporalio import activity

from activities.errors import Rejected
from activities.knowledge import Knowledge
from activities.ports import Caller
from policies.facts import Clause
from policies.frozen import Fact
from policies.permissions import Effect


class SearchPolicy(Fact):
    """Search the shop's written policy on returns, refunds, delivery and disputes."""

    query: str = Field(description="the question in a few words, without order numbers or personal data")


class SearchScope(Fact):
    """For whom and when a clause must hold; `on` is an ISO date. Never filled by a model."""

    region: str
    tier: str
    language: str
    on: str


class PolicyHits(Fact):
    """Clauses to cite, best first; empty when the policy does not speak of the question."""

    clauses: tuple[Clause, ...] = ()


class PolicySearch:
    effect = Effect.READ

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    @activity.defn
    async def search_policy(self, ask: SearchPolicy, caller: Caller, scope: SearchScope) -> PolicyHits:
        """Report the clauses of the caller's tenant that hold in the region on the day."""
        try:
            on = date.fromisoformat(scope.on)
        except ValueError:
            raise Rejected(f"not a date: {scope.on[:40]!r}", reason="date_not_iso") from None
        found = await self._knowledge.search(ask.query, caller.tenant, scope.region, on)
        return PolicyHits(clauses=found)
