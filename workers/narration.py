"""Conversations as lines on a terminal: what was said, why, and what the shop's books hold."""

import textwrap
from collections.abc import Iterable

from policies.verdict import Verdict
from workers.shop_admin import Row
from workflows.messages import Event, EventKind, Reply
from workflows.record import Decision

WIDTH = 110
_MARGIN = 12


def spoken(who: str, text: str) -> str:
    """Set a name in the margin and the text beside it."""
    return paragraph(text, who)


def paragraph(text: str, label: str = "") -> str:
    lines = [
        line
        for part in text.splitlines() or [""]
        for line in textwrap.wrap(part, WIDTH - _MARGIN, break_on_hyphens=False) or [""]
    ]
    margins = [label.ljust(_MARGIN), *[" " * _MARGIN] * (len(lines) - 1)]
    return "\n".join(f"{margin}{line}".rstrip() for margin, line in zip(margins, lines, strict=True))


def answered(reply: Reply, decision: Decision | None = None) -> str:
    """Print a reply with its offer and, for whoever may see it, the record of how it was decided."""
    parts = [spoken("holdfast", reply.text)]
    if reply.offer:
        parts.append(
            paragraph(f"offer {reply.offer.digest[:12]}… until {reply.offer.expires_at:%H:%M:%S} UTC", "  offer")
        )
    if decision:
        parts.append(paragraph(decided(decision), "  decided"))
    return "\n".join(parts)


def decided(decision: Decision) -> str:
    """Say in a few lines why a turn went as it did."""
    lines = [
        f"intent {decision.intent or 'none'} ({decision.confidence:.2f}), playbook {decision.playbook},"
        f" {decision.tier}, policy {decision.policy_version}"
    ]
    lines += [f"tool    {use.tool}: {use.outcome}{f' ({use.note})' if use.note else ''}" for use in decision.tools]
    lines += [f"verdict {_judged(verdict)}" for verdict in decision.verdicts]
    return "\n".join(lines)


def _judged(verdict: Verdict) -> str:
    numbers = ", ".join(f"{name} {value}" for name, value in verdict.numbers.items())
    return f"{verdict.outcome} by {verdict.rule}{f' [{numbers}]' if numbers else ''}"


def happened(event: Event) -> str | None:
    """Print an event that is neither side's message; None for those."""
    if event.kind in (EventKind.CUSTOMER, EventKind.REPLY):
        return None
    if event.kind is EventKind.PERSON:
        return spoken(event.by[: _MARGIN - 1], event.text)
    if event.refund:
        amount = f"{event.refund.amount.minor / 100:.2f} {event.refund.amount.currency}"
        return paragraph(f"{event.kind}: {event.refund.refund_id} {event.refund.status}, {amount}", "  event")
    return paragraph(f"{event.kind}: {event.text}".rstrip(": "), "  event")


def table(rows: Iterable[Row], columns: Iterable[str]) -> str:
    """Print rows of the shop's books under the names of their columns."""
    names = list(columns)
    cells = [names, *[[str(row.get(name, "")) for name in names] for row in rows]]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
