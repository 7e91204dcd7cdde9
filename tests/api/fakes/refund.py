"""A refund that waits for one person's word, or for the signal that time is over."""

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from policies.facts import Money
from tests.api.fakes.conversation import refuse
from workflows.messages import (
    CONVERSATION_QUEUE,
    ApprovalCard,
    ApprovalDecision,
    ApprovalReceipt,
    RefundStage,
    Refusal,
    refund_workflow_id,
)

DIGEST = "c0ffee"
TENANT = SearchAttributeKey.for_keyword("HoldfastTenant")
CUSTOMER = SearchAttributeKey.for_keyword("HoldfastCustomer")
NEEDS_HUMAN = SearchAttributeKey.for_bool("HoldfastNeedsHuman")
STAGE = SearchAttributeKey.for_keyword("HoldfastStage")


@workflow.defn(name="Refund")
class ScriptedRefund:
    @workflow.init
    def __init__(self, tenant: str, order_id: str) -> None:
        self.tenant = tenant
        self.order_id = order_id
        self.state = "waiting"
        self.decision: ApprovalDecision | None = None

    @workflow.run
    async def run(self, tenant: str, order_id: str) -> None:
        workflow.upsert_memo({"card": self.card()})
        workflow.upsert_search_attributes([NEEDS_HUMAN.value_set(True), STAGE.value_set("waiting_approval")])
        await workflow.wait_condition(lambda: self.state != "waiting")
        stage = RefundStage.APPROVAL_EXPIRED if self.state == "expired" else "paying"
        workflow.upsert_search_attributes([NEEDS_HUMAN.value_set(False), STAGE.value_set(stage)])
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def decide(self, decision: ApprovalDecision) -> ApprovalReceipt:
        self.decision = decision
        self.state = "approved" if decision.approve else "denied"
        return ApprovalReceipt(
            refund_workflow_id=workflow.info().workflow_id,
            state="approved" if decision.approve else "denied",
            approvals_needed=1,
            approved_by=(decision.approver,) if decision.approve else (),
        )

    @decide.validator
    def _may_decide(self, decision: ApprovalDecision) -> None:
        if decision.reason.startswith("refuse "):
            raise refuse(Refusal(decision.reason.removeprefix("refuse ")))
        if decision.digest != DIGEST:
            raise refuse(Refusal.OFFER_CHANGED)

    @workflow.signal
    def expire(self) -> None:
        self.state = "expired"

    @workflow.query
    def card(self) -> ApprovalCard:
        return ApprovalCard(
            refund_workflow_id=workflow.info().workflow_id,
            tenant=self.tenant,
            conversation_id="c",
            order_id=self.order_id,
            digest=DIGEST,
            amount=Money(minor=8999, currency="USD"),
            reason_code="DELIVERY_DISPUTE",
            fraud_band="low",
            fraud_score=0.1,
            fraud_reasons=(),
            rule="refund.above_auto_limit",
            requested_at=workflow.info().start_time,
            deadline=workflow.info().start_time + timedelta(hours=24),
            approvals_needed=1,
        )


async def start_refund(
    client: Client, tenant: str, order_id: str, customer_ref: str = "nobody"
) -> WorkflowHandle[object, object]:
    """Start a refund that waits for people; its id holds characters that an address does not like."""
    pairs = [SearchAttributePair(TENANT, tenant), SearchAttributePair(CUSTOMER, customer_ref)]
    return await client.start_workflow(
        "Refund",
        args=[tenant, order_id],
        id=refund_workflow_id(tenant, order_id, "not arrived/#1"),
        task_queue=CONVERSATION_QUEUE,
        search_attributes=TypedSearchAttributes(pairs),
    )
