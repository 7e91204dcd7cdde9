"""What one turn works with: the state it may change, the tools it may reach, and the sentences it has said so far."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import workflow

from activities.hydration import Hydrated
from activities.ports import Caller
from activities.screening import Screened, ScreenTexts
from activities.tools.escalate_to_human import OpenTicket, Ticket
from policies import wording
from policies.bundle import Bundle
from policies.cases import Why
from policies.clauses import Citation, Clause, cite
from policies.facts import OrderFacts, RefundRecord, Understanding
from policies.offers import Offer
from policies.placeholders import restore
from policies.retrieval import Consulted
from policies.routing import Choice
from policies.verdict import Verdict
from workflows import metrics
from workflows.handing_over import find_person, promise, put_in_queue, wake
from workflows.inference import Models
from workflows.messages import Link, RefundNews, Reply
from workflows.record import Decision
from workflows.summing_up import contact
from workflows.talk import Question, Talk, card_of
from workflows.toolbox import NotPermitted, Outage, Refused, Toolbox, fetch

UNDERSTANDING_QUEUE = "understanding"
KNOWLEDGE_QUEUE = "knowledge"
MODELS_REST = timedelta(minutes=5)


@dataclass
class Turn:
    """One turn under way. `talk` is a draft: a superseded turn is dropped with it, unless `seal` was called before."""

    talk: Talk
    bundle: Bundle
    caller: Caller
    sealed_by: Callable[[Talk], None]
    news_of: Callable[[str, float], Awaitable[RefundNews | None]]
    models: Models
    language: str = "en"
    who: Hydrated | None = None
    understood: Understanding = field(default_factory=lambda: Understanding(redacted=""))
    parts: list[str] = field(default_factory=list)
    choice: Choice = field(
        default_factory=lambda: Choice(intent="none", confidence=1, playbook="none", handler=None, rule="routing.none")
    )
    verdicts: list[Verdict] = field(default_factory=list)
    record: RefundRecord | None = None
    orders: dict[str, OrderFacts] = field(default_factory=dict)
    consulted: list[Consulted] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    matter: str = ""
    handed: bool = False
    acted: bool = False
    drafting: bool = False
    rewordable: set[str] = field(default_factory=set)
    tools: Toolbox = field(init=False)

    def __post_init__(self) -> None:
        self.tools = Toolbox(self.bundle)
        self.owner_before = self.talk.owner
        # Drafts of the reply stand behind the last event that clients were given.
        self.begins_behind = self.talk.last_offset
        until = self.talk.models_rest_until
        self.models_rested = until is not None and self.now < until
        self.models.out_of_reach |= self.models_rested
        self.speak(self.language)

    @property
    def now(self) -> datetime:
        return workflow.now()

    def speak(self, language: str) -> None:
        """Use this language from here on, or English where the tenant has no words in it."""
        short = language.split("-")[0]
        self.language = short if short in self.bundle.replies else "en"
        self.words = self.bundle.words(self.language)

    def say(self, sentence: str, **facts: object) -> None:
        text = self.words.say(sentence, **facts)
        self.parts.append(text)
        if self.bundle.rules.inference.may_reword(sentence):
            self.rewordable.add(text)

    def cite(self, clause: Clause) -> None:
        """Give the source of what is said, once, and remember that it was told."""
        citation = cite(clause)
        if citation not in self.citations:
            self.citations.append(citation)
        self.talk = self.talk.quote(citation)

    def items(self, order: OrderFacts) -> str:
        return wording.listed([line.title for line in order.lines], self.language)

    def day(self, moment: datetime) -> str:
        return wording.day(moment, self.language)

    def seal(self) -> None:
        """Act on the world from here on: this turn can no longer be superseded."""
        self.acted = True
        self.sealed_by(self.talk)

    def remember_models(self) -> None:
        """Keep that no worker answered: for a while nobody waits for one again."""
        if self.models.out_of_reach and not self.models_rested:
            self.talk = self.talk.with_(models_rest_until=self.now + MODELS_REST)

    def put_offer(self, offer: Offer) -> None:
        """Make this the open offer, said last; one still open before it is taken back in so many words."""
        if self.talk.offer and self.talk.offer.digest != offer.digest:
            self.say("offer_replaced")
        wanted = self.matter or self.talk.offered_for
        self.talk = self.talk.put_offer(offer).with_(stage="offered", offered_for=wanted)
        self.parts.append(offer.text)

    def judge(self, verdict: Verdict) -> Verdict:
        """Put a verdict on the record."""
        self.verdicts.append(verdict)
        return verdict

    async def customer(self) -> Hydrated:
        """Hydrate: tier, region, language and orders of whoever asks, and whether the AI may answer."""
        self.who = await fetch("hydrate", Hydrated, self.caller, note="who is asking", bundle=self.bundle)
        return self.who

    async def may_quote(self, *texts: str) -> bool:
        """Say whether texts from outside may be told or shown to a model; not when nobody can look at them."""
        ask = ScreenTexts(texts=texts)
        try:
            screened = await fetch(
                "screen_texts", Screened, ask, note="screen", bundle=self.bundle, queue=UNDERSTANDING_QUEUE
            )
        except (Outage, Refused):
            return False
        if all(screened.allowed):
            return True
        metrics.count_flagged(self.caller.tenant, "passage")
        self.talk = self.talk.note("left out a text from outside that reads like instructions")
        return False

    def ask(self, about: Question) -> None:
        self.talk = self.talk.with_(question=about)

    async def hand_over(self, why: str, kind: Why = "policy") -> None:
        """Give the case to people: their queue has it at once, their helpdesk as soon as it can be reached."""
        opening = self.talk.opening
        if self.talk.desk.case:
            wake(self, f"needs a person: {why}")
            return
        case = put_in_queue(self, kind, why)
        reach = contact(self.talk)
        ticket = OpenTicket(
            caller=self.caller,
            subject=f"Conversation {opening.conversation_id}: {why}",
            body="\n".join(case.summary),
            key=f"ticket-{opening.conversation_id}-{case.number}",
        )
        self.seal()
        opened, _ = await asyncio.gather(self._ticket(ticket, why), find_person(self))
        if opened is None:
            self.talk = self.talk.with_(handoff=ticket)
            self.say("hand_over_pending")
        else:
            self.talk = self.talk.with_(ticket=opened.ticket_id)
            self.say("handed_over", ticket=opened.ticket_id)
            if reach:
                self.say("contact_passed_on", contact=reach)
        promise(self)
        self.handed = True

    async def _ticket(self, ticket: OpenTicket, why: str) -> Ticket | None:
        try:
            return await self.tools.tell("negotiation", "escalate_to_human", Ticket, ticket, note=why)
        except (Outage, Refused, NotPermitted):
            # The helpdesk is told later; people have the case in any case.
            return None

    @property
    def outcome(self) -> str:
        """One word for what the turn came to, for counting."""
        if self.talk.owner == "person":
            return "with_person" if self.owner_before == "person" else "handed_over"
        return "offered" if self.talk.offer else "told_refund" if self.record else "answered"

    def reply(self, answers: tuple[str, ...]) -> Reply:
        """The turn's answer with its decision record; the offset is set when it is logged."""
        number = self.talk.turn + 1
        return Reply(
            offset=0,
            turn=number,
            answers=answers,
            text=restore("\n".join(self.parts), self.talk.personal),
            at=self.now,
            stage=self.talk.stage,
            offer=card_of(self.talk.offer) if self.talk.offer else None,
            refund=self.record,
            citations=tuple(self.citations),
            links=tuple(self.links),
            decision=Decision(
                turn=number,
                at=self.now,
                intent=self.choice.intent,
                confidence=self.choice.confidence,
                playbook=self.choice.playbook,
                tier=self.models.tier,
                policy_version=self.bundle.version,
                verdicts=(*self.verdicts, *self.tools.verdicts),
                tools=tuple(self.tools.uses),
                consulted=tuple(self.consulted),
                choices=tuple(self.models.choices),
                calls=tuple(self.models.calls),
            ),
        )
