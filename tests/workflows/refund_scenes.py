"""Scenes about money: a shop whose payments go wrong as written, and a witness who knows what the ledger held."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from temporalio.client import WorkflowHandle

from activities.errors import Changed, Rejected, Unavailable, Unknown
from activities.event_log import AppendEvents, LogEnd
from activities.ports import RefundOrder
from policies.facts import Money, OrderFacts, ReasonCode, RefundRecord, RefundStatus
from policies.offers import claim
from policies.refunds import Quote, QuotedLine
from policies.wording import money
from tests.fakes.shop import ScriptedShop
from tests.workflows.customer import Customer
from tests.workflows.desk import Desk, Gate, ListedEvents
from workflows.messages import ApprovalDecision, ApprovalReceipt, Event, Reply, refund_workflow_id

DISPUTE = "I want a refund on order #{order}, it never arrived"
PAYS, ANSWER_LOST, LOST, DOWN, REFUSES, STALE = "pays", "answer lost", "lost on the way", "down", "refuses", "stale"


class MoodyShop(ScriptedShop):
    """Plays, for each order, what `plays` says of its next payments; pays as usual when nothing is written."""

    def __init__(self, *orders: OrderFacts) -> None:
        super().__init__(*orders)
        self.plays: dict[str, list[str]] = defaultdict(list)
        self.blind: dict[str, int] = defaultdict(int)
        self.sent: list[tuple[str, RefundOrder, str]] = []
        self.overheard: Callable[[str], None] = lambda body: None
        self.answering: Gate | None = None

    def keys(self, order_id: str) -> list[str]:
        """The idempotency keys under which payments of an order were sent, one for each time."""
        return [key for _, ask, key in self.sent if ask.order_id == order_id]

    async def refund(self, tenant: str, ask: RefundOrder, key: str) -> RefundRecord:
        self.sent.append((tenant, ask, key))
        play = self.plays[ask.order_id].pop(0) if self.plays[ask.order_id] else PAYS
        if play == DOWN:
            raise Unavailable("down")
        if play == REFUSES:
            raise Rejected("the shop refused the refund", "payment_unknown")
        if play == STALE:
            raise Changed("the order changed since it was read", "version_stale")
        if play == LOST:
            raise Unknown("no answer")
        record = await super().refund(tenant, ask, key)
        if self.answering:
            await self.answering.pass_through()
        if play == ANSWER_LOST:
            raise Unknown("no answer")
        return record

    async def find_refund(self, tenant: str, order_id: str, key: str) -> RefundRecord | None:
        if self.blind[order_id]:
            self.blind[order_id] -= 1
            return None
        return await super().find_refund(tenant, order_id, key)

    async def notify(self, tenant: str, customer_id: str, subject: str, body: str, key: str) -> str:
        self.overheard(body)
        return await super().notify(tenant, customer_id, subject, body, key)

    async def arrive_late(self) -> None:
        """Let the payment that got lost last reach the shop after all."""
        await super().refund(*self.sent[-1])

    def bump(self, order_id: str) -> None:
        self._change(order_id)


SAYS = {
    RefundStatus.PENDING: r"The shop has recorded your refund of (?P<amount>\S+) for order #(?P<order>\w+)"
    r" to your (?P<method>.+?) \(reference (?P<refund>[\w-]+)\)",
    RefundStatus.APPROVED: r"Your refund of (?P<amount>\S+) for order #(?P<order>\w+) has been approved and is on its"
    r" way to your (?P<method>.+?) \(reference (?P<refund>[\w-]+)\)",
    RefundStatus.SETTLED: r"Your refund of (?P<amount>\S+) for order #(?P<order>\w+) to your (?P<method>.+?)"
    r" has been paid \(reference (?P<refund>[\w-]+)\)",
    RefundStatus.FAILED: r"Your refund of (?P<amount>\S+) for order #(?P<order>\w+) to your (?P<method>.+?)"
    r" has failed \(reference (?P<refund>[\w-]+)\)",
}
CLAIMS_MONEY = re.compile(r"has been paid|has been approved|has recorded|has failed|on its way to your")
DENIES_MONEY = re.compile(
    r"order #(\w+)[^.]*(?:no money has moved|I have not refunded anything|was not made)", re.IGNORECASE
)
# What the ledger may say by the time a sentence arrives that was true when it was written.
BY_THEN = {
    RefundStatus.PENDING: set(RefundStatus),
    RefundStatus.APPROVED: set(RefundStatus) - {RefundStatus.PENDING},
    RefundStatus.SETTLED: {RefundStatus.SETTLED},
    RefundStatus.FAILED: {RefundStatus.FAILED},
}


class Witness(ListedEvents):
    """Compares every event and e-mail, in the moment it goes out, with what the ledger then holds."""

    def __init__(self, shop: MoodyShop) -> None:
        super().__init__()
        self.shop = shop
        self.sentences = 0
        self.lies: list[str] = []
        shop.overheard = self.hold_to_ledger

    async def append_events(self, ask: AppendEvents) -> LogEnd:
        for event in (Event.model_validate_json(line.line) for line in ask.events):
            self.hold_to_ledger(event.text)
        return await super().append_events(ask)

    def hold_to_ledger(self, text: str) -> None:
        spans = [
            (match, status) for status, pattern in SAYS.items() for match in re.finditer(pattern, text, re.IGNORECASE)
        ]
        self.sentences += len(spans)
        self.lies += [text for match, status in spans if not self._held(match, status)]
        if CLAIMS_MONEY.search(text) and not spans:
            self.lies.append(text)
        for match in DENIES_MONEY.finditer(text):
            self.sentences += 1
            alive = [each for each in self.shop.refunds if each.status is not RefundStatus.FAILED]
            if any(each.order_id == match[1] for each in alive):
                self.lies.append(text)

    def _held(self, match: re.Match[str], status: RefundStatus) -> bool:
        return any(
            (match["refund"], match["order"], match["method"], match["amount"])
            == (record.refund_id, record.order_id, record.method_label, money(record.amount, "en"))
            and record.status in BY_THEN[status]
            for record in self.shop.refunds
        )


def moody(desk: Desk, *orders: OrderFacts) -> MoodyShop:
    """Give a desk a moody shop and a witness; returns the shop."""
    desk.shop = shop = MoodyShop(*orders)
    desk.log = Witness(shop)
    return shop


def refund_id(desk: Desk, order_id: str, part: int | None = None, before: int = 0) -> str:
    """The workflow id of the claim for everything on a one-line order, or for a part of its money."""
    quote = Quote(
        tenant=desk.tenant,
        order_id=order_id,
        order_version=0,
        lines=() if part else (QuotedLine(line_id="1", quantity=1),),
        amount=Money(minor=part or 1, currency="USD"),
        payment_id="PAY-1",
        method_label="",
        reason_code=ReasonCode.DELIVERY_DISPUTE,
        refunded_before_minor=before,
        policy_version="",
    )
    return refund_workflow_id(desk.tenant, order_id, claim(quote))


def refund_of(desk: Desk, order_id: str, part: int | None = None) -> WorkflowHandle[object, RefundRecord]:
    return desk.client.get_workflow_handle(refund_id(desk, order_id, part), result_type=RefundRecord)


async def confirm(customer: Customer, order_id: str = "12345", text: str = DISPUTE) -> Reply:
    """Ask for a refund and say yes to the offer; returns the answer to the yes."""
    offered = await customer.say(text.format(order=order_id))
    assert offered.offer is not None, offered.text
    assert offered.offer.kind == "refund", offered.text
    return await customer.say("Yes, please.")


async def hears(customer: Customer, *words: str) -> str:
    """Wait until the customer has been told all of these words, in whatever events; returns everything said so far."""
    events = await customer.log.until(customer.stream, lambda held: _all_in(words, held))
    return _spoken(events)


async def until(happened: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for something the server shows a little later than it is."""
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110  # the server tells nobody when it has caught up
            await asyncio.sleep(0.05)


async def decide(
    desk: Desk,
    order_id: str,
    approver: str,
    digest: str,
    *,
    approve: bool = True,
    role: str = "agent",
    decision_id: str | None = None,
    reason: str = "looked at it.",
) -> ApprovalReceipt:
    decision = ApprovalDecision(
        decision_id=decision_id or f"{approver}-{datetime.now(UTC).timestamp()}",
        approver=approver,
        role=role,
        digest=digest,
        approve=approve,
        reason=reason,
    )
    decided = refund_of(desk, order_id).execute_update("decide", decision, result_type=ApprovalReceipt)
    receipt: ApprovalReceipt = await decided
    return receipt


def _all_in(words: Sequence[str], events: Sequence[Event]) -> bool:
    spoken = _spoken(events)
    return all(word in spoken for word in words)


def _spoken(events: Sequence[Event]) -> str:
    return "\n".join(event.text for event in events)
