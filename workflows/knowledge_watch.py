"""What runs beside ingests: the regular look at what is live, and what a person does with releases as a whole."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory

from activities.ingest_steps import KnowledgeAct, Recheck, RecheckReport, Releases

WATCH_ID = "knowledge-watch"
HEARTBEAT = timedelta(seconds=5)
FEW = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3)


def act_workflow_id(tenant: str) -> str:
    """One id for one tenant: its releases are moved by one person at a time."""
    return f"knowledge-act/{tenant}"


@workflow.defn(name="KnowledgeWatch")
class KnowledgeWatch:
    """Compares what is live with what was approved."""

    @workflow.run
    async def run(self, ask: Recheck) -> RecheckReport:
        report: RecheckReport = await workflow.execute_activity(
            "recheck_knowledge",
            ask,
            result_type=RecheckReport,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=FEW,
        )
        return report


@workflow.defn(name="KnowledgeAct")
class ActOnKnowledge:
    """Lists, rolls back or forgets a tenant's releases; in a worker, since only workers write the index."""

    @workflow.run
    async def run(self, act: KnowledgeAct) -> Releases:
        act = act.model_copy(update={"at": workflow.now()})
        try:
            releases: Releases = await workflow.execute_activity(
                "act_on_knowledge",
                act,
                result_type=Releases,
                start_to_close_timeout=timedelta(minutes=2),
                retry_policy=FEW,
            )
        except ActivityError as failure:
            cause = failure.cause
            if not isinstance(cause, ApplicationError):
                raise
            raise ApplicationError(
                cause.message, type=cause.type, non_retryable=True, category=ApplicationErrorCategory.BENIGN
            ) from failure
        return releases
