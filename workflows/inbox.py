"""What has arrived and is not answered yet: refusals at the door, one answer for each message, news of refunds."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from policies.bundle import TalkRules
from policies.handling import may_act
from workflows.messages import EventKind, RefundNews, RefundStage, Refusal, Reply
from workflows.people import Claim, Note, Snooze, StaffAct, Tell
from workflows.said import Said
from workflows.talk import Talk

ENDED = {
    "expired": (Refusal.OFFER_EXPIRED, "the offer has expired"),
    "accepted": (Refusal.OFFER_USED, "the offer has been answered already"),
    "declined": (Refusal.OFFER_USED, "the offer has been answered already"),
    "replaced": (Refusal.OFFER_CHANGED, "a newer offer has taken its place"),
    "withdrawn": (Refusal.OFFER_CHANGED, "a person has taken over, and the offer no longer stands"),
}

REFUSED_ACTS = {
    "case.role": (Refusal.ROLE, "only agents and supervisors may do this"),
    "case.closed": (Refusal.CLOSED, "this conversation is closed"),
    "case.taken": (Refusal.CASE_TAKEN, "a colleague has this conversation"),
    "case.not_yours": (Refusal.NOT_YOUR_CASE, "a colleague has this conversation; claim it first"),
    "case.absent": (Refusal.NOT_YOUR_CASE, "nobody has this conversation; claim it first"),
}
LONGEST_SNOOZE = timedelta(days=366)


class Inbox:
    """Holds what customers sent until a turn has answered it. Handlers only ever add; the main loop takes."""

    def __init__(self, talk: Callable[[], Talk], rules: Callable[[], TalkRules]) -> None:
        self._talk = talk
        self._rules = rules
        self._taken = 0
        self._refused: dict[str, ApplicationError] = {}
        self._refused_acts: dict[str, ApplicationError] = {}
        self.waiting: list[Said] = []
        self.acts: list[StaffAct] = []
        self.news: list[RefundNews] = []

    def check(self, customer_id: str, said: Said) -> None:
        """Refuse before anything is written; a message that is known already always passes."""
        talk, rules = self._talk(), self._rules()
        if customer_id != talk.opening.customer_id:
            raise _refusal(Refusal.NOT_YOURS, "there is no such conversation")
        if talk.reply_to(said.message_id) or self._is_waiting(said.message_id):
            return
        if said.message_id in talk.answered:
            raise _refusal(Refusal.ANSWERED, "this message was answered long ago; its answer is in the transcript")
        if talk.closed and not said.feedback:
            raise _refusal(Refusal.CLOSED, "this conversation is closed; start a new one")
        if said.is_text and not said.text.strip() and not said.photos:
            raise _refusal(Refusal.BLANK, "the message is blank")
        if len(said.text) > rules.max_characters:
            raise _refusal(Refusal.TOO_LONG, f"a message may have {rules.max_characters} characters")
        if len(self.waiting) >= rules.max_waiting_messages:
            raise _refusal(Refusal.BUSY, "too many messages wait for an answer")
        if said.digest and (refused := self._offer_refusal(said.digest)):
            raise refused

    async def answered(self, said: Said) -> Reply:
        """Put a message in and wait for the reply of the turn that takes it; a known message gets its first reply."""
        if not self._talk().reply_to(said.message_id) and not self._is_waiting(said.message_id):
            self._refused.pop(said.message_id, None)
            self.waiting.append(said)
        await workflow.wait_condition(
            lambda: bool(self._talk().reply_to(said.message_id)) or said.message_id in self._refused
        )
        if said.message_id in self._refused:
            raise self._refused[said.message_id]
        reply = self._talk().reply_to(said.message_id)
        assert reply is not None
        return reply

    def leave_to_ai(self, talk: Talk) -> None:
        """Have the AI answer what no person has answered; `talk` is from before the hand-back."""
        if texts := unanswered(talk):
            again = f"again-{talk.last_offset}"
            self.waiting.append(Said(again, text="\n".join(texts), is_text=True, again=True))

    def begin(self) -> tuple[Said, ...]:
        """Take all that waits as one batch; a button of an offer that has ended meanwhile is refused here."""
        for said in tuple(self.waiting):
            if said.digest and (refused := self._offer_refusal(said.digest)):
                self._refused[said.message_id] = refused
                self.waiting.remove(said)
        self._taken = len(self.waiting)
        return tuple(self.waiting)

    def finish(self, batch: tuple[Said, ...]) -> None:
        self.waiting = self.waiting[len(batch) :]
        self._taken = 0

    def check_act(self, staff: StaffAct) -> None:
        """Refuse what a person may not do now, before anything is written."""
        talk, act = self._talk(), staff.act
        force = isinstance(act, Claim) and act.force
        verdict = may_act(
            act.kind, staff.by, staff.role, talk.desk.case, talk.policy_version, force=force, closed=talk.closed
        )
        if staff.key in talk.desk.acts and verdict.rule != "case.role":
            return
        if not verdict.allowed:
            raise _refusal(*REFUSED_ACTS[verdict.rule])
        if isinstance(act, Snooze) and act.until and not timedelta(0) < act.until - workflow.now() < LONGEST_SNOOZE:
            raise _refusal(Refusal.TOO_FAR, f"a snooze ends within {LONGEST_SNOOZE.days} days")
        if act.kind == "resolve" and (talk.owed or talk.offer):
            raise _refusal(Refusal.NOT_OVER, "an offer is open or a refund is under way")
        if isinstance(act, Tell | Note) and not act.text.strip():
            raise _refusal(Refusal.BLANK, "there are no words in it")
        if act.kind == "resolve" and self.waiting:
            raise _refusal(Refusal.NOT_OVER, "the customer has just written; read it first")

    async def acted(self, staff: StaffAct) -> None:
        """Put an act in and wait until it is done; raises what refused it."""
        if staff.key not in self._talk().desk.acts and staff.key not in {each.key for each in self.acts}:
            self._refused_acts.pop(staff.key, None)
            self.acts.append(staff)
        await workflow.wait_condition(lambda: staff.key in self._talk().desk.acts or staff.key in self._refused_acts)
        if staff.key in self._refused_acts:
            raise self._refused_acts[staff.key]

    def next_act(self) -> StaffAct | None:
        """Give the next act that may still be done; others came before it, so it is judged again."""
        while self.acts:
            try:
                self.check_act(self.acts[0])
            except ApplicationError as refused:
                self._refused_acts[self.acts.pop(0).key] = refused
            else:
                return self.acts[0]
        return None

    @property
    def word_wanted(self) -> bool:
        """Whether a person is about to take the word."""
        return any(staff.act.kind in ("claim", "tell") for staff in self.acts)

    @property
    def has_something(self) -> bool:
        return bool(self.acts or self.news or self.waiting)

    @property
    def grew(self) -> bool:
        """Whether more has arrived since the batch was taken."""
        return len(self.waiting) > self._taken

    @property
    def busy(self) -> bool:
        return self.has_something or not workflow.all_handlers_finished()

    async def news_of(self, refund_id: str, seconds: float) -> RefundNews | None:
        """Wait for a refund's outcome, or a stage worth telling; takes what came, None when nothing did in time."""
        await self._wait(seconds, "answer within", lambda: any(map(worth_telling, self._about(refund_id))))
        # The end often follows within a moment of the ledger's first record; a bank that takes days is not waited for.
        if not any(map(closes, self._about(refund_id))):
            grace = self._rules().settle_grace_seconds
            await self._wait(grace, "settles at once", lambda: any(map(closes, self._about(refund_id))))
        heard = self._about(refund_id)
        self.news = [news for news in self.news if news.refund_workflow_id != refund_id]
        if not heard:
            return None
        return heard[-1].model_copy(update={"tools": tuple(use for news in heard for use in news.tools)})

    async def _wait(self, seconds: float, why: str, condition: Callable[[], bool]) -> None:
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(condition, timeout=timedelta(seconds=seconds), timeout_summary=why)

    def _about(self, refund_id: str) -> list[RefundNews]:
        return [news for news in self.news if news.refund_workflow_id == refund_id]

    def _is_waiting(self, message_id: str) -> bool:
        return any(said.message_id == message_id for said in self.waiting)

    def _offer_refusal(self, digest: str) -> ApplicationError | None:
        talk = self._talk()
        if talk.offer and talk.offer.digest == digest:
            expired = talk.offer.expires_at <= workflow.now()
            return _refusal(*ENDED["expired"]) if expired else None
        if ended := talk.ended_offers.get(digest):
            return _refusal(*ENDED[ended])
        if talk.offer:
            return _refusal(Refusal.OFFER_CHANGED, "the open offer is another one")
        return _refusal(Refusal.NO_OFFER, "there is no open offer")


def unanswered(talk: Talk) -> tuple[str, ...]:
    """Collect the words that were written since a person last spoke, pressed buttons and stars left out."""
    case = talk.desk.case
    if case is None or case.waits_for_customer:
        return ()
    last = max((event.offset for event in talk.events if event.kind is EventKind.PERSON), default=0)
    since = (event for event in talk.events if event.offset > last and event.at > case.opened_at)
    written = (event.text for event in since if event.kind is EventKind.CUSTOMER)
    return tuple(text for text in written if text and not text.startswith("["))


def worth_telling(news: RefundNews) -> bool:
    return closes(news) or news.stage is RefundStage.RECORDED


def closes(news: RefundNews) -> bool:
    """Whether there is nothing more to wait for in this turn: the end, or people who take their time."""
    return news.final or news.stage is RefundStage.WAITING_APPROVAL


def _refusal(refusal: Refusal, sentence: str) -> ApplicationError:
    return ApplicationError(sentence, type=refusal)
