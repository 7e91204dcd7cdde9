"""The command line's way to knowledge workers: they alone write the index, so it asks them through Temporal."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy as Conflict
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError, TimeoutError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clients.uploads import Uploads
from activities.ingest_steps import KnowledgeAct, Recheck, RecheckReport, Releases
from policies.releases import Release
from workers.settings import Settings
from workflows.knowledge_watch import WATCH_ID, ActOnKnowledge, KnowledgeWatch, act_workflow_id
from workflows.messages import TASK_TIMEOUT
from workflows.turn import KNOWLEDGE_QUEUE

PATIENCE = timedelta(minutes=2)
Answer = TypeVar("Answer")


class Refused(Exception):
    """What was asked cannot be done; the message says why."""


class KnowledgeLine:
    """Carries what a person wants to the workers, and their answers back; raises Refused."""

    def __init__(self, client: Client, uploads: Uploads, queue: str = KNOWLEDGE_QUEUE) -> None:
        self.client = client
        self.uploads = uploads
        self.queue = queue

    @classmethod
    async def to(cls, settings: Settings) -> "KnowledgeLine":
        try:
            client = await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                data_converter=pydantic_data_converter,
            )
        except RuntimeError:
            raise Refused(
                f"Temporal does not answer at {settings.temporal_address}; is `holdfast up` running?"
            ) from None
        return cls(client, Uploads(uploads_folder(settings)))

    async def releases(self, tenant: str) -> tuple[Release, ...]:
        """List a tenant's releases, the live one first."""
        return await self._act(KnowledgeAct(kind="list", tenant=tenant), f"{act_workflow_id(tenant)}/{uuid4()}")

    async def roll_back(self, tenant: str) -> tuple[Release, ...]:
        live = next((each.name for each in await self.releases(tenant) if each.state == "live"), "")
        return await self._act(KnowledgeAct(kind="roll_back", tenant=tenant, live=live), act_workflow_id(tenant))

    async def forget(self, tenant: str) -> tuple[Release, ...]:
        """Delete everything of a tenant; Refused while one of its ingests would bring it back."""
        query = f"WorkflowType = 'Ingest' AND ExecutionStatus = 'Running' AND HoldfastTenant = '{tenant}'"
        async for running in self.client.list_workflows(query):
            raise Refused(f"{running.id} is under way: wait for its end, or cancel it in the Temporal UI")
        return await self._act(KnowledgeAct(kind="forget", tenant=tenant), act_workflow_id(tenant))

    async def recheck(self, tenant: str) -> RecheckReport:
        """Compare what is live with what was approved, now."""
        return await answered(
            self.client.execute_workflow(
                KnowledgeWatch.run,
                Recheck(tenant=tenant),
                id=f"{WATCH_ID}/{tenant}",
                task_queue=self.queue,
                id_conflict_policy=Conflict.USE_EXISTING,
                execution_timeout=timedelta(minutes=15),
                task_timeout=TASK_TIMEOUT,
            )
        )

    async def _act(self, act: KnowledgeAct, workflow_id: str) -> tuple[Release, ...]:
        found: Releases = await answered(
            self.client.execute_workflow(
                ActOnKnowledge.run,
                act,
                id=workflow_id,
                task_queue=self.queue,
                execution_timeout=PATIENCE,
                task_timeout=TASK_TIMEOUT,
            )
        )
        return found.releases


async def answered(asked: Awaitable[Answer]) -> Answer:
    """Wait for a workflow's answer; Refused says why there is none."""
    try:
        return await asked
    except WorkflowAlreadyStartedError as other:
        raise Refused(f"somebody else's {other.workflow_id} is under way: try again when it is done") from None
    except WorkflowFailureError as failure:
        match failure.cause:
            case ApplicationError() as error:
                raise Refused(error.message) from failure
            case TimeoutError():
                raise Refused("no knowledge worker did it in time; does one run?") from failure
            case _:
                raise Refused(f"the workflow ended without a result: {failure.cause}") from failure
    except RPCError as error:
        if error.status is RPCStatusCode.CANCELLED:
            raise asyncio.CancelledError from error
        raise Refused(f"Temporal: {error.message}") from error


def uploads_folder(settings: Settings) -> Path:
    """Name the folder where files wait; the API and the knowledge workers share it."""
    return settings.knowledge / "uploads"
