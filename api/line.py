"""The line to Temporal: this file and its neighbours `line_*` are the only ones of the API that speak it."""

from asyncio import sleep, timeout
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.common import WorkflowIDConflictPolicy as Conflict
from temporalio.common import WorkflowIDReusePolicy as Reuse
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.auth import Visitor
from api.bodies import WaitingApproval
from api.line_failures import Absent, problems
from api.problems import Problem
from api.references import References, Run, refund_id, refund_prefix, refund_workflow_id
from api.settings import Settings
from policies.frozen import Fact
from workflows.messages import (
    CONVERSATION_QUEUE,
    TASK_TIMEOUT,
    ApprovalCard,
    ApprovalDecision,
    ApprovalReceipt,
    CustomerMessage,
    Feedback,
    OfferAnswer,
    Opening,
    PersonWanted,
    RefundStage,
    Refusal,
    Reply,
    Transcript,
    conversation_workflow_id,
)
from workflows.people import Act, DeskView, StaffAct

TENANT = SearchAttributeKey.for_keyword("HoldfastTenant")
STAGE = SearchAttributeKey.for_keyword("HoldfastStage")
CUSTOMER = SearchAttributeKey.for_keyword("HoldfastCustomer")

Said = CustomerMessage | OfferAnswer | PersonWanted | Feedback
UPDATES: dict[type[Fact], str] = {
    CustomerMessage: "say",
    OfferAnswer: "answer_offer",
    PersonWanted: "ask_for_person",
    Feedback: "give_feedback",
}
Answer = TypeVar("Answer", bound=Fact)


async def connect(settings: Settings) -> Client:
    """Prepare a client that connects on first use, so that the API starts while Temporal is still down."""
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=pydantic_data_converter,
        lazy=True,
    )


