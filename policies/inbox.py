"""The inbox of people: one row for each conversation, and the views it stands in."""

import re
from datetime import datetime
from enum import StrEnum

from policies.cases import Priority
from policies.frozen import Fact


class View(StrEnum):
    MINE = "mine"
    UNASSIGNED = "unassigned"
    APPROVAL = "approval"
    CUSTOMER = "customer"
    AI = "ai"
    BREACHED = "breached"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    ALL = "all"


class Row(Fact):
    """What the inbox shows of a conversation; `version` grows with each change, and a lower one never replaces it.

    `owner` is "ai" or "person"; `claimed`, whether a person has the word. `waiting_since` is when the customer began to
    wait for a person, None when nobody waits. `due_at` is the next moment a clock runs out. `preview` is the last
    words, at most 120 letters; like the transcript it may hold personal data.
    """

    tenant: str
    conversation_id: str
    version: int
    customer_id: str
    language: str = "en"
    order_id: str = ""
    intent: str = ""
    stage: str = "open"
    owner: str = "ai"
    claimed: bool = False
    assignee: str = ""
    assignee_name: str = ""
    supervisor: bool = False
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    why: str = ""
    preview: str = ""
    turns: int = 0
    opened_at: datetime
    updated_at: datetime
    waiting_since: datetime | None = None
    waits_for_customer: bool = False
    due_at: datetime | None = None
    breached: bool = False
    snoozed_until: datetime | None = None
    closed: bool = False
    rating: str = ""


# Behind every instant a clock can name, in milliseconds, and still exact as a floating-point number times four.
LATER = 10_000_000_000_000
APPROVAL_STAGE = "waiting_approval"
URGENCY = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}
MOST_WORDS = 8
# A word as it is typed, and a part of it, as of an address. Without what JSON would spell in another way: the index
# finds words in its own JSON.
WHOLE = re.compile(r"[^\s\"\\\x00-\x1f]+")
PART = re.compile(r"\w{2,}")


def views_of(row: Row) -> frozenset[View]:
    """Say where a row stands while it is not snoozed; in BREACHED only from `rank_of` on, which may be to come."""
    if row.closed:
        return frozenset({View.CLOSED})
    person = row.owner == "person"
    stands = {
        View.ALL: True,
        View.AI: not person,
        View.MINE: person and row.assignee != "",
        View.UNASSIGNED: person and row.assignee == "",
        View.APPROVAL: row.stage == APPROVAL_STAGE,
        View.CUSTOMER: row.waits_for_customer,
        View.BREACHED: row.breached or row.due_at is not None,
    }
    return frozenset(view for view, here in stands.items() if here)


def rank_of(row: Row, view: View) -> int:
    """Order a view, the lowest first: what is due first, then what changed last. In milliseconds.

    In BREACHED it is since when the row stands there, and may lie ahead; in SNOOZED, until when.
    """
    changed, due = millis(row.updated_at), millis(row.due_at) if row.due_at else None
    match view:
        case View.CLOSED:
            return LATER - changed
        case View.SNOOZED if row.snoozed_until:
            return millis(row.snoozed_until)
        case View.BREACHED if row.breached:
            return changed if due is None else min(changed, due)
        case _:
            return LATER - changed if due is None else due


def turn_in_queue(row: Row) -> int | None:
    """Order those who wait for a person to claim them: by priority, then the longest first; None for the others."""
    if row.closed or row.claimed or row.owner != "person":
        return None
    return URGENCY[row.priority] * LATER + millis(row.waiting_since or row.opened_at)


def words_of(row: Row) -> tuple[str, ...]:
    """List what a row is found by: its order, customer, conversation, tags and assignee, whole and in their parts."""
    named = " ".join(
        (row.order_id, row.customer_id, row.conversation_id, *row.tags, row.assignee, row.assignee_name)
    ).casefold()
    return tuple(sorted({*WHOLE.findall(named), *PART.findall(named)}))


def words_asked(text: str) -> tuple[str, ...]:
    """Read what somebody searches for as beginnings of words, `MOST_WORDS` at most; "#12345" means 12345."""
    words = (word.lstrip("#") for word in WHOLE.findall(text.casefold()))
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
