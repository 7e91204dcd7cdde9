"""How a refund is told: sentences from the ledger's record only, one e-mail for each stage, news to every follower."""

from collections.abc import Mapping
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.tools.send_notification import Notified, Notify
from policies import wording
from policies.bundle import Bundle
from policies.facts import RefundRecord
from policies.replies import Replies
from workflows.claim import RefundClaim
from workflows.messages import RefundNews, RefundStage, conversation_workflow_id
from workflows.record import ToolUse
from workflows.toolbox import NotPermitted, Outage, Refused, Toolbox


def plain(order_id: str) -> str:
    """An order id as sentences print it: the templates bring their own '#'."""
    return order_id.lstrip("#")


def record_words(record: RefundRecord, words: Replies, language: str) -> str:
    """Tell what the ledger holds about one refund."""
    return words.say(
        f"refund_{record.status}",
        order=plain(record.order_id),
        amount=wording.money(record.amount, language),
        method=record.method_label,
        refund=record.refund_id,
        date=wording.day(record.settled_at or record.created_at, language),
        failure=record.failure,
    )


def news_words(news: RefundNews, words: Replies, language: str) -> str:
    """Tell a piece of news about a refund; about money it says only what its record says."""
    if news.record:
        return record_words(news.record, words, language)
    facts: Mapping[RefundStage, dict[str, str]] = {
        RefundStage.WAITING_APPROVAL: {"deadline": wording.instant(news.deadline, language) if news.deadline else "?"},
        RefundStage.DENIED: {"reason": news.reason},
    }
    return words.say(f"refund_{_SENTENCE[news.stage]}", order=plain(news.order_id), **facts.get(news.stage, {}))


_SENTENCE = {
    RefundStage.WAITING_APPROVAL: "waiting",
    RefundStage.UNKNOWN: "unknown",
    RefundStage.RECORDED: "unknown",
    RefundStage.CHANGED: "changed",
    RefundStage.DENIED: "denied",
    RefundStage.APPROVAL_EXPIRED: "approval_expired",
    RefundStage.NOT_PAID: "not_paid",
}


OUTBOX_PATIENCE = timedelta(days=3)


class Teller:
    """Tells the customer of one refund, here and by e-mail."""

    def __init__(self, claim: RefundClaim, uses: list[ToolUse]) -> None:
        self.caller = claim.caller
        self.order_id = claim.offer.order_id
        self.language = claim.language
        self.uses = uses
        self.followers = [claim.conversation_id]
        self.news: RefundNews | None = None
        self.unsent: list[Notify] = []

    async def tell(self, news: RefundNews, bundle: Bundle, *, mail: bool) -> None:
        """Send the e-mail first, then the news, with a record of the tools used since the last one."""
        if mail:
            await self._mail(news, bundle)
        self.news = news = news.model_copy(update={"tools": tuple(self.uses)})
        self.uses.clear()
        for conversation_id in self.followers:
            await self._signal(conversation_id, news)

    async def follow(self, conversation_id: str) -> None:
        if conversation_id not in self.followers:
            self.followers.append(conversation_id)
        if self.news:
            await self._signal(conversation_id, self.news)

    async def mail_what_is_left(self, bundle: Bundle) -> None:
        """Send the e-mails an outbox was down for: "by e-mail" was promised."""
        while self.unsent and await self._send(self.unsent[0], bundle, OUTBOX_PATIENCE):
            self.unsent.pop(0)

    async def _mail(self, news: RefundNews, bundle: Bundle) -> None:
        """Send one e-mail for this stage; an outbox that is down must not hold back the truth elsewhere."""
        words = bundle.words(self.language)
        stage = news.record.status if news.record else news.stage
        notify = Notify(
            caller=self.caller,
            subject=words.say("mail_subject", order=plain(self.order_id)),
            body=news_words(news, words, self.language),
            key=f"mail-{stage}-{workflow.info().first_execution_run_id}",
        )
        if not await self._send(notify, bundle):
            self.unsent.append(notify)

    async def _send(self, notify: Notify, bundle: Bundle, patience: timedelta | None = None) -> bool:
        note = " ".join(notify.key.split("-")[:2])
        try:
            tools = Toolbox(bundle, self.uses)
            await tools.tell("negotiation", "send_notification", Notified, notify, note=note, patience=patience)
        except (Outage, Refused, NotPermitted):
            workflow.logger.warning("notification not sent: %s", note)
            return False
        return True

    async def _signal(self, conversation_id: str, news: RefundNews) -> None:
        workflow_id = conversation_workflow_id(self.caller.tenant, conversation_id)
        try:
            await workflow.get_external_workflow_handle(workflow_id).signal("refund_news", news)
        except ApplicationError:
            # Erased or ended by an operator: the e-mail has told the customer already.
            workflow.logger.warning("a conversation that followed this refund is gone")
