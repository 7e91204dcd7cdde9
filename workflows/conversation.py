"""A conversation as a durable workflow: messages in, one answer each, and nothing promised is ever forgotten."""

import asyncio
import contextlib
from datetime import timedelta

from temporalio import workflow

from activities.policy_store import PinPolicy
from activities.ports import Caller
from policies import wording
from policies.bundle import Bundle, TalkRules
from policies.wishes import Wish
from workflows import case_file, metrics
from workflows.dispatch import take_turn, tell_news
from workflows.inbox import Inbox
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
from workflows.publishing import Publisher
from workflows.said import Said
from workflows.standing import next_deadline, on_deadline
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
        self.publisher = Publisher(lambda: self.talk, self._published)
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
        while not self._over(bundle):
            await self._wait_for_something(bundle)
            if self.inbox.news:
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

    @workflow.signal
    def refund_news(self, news: RefundNews) -> None:
        self.inbox.news.append(news)

    @workflow.query
    def transcript(self) -> Transcript:
        return self.talk.transcript()

    @workflow.query
    def events_after(self, offset: int) -> Transcript:
        return self.talk.transcript(after=offset)

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
                lambda: bool(self.inbox.waiting or self.inbox.news) or self._may_renew(bundle),
                timeout=patience,
                timeout_summary=why,
            )

    async def _answer_waiting(self, bundle: Bundle) -> None:
        """Answer everything that waits as one turn; what arrives before the turn is sealed restarts it with all."""
        began, models = workflow.now(), None
        while batch := self.inbox.begin():
            self.sealed = False
            wish = next((said.wish for said in reversed(batch) if said.wish), Wish())
            models = Models(bundle, wish, before=models)
            turn = self._turn(bundle, models)
            for said in batch:
                turn.talk = turn.talk.log(said.kind, workflow.now(), said.shown)
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
            if turn.drafting:
                # Nobody waits for this: whoever has the word next raises the fence as well.
                self.fencing = asyncio.create_task(self.publisher.fence_off(self.talk.epoch))

    async def _settled_or_superseded(self, turning: asyncio.Task[None]) -> None:
        await workflow.wait_condition(lambda: turning.done() or (self.inbox.grew and not self.sealed))

    async def _hear_news(self, bundle: Bundle) -> None:
        """Tell news of a refund that no turn is waiting for."""
        turn = self._turn(bundle)
        await tell_news(turn, self.inbox.news.pop(0))
        self._keep(turn, (), EventKind.REFUND)

    async def _do_what_is_due(self, bundle: Bundle) -> None:
        turn = self._turn(bundle)
        if kind := await on_deadline(turn):
            self._keep(turn, (), kind)

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
        self.talk = talk.with_(published=self.talk.published)

    def _keep(self, turn: Turn, answers: tuple[str, ...], kind: EventKind = EventKind.REPLY) -> None:
        """Commit a turn: its words, its events, its state."""
        talk = turn.talk.with_(published=self.talk.published, language=turn.language).spend(turn.models.calls)
        if turn.parts:
            talk = talk.answer(turn.reply(answers), kind)
        # Whoever has just heard what became of a refund gets the whole silence to answer to it.
        heard = answers or (turn.parts and kind is EventKind.REFUND)
        self.talk = talk.with_(last_heard=workflow.now()) if heard else talk

    def _published(self, offset: int) -> None:
        self.talk = self.talk.with_(published=max(offset, self.talk.published))

    def _over(self, bundle: Bundle) -> bool:
        closed = self.talk.closed_at
        if closed is None or self.inbox.busy:
            return False
        return workflow.now() >= closed + timedelta(hours=bundle.rules.talk.feedback_hours)

    def _may_renew(self, bundle: Bundle) -> bool:
        info = workflow.info()
        limit = bundle.rules.talk.history_limit
        long = info.get_current_history_length() >= limit or info.is_continue_as_new_suggested()
        return long and not self.inbox.busy

    def _show(self) -> None:
        talk = self.talk
        quote = talk.offer.refund.quote if talk.offer and talk.offer.refund else None
        self.case.show(
            {
                case_file.INTENT: talk.intent or "none",
                case_file.STAGE: talk.stage,
                case_file.OWNER: talk.owner,
                case_file.NEEDS_HUMAN: talk.owner == "person",
                case_file.POLICY_VERSION: talk.policy_version,
                **({case_file.REFUND_CENTS: quote.amount.minor} if quote else {}),
            }
        )
        case_file.page(
            f"Conversation {talk.opening.conversation_id}: {talk.stage}",
            {
                "Tenant": talk.opening.tenant,
                "Order": talk.focus or "-",
                "Intent": talk.intent or "-",
                "Owner": talk.owner,
                "Offer open until": wording.instant(talk.offer.expires_at, "en") if talk.offer else "-",
                "Refunds under way": ", ".join(debt.refund_workflow_id for debt in talk.owed) or "-",
                "Policy": talk.policy_version,
                "Turns": talk.turn,
            },
            list(talk.notes[-20:]),
        )
