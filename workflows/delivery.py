"""A webhook's delivery as a durable workflow: tried for three days, then kept for a person to replay."""

from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.webhooks import DELIVERY, DeliveryOrder, DisableWebhook
from policies.webhooks import REPLAYABLE_FOR, Answered, judge, wait_after
from workflows.case_file import STAGE, TENANT, CaseFile
from workflows.webhook_messages import NOT_DEAD, Attempt, DeadLetter, Deliveries, DeliveryStage, Replay

# Longer than an attempt may take by itself: a worker that died in mid-attempt is noticed then.
ATTEMPT_TIMEOUT = timedelta(seconds=25)
# The store of endpoints being away is no failure of the receiver, and uses up nothing of its schedule.
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
SHOWN = 30
# A replay of the whole schedule writes about a hundred events, and a history holds some fifty thousand.
MOST_REPLAYS = 100


@workflow.defn(name=DELIVERY)
class Delivery:
    """Carries one message to one endpoint at least once, under the same webhook-id each time."""

    @workflow.init
    def __init__(self, order: DeliveryOrder) -> None:
        self.order = order
        self.stage = DeliveryStage.DELIVERING
        self.attempts: tuple[Attempt, ...] = ()
        self.next_at: datetime | None = None
        self.replays = 0
        self.by = ""
        self.case = CaseFile()

    @workflow.run
    async def run(self, order: DeliveryOrder) -> Deliveries:
        while True:
            self._stand(DeliveryStage.DELIVERING)
            self._stand(await self._go_through_schedule())
            if order.once or self.stage is not DeliveryStage.DEAD or not await self._replayed():
                break
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.deliveries()

    @workflow.update
    async def replay(self, wish: Replay) -> Attempt:
        """Try a dead letter again, and tell what came of the first attempt."""
        before = self._tried
        self.by, self.replays = wish.by, self.replays + 1
        self._stand(DeliveryStage.DELIVERING)
        await workflow.wait_condition(lambda: self._tried > before)
        return self.attempts[-1]

    @replay.validator
    def may_replay(self, wish: Replay) -> None:
        if self.stage is not DeliveryStage.DEAD:
            raise _refused("It is not given up: it was delivered, or is still tried.")
        if self.replays >= MOST_REPLAYS:
            raise _refused(f"It was replayed {MOST_REPLAYS} times.")

    @workflow.query(name="attempts")
    def deliveries(self) -> Deliveries:
        return Deliveries(stage=self.stage, attempts=self.attempts, next_at=self.next_at)

    @property
    def _tried(self) -> int:
        return self.attempts[-1].number if self.attempts else 0

    async def _go_through_schedule(self) -> DeliveryStage:
        number = 0
        while True:
            number += 1
            answered = await self._try()
            match judge(answered):
                case "delivered":
                    return DeliveryStage.DELIVERED
                case "dropped":
                    return DeliveryStage.DROPPED
                case "gone":
                    await self._disable()
                    return DeliveryStage.DEAD
                case "stopped":
                    return DeliveryStage.DEAD
            wait = wait_after(number, workflow.random().random(), answered.retry_after)
            if wait is None or self.order.once:
                return DeliveryStage.DEAD
            self.next_at = workflow.now() + wait
            await workflow.sleep(wait, summary=f"until attempt {number + 1}")
            self.next_at = None

    async def _try(self) -> Answered:
        at = workflow.now()
        answered: Answered = await workflow.execute_activity(
            "deliver_webhook",
            self.order,
            result_type=Answered,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=PATIENT,
            summary=f"attempt {self._tried + 1}",
        )
        facts = answered.model_dump(include={"status", "error", "took_ms"})
        attempt = Attempt(number=self._tried + 1, at=at, by=self.by, **facts)
        self.attempts = (*self.attempts, attempt)[-SHOWN:]
        return answered

    async def _disable(self) -> None:
        await workflow.execute_activity(
            "disable_webhook",
            DisableWebhook(tenant=self.order.tenant, endpoint_id=self.order.endpoint_id),
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=PATIENT,
            summary="the endpoint is gone",
        )

    async def _replayed(self) -> bool:
        """Wait until a person replays what was given up; False when nobody did in time."""
        now, order = workflow.now(), self.order
        letter = DeadLetter(
            endpoint_id=order.endpoint_id,
            message_id=order.message_id,
            type=order.type,
            conversation_id=order.conversation_id,
            attempts=self._tried,
            last=self.attempts[-1],
            dead_since=now,
            until=now + REPLAYABLE_FOR,
        )
        workflow.upsert_memo({"letter": letter})
        workflow.metric_meter().create_counter("holdfast_webhooks_dead_total").add(1, {"tenant": order.tenant})
        # A replay that was taken in the very moment the time ran out counts.
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.stage is DeliveryStage.DELIVERING, timeout=REPLAYABLE_FOR, timeout_summary="for a replay"
            )
        return self.stage is DeliveryStage.DELIVERING

    def _stand(self, stage: DeliveryStage) -> None:
        self.stage = stage
        self.case.show({TENANT: self.order.tenant, STAGE: stage.value})


def _refused(why: str) -> ApplicationError:
    return ApplicationError(why, type=NOT_DEAD, category=ApplicationErrorCategory.BENIGN)
