"""What activities need of the outside world. Clients implement these; tests hand in doubles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from policies.addresses import PostalAddress
from policies.chunks import Chunk
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
from policies.releases import Change, Release
from policies.retrieval import Hit, Leg, Path, Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


@dataclass(frozen=True)
class Embedded:
    """What a model makes of a chunk's `indexed` text.

    `vectors`: float32, windows × dimensions, rows of length 1; more than one where the text is longer than the model
    reads. `tokens`: int8, tokens × small dimensions, for late interaction; see `activities/late_interaction.py`.
    """

    vectors: "NDArray[np.float32]"
    tokens: "NDArray[np.int8]"


@dataclass(frozen=True)
class Asked:
    """A question made ready: terms and codes as `policies/terms.py` cuts them, and a vector of length 1."""

    terms: tuple[str, ...]
    codes: tuple[str, ...]
    vector: "NDArray[np.float32]"


class KnowledgeIndex(Protocol):
    """What is live of each tenant's documents, searched; raises Rejected (reason tenant_unknown) and Unavailable.

    A tenant is an argument of its own, never a filter: no engine may look into two tenants for one call. Every leg
    filters as `Scope.admits` does, best first, ties by chunk id.
    """

    async def search(self, scope: Scope, asked: Asked, path: Path, most: int) -> Mapping[Leg, Sequence[Hit]]:
        """Rank chunks by each leg, at most `most` in each.

        `lexical`: BM25 over the terms of `indexed`; `dense`: the best cosine of a chunk's vectors; `exact`: chunks that
        hold a code asked for, those with more of them first; `hybrid` stands for the first two where an engine fuses
        them itself on the fast path. The fast path may leave out what only common words find; the accurate one may not.
        """
        ...

    async def chunks(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Chunk]:
        """Fetch chunks by id, from the live release, else from one that was live; unknown ids are left out."""
        ...

    async def section(self, tenant: str, chunk: Chunk) -> tuple[Chunk, ...]:
        """Fetch all parts of the section a live chunk stands in, in their order."""
        ...

    async def embedded(self, tenant: str, chunk_ids: Sequence[str]) -> Mapping[str, Embedded]:
        """Fetch what was embedded of live chunks, to rank them again."""
        ...


class KnowledgeStore(Protocol):
    """Releases of each tenant's documents: staged, made live in one step, taken back. Raises Rejected, Unavailable.

    The live release is served unchanged until `publish` returns, whatever dies before. Every call may be repeated.
    """

    async def tenants(self) -> tuple[str, ...]: ...

    async def releases(self, tenant: str) -> tuple[Release, ...]:
        """List what is held, the live one first; empty for an unknown tenant."""
        ...

    async def stage(self, tenant: str, release: str) -> None:
        """Open a release for writing, or go on with one begun; Rejected when that name is live or retired."""
        ...

    async def held(self, tenant: str, chunk_ids: Sequence[str]) -> frozenset[str]:
        """Say which chunks some release of this tenant holds embedded, so that they need not be again."""
        ...

    async def put(
        self, tenant: str, release: str, source: str, chunks: Sequence[Chunk], embedded: Mapping[str, Embedded]
    ) -> Change:
        """Make these the chunks of one file of a staged release, all or none; Change compares with the live release.

        `embedded` has every chunk that is not `held`; the others' is copied.
        """
        ...

    async def keep_only(self, tenant: str, release: str, sources: Sequence[str]) -> tuple[Change, ...]:
        """Drop what a staged release holds of other files; one Change for each file live that it has no more."""
        ...

    async def contents(self, tenant: str, release: str) -> tuple[Chunk, ...]:
        """All chunks of a release, by id."""
        ...

    async def mark_disputed(self, tenant: str, release: str, chunk_ids: Sequence[str]) -> None:
        """Mark exactly these chunks of a release as disputed."""
        ...

    async def publish(self, tenant: str, release: str, fingerprint: str, at: datetime) -> None:
        """Make a staged release live in one step, if its contents have this fingerprint; Rejected otherwise."""
        ...

    async def roll_back(self, tenant: str, at: datetime) -> Release:
        """Make the release live again that was before; Rejected when there is none."""
        ...

    async def discard(self, tenant: str, release: str) -> None:
        """Drop a release that is not live."""
        ...

    async def forget(self, tenant: str) -> None:
        """Delete everything of a tenant; afterwards it is unknown."""
        ...
