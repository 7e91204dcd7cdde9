"""Words for a conversation in people's hands: who has it, how soon they must answer, what they decided."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from policies.frozen import Fact


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


Why = Literal["asked", "policy", "outage", "paused", "taken_over"]
Matter = Literal["refund", "return", "cancel", "address", "other"]


class Clock(Fact):
    """Opening hours somebody still has to do something: `left` in seconds; it runs since an instant, or stands."""

    left: float
    running_since: datetime | None = None


class Decided(Fact):
    """What a person decided on a matter: the AI tells it in these words, and neither repeats nor contradicts it.

    `order_id` is empty where it concerns the whole conversation.
    """

    matter: Matter
    order_id: str = ""
    agreed: bool
    words: str = Field(min_length=1, max_length=500)
    by_name: str
    at: datetime


class Case(Fact):
    """A conversation in people's hands, from the hand-over or a claim to the hand-back.

    `assignee` is whom it was given to; the word is theirs from `claimed_at` on, and until then the AI may say that a
    person is coming. `first`, `next` and `resolution` are the clocks of docs/people.md; None where a clock has ended or
    has not begun. `promised_at` is what the customer was told. `escalations` counts how often nobody answered in time.
    """

    number: int
    why: Why
    summary: tuple[str, ...] = ()
    opened_at: datetime
    assignee: str = ""
    assignee_name: str = ""
    passed_over: tuple[str, ...] = ()
    claimed_at: datetime | None = None
    promised_at: datetime | None = None
    by_email: bool = False
    first: Clock | None = None
    next: Clock | None = None
    resolution: Clock | None = None
    escalations: int = 0
    breached: bool = False
    supervisor: bool = False

    @property
    def claimed(self) -> bool:
        return self.claimed_at is not None

    @property
    def waits_for_customer(self) -> bool:
        """Whether the last word was a person's: every clock stands."""
        return self.first is None and self.next is None
