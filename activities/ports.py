"""What activities need of the outside world. Clients implement these; tests hand in doubles."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from policies.addresses import PostalAddress
from policies.facts import (
    CustomerFacts,
    FraudFacts,
    OrderFacts,
    ReasonCode,
    RefundRecord,
    ReturnRecord,
    Shipment,
)
from policies.frozen import Fact
from policies.lessons import Lesson


class Caller(Fact):
    """On whose behalf a tool acts; never filled by a model."""

    tenant: str
    customer_id: str


class LineQuantity(Fact):
    line_id: str
    quantity: int


class RefundOrder(Fact):
    """The exact money movement a customer confirmed; the shop must do this or nothing."""

    order_id: str
    order_version: int
    lines: tuple[LineQuantity, ...]
    amount_minor: int
    currency: str
    payment_id: str
    reason_code: ReasonCode


class Shop(Protocol):
    """Orders, money and parcels of one shop backend.

    Reads raise Unavailable, Rejected or Malformed; writes Unknown too. Every write takes an idempotency key and the
    order version it was decided on.
    """

    async def customer(self, tenant: str, customer_id: str) -> CustomerFacts: ...
    async def order(self, tenant: str, order_id: str) -> OrderFacts: ...
    async def shipment(self, tenant: str, awb: str) -> Shipment: ...
    async def photo_url(self, tenant: str, awb: str) -> str | None: ...
    async def fraud(self, tenant: str, customer_id: str, order_id: str) -> FraudFacts: ...

    async def refund(self, tenant: str, ask: RefundOrder, key: str) -> RefundRecord: ...
    async def find_refund(self, tenant: str, order_id: str, key: str) -> RefundRecord | None:
        """Read back by idempotency key: None when the ledger holds no such refund."""
        ...

    async def open_return(
        self, tenant: str, order_id: str, version: int, lines: Sequence[LineQuantity], reason: ReasonCode, key: str
    ) -> ReturnRecord: ...
    async def cancel(self, tenant: str, order_id: str, version: int, reason: str, key: str) -> OrderFacts: ...
    async def change_address(
        self, tenant: str, order_id: str, version: int, address: PostalAddress, key: str
    ) -> OrderFacts: ...
    async def notify(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        """Send an e-mail through the shop's outbox; returns the notification id."""
        ...

    async def open_ticket(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        """Open a helpdesk ticket; returns its id."""
        ...

    async def write_landed(self, tenant: str, key: str) -> bool:
        """Say whether a write with this idempotency key was committed."""
        ...


class Chooser(Protocol):
    """A language model that can only answer with one of the options given."""

    async def choose(self, instructions: str, text: str, options: Sequence[str]) -> str: ...


class EventLog(Protocol):
    """The offset log of a conversation that clients follow."""

    async def append(self, stream: str, events: Sequence[tuple[int, str]]) -> int:
        """Add (offset, JSON) pairs; offsets already there are skipped. Returns the last offset held."""
        ...

    async def forget(self, stream: str) -> None: ...


class Lessons(Protocol):
    """Messages that were not understood, kept redacted until a person has said what they mean, and weekly tallies."""

    async def keep(self, lesson: Lesson) -> bool:
        """Keep a lesson once; False when it is held, or was dealt with. One that a person labelled is kept anyway."""
        ...

    async def waiting(self, tenant: str, limit: int) -> tuple[Lesson, ...]:
        """Lessons without a label, oldest first."""
        ...

    async def labelled(self, tenant: str, limit: int) -> tuple[Lesson, ...]:
        """Lessons with a label that are no exemplars yet, oldest first."""
        ...

    async def find(self, tenant: str, lesson_id: str) -> Lesson | None: ...

    async def label(self, tenant: str, lesson_id: str, intent: str, by: str) -> Lesson | None:
        """Set what a lesson means; None when it is not held."""
        ...

    async def put_away(self, tenant: str, lesson_ids: Sequence[str]) -> int:
        """Delete lessons, accepted or not wanted, and do not keep the same words again; says how many there were."""
        ...

    async def count(self, tenant: str, week: str, tally: Mapping[str, int]) -> None:
        """Add to the counters of an ISO week."""
        ...

    async def counts(self, tenant: str, week: str) -> Mapping[str, int]: ...
