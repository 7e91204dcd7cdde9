"""What `holdfast kb ingest` and `publish` do: copy files, start the workflow or join it, and follow it to its end."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy as Conflict
from temporalio.service import RPCError, RPCStatusCode

from policies.releases import Finding
from workers.kb_files import Found, copy, digest_of, sift
from workers.kb_line import KnowledgeLine, Refused, answered
from workers.kb_telling import Voice
from workflows.ingest import Ingest
from workflows.ingest_messages import IngestJob, IngestReport, ingest_workflow_id
from workflows.messages import TASK_TIMEOUT

# Under this name a run remembers what it was started with, so that the same command joins it.
FILES = "files"
LOOK_EVERY_S = 0.25
Run = WorkflowHandle[Ingest, IngestReport]


class Ingesting:
    """One job, from the files a person named to the report; `started` once it goes on without us."""

    def __init__(self, line: KnowledgeLine, job: IngestJob, voice: Voice) -> None:
        self._line = line
        self._job = job
        self._voice = voice
        self._id = ingest_workflow_id(job.tenant, job.release)
        self.started = False

    async def read(self, files: Sequence[Found]) -> int:
        """Ingest files, or join whoever does it already; returns the exit status. Raises Refused."""
        good, left = await asyncio.to_thread(sift, files)
        if not good:
            raise Refused("; ".join(f"{finding.source}: {finding.says}" for finding in left))
        digest = await asyncio.to_thread(digest_of, good)
        if not await self._is_under_way(digest):
            left += await copy(
                good,
                self._line.uploads,
                self._job.tenant,
                self._job.release,
                lambda done: self._voice.copying(done, len(good)),
            )
            await self._start(digest, left)
        return await self._follow(left)

    async def publish(self) -> int:
        """Make live what is staged; returns the exit status. Raises Refused."""
        if await self._line.uploads.names(self._job.tenant, self._job.release):
            raise Refused(
                f"files of release {self._job.release} still wait to be read: run `holdfast kb ingest` for it again"
            )
        await self._start("", [])
        return await self._follow([])

    async def _is_under_way(self, digest: str) -> bool:
        """Say whether a run reads these very files, or did, so that nothing is left to do; Refused for other files."""
        try:
            run = await self._run.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise Refused(f"Temporal: {error.message}") from error
        same = await run.memo_value(FILES, default="") == digest
        if run.status is WorkflowExecutionStatus.RUNNING:
            if not same:
                raise Refused(
                    f"release {self._job.release} is being read from other files: wait, or choose another version"
                )
            return True
        return same and run.status is WorkflowExecutionStatus.COMPLETED and await self._is_done()

    async def _is_done(self) -> bool:
        report = await self._run.result()
        wanted = "live" if self._job.publish else "staged"
        if report.state != wanted:
            return False
        # It may have been rolled back or deleted since.
        held = await self._line.releases(self._job.tenant)
        return any((each.name, each.state) == (report.release, wanted) for each in held)

    async def _start(self, digest: str, left: Sequence[Finding]) -> None:
        unread = tuple(finding.source for finding in left)
        await answered(
            self._line.client.start_workflow(
                Ingest.run,
                self._job.model_copy(update={"unread": unread}),
                id=self._id,
                task_queue=self._line.queue,
                id_conflict_policy=Conflict.USE_EXISTING,
                task_timeout=TASK_TIMEOUT,
                memo={FILES: digest},
            )
        )

    async def _follow(self, left: Sequence[Finding]) -> int:
        self.started = True
        ending = asyncio.create_task(answered(self._run.result()))
        try:
            while not ending.done():
                await asyncio.wait([ending], timeout=LOOK_EVERY_S)
                if not ending.done():
                    await self._look()
            report = await ending
        finally:
            ending.cancel()
            self._voice.finish()
        self._voice.report(report, left)
        return 1 if left or report.state == "stopped" or _unread(report) else 0

    async def _look(self) -> None:
        try:
            self._voice.progress(await self._run.query(Ingest.progress, rpc_timeout=timedelta(seconds=2)))
        except (RPCError, WorkflowQueryFailedError):
            self._voice.progress(None)

    @property
    def _run(self) -> Run:
        client: Client = self._line.client
        return client.get_workflow_handle_for(Ingest.run, self._id)


def _unread(report: IngestReport) -> set[str]:
    """Name the files of which nothing is in the release, and not because somebody wanted it so."""
    empty = {change.source for change in report.changes if not change.added + change.unchanged}
    return {
        finding.source
        for finding in report.findings
        if finding.source.removesuffix(".about.yaml") in empty
        and finding.kind not in ("duplicate_document", "instructions")
    }
