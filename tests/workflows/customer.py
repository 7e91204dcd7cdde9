"""A customer on the line: speaks updates as the API does, and listens to the conversation's events."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError

from policies.frozen import Fact
from policies.wishes import Wish
from workflows.case_file import CUSTOMER as CUSTOMER_KEY
from workflows.case_file import TENANT, attributes
from workflows.messages import (
    CONVERSATION_QUEUE,
    ApprovalDecision,
    ApprovalReceipt,
    CustomerMessage,
    Event,
    EventKind,
    Feedback,
    OfferAnswer,
    Opening,
    PersonWanted,
    Reply,
    Transcript,
    conversation_workflow_id,
    event_stream,
)

if TYPE_CHECKING:
    from tests.workflows.desk import ListedEvents

CUSTOMER = "U789"


@dataclass
class Customer:
    """One customer in one conversation."""

    client: Client
    log: "ListedEvents"
    tenant: str
    customer_id: str
    conversation_id: str
    said: int = 0

    @property
    def opening(self) -> Opening:
        return Opening(
            tenant=self.tenant,
            conversation_id=self.conversation_id,
            customer_id=self.customer_id,
            customer_ref="ref",
        )

    @property
    def workflow_id(self) -> str:
        return conversation_workflow_id(self.tenant, self.conversation_id)

    @property
    def stream(self) -> str:
        return event_stream(self.tenant, self.conversation_id)

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(self.workflow_id)

    async def say(
        self, text: str, message_id: str | None = None, update_id: str | None = None, wish: Wish | None = None
    ) -> Reply:
        message_id = message_id or self._next_id("m")
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "Conversation",
            self.opening,
            id=self.workflow_id,
            task_queue=CONVERSATION_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"{self.tenant} · {self.conversation_id}",
            search_attributes=attributes({TENANT: self.tenant, CUSTOMER_KEY: "ref"}),
        )
        return await self.client.execute_update_with_start_workflow(
            "say",
            CustomerMessage(message_id=message_id, customer_id=self.customer_id, text=text, wish=wish),
            start_workflow_operation=start,
            id=update_id or message_id,
            result_type=Reply,
        )

    async def press(self, digest: str, accept: bool = True, message_id: str | None = None) -> Reply:
        message_id = message_id or self._next_id("b")
        pressed = OfferAnswer(message_id=message_id, customer_id=self.customer_id, digest=digest, accept=accept)
        return await self._update("answer_offer", pressed)

    async def ask_for_person(self, reason: str = "") -> Reply:
        wanted = PersonWanted(message_id=self._next_id("p"), customer_id=self.customer_id, reason=reason)
        return await self._update("ask_for_person", wanted)

    async def rate(self, up: bool = True, comment: str = "") -> Reply:
        thumb = Feedback(
            message_id=self._next_id("f"),
            customer_id=self.customer_id,
            rating="up" if up else "down",
            comment=comment,
        )
        return await self._update("give_feedback", thumb)

    async def transcript(self) -> Transcript:
        return await self.handle.query("transcript", result_type=Transcript)

    async def hears(self, kind: EventKind, times: int = 1) -> Event:
        """Wait until the log holds so many events of a kind; returns the last of them."""
        events = await self.log.until(self.stream, lambda held: sum(each.kind is kind for each in held) >= times)
        return [event for event in events if event.kind is kind][-1]

    async def rests(self) -> None:
        """Wait until the conversation has nothing to do but wait: only then may its worker go, or its clock jump."""
        async with asyncio.timeout(60):
            while True:
                seen = (await self.handle.describe()).raw_description
                if not seen.pending_activities and not seen.HasField("pending_workflow_task"):
                    return
                await asyncio.sleep(0.02)

    async def decide(
        self, reply_digest: str, approver: str, approve: bool = True, role: str = "agent", refund_id: str = ""
    ) -> ApprovalReceipt:
        decision = ApprovalDecision(
            decision_id=f"{approver}-{approve}",
            approver=approver,
            role=role,
            digest=reply_digest,
            approve=approve,
            reason="looked at it.",
        )
        handle = self.client.get_workflow_handle(refund_id)
        return await handle.execute_update("decide", decision, result_type=ApprovalReceipt)

    async def _update(self, name: str, ask: Fact) -> Reply:
        return await self.handle.execute_update(name, ask, result_type=Reply)

    def _next_id(self, prefix: str) -> str:
        self.said += 1
        return f"{prefix}{self.said}"


async def refusal_of(attempt: Awaitable[Any]) -> str:
    """The type of the refusal an update ends in; fails when it was taken."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await attempt
    assert isinstance(refused.value.cause, ApplicationError)
    return str(refused.value.cause.type)
