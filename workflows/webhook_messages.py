"""What people ask of a delivery, and what they see of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from policies.frozen import Fact
from policies.webhooks import Failure, Told

# Refusal of a replay: the type of the ApplicationError, and the slug of the API's problem document.
NOT_DEAD = "delivery-not-dead"


class DeliveryStage(StrEnum):
    """DEAD: given up until a person replays it. DROPPED: the endpoint was removed."""

    DELIVERING = "delivering"
    DEAD = "dead"
    DELIVERED = "delivered"
    DROPPED = "dropped"


class Attempt(Fact):
    """One try: the receiver's status, or why there was none; `by` is the person whose replay it belongs to."""

    number: int
    at: datetime
    status: int = 0
    error: Failure = ""
    took_ms: int = 0
    by: str = ""


class Deliveries(Fact):
    """How a delivery stands; only the last attempts are kept."""

    stage: DeliveryStage
    attempts: tuple[Attempt, ...] = ()
    next_at: datetime | None = None


class DeadLetter(Fact):
    """A message that was given up. It can be replayed until `until`."""

    endpoint_id: str
    message_id: str
    type: Told
    conversation_id: str
    attempts: int
    last: Attempt
    dead_since: datetime
    until: datetime


class Replay(Fact):
    """A person's wish to try again, from the first attempt of the schedule on."""

    by: str = Field(min_length=1)
