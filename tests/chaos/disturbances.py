"""The faults behind the cells: what holds a conversation at its step, and how the shop is told of each fault."""

from typing import Any

from tests.chaos.books import Case
from tests.chaos.cells import Door, Fault, Kill, Kind, Part, Step

# Below the five seconds after which the shop's client gives up, so that a held call is disturbed by the kill alone.
HOLD_S = 4.5
WITH_PEOPLE = (Step.WAITING, Step.HALF_APPROVED, Step.APPROVED)
BEFORE_OFFER = (Door.CUSTOMER, Door.ORDER_READ, Door.FRAUD_READ, Door.TICKET)

Spec = dict[str, Any]


def hold_spec(kill: Kill, case: Case) -> Spec | None:
    """The fault that holds a conversation at its step; None where it stands there by itself, waiting for a person.

    The understanding worker answers within milliseconds and cannot be held, so its kill comes just before the message.
    """
    if kill.part is Part.UNDERSTANDING and kill.step in (Step.MESSAGE_TAKEN, Step.YES_TAKEN):
        return None
    order, late, lost = f"/orders/{case.order_id}", Kind.LATENCY, Kind.LOST
    holds: dict[Step, tuple[Kind, str, str]] = {
        Step.MESSAGE_TAKEN: (late, "GET", order),
        Step.YES_TAKEN: (late, "GET", f"/customers/{case.customer_id}/orders"),
        Step.STARTED: (late, "GET", order),
        Step.PAY_IN_FLIGHT: (late, "POST", "/refunds"),
        Step.ANSWER_LOST: (lost, "POST", "/refunds"),
        Step.READING_BACK: (late, "GET", "/refunds"),
        Step.MAIL_IN_FLIGHT: (late, "POST", "/notifications"),
        Step.MAIL_SENT: (lost, "POST", "/notifications"),
        Step.APPROVED: (late, "GET", order),
    }
    if kill.step not in holds:
        return None
    kind, method, path = holds[kill.step]
    return {"kind": kind, "method": method, "path_contains": path, "seconds": HOLD_S}


def fault_spec(fault: Fault, case: Case) -> Spec:
    """The fault as the shop's admin API takes it."""
    order = f"/orders/{case.order_id}"
    method, path = {
        Door.CUSTOMER: ("GET", f"/customers/{case.customer_id}"),
        Door.ORDER_READ: ("GET", order),
        Door.FRAUD_READ: ("GET", "/fraud-score"),
        Door.ORDER_AGAIN: ("GET", order),
        Door.FRAUD_AGAIN: ("GET", "/fraud-score"),
        Door.REFUND: ("POST", "/refunds"),
        Door.READ_BACK: ("GET", "/refunds"),
        Door.MAIL: ("POST", "/notifications"),
        Door.TICKET: ("POST", "/tickets"),
    }[fault.door]
    kinds: dict[Kind, Spec] = {
        Kind.LATENCY: {"seconds": 3.0},
        Kind.ERROR: {},
        # Longer than the client's patience: its answer is really lost.
        Kind.LOST: {"seconds": 6.0},
        Kind.LIMITED: {"times": 2, "retry_after": 1},
        Kind.SCHEMA: {},
        # Three refusals under a growing pause are some seconds of outage.
        Kind.DOWN: {"times": 3},
        Kind.DOWN_FOR_LONG: {"times": None},
    }
    kind = Kind.DOWN if fault.kind is Kind.DOWN_FOR_LONG else fault.kind
    return {"kind": kind, "method": method, "path_contains": path, **kinds[fault.kind]}
