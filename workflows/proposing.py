"""Let a model propose what a message calls for; each proposal takes the way of its tool, and that way decides."""

from collections.abc import Sequence

from pydantic import ValidationError

from activities.inference_asks import Proposed, ProposeTools
from policies.addresses import PostalAddress
from policies.facts import Complexity
from policies.proposals import Proposal
from policies.routing import OFFERS, Choice, same_matter
from policies.tool_routes import choice_of, reachable, tools_of
from workflows import metrics
from workflows.asking import about
from workflows.record import ToolUse
from workflows.turn import Turn

NAME = "propose_tools"
MOST = 3


async def choices(turn: Turn) -> tuple[Choice, ...]:
    """Ask what a message calls for that nobody understood; empty where policy keeps models out, or none had an idea."""
    found: list[Choice] = []
    for proposal in await _proposals(turn, reachable(turn.bundle), MOST, note="what to do"):
        choice = choice_of(proposal, turn.understood, turn.bundle)
        if choice and not any(same_matter(earlier, choice) for earlier in found):
            moves = choice.handler in OFFERS or choice.handler == "person"
            waits = moves and any(earlier.handler in OFFERS for earlier in found)
            found.append(choice.model_copy(update={"waits": waits}))
    return tuple(found)


async def order_meant(turn: Turn, choice: Choice, among: Sequence[str]) -> str | None:
    """Ask which of several orders is meant, where there is more to go by than the wish itself."""
    if choice.handler is None or (turn.understood.complexity is Complexity.SIMPLE and not turn.talk.heard):
        return None
    proposals = await _proposals(turn, tools_of(choice.handler, turn.bundle), 1, note="which order")
    meant = {proposal.arguments.get("order_id") for proposal in proposals} & set(among)
    return meant.pop() if len(meant) == 1 else None


async def address_meant(turn: Turn, order_id: str) -> PostalAddress | None:
    """Ask for the address in a message that no pattern could read; each word of it is the customer's own."""
    if not any(letter.isdigit() for letter in turn.understood.redacted):
        return None
    for proposal in await _proposals(turn, tools_of("address", turn.bundle), 1, note="the new address"):
        if proposal.arguments.get("order_id") == order_id:
            try:
                return PostalAddress.model_validate(proposal.arguments.get("address"))
            except ValidationError:
                return None
    return None


async def _proposals(turn: Turn, tools: Sequence[str], most: int, *, note: str) -> tuple[Proposal, ...]:
    if not tools or (common := about(turn, "propose", *tools)) is None:
        return ()
    answer = await turn.models.ask(NAME, Proposed, ProposeTools(**common, tools=tuple(tools), most=most), note=note)
    named = [f"{proposal.tool}" for proposal in answer.proposals]
    outcome = "ok" if named else ", ".join(answer.reasons) or "nothing proposed"
    dropped = [f"dropped {each}" for each in answer.dropped]
    turn.tools.uses.append(ToolUse(tool=NAME, outcome=outcome, note="; ".join([note, *named, *dropped])))
    for each in answer.dropped:
        metrics.count_dropped_proposal(turn.caller.tenant, each.rpartition(" ")[2])
    return answer.proposals
