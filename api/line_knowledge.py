"""The line to Temporal for documents: reading them in, and moving their releases."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.common import WorkflowIDConflictPolicy as Conflict
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.ingest_steps import KnowledgeAct, Releases
from api.line import TENANT
from api.line_failures import problems
from api.problems import Problem
from api.settings import Settings
from workflows.ingest_messages import IngestJob, IngestProgress, IngestReport, ingest_workflow_id
from workflows.knowledge_watch import act_workflow_id
from workflows.turn import KNOWLEDGE_QUEUE


class KnowledgeLine:
    """Starts and follows what knowledge workers do; every failure leaves as a Problem."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._patience = settings.answer_wait_seconds
        self._read_timeout = timedelta(seconds=settings.read_wait_seconds)

    async def ingest(self, job: IngestJob) -> IngestProgress | IngestReport:
        """Start an ingest, or follow the one of this release that is under way."""
        with problems():
            await self._client.start_workflow(
                "Ingest",
                job,
                id=ingest_workflow_id(job.tenant, job.release),
                task_queue=KNOWLEDGE_QUEUE,
                id_conflict_policy=Conflict.USE_EXISTING,
                search_attributes=TypedSearchAttributes([SearchAttributePair(TENANT, job.tenant)]),
            )
        return await self.ingested(job.tenant, job.release)

    async def ingested(self, tenant: str, release: str) -> IngestProgress | IngestReport:
        """Say how far the last ingest of a release is, or what came of it."""
        handle = self._client.get_workflow_handle(ingest_workflow_id(tenant, release), result_type=IngestReport)
        with problems("release-not-found"):
            described = await handle.describe(rpc_timeout=self._read_timeout)
            if described.status is not WorkflowExecutionStatus.RUNNING:
                report: IngestReport = await handle.result(rpc_timeout=self._read_timeout)
                return report
            under_way: IngestProgress = await handle.query(
                "progress", result_type=IngestProgress, rpc_timeout=self._read_timeout
            )
            return under_way

    async def act_on_knowledge(self, act: KnowledgeAct) -> Releases:
        """Have a worker do what a person wants done with releases as a whole, one act of a tenant at a time."""
        workflow_id, soon = act_workflow_id(act.tenant), timedelta(seconds=self._patience)
        try:
            with problems():
                # What nobody did in time is not done later, when the person has long asked again.
                done: Releases = await self._client.execute_workflow(
                    "KnowledgeAct",
                    act,
                    id=workflow_id,
                    task_queue=KNOWLEDGE_QUEUE,
                    result_type=Releases,
                    execution_timeout=soon,
                )
                return done
        except WorkflowAlreadyStartedError:
            raise Problem("knowledge-busy") from None
