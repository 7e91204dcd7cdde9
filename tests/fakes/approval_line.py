"""Refunds that wait for people, without Temporal: the workflow's own rules, called directly."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.exceptions import ApplicationError

from activities.ports import Caller
from api.auth import Visitor
from api.bodies import WaitingApproval
from api.problems import Problem, refusal_of
from api.references import refund_id, refund_workflow_id
from policies import refunds
from policies.facts import FraudBand, FraudFacts, OrderFacts, ReasonCode
from policies.offers import claim as claim_of
from policies.offers import offer_refund
from policies.refund_path import Step
from policies.refunds import Quote
from tests.policies.shipped import STANDARD
from workflows import messages
from workflows.approval_desk import ApprovalDesk
from workflows.claim import RefundClaim
from workflows.messages import ApprovalDecision, ApprovalReceipt, Event, EventKind, Photo, Refusal, Transcript

LOW = FraudFacts(score=0.03, band=FraudBand.LOW, reasons=("no earlier disputes",))


class ApprovalLine:
    """Answer as the API's line does; `decided` holds the decisions that counted, `down` makes it fail."""

    def __init__(self) -> None:
        self.desks: dict[str, ApprovalDesk] = {}
        self.photos: dict[str, tuple[Photo, ...]] = {}
        self.decided: list[ApprovalDecision] = []
        self.down = ""

    def put(
        self,
        tenant: str,
        order: OrderFacts,
        *,
        reason: ReasonCode = ReasonCode.DELIVERY_DISPUTE,
        fraud: FraudFacts = LOW,
        conversation_id: str = "",
        handled_by: tuple[str, ...] = (),
        hours: float = 24,
    ) -> str:
        """Let a refund of everything left on an order wait for people; returns its id."""
        now = datetime.now(UTC)
        quote = refunds.quote(tenant, order, reason, None, now, STANDARD)
        assert isinstance(quote, Quote)
        cleared = refunds.clear(quote, order, "standard", fraud, now, STANDARD)
        claim = RefundClaim(
            caller=Caller(tenant=tenant, customer_id=order.customer_id),
            customer_ref="ref",
            conversation_id=conversation_id or f"c-{order.order_id}",
            offer=offer_refund(cleared, "", now, STANDARD),
            trail=(Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED, Step.CONFIRMED),
            policy_version=STANDARD.version,
            language="en",
            handled_by=handled_by,
        )
        workflow_id = messages.refund_workflow_id(tenant, order.order_id, f"{claim_of(quote)}-{uuid4().hex[:6]}")
        self.desks[workflow_id] = desk = ApprovalDesk(workflow_id, claim, cleared)
        desk.open(now, now + timedelta(hours=hours), STANDARD)
        return refund_id(tenant, workflow_id)

    def desk(self, tenant: str, refund: str) -> ApprovalDesk:
        return self.desks[refund_workflow_id(tenant, refund) or ""]

    async def approvals(self, visitor: Visitor) -> list[WaitingApproval]:
        self._fail()
        cards = [desk.card() for desk in self.desks.values() if desk.state == "waiting"]
        return [
            WaitingApproval(refund_id=refund_id(card.tenant, card.refund_workflow_id), **card.model_dump())
            for card in cards
            if card and card.tenant == visitor.tenant
        ]

    async def decide(self, visitor: Visitor, refund: str, decision: ApprovalDecision) -> ApprovalReceipt:
        self._fail()
        workflow_id = refund_workflow_id(visitor.tenant, refund)
        if workflow_id not in self.desks:
            raise Problem("approval-not-found")
        desk = self.desks[workflow_id]
        try:
            desk.check(decision, STANDARD)
        except ApplicationError as error:
            raise refusal_of(error) or error from error
        if all(earlier.decision_id != decision.decision_id for earlier in self.decided):
            self.decided.append(decision)
        return desk.take(decision)

    async def transcript(self, visitor: Visitor, conversation_id: str, after: int | None = None) -> Transcript:
        if conversation_id not in self.photos:
            raise Problem(Refusal.NOT_YOURS)
        now = datetime.now(UTC)
        sent = Event(offset=1, kind=EventKind.CUSTOMER, at=now, text="look", photos=self.photos[conversation_id])
        return Transcript(
            tenant=visitor.tenant,
            conversation_id=conversation_id,
            customer_id="U789",
            policy_version=STANDARD.version,
            stage="waiting_approval",
            owner="ai",
            closed=False,
            offer=None,
            summary="",
            events=(sent,),
            last_offset=1,
        )

    def _fail(self) -> None:
        if self.down:
            raise Problem(self.down)
