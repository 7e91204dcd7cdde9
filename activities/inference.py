"""Everything a conversation asks of a language model, as the activities of the queue "inference"."""

from collections.abc import Sequence

from temporalio import activity

from activities.answering import PolicyWriting
from activities.catalog import CATALOG, Tool
from activities.heartbeat import beating
from activities.inference_asks import (
    Phrased,
    PhraseReply,
    Proposed,
    ProposeTools,
    RewriteQuery,
    Rewritten,
    Routed,
    RouteIntent,
    WriteAnswer,
    WrittenAnswer,
)
from activities.inference_ports import Drafts, Generator
from activities.phrasing import Phrasing
from activities.proposing import Proposing
from activities.rewriting_queries import QueryRewriting
from activities.routing_intents import IntentRouting
from activities.structured import Structured
from policies.intent_sets import IntentSets
from policies.prompts import Prompts


class Inference:
    """Asks a model for proposals and words. A model that fails, or is not there, is an answer with a reason.

    Each task has a file of its own; here they get their names and their pulse.
    """

    def __init__(
        self,
        generator: Generator | None,
        prompts: Prompts,
        intents: IntentSets,
        drafts: Drafts | None = None,
        catalog: Sequence[Tool] = CATALOG,
    ) -> None:
        structured = Structured(generator, prompts)
        self._routing = IntentRouting(structured, intents)
        self._proposing = Proposing(structured, catalog)
        self._rewriting = QueryRewriting(structured)
        self._writing = PolicyWriting(structured)
        self._phrasing = Phrasing(generator, prompts, drafts)

    @activity.defn
    async def route_intent(self, ask: RouteIntent) -> Routed:
        """Report the intent that a model chose from a closed list."""
        async with beating():
            return await self._routing.route(ask)

    @activity.defn
    async def propose_tools(self, ask: ProposeTools) -> Proposed:
        """Report which tools a model would use, with arguments from the customer's own orders and words."""
        async with beating():
            return await self._proposing.propose(ask)

    @activity.defn
    async def rewrite_query(self, ask: RewriteQuery) -> Rewritten:
        """Report a question to the written policy in the words of one."""
        async with beating():
            return await self._rewriting.rewrite(ask)

    @activity.defn
    async def write_policy_answer(self, ask: WriteAnswer) -> WrittenAnswer:
        """Report an answer that its clauses bear out, with its sources."""
        async with beating():
            return await self._writing.write(ask)

    @activity.defn
    async def phrase_reply(self, ask: PhraseReply) -> Phrased:
        """Report true sentences in better words, streaming them as a draft while they are written."""
        return await self._phrasing.phrase(ask)