class Line:
    """Carries messages to conversations and refunds, and their answers back; every failure leaves as a Problem."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._references = References(settings.reference_secret.get_secret_value())
        self._patience = settings.answer_wait_seconds
        self._read_timeout = timedelta(seconds=settings.read_wait_seconds)

    async def healthy(self) -> bool:
        with problems("temporal-unavailable"):
            return await self._client.service_client.check_health(timeout=timedelta(seconds=2))

    async def send(self, visitor: Visitor, conversation_id: str, said: Said) -> Reply:
        """Deliver what a customer said or pressed; only a message may start a conversation."""
        workflow_id = conversation_workflow_id(visitor.tenant, conversation_id)
        update = UPDATES[type(said)]
        update_id = self._references.update(update, visitor.tenant, visitor.subject, said.message_id)
        try:
            if isinstance(said, CustomerMessage):
                return await self._say(visitor, conversation_id, said, update_id)
            return await self._update(workflow_id, update, said, update_id, Reply)
        except (Absent, WorkflowAlreadyStartedError):
            pass
        described = await self._describe(workflow_id, Refusal.NOT_YOURS)
        reference = self._references.customer(visitor.tenant, visitor.subject)
        if described.typed_search_attributes.get(CUSTOMER) != reference:
            raise Problem(Refusal.NOT_YOURS)
        return await self._first_answer(workflow_id, update_id, Reply, Refusal.CLOSED)

    async def transcript(self, visitor: Visitor, conversation_id: str, after: int | None = None) -> Transcript:
        """Read a conversation the visitor may see; with `after`, only events with a greater offset."""
        handle = self._client.get_workflow_handle(conversation_workflow_id(visitor.tenant, conversation_id))
        with problems(Refusal.NOT_YOURS):
            transcript: Transcript = await handle.query(
                "transcript" if after is None else "events_after",
                args=[] if after is None else [after],
                result_type=Transcript,
                rpc_timeout=self._read_timeout,
            )
        if not visitor.may_read(transcript.customer_id):
            raise Problem(Refusal.NOT_YOURS)
        return transcript

    async def approvals(self, visitor: Visitor) -> list[WaitingApproval]:
        """List refunds of the visitor's tenant that wait for people, oldest first."""
        query = self._references.waiting(visitor.tenant)
        prefix = refund_prefix(visitor.tenant)
        waiting = []
        with problems("temporal-unavailable"):
            async for execution in self._client.list_workflows(query, limit=500, rpc_timeout=self._read_timeout):
                card = await execution.memo_value("card", None, type_hint=ApprovalCard)
                if card is not None and execution.id.startswith(prefix):
                    named = refund_id(visitor.tenant, execution.id)
                    waiting.append(WaitingApproval(refund_id=named, **card.model_dump()))
        return sorted(waiting, key=lambda card: card.requested_at)

    async def decide(self, visitor: Visitor, refund: str, decision: ApprovalDecision) -> ApprovalReceipt:
        """Carry a person's decision to the refund it names within the visitor's tenant."""
        workflow_id = refund_workflow_id(visitor.tenant, refund)
        if workflow_id is None:
            raise Problem("approval-not-found")
        update_id = self._references.update("decide", visitor.tenant, visitor.subject, decision.decision_id)
        try:
            return await self._update(workflow_id, "decide", decision, update_id, ApprovalReceipt)
        except Absent:
            described = await self._describe(workflow_id, "approval-not-found")
            expired = described.typed_search_attributes.get(STAGE) == RefundStage.APPROVAL_EXPIRED
            ended = Refusal.APPROVAL_EXPIRED if expired else Refusal.ALREADY_DECIDED
            return await self._first_answer(workflow_id, update_id, ApprovalReceipt, ended)

    async def act(self, visitor: Visitor, conversation_id: str, act_id: str, act: Act) -> DeskView:
        """Carry what a person of the shop does to a conversation; a repeated act id gets the first answer."""
        staff = StaffAct(act_id=act_id, by=visitor.subject, name=visitor.shown, role=visitor.role, act=act)
        workflow_id = conversation_workflow_id(visitor.tenant, conversation_id)
        update_id = self._references.update("act", visitor.tenant, visitor.subject, act_id)
        try:
            return await self._update(workflow_id, "act", staff, update_id, DeskView)
        except Absent:
            await self._describe(workflow_id, Refusal.NOT_YOURS)
            return await self._first_answer(workflow_id, update_id, DeskView, Refusal.CLOSED)

    async def runs_of(self, tenant: str, customer_id: str) -> list[Run]:
        """Find every run of every conversation of one customer."""
        prefix = conversation_workflow_id(tenant, "")
        query = self._references.theirs("Conversation", tenant, customer_id)
        with problems("temporal-unavailable"):
            return [
                Run(
                    workflow_id=execution.id,
                    run_id=execution.run_id,
                    conversation_id=execution.id.removeprefix(prefix),
                    running=execution.status is WorkflowExecutionStatus.RUNNING,
                )
                async for execution in self._client.list_workflows(query, rpc_timeout=self._read_timeout)
            ]

    async def refund_under_way(self, tenant: str, customer_id: str) -> bool:
        """Say whether a refund of this customer still runs, whatever its conversation is talking about now."""
        query = self._references.theirs("Refund", tenant, customer_id) + " AND ExecutionStatus = 'Running'"
        with problems("temporal-unavailable"):
            return (await self._client.count_workflows(query, rpc_timeout=self._read_timeout)).count > 0

    async def erase(self, runs: Sequence[Run]) -> None:
        """Delete runs, ending those that still run; returns when none of those can be found any more.

        Temporal removes runs that had already ended within about a minute.
        """
        for run in runs:
            execution = WorkflowExecution(workflow_id=run.workflow_id, run_id=run.run_id)
            request = DeleteWorkflowExecutionRequest(namespace=self._client.namespace, workflow_execution=execution)
            with suppress(Absent), problems():
                await self._client.workflow_service.delete_workflow_execution(request)
        for run in runs:
            if run.running:
                await self._until_gone(run)

    async def _say(self, visitor: Visitor, conversation_id: str, said: CustomerMessage, update_id: str) -> Reply:
        reference = self._references.customer(visitor.tenant, visitor.subject)
        opening = Opening(
            tenant=visitor.tenant, conversation_id=conversation_id, customer_id=visitor.subject, customer_ref=reference
        )
        start: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
            "Conversation",
            opening,
            id=conversation_workflow_id(visitor.tenant, conversation_id),
            task_queue=CONVERSATION_QUEUE,
            id_conflict_policy=Conflict.USE_EXISTING,
            id_reuse_policy=Reuse.REJECT_DUPLICATE,
            task_timeout=TASK_TIMEOUT,
            static_summary=f"{visitor.tenant} · {conversation_id}",
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(TENANT, visitor.tenant), SearchAttributePair(CUSTOMER, reference)]
            ),
        )
        with problems():
            async with timeout(self._patience):
                reply: Reply = await self._client.execute_update_with_start_workflow(
                    "say", said, start_workflow_operation=start, id=update_id, result_type=Reply
                )
                return reply

    async def _update(self, workflow_id: str, update: str, ask: Fact, update_id: str, answer: type[Answer]) -> Answer:
        handle = self._client.get_workflow_handle(workflow_id)
        with problems():
            async with timeout(self._patience):
                given: Answer = await handle.execute_update(update, ask, id=update_id, result_type=answer)
                return given

    async def _describe(self, workflow_id: str, absent: str) -> WorkflowExecutionDescription:
        with problems(absent):
            return await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=self._read_timeout)

    async def _first_answer(self, workflow_id: str, update_id: str, answer: type[Answer], ended: str) -> Answer:
        """Give a repeated update the answer it got before the workflow ended; others hear the problem `ended`."""
        handle = self._client.get_workflow_handle(workflow_id).get_update_handle(update_id, result_type=answer)
        with problems(ended):
            known: Answer = await handle.result(rpc_timeout=self._read_timeout)
            return known

    async def _until_gone(self, run: Run) -> None:
        handle = self._client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
        with suppress(Absent), problems():
            async with timeout(self._patience):
                while True:
                    await handle.describe(rpc_timeout=self._read_timeout)
                    await sleep(0.1)
