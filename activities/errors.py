"""Failures of the outside world, named by who reacts.

    OutsideError
    ├── Unavailable   Temporal retries, honouring `retry_after`
    ├── Rejected      no retry; the customer hears an explanation
    │   └── Changed   the thing moved since it was read: gather facts again
    ├── Malformed     no retry; engineers are alerted
    └── Unknown       it may or may not have happened: read back before anything else

Each is an `ApplicationError` whose `type` is the class name, so a workflow sees the same name after it crossed history.
"""

from datetime import timedelta

from temporalio.exceptions import ApplicationError


class OutsideError(ApplicationError):
    """Base of everything a client raises; `message` never carries a secret or personal data."""

    def __init__(self, message: str, *details: object, retry: bool, retry_after: timedelta | None = None) -> None:
        super().__init__(
            message, *details, type=type(self).__name__, non_retryable=not retry, next_retry_delay=retry_after
        )


class Unavailable(OutsideError):
    """The other side is down or asks for patience."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message, retry=True, retry_after=retry_after)


class Rejected(OutsideError):
    """The other side said no for a business reason; `reason` is its machine-readable code."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, reason, retry=False)
        self.reason = reason


class Changed(Rejected):
    """An If-Match version no longer holds."""


class Malformed(OutsideError):
    """The answer does not fit the contract: a schema changed, or we have a bug."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=False)


class Unknown(OutsideError):
    """A write was sent and its answer lost."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=False)
