"""A refund that waits for people: who may still decide, who has, and what they are shown."""

from datetime import datetime
from typing import Literal

from temporalio.exceptions import ApplicationError

from policies import approvals
from policies.approvals import Approval
from policies.bundle import Bundle
from policies.refunds import Cleared
from workflows.claim import RefundClaim
from workflows.messages import ApprovalCard, ApprovalDecision, ApprovalReceipt, Refusal

State = Literal["idle", "waiting", "approved", "denied", "expired"]


class ApprovalDesk:
    """Collects decisions on one offer. Single use: once approved, denied or expired it takes no more."""

    def __init__(self, workflow_id: str, claim: RefundClaim, cleared: Cleared) -> None:
        self.workflow_id = workflow_id
        self.conversation_id = claim.conversation_id
        self.asked_by = claim.caller.customer_id
        self.handled_by = claim.handled_by
        self.offer = claim.offer
        self.cleared = cleared
        self.state: State = "idle"
        self.given: list[Approval] = []
        self.needed = 1
        self.requested_at: datetime | None = None
        self.deadline: datetime | None = None

    def open(self, now: datetime, deadline: datetime, bundle: Bundle) -> None:
        self.requested_at, self.deadline = now, deadline
        self.needed = approvals.approvals_needed(self.cleared.quote.amount, bundle)
        self.state = "waiting"

    def check(self, decision: ApprovalDecision, bundle: Bundle | None) -> None:
        """Refuse a decision that may not count; a repeated decision id passes and changes nothing."""
        if self._known(decision):
            return
        if self.state == "expired":
            raise ApplicationError("the time to decide is over", type=Refusal.APPROVAL_EXPIRED)
        if self.state != "waiting" or bundle is None:
            raise ApplicationError("this refund does not wait for a decision", type=Refusal.ALREADY_DECIDED)
        if decision.digest != self.offer.digest:
            raise ApplicationError("the decision is about another version of this refund", type=Refusal.OFFER_CHANGED)
        verdict = approvals.may_decide(
            decision.approver, decision.role, self.given, self.asked_by, bundle, self.handled_by
        )
        if not verdict.allowed:
            refusal = Refusal.ROLE if verdict.rule == "approval.role" else Refusal.FOUR_EYES
            raise ApplicationError(f"refused by {verdict.rule}", type=refusal)

    def take(self, decision: ApprovalDecision) -> ApprovalReceipt:
        if not self._known(decision):
            self.given.append(Approval(**decision.model_dump(exclude={"digest"})))
            if not decision.approve:
                self.state = "denied"
            elif len(self.approved_by) >= self.needed:
                self.state = "approved"
        return ApprovalReceipt(
            refund_workflow_id=self.workflow_id,
            state="waiting" if self.state == "waiting" else "denied" if self.state == "denied" else "approved",
            approvals_needed=self.needed,
            approved_by=self.approved_by,
        )

    @property
    def approved_by(self) -> tuple[str, ...]:
        return tuple(word.approver for word in self.given if word.approve)

    @property
    def denial(self) -> str:
        """The reason a person gave for saying no, or nothing."""
        return next((word.reason for word in self.given if not word.approve), "")

    def card(self) -> ApprovalCard | None:
        """What an approver decides on; None before anybody was asked."""
        if self.deadline is None or self.requested_at is None:
            return None
        quote, fraud = self.cleared.quote, self.cleared.fraud
        return ApprovalCard(
            refund_workflow_id=self.workflow_id,
            tenant=quote.tenant,
            conversation_id=self.conversation_id,
            order_id=quote.order_id,
            digest=self.offer.digest,
            amount=quote.amount,
            reason_code=quote.reason_code,
            fraud_band=fraud.band,
            fraud_score=fraud.score,
            fraud_reasons=fraud.reasons,
            rule=self.cleared.verdict.rule,
            requested_at=self.requested_at,
            deadline=self.deadline,
            approvals_needed=self.needed,
            approved_by=self.approved_by,
            handled_by=self.handled_by,
            order_version=quote.order_version,
            lines=quote.lines,
            payment_id=quote.payment_id,
            policy_version=quote.policy_version,
            numbers=self.cleared.verdict.numbers,
        )

    def _known(self, decision: ApprovalDecision) -> bool:
        return any(earlier.decision_id == decision.decision_id for earlier in self.given)
