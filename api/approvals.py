"""Routes of people who decide on waiting refunds."""

from fastapi import APIRouter

from api.auth import Visitor
from api.bodies import DecisionIn, RefundId, WaitingApproval
from api.problems import responses
from api.wiring import Approver, Parts, PartsDep
from workflows.messages import ApprovalDecision, ApprovalReceipt, Refusal

router = APIRouter(prefix="/v1/approvals", tags=["approvals"])

BODY = ("body-too-large", "body-unreadable", "message-binary", Refusal.BLANK)
DECIDING = responses(
    *BODY,
    *("approval-not-found", "still-working"),
    *(Refusal.ROLE, Refusal.FOUR_EYES, Refusal.ALREADY_DECIDED, Refusal.APPROVAL_EXPIRED, Refusal.OFFER_CHANGED),
)


@router.get("", responses=responses(Refusal.ROLE))
async def list_waiting(visitor: Approver, parts: PartsDep) -> list[WaitingApproval]:
    """List refunds of your tenant that wait for people, oldest first."""
    return await parts.line.approvals(visitor)


@router.post("/{refund_id}/approve", responses=DECIDING)
async def approve(refund_id: RefundId, body: DecisionIn, visitor: Approver, parts: PartsDep) -> ApprovalReceipt:
    """Approve exactly the refund with this digest."""
    return await _decide(parts, visitor, refund_id, body, approve=True)


@router.post("/{refund_id}/deny", responses=DECIDING)
async def deny(refund_id: RefundId, body: DecisionIn, visitor: Approver, parts: PartsDep) -> ApprovalReceipt:
    """Deny the refund with this digest; the reason is kept with the decision."""
    return await _decide(parts, visitor, refund_id, body, approve=False)


async def _decide(
    parts: Parts, visitor: Visitor, refund_id: str, body: DecisionIn, *, approve: bool
) -> ApprovalReceipt:
    decision = ApprovalDecision(
        decision_id=body.decision_id,
        approver=visitor.subject,
        role=visitor.role,
        digest=body.digest,
        approve=approve,
        reason=body.reason,
    )
    return await parts.line.decide(visitor, refund_id, decision)
