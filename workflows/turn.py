"""What one turn works with: the state it may change, the tools it may reach, and the sentences it has said so far."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import workflow

from activities.ports import Caller
from activities.screening import Screened, ScreenTexts
from activities.tools.escalate_to_human import OpenTicket, Ticket
from policies import wording
from policies.bundle import Bundle
from policies.clauses import Citation, Clause, cite
from policies.facts import CustomerFacts, OrderFacts, PersonalKind, RefundRecord, Understanding
from policies.offers import Offer
from policies.placeholders import PLACEHOLDER, restore
from policies.retrieval import Consulted
from policies.routing import Choice
from policies.verdict import Verdict
from workflows import metrics
from workflows.inference import Models
from workflows.messages import RefundNews, Reply
from workflows.record import Decision
from workflows.talk import Question, Talk, card_of
from workflows.toolbox import Outage, Refused, Toolbox, fetch

UNDERSTANDING_QUEUE = "understanding"
KNOWLEDGE_QUEUE = "knowledge"
MODELS_REST = timedelta(minutes=5)
REACHES = (PersonalKind.EMAIL, PersonalKind.PHONE)


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
    who: CustomerFacts | None = None
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
        self.talk = self.talk.put_offer(offer).with_(stage="offered")
        self.parts.append(offer.text)

    def judge(self, verdict: Verdict) -> Verdict:
        """Put a verdict on the record."""
        self.verdicts.append(verdict)
        return verdict

    async def customer(self) -> CustomerFacts:
        """Hydrate: tier, region, language and orders of whoever asks."""
        self.who = await fetch("hydrate", CustomerFacts, self.caller, note="who is asking", bundle=self.bundle)
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

    async def hand_over(self, why: str) -> None:
        """Give the case to a person: said only once the helpdesk has it, kept trying by the conversation otherwise."""
        opening = self.talk.opening
        contact = self._contact()
        lines = [f"Intent: {self.choice.intent}", f"Order: {self.talk.focus or '-'}"]
        lines += [f"Contact given: {contact}"] if contact else []
        lines += [_told(citation) for citation in self.talk.quoted]
        ticket = OpenTicket(
            caller=self.caller,
            subject=f"Conversation {opening.conversation_id}: {why}",
            body=restore("\n".join((*lines, *self.talk.notes)), self.talk.personal),
            key=f"ticket-{opening.conversation_id}-{self.talk.turn + 1}",
        )
        self.seal()
        try:
            opened = await self.tools.tell("negotiation", "escalate_to_human", Ticket, ticket, note=why)
        except (Outage, Refused):
            self.talk = self.talk.with_(handoff=ticket, stage="with_person").note(f"hand-over wanted: {why}")
            self.say("hand_over_pending")
        else:
            self.talk = self.talk.with_(ticket=opened.ticket_id, stage="with_person").note(f"handed over: {why}")
            self.say("handed_over", ticket=opened.ticket_id)
            if contact:
                self.say("contact_passed_on", contact=contact)

    def _contact(self) -> str:
        """Name the placeholder of the e-mail or number the customer wrote last; one they typed themselves is none."""
        given = [datum for datum in self.talk.personal if datum.kind in REACHES]
        reachable = [datum.placeholder for datum in given if not PLACEHOLDER.fullmatch(datum.value)]
        return reachable[-1] if reachable else ""

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


def _told(citation: Citation) -> str:
    """A passage a customer was told, as a person who takes over looks it up."""
    where = f"{citation.document}, “{citation.title}”, version {citation.version}"
    return f"Told from our policies: {where} ({citation.chunk_id or citation.clause_id})"
