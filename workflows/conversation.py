"""A conversation as a durable workflow: messages in, one answer each, and nothing promised is ever forgotten."""

import asyncio
import contextlib
from datetime import timedelta

from temporalio import workflow

from activities.policy_store import PinPolicy
from activities.ports import Caller
from policies.bundle import Bundle, TalkRules
from policies.inbox import Row
from policies.wishes import Wish
from workflows import case_file, metrics, silence
from workflows.dispatch import take_turn, tell_news
from workflows.inbox import Inbox
from workflows.inbox_row import row_of
from workflows.inference import Models
from workflows.messages import (
    CustomerMessage,
    EventKind,
    Feedback,
    OfferAnswer,
    Opening,
    PersonWanted,
    RefundNews,
    Reply,
    Transcript,
)
from workflows.people import DeskView, StaffAct
from workflows.publishing import Publisher, raise_fence
from workflows.said import Said
from workflows.showing import show
from workflows.staff_acts import perform
from workflows.standing import next_deadline, on_deadline, over
from workflows.talk import Beginning, Talk
from workflows.turn import Turn


@workflow.defn(name="Conversation")
class Conversation:
    """One customer, one conversation. Only the main loop changes `talk`; handlers put into the inbox and wait."""

    @workflow.init
    def __init__(self, beginning: Beginning) -> None:
        opening = Opening(**beginning.model_dump(exclude={"talk"}))
        self.talk = beginning.talk or Talk(opening=opening, policy_version="", last_heard=workflow.now())
        self.bundle: Bundle | None = None
        self.inbox = Inbox(lambda: self.talk, lambda: self.bundle.rules.talk if self.bundle else TalkRules())
        self.row: Row | None = None
        self.publisher = Publisher(lambda: self.talk, lambda: self.row, self._published)
        self.case = case_file.CaseFile()
        self.sealed = False
        self.fencing: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, beginning: Beginning) -> str:
        if beginning.talk:
            # Details are a run's own: without this, operators would see nothing until the customer writes again.
            self._show()
        bundle = await self._pin_policy(beginning.tenant)
        self.bundle = bundle
        self.talk = self.talk.with_(policy_version=bundle.version)
        publishing = asyncio.create_task(self.publisher.run())
        if beginning.talk:
            # What the run before could not file any more would be missing in the inbox until something happens.
            self._show()
        while not self._over(bundle):
            await self._wait_for_something(bundle)
            if staff := self.inbox.next_act():
                await self._do(staff, bundle)
            elif self.inbox.news:
                await self._hear_news(bundle)
            elif self.inbox.waiting:
                await self._answer_waiting(bundle)
            else:
                await self._do_what_is_due(bundle)
            self._show()
            if self._may_renew(bundle):
                publishing.cancel()
                workflow.continue_as_new(beginning.model_copy(update={"talk": self.talk}))
            if self._over(bundle):
                await self.publisher.flush()
        publishing.cancel()
        return self.talk.stage

    # -- what outsiders send -----------------------------------------------------------------------------------

    @workflow.update
    async def say(self, message: CustomerMessage) -> Reply:
        """Answer a message; the same message id gets the first answer."""
        return await self.inbox.answered(Said.of(message))

    @say.validator
    def _may_say(self, message: CustomerMessage) -> None:
        self.inbox.check(message.customer_id, Said.of(message))

    @workflow.update
    async def answer_offer(self, answer: OfferAnswer) -> Reply:
        """Confirm or decline the open offer by its digest."""
        return await self.inbox.answered(Said.of(answer))

    @answer_offer.validator
    def _may_answer_offer(self, answer: OfferAnswer) -> None:
        self.inbox.check(answer.customer_id, Said.of(answer))

    @workflow.update
    async def ask_for_person(self, wanted: PersonWanted) -> Reply:
        """Hand over to a person."""
        return await self.inbox.answered(Said.of(wanted))

    @ask_for_person.validator
    def _may_ask_for_person(self, wanted: PersonWanted) -> None:
        self.inbox.check(wanted.customer_id, Said.of(wanted))

    @workflow.update
    async def give_feedback(self, feedback: Feedback) -> Reply:
        """Take thumbs up or down, also after the conversation has closed."""
        return await self.inbox.answered(Said.of(feedback))

    @give_feedback.validator
    def _may_give_feedback(self, feedback: Feedback) -> None:
        self.inbox.check(feedback.customer_id, Said.of(feedback))

    @workflow.update
    async def act(self, staff: StaffAct) -> DeskView:
        """Do what a person of the shop wants done; repeating the act id changes nothing."""
        await self.inbox.acted(staff)
        return self._desk()

    @act.validator
    def _may_act(self, staff: StaffAct) -> None:
        self.inbox.check_act(staff)

    @workflow.signal
    def refund_news(self, news: RefundNews) -> None:
        self.inbox.news.append(news)

    @workflow.signal
    def file_again(self) -> None:
        """File the row in people's inbox once more, after the inbox was lost."""
        if self.row:
            self._file(self.row)

    @workflow.query
    def transcript(self) -> Transcript:
        return self.talk.transcript().model_copy(update={"desk": self._desk()})

    @workflow.query
    def events_after(self, offset: int) -> Transcript:
        return self.talk.transcript(after=offset).model_copy(update={"desk": self._desk()})

    # -- the main loop -----------------------------------------------------------------------------------------

    async def _pin_policy(self, tenant: str) -> Bundle:
        pin = PinPolicy(tenant=tenant, version=self.talk.policy_version or None)
        bundle: Bundle = await workflow.execute_activity(
            "pin_policy", pin, result_type=Bundle, start_to_close_timeout=timedelta(seconds=5), summary="pin policy"
        )
        return bundle

    async def _wait_for_something(self, bundle: Bundle) -> None:
        why, deadline = next_deadline(self.talk, bundle, workflow.now())
        patience = max(deadline - workflow.now(), timedelta(milliseconds=1))
        with contextlib.suppress(asyncio.TimeoutError):
            # A turn ends before its handlers have returned its reply, so a long history is renewed from here.
            await workflow.wait_condition(
                lambda: self.inbox.has_something or self._may_renew(bundle),
                timeout=patience,
                timeout_summary=why,
            )

    async def _answer_waiting(self, bundle: Bundle) -> None:
        """Answer everything that waits as one turn; what arrives before the turn is sealed restarts it with all."""
        began, models = workflow.now(), None
        while batch := self.inbox.begin():
            if self.talk.held:
                self.talk = silence.receive(self.talk, batch, bundle, workflow.now())
                self.inbox.finish(batch)
                return
            self.sealed = False
            wish = next((said.wish for said in reversed(batch) if said.wish), Wish())
            models = Models(bundle, wish, before=models)
            turn = self._turn(bundle, models)
            turn.talk = silence.hear(turn.talk, batch, bundle, workflow.now())
            turning = asyncio.create_task(take_turn(turn, batch))
            await self._settled_or_superseded(turning)
            if turning.done():
                turning.result()
                took = workflow.now() - began
                metrics.count_turn(turn.talk.opening.tenant, turn.choice.playbook, turn.outcome, took)
                self._keep(turn, tuple(said.message_id for said in batch))
                self.inbox.finish(batch)
                return
            turning.cancel()
            await asyncio.gather(turning, return_exceptions=True)
            if self.inbox.word_wanted:
                # Whoever takes the word raises the fence, and no fence of ours may come after theirs.
                return
            if turn.drafting:
                # Nobody waits for this: whoever has the word next raises the fence as well.
                after = self.talk.with_(epoch=self.talk.epoch + 1)
                self.fencing = asyncio.create_task(raise_fence(after))

    async def _settled_or_superseded(self, turning: asyncio.Task[None]) -> None:
        await workflow.wait_condition(
            lambda: turning.done() or ((self.inbox.grew or self.inbox.word_wanted) and not self.sealed)
        )

    async def _do(self, staff: StaffAct, bundle: Bundle) -> None:
        """Do what a person wants done, and only then anything else."""
        before, turn = self.talk, self._turn(bundle)
        await perform(turn, staff)
        self.talk = turn.talk.with_(**self._counted())
        self.inbox.acts.remove(staff)
        if staff.act.kind == "hand_back":
            self.inbox.leave_to_ai(before)

    async def _hear_news(self, bundle: Bundle) -> None:
        """Tell news of a refund that no turn is waiting for."""
        turn = self._turn(bundle)
        await tell_news(turn, self.inbox.news.pop(0))
        self._keep(turn, (), EventKind.REFUND)

    async def _do_what_is_due(self, bundle: Bundle) -> None:
        """Do what is due by itself; whoever comes meanwhile does not wait for it, and it is due again after them."""
        self.sealed = False
        turn = self._turn(bundle)
        doing = asyncio.create_task(on_deadline(turn))
        await workflow.wait_condition(lambda: doing.done() or (self.inbox.has_something and not self.sealed))
        if doing.done():
            self._keep(turn, (), doing.result() or EventKind.REPLY)
        else:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    def _turn(self, bundle: Bundle, models: Models | None = None) -> Turn:
        self.talk = self.talk.with_(epoch=self.talk.epoch + 1)
        opening = self.talk.opening
        return Turn(
            talk=self.talk,
            bundle=bundle,
            caller=Caller(tenant=opening.tenant, customer_id=opening.customer_id),
            sealed_by=self._seal,
            news_of=self.inbox.news_of,
            language=self.talk.language or opening.language,
            models=models or Models(bundle, Wish()),
        )

    def _seal(self, talk: Talk) -> None:
        """From here the turn acts on the world: it can no longer be superseded, and its state is shown at once."""
        self.sealed = True
        self.talk = talk.with_(**self._counted())

    def _keep(self, turn: Turn, answers: tuple[str, ...], kind: EventKind = EventKind.REPLY) -> None:
        """Commit a turn: its words, its events, its state."""
        talk = turn.talk.with_(**self._counted(), language=turn.language).spend(turn.models.calls)
        if (talk.held or self.inbox.word_wanted) and kind is not EventKind.CLOSED:
            talk = silence.withhold(talk, turn, answers, kind)
        elif turn.parts:
            talk = talk.answer(turn.reply(answers), kind)
        elif answers:
            talk = talk.receive(answers, turn.now)
        talk = silence.mark_stages(talk, turn, self.talk.stage)
        # Whoever has just heard what became of a refund gets the whole silence to answer to it.
        heard = answers or (turn.parts and kind is EventKind.REFUND)
        self.talk = talk.with_(last_heard=workflow.now()) if heard else talk

    def _published(self, offset: int) -> None:
        self.talk = self.talk.with_(published=max(offset, self.talk.published))

    def _counted(self) -> dict[str, int]:
        """What goes on beside a turn, which its own copy does not know of."""
        return {"published": self.talk.published, "row_version": self.talk.row_version}

    def _over(self, bundle: Bundle) -> bool:
        return not self.inbox.busy and over(self.talk, bundle, workflow.now())

    def _may_renew(self, bundle: Bundle) -> bool:
        info = workflow.info()
        limit = bundle.rules.talk.history_limit
        long = info.get_current_history_length() >= limit or info.is_continue_as_new_suggested()
        return long and not self.inbox.busy

    def _file(self, row: Row) -> None:
        """Have a row filed under the next version."""
        version = max(self.talk.row_version, self.row.version if self.row else 0) + 1
        self.talk = self.talk.with_(row_version=version)
        self.row = row.model_copy(update={"version": version})

    def _desk(self) -> DeskView:
        return self.talk.desk.view(self.bundle)

    def _show(self) -> None:
        if self.bundle:
            row = row_of(self.talk, self.bundle, workflow.now())
            if self.row is None or row != self.row.model_copy(update={"version": row.version}):
                self._file(row)
        show(self.case, self.talk)
