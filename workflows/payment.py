"""Pay one confirmed refund at most once: send, and whatever the answer was, let the ledger say what happened."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from activities.ports import Caller, LineQuantity, RefundOrder
from activities.readback import FoundRefund, ReadRefund
from activities.tools.initiate_refund import ConfirmedRefund
from policies.bundle import Bundle
from policies.facts import RefundRecord, RefundStatus
from policies.offers import Offer
from policies.permissions import Effect
from policies.refunds import Quote
from workflows.messages import RefundStage
from workflows.record import ToolUse
from workflows.toolbox import NotKnown, Outage, Refused, Toolbox, fetch

FINAL = (RefundStatus.SETTLED, RefundStatus.FAILED)
FIRST_LOOK = 0.25
SLOW = timedelta(seconds=10)
SLOWEST_LOOK = 3600.0

# Told with a record and whether an e-mail should go out about it.
Tell = Callable[[RefundRecord, bool], Awaitable[None]]


class Unpaid(Exception):
    """The money certainly did not move; `stage` says why."""

    def __init__(self, stage: RefundStage) -> None:
        super().__init__(stage.value)
        self.stage = stage


class Payment:
    """One movement of money under one idempotency key, derived from the digest the customer confirmed."""

    def __init__(self, caller: Caller, offer: Offer, quote: Quote, bundle: Bundle, uses: list[ToolUse]) -> None:
        self.caller = caller
        self.quote = quote
        self.bundle = bundle
        self.uses = uses
        self.key = f"refund-{offer.digest[:48]}"
        self.in_doubt = False
        self.acknowledged = False

    async def send(self) -> None:
        """Send it once; raises Unpaid or Outage when it certainly did not arrive, sets `in_doubt` if nobody knows."""
        quote = self.quote
        order = RefundOrder(
            order_id=quote.order_id,
            order_version=quote.order_version,
            lines=tuple(LineQuantity(line_id=line.line_id, quantity=line.quantity) for line in quote.lines),
            amount_minor=quote.amount.minor,
            currency=quote.amount.currency,
            payment_id=quote.payment_id,
            reason_code=quote.reason_code,
        )
        confirmed = ConfirmedRefund(caller=self.caller, order=order, key=self.key)
        try:
            await Toolbox(self.bundle, self.uses).write(
                "negotiation",
                "initiate_refund",
                Effect.MONEY,
                RefundRecord,
                confirmed,
                confirmed=True,
                note=f"refund on {quote.order_id}",
            )
            self.acknowledged = True
        except NotKnown:
            self.in_doubt = True
        except Outage:
            if not self.in_doubt:
                raise
        except Refused as refusal:
            # An earlier attempt that got lost may be the very reason for this refusal: then the ledger decides.
            if not self.in_doubt:
                raise Unpaid(RefundStage.CHANGED if refusal.changed else RefundStage.NOT_PAID) from refusal

    async def look(self) -> RefundRecord | None:
        """Read the ledger back by the key; raises Outage while the shop does not answer."""
        ask = ReadRefund(caller=self.caller, order_id=self.quote.order_id, key=self.key)
        found = await fetch(
            "read_back_refund", FoundRefund, ask, note=f"read back {self.quote.order_id}", bundle=self.bundle
        )
        seen = ToolUse(tool="read_back_refund", outcome=found.refund.status if found.refund else "absent")
        if self.uses[-1:] != [seen]:
            self.uses.append(seen)
        return found.refund

    async def look_until_answered(self, patience: timedelta | None = None) -> RefundRecord | None:
        """Read back until the ledger has spoken: nothing else may happen before. Raises Outage after `patience`."""
        began, pause = workflow.now(), FIRST_LOOK
        while True:
            try:
                return await self.look()
            except (Outage, Refused) as silence:
                if patience and workflow.now() - began > patience:
                    raise Outage("read_back_refund") from silence
                pause = await _rest(pause, "ledger does not answer")

    async def follow(self, record: RefundRecord, tell: Tell) -> RefundRecord:
        """Watch the record until it is settled or failed, telling each change; gives up after the policy's days.

        An e-mail goes out with the end, and once before it when the end is slow to come.
        """
        began, pause, mailed = workflow.now(), FIRST_LOOK, False
        await tell(record, record.status in FINAL)
        while record.status not in FINAL and workflow.now() - began < self.settle_patience:
            pause = await _rest(pause, f"refund is {record.status}")
            newer = await self.look_until_answered() or record
            slow = not mailed and workflow.now() - began > SLOW
            if newer.status is not record.status or slow:
                record, mailed = newer, mailed or slow
                await tell(record, slow or record.status in FINAL)
        return record

    @property
    def settle_patience(self) -> timedelta:
        return timedelta(days=self.bundle.rules.refunds.settle_days)


async def _rest(pause: float, why: str) -> float:
    await workflow.sleep(pause, summary=why)
    return min(pause * 1.6, SLOWEST_LOOK)
