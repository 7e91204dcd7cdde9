"""What outsiders send to a conversation or a refund, and what they get back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from policies.clauses import Citation
from policies.facts import Money, RefundRecord
from policies.frozen import Fact
from policies.releases import Change, Finding
from policies.wishes import Wish
from workflows.record import Decision, Spent, ToolUse

CONVERSATION_QUEUE = "conversation"
# How long a worker that died in mid-task is waited for; Temporal's own ten seconds are what a customer would notice.
TASK_TIMEOUT = timedelta(seconds=3)


def conversation_workflow_id(tenant: str, conversation_id: str) -> str:
    return f"conversation/{tenant}/{conversation_id}"


def ingest_workflow_id(tenant: str, release: str) -> str:
    """One id for one release: asking twice follows the run under way."""
    return f"knowledge/{tenant}/{release}"


def refund_workflow_id(tenant: str, order_id: str, claim: str) -> str:
    """One id for one claim: a second refund for it cannot start, whichever conversation asks."""
    return f"refund/{tenant}/{order_id}/{claim}"


def event_stream(tenant: str, conversation_id: str) -> str:
    """Name the Redis stream that carries a conversation's events."""
    return f"holdfast:events:{tenant}:{conversation_id}"


class Refusal(StrEnum):
    """Why an update was not taken; the `type` of the ApplicationError, and the slug of the API's problem document."""

    BLANK = "message-blank"
    TOO_LONG = "message-too-long"
    CLOSED = "conversation-closed"
    ANSWERED = "message-already-answered"
    NOT_YOURS = "conversation-not-found"
    BUSY = "conversation-busy"
    NO_OFFER = "offer-absent"
    OFFER_CHANGED = "offer-changed"
    OFFER_EXPIRED = "offer-expired"
    OFFER_USED = "offer-already-answered"
    ALREADY_DECIDED = "approval-already-decided"
    APPROVAL_EXPIRED = "approval-expired"
    ROLE = "role-not-allowed"
    FOUR_EYES = "approver-must-differ"


class Opening(Fact):
    """Start of a conversation; `customer_ref` is a keyed hash of the customer id, safe as a search attribute."""

    tenant: str
    conversation_id: str
    customer_id: str
    customer_ref: str
    language: str = "en"


class CustomerMessage(Fact):
    message_id: str = Field(min_length=1, max_length=64)
    customer_id: str
    text: str
    wish: Wish | None = None


class OfferAnswer(Fact):
    """A press of the confirm or decline button, bound to the offer it was shown with."""

    message_id: str = Field(min_length=1, max_length=64)
    customer_id: str
    digest: str
    accept: bool


class PersonWanted(Fact):
    message_id: str = Field(min_length=1, max_length=64)
    customer_id: str
    reason: str = ""


class Feedback(Fact):
    message_id: str = Field(min_length=1, max_length=64)
    customer_id: str
    rating: Literal["up", "down"]
    comment: str = ""


class OfferCard(Fact):
    """An offer as a frontend shows it: exact, and only valid with this digest until it expires."""

    digest: str
    kind: Literal["refund", "return", "cancel", "address"]
    order_id: str
    text: str
    amount: Money | None = None
    method_label: str = ""
    expires_at: datetime


class Reply(Fact):
    """The answer to one or several messages; `offset` is its place in the event log, `citations` its sources."""

    offset: int
    turn: int
    answers: tuple[str, ...]
    text: str
    at: datetime
    stage: str
    offer: OfferCard | None = None
    refund: RefundRecord | None = None
    citations: tuple[Citation, ...] = ()
    decision: Decision | None = None


class EventKind(StrEnum):
    CUSTOMER = "message.customer"
    REPLY = "message.assistant"
    OFFER_CLOSED = "offer.closed"
    REFUND = "refund.updated"
    HANDOFF = "handoff.requested"
    FEEDBACK = "feedback.given"
    CLOSED = "conversation.closed"


class Event(Fact):
    """One line of the conversation's log. Offsets count from 1 without gaps."""

    offset: int
    kind: EventKind
    at: datetime
    text: str = ""
    reply: Reply | None = None
    refund: RefundRecord | None = None
    citations: tuple[Citation, ...] = ()


class DraftLine(Fact):
    """A piece of a reply under way, behind event `after`: to be shown until the reply itself comes, never a fact.

    "begin" opens an empty bubble, "delta" adds `text` to it, "drop" takes it away. `epoch` counts who had the word,
    `attempt` the tries of one turn; a drop of attempt 0 comes from whoever took over.
    """

    after: int
    number: int
    epoch: int
    attempt: int
    kind: Literal["begin", "delta", "drop"]
    text: str = ""


class Transcript(Fact):
    """Everything a customer or a support agent may read of a conversation."""

    tenant: str
    conversation_id: str
    customer_id: str
    policy_version: str
    stage: str
    owner: str
    closed: bool
    offer: OfferCard | None
    summary: str
    events: tuple[Event, ...]
    last_offset: int
    spent: Spent = Spent()


class RefundStage(StrEnum):
    """What a refund tells the conversations that follow it."""

    WAITING_APPROVAL = "waiting_approval"
    UNKNOWN = "unknown"
    RECORDED = "recorded"
    CHANGED = "changed"
    DENIED = "denied"
    APPROVAL_EXPIRED = "approval_expired"
    NOT_PAID = "not_paid"


class RefundNews(Fact):
    """Signal from a refund to a conversation; `record` is the ledger's, read back, or absent."""

    refund_workflow_id: str
    order_id: str
    stage: RefundStage
    final: bool
    record: RefundRecord | None = None
    reason: str = ""
    deadline: datetime | None = None
    tools: tuple[ToolUse, ...] = ()


class ApprovalDecision(Fact):
    """A person's word on a waiting refund; `digest` binds it to what they saw."""

    decision_id: str = Field(min_length=1, max_length=64)
    approver: str
    role: str
    digest: str
    approve: bool
    reason: str = Field(min_length=1, max_length=500)


class ApprovalCard(Fact):
    """A refund that waits for people, without personal data."""

    refund_workflow_id: str
    tenant: str
    conversation_id: str
    order_id: str
    digest: str
    amount: Money
    reason_code: str
    fraud_band: str
    fraud_score: float
    fraud_reasons: tuple[str, ...]
    rule: str
    requested_at: datetime
    deadline: datetime
    approvals_needed: int
    approved_by: tuple[str, ...] = ()


class ApprovalReceipt(Fact):
    refund_workflow_id: str
    state: Literal["waiting", "approved", "denied"]
    approvals_needed: int
    approved_by: tuple[str, ...] = ()


IngestState = Literal["reading", "checking", "stopped", "staged", "live"]


class IngestJob(Fact):
    """Read a tenant's uploaded files into a release, check it, and make it live if `publish`.

    `despite`: a person has seen findings that stop, and publishes all the same. `by` is who asks. `unread`: files that
    belong to the release and could not be uploaded.
    """

    tenant: str
    release: str
    publish: bool = True
    despite: bool = False
    by: str = ""
    unread: tuple[str, ...] = ()


class IngestProgress(Fact):
    """How far an ingest is: `done` of `files`; "stopped": findings have to be looked at, the old release serves."""

    state: IngestState
    files: int = 0
    done: int = 0
    current: str = ""
    chunks: int = 0


class IngestReport(Fact):
    """What became of a job: totals of all files, and the first thousand changes and findings in full."""

    tenant: str
    release: str
    state: IngestState
    files: int
    chunks: int
    added: int
    unchanged: int
    removed: int
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    fingerprint: str = ""
    published_at: datetime | None = None
