"""Names that cross between HTTP and Temporal: hashed customers, update ids, refund ids, quoted query values."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from policies.frozen import Fact

SAFE_VALUE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Run(Fact):
    """One workflow run of a conversation."""

    workflow_id: str
    run_id: str
    conversation_id: str
    running: bool


class References:
    """Derives names from a customer without revealing who it is."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def customer(self, tenant: str, customer_id: str) -> str:
        """Hash a customer id with the key: 24 hex digits, safe as a search attribute."""
        return hmac.new(self._secret, f"{tenant}\n{customer_id}".encode(), hashlib.sha256).hexdigest()[:24]

    def update(self, name: str, tenant: str, person: str, message_id: str) -> str:
        """Name an update by its message id.

        Temporal answers a known update id without asking the workflow, so the person and the kind are part of it:
        a stranger who guesses a message id must not be handed its reply.
        """
        return f"{name}/{message_id}/{self.customer(tenant, person)[:12]}"

    def theirs(self, kind: Literal["Conversation", "Refund"], tenant: str, customer_id: str) -> str:
        """Ask visibility for every workflow of one customer."""
        customer = self.customer(tenant, customer_id)
        return (
            f"WorkflowType = '{kind}' AND HoldfastTenant = {quoted(tenant)} AND HoldfastCustomer = {quoted(customer)}"
        )

    def waiting(self, tenant: str) -> str:
        """Ask visibility for refunds that wait for people."""
        return (
            f"WorkflowType = 'Refund' AND HoldfastTenant = {quoted(tenant)}"
            " AND HoldfastNeedsHuman = true AND ExecutionStatus = 'Running'"
        )


def refund_prefix(tenant: str) -> str:
    return f"refund/{tenant}/"


def refund_id(tenant: str, workflow_id: str) -> str:
    """Turn a refund's workflow id into one safe path segment, tenant left out."""
    return urlsafe_b64encode(workflow_id.removeprefix(refund_prefix(tenant)).encode()).rstrip(b"=").decode()


def refund_workflow_id(tenant: str, refund_id: str) -> str | None:
    """Undo `refund_id`; None when it cannot have come from there."""
    try:
        return refund_prefix(tenant) + urlsafe_b64decode(refund_id + "=" * (-len(refund_id) % 4)).decode()
    except ValueError:
        return None


def quoted(value: str) -> str:
    """Quote a value for a visibility query; the query language has no parameters, so anything unusual is a bug."""
    if not SAFE_VALUE.fullmatch(value):
        raise ValueError("not a value that may enter a visibility query")
    return f"'{value}'"
