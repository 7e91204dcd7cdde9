"""The only way to the money: which step of a refund may follow which, as a graph that anyone can check."""

from collections.abc import Sequence
from enum import StrEnum


class Step(StrEnum):
    QUOTED = "quoted"
    FRAUD_CHECKED = "fraud_checked"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    WAITING_APPROVAL = "waiting_approval"
    APPROVED = "approved"
    RECHECKED = "rechecked"
    PAYING = "paying"
    OUTCOME_UNKNOWN = "outcome_unknown"
    READ_BACK = "read_back"
    TOLD = "told"
    ENDED_UNPAID = "ended_unpaid"


PATH: dict[Step, frozenset[Step]] = {
    Step.QUOTED: frozenset({Step.FRAUD_CHECKED}),
    Step.FRAUD_CHECKED: frozenset({Step.OFFERED}),
    Step.OFFERED: frozenset({Step.CONFIRMED, Step.ENDED_UNPAID}),
    Step.CONFIRMED: frozenset({Step.WAITING_APPROVAL, Step.RECHECKED, Step.ENDED_UNPAID}),
    Step.WAITING_APPROVAL: frozenset({Step.APPROVED, Step.ENDED_UNPAID}),
    Step.APPROVED: frozenset({Step.RECHECKED, Step.ENDED_UNPAID}),
    Step.RECHECKED: frozenset({Step.PAYING}),
    # Back to RECHECKED only when the shop was certainly not reached.
    Step.PAYING: frozenset({Step.READ_BACK, Step.OUTCOME_UNKNOWN, Step.RECHECKED, Step.ENDED_UNPAID}),
    # After an unknown outcome nothing is sent before a read-back has answered: either it is there, or facts are
    # gathered afresh and the same idempotency key goes out again.
    Step.OUTCOME_UNKNOWN: frozenset({Step.READ_BACK, Step.RECHECKED, Step.ENDED_UNPAID}),
    Step.READ_BACK: frozenset({Step.TOLD}),
    Step.TOLD: frozenset({Step.TOLD}),
    Step.ENDED_UNPAID: frozenset(),
}


class Forbidden(Exception):
    """A step that the path does not have: always a bug, never a customer's doing."""


def advance(trail: Sequence[Step], step: Step) -> tuple[Step, ...]:
    """Add a step to a trail that starts at QUOTED; raises Forbidden where the graph has no such edge."""
    allowed = PATH[trail[-1]] if trail else frozenset({Step.QUOTED})
    if step not in allowed:
        raise Forbidden(f"{step} may not follow {trail[-1] if trail else 'nothing'}")
    return (*trail, step)


def verified(trail: Sequence[Step]) -> tuple[Step, ...]:
    """Walk a trail that came from elsewhere, edge by edge; raises Forbidden on the first one that does not exist."""
    walked: tuple[Step, ...] = ()
    for step in trail:
        walked = advance(walked, step)
    return walked
