"""Status lines: while an activity of a conversation runs, its customer reads what is being done."""

import asyncio
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from policies.statuses import status_of
from workflows.messages import event_stream

PATIENCE_S = 0.5
# While Redis does not answer, no more than these wait for it.
MOST_UNDER_WAY = 64
log = structlog.get_logger(__name__)


class Board(Protocol):
    """Where status lines are written; raises whatever it likes."""

    async def status(self, stream: str, word: str) -> object: ...


class StatusLines(Interceptor):
    """Write a line when an activity is first tried. It neither delays nor fails the activity; a lost line is lost."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._under_way: set[asyncio.Task[None]] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Telling(next, self)

    def tell(self, about: activity.Info) -> None:
        """Start writing the line of an activity, if it is one that a customer is shown."""
        word, stream = status_of(about.activity_type), stream_of(about.workflow_id or "")
        if word is None or stream is None or about.attempt > 1 or len(self._under_way) >= MOST_UNDER_WAY:
            return
        task = asyncio.create_task(self._write(stream, word))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _write(self, stream: str, word: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._board.status(stream, word)
        except Exception as error:
            log.debug("status.lost", error=type(error).__name__)


class _Telling(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, lines: StatusLines) -> None:
        super().__init__(next)
        self._lines = lines

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        self._lines.tell(activity.info())
        return await super().execute_activity(input)


def stream_of(workflow_id: str) -> str | None:
    """Name the event stream of the conversation that a workflow is; None for any other workflow."""
    match workflow_id.split("/", 2):
        case ["conversation", tenant, conversation_id] if tenant and conversation_id:
            return event_stream(tenant, conversation_id)
    return None
