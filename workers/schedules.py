"""What Temporal starts by itself: the regular look at every tenant's live knowledge."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.ingest_steps import Recheck
from workflows.knowledge_watch import WATCH_ID, KnowledgeWatch
from workflows.turn import KNOWLEDGE_QUEUE

EVERY = timedelta(minutes=15)


async def watch_knowledge(client: Client, queue: str = KNOWLEDGE_QUEUE, schedule_id: str = WATCH_ID) -> None:
    """Create the schedule, or bring the one there up to date; a person's pause of it stays."""
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(KnowledgeWatch.run, Recheck(), id=WATCH_ID, task_queue=queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        # After an outage one look is enough.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )

    def refreshed(found: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = found.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(schedule_id).update(refreshed)
