"""What outsiders send to a conversation or a refund, and what they get back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from policies.clauses import Citation
from policies.facts import Money, RefundRecord
from policies.frozen import Fact
from policies.refunds import QuotedLine
from policies.verdict import Number
from policies.wishes import Wish
from workflows.people import DeskView, WithPerson
from workflows.record import Decision, Spent, ToolUse

CONVERSATION_QUEUE = "conversation"
# How long a worker that died in mid-task is waited for; Temporal's own ten seconds are what a customer would notice.
TASK_TIMEOUT = timedelta(seconds=3)


def conversation_workflow_id(tenant: str, conversation_id: str) -> str:
    return f"conversation/{tenant}/{conversation_id}"


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
    CASE_TAKEN = "case-taken"
    NOT_YOUR_CASE = "case-not-yours"
    NOT_OVER = "conversation-not-over"
    TOO_FAR = "snooze-too-far"


class Opening(Fact):
    """Start of a conversation; `customer_ref` is a keyed hash of the customer id, safe as a search attribute."""

    tenant: str
    conversation_id: str
    customer_id: str
    customer_ref: str
    language: str = "en"


class Photo(Fact):
    """A picture a customer sent; the picture itself lies outside the history, under its id."""

    photo_id: str
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    size: int
    width: int
    height: int


class Link(Fact):
    """Something to open that the shop holds: a return label at its `url`, or the photo of a parcel's delivery.

    The photo is at /v1/conversations/{conversation_id}/parcels/{awb}/photo, for whoever may read the conversation.
    """

    kind: Literal["label", "delivery_photo"]
    order_id: str
    url: str = ""
    awb: str = ""


class CustomerMessage(Fact):
    """What a customer wrote; `text` may be blank where there are photos."""

    message_id: str = Field(min_length=1, max_length=64)
    customer_id: str
    text: str
    wish: Wish | None = None
    photos: tuple[Photo, ...] = ()


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
    """The answer to one or several messages; `offset` is its place in the event log, `citations` its sources.

    While a person has the word, `text` is empty: their answer comes as an event.
    """

    offset: int
    turn: int
    answers: tuple[str, ...]
    text: str
    at: datetime
    stage: str
    offer: OfferCard | None = None
    refund: RefundRecord | None = None
    citations: tuple[Citation, ...] = ()
    links: tuple[Link, ...] = ()
    decision: Decision | None = None


class EventKind(StrEnum):
    CUSTOMER = "message.customer"
    REPLY = "message.assistant"
    PERSON = "message.person"
    OFFER_CLOSED = "offer.closed"
    REFUND = "refund.updated"
    APPROVAL = "approval.waiting"
    HANDOFF = "handoff.requested"
    CLAIMED = "handoff.claimed"
    RETURNED = "handoff.returned"
    DELAYED = "handoff.delayed"
    FEEDBACK = "feedback.given"
    CLOSED = "conversation.closed"


class Event(Fact):
    """One line of the conversation's log. Offsets count from 1 without gaps; `by` is a person's name for customers."""

    offset: int
    kind: EventKind
    at: datetime
    text: str = ""
    by: str = ""
    photos: tuple[Photo, ...] = ()
    reply: Reply | None = None
    refund: RefundRecord | None = None
    citations: tuple[Citation, ...] = ()


class DraftLine(Fact):
    """A piece of a reply under way, behind event `after`: to be shown until the reply itself comes, never a fact.

    "begin" opens an empty bubble, "delta" adds `text` to it, "drop" takes it away. `epoch` counts who had the word,
    `attempt` the tries of one turn; a drop of attempt 0 comes from whoever took over. "status" says in `text` what is
    being done right now, as one of the words of policies/statuses.py.
    """

    after: int
    number: int
    epoch: int
    attempt: int
    kind: Literal["begin", "delta", "drop", "status"]
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
    person: WithPerson | None = None
    desk: DeskView | None = None


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
    """A refund that waits for people, without personal data: whose it is and how it was paid stands in the shop.

    `lines` are empty where only a part of the money goes back; `numbers` are what the rule looked at; `handled_by` may
    not decide.
    """

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
    handled_by: tuple[str, ...] = ()
    order_version: int = 0
    lines: tuple[QuotedLine, ...] = ()
    payment_id: str = ""
    policy_version: str = ""
    numbers: Mapping[str, Number] = Field(default_factory=dict)


class ApprovalReceipt(Fact):
    refund_workflow_id: str
    state: Literal["waiting", "approved", "denied"]
    approvals_needed: int
    approved_by: tuple[str, ...] = ()
