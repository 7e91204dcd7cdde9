"""What Temporal raises, told as problems: what a lost or refused call means is decided here, once."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import (
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, refusal_of
from workflows.messages import Refusal

# FAILED_PRECONDITION is a query without a worker to answer it; the SDK reports its own deadline as CANCELLED.
AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
}


class Absent(Exception):
    """Temporal knows no such workflow, or it has ended."""


@contextmanager
def problems(absent: str | None = None) -> Iterator[None]:
    """Turn what Temporal raises into problems; NOT_FOUND becomes the problem `absent`, or Absent to react to."""
    try:
        yield
    except (WorkflowUpdateFailedError, WorkflowFailureError) as failure:
        raise (refusal_of(failure.cause) or failure) from failure
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
        raise Problem("still-working") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise (Problem(absent) if absent else Absent()) from error
        if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
            raise Problem(Refusal.BUSY) from error
        if error.status in AWAY:
            raise Problem("temporal-unavailable") from error
        raise
    except RuntimeError as error:
        # The lazy client reports a refused first connection as a bare RuntimeError.
        if "client connect" in str(error):
            raise Problem("temporal-unavailable") from error
        raise
