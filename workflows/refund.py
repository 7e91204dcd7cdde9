"""A refund as a workflow of its own: approval, re-check, payment, read-back, telling, in that order and no other."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.policy_store import PinPolicy
from activities.tools.check_fraud_score import CheckFraudScore
from activities.tools.escalate_to_human import OpenTicket, Ticket
from activities.tools.get_order_status import GetOrderStatus
from policies import refunds, wording
from policies.bundle import Bundle
from policies.facts import AskedAmount, FraudFacts, OrderFacts, RefundRecord, RefundStatus
from policies.offers import digest
from policies.refund_path import Step, advance
from policies.refunds import Quote
from policies.verdict import Outcome
from workflows import case_file, metrics
from workflows.approval_desk import ApprovalDesk
from workflows.claim import RefundClaim, proven
from workflows.messages import ApprovalCard, ApprovalDecision, ApprovalReceipt, RefundNews, RefundStage
from workflows.payment import FINAL, SLOWEST_LOOK, Payment, Unpaid
from workflows.record import ToolUse
from workflows.telling import Teller
from workflows.toolbox import NotPermitted, Outage, Refused, Toolbox

NOT_PAID = "NotPaid"


@workflow.defn(name="Refund")
class Refund:
    """Carries one claim to its end. Fails as `NotPaid` when no money moved, so that the claim may be made anew."""

    @workflow.init
    def __init__(self, claim: RefundClaim) -> None:
        self.cleared = proven(claim)
        self.claim = claim
        self.quote = self.cleared.quote
        self.trail = claim.trail
        self.desk = ApprovalDesk(workflow.info().workflow_id, claim, self.cleared)
        self.uses: list[ToolUse] = []
        self.teller = Teller(claim, self.uses)
        self.case = case_file.CaseFile()
        self.bundle: Bundle | None = None

    @workflow.run
    async def run(self, claim: RefundClaim) -> RefundRecord:
        pin = PinPolicy(tenant=claim.caller.tenant, version=claim.policy_version)
        bundle: Bundle = await workflow.execute_activity(
            "pin_policy", pin, result_type=Bundle, start_to_close_timeout=timedelta(seconds=5), summary="pin policy"
        )
        self.bundle = bundle
        try:
            if self.cleared.verdict.outcome is Outcome.ASK_HUMAN:
                await self._wait_for_people(bundle)
            record = await self._pay(bundle)
            await self.teller.mail_what_is_left(bundle)
        except (Unpaid, NotPermitted) as ending:
            await self._end_unpaid(ending, bundle)
            await self.teller.mail_what_is_left(bundle)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise _not_paid(str(ending)) from ending
        await workflow.wait_condition(workflow.all_handlers_finished)
        if record.status is RefundStatus.FAILED:
            raise _not_paid(f"{record.refund_id} failed in the ledger")
        return record

    @workflow.update
    async def decide(self, decision: ApprovalDecision) -> ApprovalReceipt:
        """Take one person's word; the same decision id gets the same receipt."""
        receipt = self.desk.take(decision)
        workflow.upsert_memo({"card": self.desk.card()})
        return receipt

    @decide.validator
    def _may_decide(self, decision: ApprovalDecision) -> None:
        self.desk.check(decision, self.bundle)

    @workflow.query
    def card(self) -> ApprovalCard | None:
        return self.desk.card()

    @workflow.signal
    async def follow(self, conversation_id: str) -> None:
        """Let one more conversation hear how this ends; it hears at once what is known now."""
        await self.teller.follow(conversation_id)

    async def _wait_for_people(self, bundle: Bundle) -> None:
        self._step(Step.WAITING_APPROVAL)
        patience = timedelta(hours=bundle.rules.refunds.approval_hours)
        self.desk.open(workflow.now(), workflow.now() + patience, bundle)
        workflow.upsert_memo({"card": self.desk.card()})
        self._show(RefundStage.WAITING_APPROVAL, needs_human=True)
        await self._tell(RefundStage.WAITING_APPROVAL, bundle)
        try:
            await workflow.wait_condition(
                lambda: self.desk.state != "waiting", timeout=patience, timeout_summary="approval deadline"
            )
        except TimeoutError:
            # A word given in the very moment of the deadline has been receipted, so it counts.
            if self.desk.state == "waiting":
                self.desk.state = "expired"
                raise Unpaid(RefundStage.APPROVAL_EXPIRED) from None
        if self.desk.state == "denied":
            raise Unpaid(RefundStage.DENIED)
        self._step(Step.APPROVED)

    async def _pay(self, bundle: Bundle) -> RefundRecord:
        payment = Payment(self.claim.caller, self.claim.offer, self.quote, bundle, self.uses)
        record = await self._send_until_known(payment, bundle) or await self._search_ledger(payment, bundle)
        self._step(Step.READ_BACK)
        record = await payment.follow(record, lambda newer, mail: self._tell_record(newer, bundle, mail))
        if record.status not in FINAL:
            self._show(record.status, needs_human=True)
            await self._tell(RefundStage.RECORDED, bundle, final=True, record=record)
        return record

    async def _send_until_known(self, payment: Payment, bundle: Bundle) -> RefundRecord | None:
        """Send under one key until the ledger shows it; None when it keeps silent or our attempts are spent."""
        for attempt in range(bundle.rules.refunds.pay_attempts):
            try:
                await self._recheck(bundle)
                self._step(Step.PAYING)
                self._show("paying")
                await payment.send()
            except Outage:
                await workflow.sleep(2**attempt, summary="shop is down, nothing was sent")
                continue
            except Unpaid:
                if payment.in_doubt:
                    return None
                raise
            if payment.in_doubt:
                self._step(Step.OUTCOME_UNKNOWN)
                metrics.count_unknown_refund()
                await self._tell(RefundStage.UNKNOWN, bundle)
            # Even a clear answer is believed only once the ledger repeats it.
            try:
                if record := await payment.look_until_answered(timedelta(minutes=bundle.rules.refunds.ledger_minutes)):
                    return record
            except Outage:
                return None
            payment.in_doubt = True
        if payment.in_doubt:
            return None
        raise Unpaid(RefundStage.NOT_PAID)

    async def _search_ledger(self, payment: Payment, bundle: Bundle) -> RefundRecord:
        """Keep reading a refund nobody knows about, with people told, until it is there or can no longer arrive."""
        self._show(RefundStage.UNKNOWN, needs_human=True)
        ticket = OpenTicket(
            caller=self.claim.caller,
            subject=f"Refund with unknown outcome on order {self.quote.order_id}",
            body=f"{workflow.info().workflow_id} cannot tell whether the refund under key {payment.key} was made.",
            key=f"ticket-{payment.key}",
        )
        deadline = workflow.now() + timedelta(days=bundle.rules.refunds.settle_days)
        ticketed, pause = False, 1.0
        while workflow.now() < deadline:
            ticketed = ticketed or await self._call_people(ticket, bundle)
            moved = await self._order_moved(bundle)
            if record := await payment.look_until_answered():
                return record
            if moved and not payment.acknowledged:
                # The payment carried the old version: the shop would refuse it now, so it can never arrive any more.
                raise Unpaid(RefundStage.CHANGED)
            metrics.count_unknown_refund()
            await workflow.sleep(pause, summary="outcome unknown")
            pause = min(pause * 2, SLOWEST_LOOK)
        raise Unpaid(RefundStage.NOT_PAID)

    async def _call_people(self, ticket: OpenTicket, bundle: Bundle) -> bool:
        try:
            tools = Toolbox(bundle, self.uses)
            await tools.tell("negotiation", "escalate_to_human", Ticket, ticket, note="unknown outcome")
        except (Outage, Refused, NotPermitted):
            return False
        return True

    async def _order_moved(self, bundle: Bundle) -> bool:
        try:
            return (await self._order(bundle)).version != self.quote.order_version
        except (Outage, Unpaid):
            # Neither an outage nor a refused read says anything about the payment.
            return False

    async def _recheck(self, bundle: Bundle) -> None:
        """Gather the facts again and go on only if they still say the same; raises Unpaid or Outage."""
        quote = self.quote
        order = await self._order(bundle)
        ask = CheckFraudScore(order_id=quote.order_id)
        tools = Toolbox(bundle, self.uses)
        try:
            fraud = await tools.read(
                "negotiation", "check_fraud_score", FraudFacts, ask, self.claim.caller, note="fraud re-check"
            )
        except Refused as refusal:
            raise Unpaid(RefundStage.CHANGED) from refusal
        part = AskedAmount(minor=quote.amount.minor, currency=quote.amount.currency, text="")
        asked = None if quote.lines else part
        again = refunds.quote(quote.tenant, order, quote.reason_code, asked, workflow.now(), bundle)
        same = isinstance(again, Quote) and digest(quote.tenant, again) == self.claim.offer.digest
        if not same or fraud.band is not self.cleared.fraud.band:
            raise Unpaid(RefundStage.CHANGED)
        self._step(Step.RECHECKED)

    async def _order(self, bundle: Bundle) -> OrderFacts:
        ask = GetOrderStatus(order_id=self.quote.order_id)
        try:
            return await Toolbox(bundle, self.uses).read(
                "tracking", "get_order_status", OrderFacts, ask, self.claim.caller, note=f"re-check {ask.order_id}"
            )
        except Refused as refusal:
            raise Unpaid(RefundStage.CHANGED) from refusal

    async def _tell_record(self, record: RefundRecord, bundle: Bundle, mail: bool) -> None:
        self._step(Step.TOLD)
        metrics.count_refund(self.quote.tenant, record.status)
        self._show(record.status, needs_human=record.status is RefundStatus.FAILED)
        await self._tell(RefundStage.RECORDED, bundle, final=record.status in FINAL, record=record, mail=mail)

    async def _end_unpaid(self, ending: Unpaid | NotPermitted, bundle: Bundle) -> None:
        self._step(Step.ENDED_UNPAID)
        stage = ending.stage if isinstance(ending, Unpaid) else RefundStage.NOT_PAID
        self._show(stage)
        await self._tell(stage, bundle, final=True, mail=True)

    async def _tell(
        self,
        stage: RefundStage,
        bundle: Bundle,
        *,
        final: bool = False,
        record: RefundRecord | None = None,
        mail: bool = False,
    ) -> None:
        news = RefundNews(
            refund_workflow_id=workflow.info().workflow_id,
            order_id=self.quote.order_id,
            stage=stage,
            final=final,
            record=record,
            reason=self.desk.denial,
            deadline=self.desk.deadline,
        )
        await self.teller.tell(news, bundle, mail=mail)

    def _step(self, step: Step) -> None:
        self.trail = advance(self.trail, step)

    def _show(self, stage: str, needs_human: bool = False) -> None:
        quote, fraud = self.quote, self.cleared.fraud
        self.case.show(
            {
                case_file.TENANT: quote.tenant,
                case_file.CUSTOMER: self.claim.customer_ref,
                case_file.STAGE: str(stage),
                case_file.NEEDS_HUMAN: needs_human,
                case_file.POLICY_VERSION: self.claim.policy_version,
                case_file.REFUND_CENTS: quote.amount.minor,
            }
        )
        case_file.page(
            f"Refund on order {quote.order_id}: {stage}",
            {
                "Amount": wording.money(quote.amount, "en"),
                "Reason": quote.reason_code,
                "Decided by rule": self.cleared.verdict.rule,
                "Fraud": f"{fraud.band} ({fraud.score:.2f}) {'; '.join(fraud.reasons)}",
                "Conversation": ", ".join(self.teller.followers),
                "Approval deadline": wording.instant(self.desk.deadline, "en") if self.desk.deadline else "-",
                "Approved by": f"{len(self.desk.approved_by)} of {self.desk.needed} needed",
                "Digest": self.claim.offer.digest[:16],
            },
            [step.replace("_", " ") for step in self.trail],
        )


def _not_paid(why: str) -> ApplicationError:
    return ApplicationError(why, type=NOT_PAID, non_retryable=True, category=ApplicationErrorCategory.BENIGN)
