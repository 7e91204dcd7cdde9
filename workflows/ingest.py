"""An ingest as a durable workflow: read, check, publish; the release before it is served until the very last step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory

from activities.ingest_steps import (
    CheckRelease,
    ClearUploads,
    FilesRead,
    KeepReading,
    Plan,
    PublishRelease,
    ReleaseChecked,
    ReleaseNamed,
)
from policies.frozen import Fact
from workflows import metrics
from workflows.case_file import STAGE, TENANT, CaseFile
from workflows.ingest_messages import IngestJob, IngestProgress, IngestReport, IngestState

# A pulse comes twice a second, so that a killed worker is noticed within this.
HEARTBEAT = timedelta(seconds=5)
STEP_TIMEOUT = timedelta(hours=1)
# What is away comes back; what cannot be read is no failure but a finding.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))

# Nothing that waits under such a name can ever be read.
HOPELESS = frozenset({"release_taken", "tenant_unknown"})

Answer = TypeVar("Answer", bound=Fact)


@workflow.defn(name="Ingest")
class Ingest:
    """Carries one release as far as its job and its findings allow; fails as `Rejected` where that is nowhere."""

    @workflow.init
    def __init__(self, job: IngestJob) -> None:
        self.job = job
        self.named = ReleaseNamed(tenant=job.tenant, release=job.release)
        self.state: IngestState = "reading"
        self.files = 0
        self.current = ""
        self.read = FilesRead()
        self.case = CaseFile()

    @workflow.run
    async def run(self, job: IngestJob) -> IngestReport:
        self._show("reading")
        plan = await self._plan()
        await self._read(plan)
        self._show("checking")
        checked = await self._check(plan)
        others = FilesRead.of(checked.dropped, checked.findings).model_copy(update={"removed": checked.removed})
        whole = self.read.plus(others)
        if plan.batches:
            # What could not be uploaded is found by no later check.
            lost = [finding for finding in checked.findings if finding.kind == "unreadable_but_live"]
            read = self.read.plus(FilesRead.of((), lost))
            await self._done("keep_reading", KeepReading(**self.named.model_dump(), read=read, digest=plan.digest))
        if not checked.chunks or (whole.stops and not job.despite):
            return self._report("stopped", whole, checked)
        if not job.publish:
            return self._report("staged", whole, checked)
        now = workflow.now()
        await self._done(
            "publish_release",
            PublishRelease(**self.named.model_dump(), fingerprint=checked.fingerprint, at=now),
        )
        await self._clear(unread=False)
        return self._report("live", whole, checked).model_copy(update={"published_at": now})

    @workflow.query
    def progress(self) -> IngestProgress:
        return IngestProgress(
            state=self.state, files=self.files, done=self.read.files, current=self.current, chunks=self.read.chunks
        )

    async def _plan(self) -> Plan:
        try:
            return await self._step("plan_ingest", self.named, Plan)
        except ApplicationError as refusal:
            if refusal.details and refusal.details[0] in HOPELESS:
                await self._clear(unread=True)
            raise

    async def _clear(self, unread: bool) -> None:
        await self._done("clear_uploads", ClearUploads(**self.named.model_dump(), unread=unread))

    async def _read(self, plan: Plan) -> None:
        self.read = plan.read or self.read
        self.files = plan.files or self.read.files
        for batch in plan.batches:
            self.current = batch.first
            self.read = self.read.plus(await self._step("read_files", batch, FilesRead))
        self.current = ""

    async def _check(self, plan: Plan) -> ReleaseChecked:
        today = workflow.now().date()
        ask = CheckRelease(**self.named.model_dump(), on=today, digest=plan.digest, unread=self.job.unread)
        return await self._step("check_release", ask, ReleaseChecked)

    async def _step(self, activity: str, ask: Fact, result: type[Answer]) -> Answer:
        with _refusals():
            answer: Answer = await workflow.execute_activity(
                activity,
                ask,
                result_type=result,
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRY,
            )
        return answer

    async def _done(self, activity: str, ask: Fact) -> None:
        with _refusals():
            await workflow.execute_activity(
                activity, ask, start_to_close_timeout=timedelta(minutes=5), retry_policy=RETRY
            )

    def _show(self, state: IngestState) -> None:
        self.state = state
        self.case.show({TENANT: self.job.tenant, STAGE: state})

    def _report(self, state: IngestState, whole: FilesRead, checked: ReleaseChecked) -> IngestReport:
        self._show(state)
        metrics.count_ingest(self.job.tenant, state)
        return IngestReport(
            tenant=self.job.tenant,
            release=self.job.release,
            state=state,
            files=whole.files,
            chunks=checked.chunks,
            added=whole.added,
            unchanged=whole.unchanged,
            removed=whole.removed,
            changes=whole.changes,
            findings=whole.findings,
            fingerprint=checked.fingerprint,
        )


@contextmanager
def _refusals() -> Iterator[None]:
    """End with the words of what will not be otherwise however often it is tried."""
    try:
        yield
    except ActivityError as failure:
        cause = failure.cause
        if not isinstance(cause, ApplicationError) or not cause.non_retryable:
            raise
        raise ApplicationError(
            cause.message,
            *cause.details,
            type=cause.type,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        ) from failure
