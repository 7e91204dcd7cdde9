"""Bring a conversation's events to the log clients follow; a log that is down delays nobody's answer."""

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.event_log import AppendEvents, LogEnd, LoggedEvent, RaiseFence
from policies.inbox import Row
from workflows.messages import event_stream
from workflows.talk import Talk

AT_ONCE = 50
PERSISTENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))


class Publisher:
    """Appends what is new, in order, at the offsets the workflow gave; repeating an append changes nothing.

    With it goes how the conversation stands in people's inbox, whenever that has changed.
    """

    def __init__(
        self, talk: Callable[[], Talk], row: Callable[[], Row | None], published: Callable[[int], None]
    ) -> None:
        self._talk = talk
        self._row = row
        self._published = published
        self._filed = 0

    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._behind)
            talk, row = self._talk(), self._row()
            batch = [event for event in talk.events if event.offset > talk.published][:AT_ONCE]
            logged = tuple(LoggedEvent(offset=event.offset, line=event.model_dump_json()) for event in batch)
            stream = event_stream(talk.opening.tenant, talk.opening.conversation_id)
            try:
                await workflow.execute_activity(
                    "append_events",
                    AppendEvents(stream=stream, events=logged, row=row if row and row.version > self._filed else None),
                    result_type=LogEnd,
                    start_to_close_timeout=timedelta(seconds=5),
                    retry_policy=PERSISTENT,
                    summary=f"events to {batch[-1].offset}" if batch else "inbox",
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    # The next run appends this batch anew.
                    return
                # Readers find the gap and read the workflow instead.
                workflow.logger.error("events not published: %s", error.cause)
            self._filed = row.version if row else self._filed
            if batch:
                self._published(batch[-1].offset)

    async def flush(self) -> None:
        """Wait for the last events to arrive, but not for ever: readers can still ask the workflow."""
        try:
            await workflow.wait_condition(lambda: not self._behind, timeout=timedelta(seconds=30))
        except TimeoutError:
            workflow.logger.warning("closed with events unpublished")

    @property
    def _behind(self) -> bool:
        talk, row = self._talk(), self._row()
        return talk.last_offset > talk.published or (row is not None and row.version > self._filed)


async def raise_fence(talk: Talk, *, held: bool = False) -> None:
    """Refuse what a turn before this epoch still writes, and while `held` all drafts.

    A log that is away shows nobody anything; once it is back, drafts behind an older event than its last are refused.
    """
    opening = talk.opening
    fence = RaiseFence(stream=event_stream(opening.tenant, opening.conversation_id), epoch=talk.epoch, held=held)
    try:
        await workflow.execute_activity(
            "raise_fence", fence, schedule_to_close_timeout=timedelta(seconds=2), summary="drafts are void"
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("drafts not fenced off")
