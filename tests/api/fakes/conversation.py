"""A conversation that does what the text says: `offer`, `slow`, `close`, `paying`, `refuse <slug>`; else it echoes."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.ports import EventLog
from policies.inference import Usage
from workflows.messages import (
    CustomerMessage,
    Event,
    EventKind,
    Feedback,
    OfferAnswer,
    OfferCard,
    Opening,
    PersonWanted,
    Refusal,
    Reply,
    Transcript,
    event_stream,
)
from workflows.record import Decision, Spent

DIGEST = "d1ge57"


def refuse(slug: Refusal, why: str = "") -> ApplicationError:
    return ApplicationError(why or f"refused: {slug}", type=slug)


@workflow.defn(name="Conversation")
class ScriptedConversation:
    @workflow.init
    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.events: list[Event] = []
        self.answered: dict[str, Reply] = {}
        self.offer: OfferCard | None = None
        self.stage = "talking"
        self.closed = False
        self.released = False

    @workflow.run
    async def run(self, opening: Opening) -> None:
        await workflow.wait_condition(lambda: self.closed and workflow.all_handlers_finished())

    @workflow.update
    async def say(self, message: CustomerMessage) -> Reply:
        self._note(EventKind.CUSTOMER, message.text)
        match message.text:
            case "slow":
                await workflow.wait_condition(lambda: self.released)
            case "offer":
                expiry = workflow.now() + timedelta(minutes=15)
                self.offer = OfferCard(digest=DIGEST, kind="refund", order_id="#1", text="Shall I?", expires_at=expiry)
            case "paying":
                self.stage = "paying"
        wished = f" and wish {message.wish.model_dump_json(exclude_none=True)}" if message.wish else ""
        reply = await self._reply(message.message_id, f"You said {message.text}{wished}")
        if message.text == "close":
            await self._close()
        return reply

    @say.validator
    def _may_say(self, message: CustomerMessage) -> None:
        self._own(message.customer_id)
        if message.text.startswith("refuse "):
            raise refuse(Refusal(message.text.removeprefix("refuse ")))

    @workflow.update
    async def answer_offer(self, answer: OfferAnswer) -> Reply:
        self.offer = None
        return await self._reply(answer.message_id, "confirmed" if answer.accept else "declined")

    @answer_offer.validator
    def _may_answer(self, answer: OfferAnswer) -> None:
        self._own(answer.customer_id)
        if self.offer is None:
            raise refuse(Refusal.NO_OFFER)
        if self.offer.digest != answer.digest:
            raise refuse(Refusal.OFFER_CHANGED)

    @workflow.update
    async def ask_for_person(self, wanted: PersonWanted) -> Reply:
        return await self._reply(wanted.message_id, f"A person will come: {wanted.reason}")

    @workflow.update
    async def give_feedback(self, feedback: Feedback) -> Reply:
        return await self._reply(feedback.message_id, f"Thank you: {feedback.rating} {feedback.comment}")

    @workflow.signal
    def release(self) -> None:
        self.released = True

    @workflow.query
    def transcript(self) -> Transcript:
        return self.events_after(0)

    @workflow.query
    def events_after(self, offset: int) -> Transcript:
        return Transcript(
            tenant=self.opening.tenant,
            conversation_id=self.opening.conversation_id,
            customer_id=self.opening.customer_id,
            policy_version="test",
            stage=self.stage,
            owner="agent",
            closed=self.closed,
            offer=self.offer,
            summary="",
            events=tuple(event for event in self.events if event.offset > offset),
            last_offset=len(self.events),
            spent=Spent(calls=2, usage=Usage(prompt=900, completion=40), nano_usd=98_000),
        )

    def _own(self, customer_id: str) -> None:
        if customer_id != self.opening.customer_id:
            raise refuse(Refusal.NOT_YOURS)

    def _note(self, kind: EventKind, text: str, reply: Reply | None = None) -> None:
        self.events.append(Event(offset=len(self.events) + 1, kind=kind, at=workflow.now(), text=text, reply=reply))

    async def _reply(self, message_id: str, text: str) -> Reply:
        if message_id in self.answered:
            return self.answered[message_id]
        reply = Reply(
            offset=len(self.events) + 1,
            turn=len(self.answered) + 1,
            answers=(message_id,),
            text=text,
            at=workflow.now(),
            stage=self.stage,
            offer=self.offer,
            decision=Decision(
                turn=len(self.answered) + 1,
                at=workflow.now(),
                intent="greeting",
                confidence=1.0,
                playbook="none",
                policy_version="test",
            ),
        )
        self.answered[message_id] = reply
        self._note(EventKind.REPLY, text, reply)
        await self._publish()
        return reply

    async def _close(self) -> None:
        self._note(EventKind.CLOSED, "Goodbye")
        await self._publish()
        self.closed = True

    async def _publish(self) -> None:
        stream = event_stream(self.opening.tenant, self.opening.conversation_id)
        lines = [(event.offset, event.model_dump_json()) for event in self.events[-2:]]
        # Short, because a conversation whose stream is away must still answer its customer.
        try:
            await workflow.execute_activity(
                "publish", args=[stream, lines], schedule_to_close_timeout=timedelta(seconds=1)
            )
        except ActivityError:
            workflow.logger.info("stream is away")


class Publishing:
    """Writes to the event log as workers do."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    @activity.defn
    async def publish(self, stream: str, lines: list[tuple[int, str]]) -> None:
        await self._log.append(stream, lines)
