"""Measure proposed tools: whether they are the right ones, and what was put into their arguments."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activities.catalog import CATALOG
from activities.inference_asks import Proposed, ProposeTools
from activities.proposing import Proposing
from activities.structured import Structured
from evals.inference_cases import ProposalCase, Wanted
from evals.inference_endpoint import Endpoint, Listening
from evals.inference_tried import Tried, by_language, common, form_of
from evals.measures import Measure, count
from policies.prompts import Prompts
from policies.proposals import Proposal, read

PART = "propose"


@dataclass(frozen=True)
class Compared:
    """One argument: what was wanted of it, and what came, None where the tool was not proposed."""

    tool: str
    field: str
    wanted: str
    got: str | None

    @property
    def right(self) -> bool:
        return self.got is not None and _even(self.wanted) == _even(self.got)


@dataclass(frozen=True, kw_only=True)
class TriedProposal(Tried):
    """`meant` is the accepted list that comes nearest; `dropped` are reasons of proposals that were not taken up."""

    wanted: bool
    meant: tuple[Wanted, ...]
    proposals: tuple[Proposal, ...]
    compared: tuple[Compared, ...]
    dropped: tuple[str, ...]

    @property
    def tools_right(self) -> bool:
        return self.answered and _tools(self.meant) == _tools(self.proposals)


async def attempt(case: ProposalCase, endpoint: Endpoint, prompts: Prompts, version: str) -> TriedProposal:
    """Ask for proposals as production does, and compare those it would take up."""
    listening = Listening(endpoint.gateway)
    ask = ProposeTools(
        allowance=endpoint.allowance,
        prompt=version,
        setting=case.setting,
        history=case.history,
        message=case.message,
        tools=case.tools,
        most=case.most,
    )
    proposed = await Proposing(Structured(listening, prompts), CATALOG).propose(ask)
    accepted = [(wanted, _compare(wanted, proposed.proposals)) for wanted in (case.expect, *case.also)]
    meant, compared = max(accepted, key=lambda each: _nearness(each[0], each[1], proposed.proposals))
    dropped = _dropped(case, proposed, listening)
    strict, fits = form_of(listening, proposed.calls)
    return TriedProposal(
        task="propose",
        id=case.id,
        language=case.language,
        expected=[_shown(each) for each in meant],
        got=[_shown(each) for each in proposed.proposals],
        why=_why(proposed, meant, compared, dropped),
        said=listening.said,
        cut=listening.cut,
        calls=proposed.calls,
        strict=strict,
        fits=fits,
        wanted=bool(case.expect),
        meant=meant,
        proposals=proposed.proposals,
        compared=compared,
        dropped=dropped,
    )


def measure(tried: Sequence[TriedProposal]) -> Iterator[Measure]:
    """Count cases, tools, arguments and what was dropped; cases in which nothing is wanted stand by themselves."""
    asked = [each for each in tried if each.wanted]
    nothing = [each for each in tried if not each.wanted and each.answered]
    yield from common("propose", tried)
    yield from count(PART, "wanted", "cases right in all", (each.right for each in asked))
    yield from count(PART, "wanted", "the right tools, no other", (each.tools_right for each in asked))
    yield from count(PART, "wanted", "arguments right", (one.right for each in asked for one in each.compared))
    false = (bool(each.proposals) and not each.tools_right for each in nothing)
    yield from count(PART, "nothing wanted", "false proposals", false, None, "at most")
    yield from by_language("propose", "cases right in all", tried)
    for tool in sorted({tool for each in tried for tool in (*_tools(each.meant), *_tools(each.proposals))}):
        yield from _of_tool(tool, tried)
    yield from _drops(tried)


def _of_tool(tool: str, tried: Sequence[TriedProposal]) -> Iterator[Measure]:
    wanted = [each for each in tried if tool in _tools(each.meant)]
    chosen = [each for each in tried if tool in _tools(each.proposals)]
    yield from count(PART, tool, "proposed where wanted", (tool in _tools(each.proposals) for each in wanted))
    yield from count(PART, tool, "wanted where proposed", (tool in _tools(each.meant) for each in chosen))
    compared = (one.right for each in tried for one in each.compared if one.tool == tool)
    yield from count(PART, tool, "arguments right", compared)


def _drops(tried: Sequence[TriedProposal]) -> Iterator[Measure]:
    reasons = [reason for each in tried for reason in each.dropped]
    made = len(reasons) + sum(len(each.proposals) for each in tried)
    if made:
        yield Measure(PART, "all", "proposals taken up", made - len(reasons), made)
    for reason, times in sorted(Counter(reasons).items()):
        yield Measure(PART, "all", f"dropped: {reason}", times, made, None, "at most")


def _compare(wanted: Sequence[Wanted], proposals: Sequence[Proposal]) -> tuple[Compared, ...]:
    """Compare each wanted tool with the proposal of it that fits best; each proposal is compared once."""
    left, compared = list(proposals), list[Compared]()
    for each in wanted:
        same = [proposal for proposal in left if proposal.tool == each.tool]
        pairs = [_fields(each, proposal) for proposal in same] or [_fields(each, None)]
        best = max(pairs, key=lambda fields: sum(one.right for one in fields))
        if same:
            left.remove(same[pairs.index(best)])
        compared += best
    return tuple(compared)


def _fields(wanted: Wanted, proposal: Proposal | None) -> list[Compared]:
    got = dict(_flat(proposal.arguments)) if proposal else {}
    return [Compared(wanted.tool, field, value, got.get(field)) for field, value in _flat(wanted.arguments)]


def _flat(arguments: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", str(value)


def _even(text: str) -> str:
    return " ".join(text.split()).casefold()


def _nearness(
    wanted: Sequence[Wanted], compared: Sequence[Compared], proposals: Sequence[Proposal]
) -> tuple[bool, float]:
    share = sum(one.right for one in compared) / len(compared) if compared else 1.0
    same = _tools(wanted) == _tools(proposals)
    # Where the tools are others, the case is held against what it expects first.
    return same, share if same else 0.0


def _tools(named: Sequence[Wanted | Proposal]) -> Counter[str]:
    return Counter(each.tool for each in named)


def _dropped(case: ProposalCase, proposed: Proposed, listening: Listening) -> tuple[str, ...]:
    """Give the reasons; an answer of another form is dropped whole, and here each proposal in it says why."""
    if "malformed" not in proposed.reasons:
        return tuple(each.rpartition(" ")[2] for each in proposed.dropped)
    takes = {tool.name: tool.takes for tool in CATALOG if tool.name in case.tools}
    return tuple(each.reason for each in read(listening.said, takes, case.orders, case.message, case.most).dropped)


def _why(proposed: Proposed, meant: Sequence[Wanted], compared: Sequence[Compared], dropped: Sequence[str]) -> str:
    if proposed.reasons:
        return "; ".join((*proposed.reasons, *(f"dropped: {reason}" for reason in dropped)))
    wanted, came = _tools(meant), _tools(proposed.proposals)
    faults = [f"{tool} missing" for tool in (wanted - came).elements()]
    faults += [f"{tool} not wanted" for tool in (came - wanted).elements()]
    faults += [
        f"{one.tool}.{one.field} is {one.got!r}, wanted {one.wanted!r}"
        for one in compared
        if one.got is not None and not one.right
    ]
    faults += [f"{one.tool}.{one.field} not given" for one in compared if one.got is None and one.tool in came]
    if faults:
        faults += [f"dropped: {reason}" for reason in dropped]
    return "; ".join(faults)


def _shown(each: Wanted | Proposal) -> Mapping[str, Any]:
    return {"tool": each.tool, "arguments": dict(each.arguments)}
