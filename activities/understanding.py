"""Turn what a customer just wrote into facts, in one activity."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from temporalio import activity

from activities.encoder import Encoder
from activities.learning import Learner
from activities.recognition import Guessed, Recogniser
from activities.screening import Screen
from policies.amounts import amounts
from policies.answers import answer_all
from policies.attribution import with_their_orders
from policies.complexity import weigh
from policies.dates import dates
from policies.facts import PersonalDatum, Understanding
from policies.frozen import Fact
from policies.injection import Screening
from policies.intents import Piece, riskiest
from policies.intents import pieces as cut_for_intents
from policies.language import language
from policies.reasons import reasons
from policies.redaction import Span, redact
from policies.shapes import Shape, shape_of
from policies.slots import awbs, order_ids, skus

# Beyond this nothing a customer writes is cut into words: all of it is redacted and screened, its beginning understood.
LONGEST = 20_000


class Utterance(Fact):
    """The raw messages of one burst, and what the conversation knows that helps to understand them.

    `open_question`: a yes would move something. `waiting_for`: what we asked last. `held`: what its placeholders stand
    for. `language`: the one spoken so far. `today`: the day relative dates count from.
    """

    tenant: str
    texts: tuple[str, ...]
    order_ids: tuple[str, ...] = ()
    open_question: bool = False
    waiting_for: Literal["", "order", "address", "intent"] = ""
    held: tuple[PersonalDatum, ...] = ()
    language: str = ""
    today: date | None = None


class Reading(NamedTuple):
    """What was understood, and where in the first text, as it was given, personal data stood."""

    understanding: Understanding
    spans: tuple[Span, ...]


class Understander:
    """Redacts first: slots, intents and every stored fact are taken from the redacted text."""

    def __init__(
        self,
        encoder: Encoder,
        recogniser: Recogniser,
        screen: Screen,
        shapes: Mapping[str, Shape],
        learner: Learner | None = None,
    ) -> None:
        self.encoder = encoder
        self.recogniser = recogniser
        self.screen = screen
        self._shapes = shapes
        self._learner = learner

    @activity.defn(name="understand")
    async def understand(self, said: Utterance) -> Understanding:
        """Report what a burst says; `intents` is empty when nothing was understood well enough."""
        understood = (await self.read(said)).understanding
        # An answer to a question of ours is no wish to learn from, and may be a street and a name.
        if self._learner and not (said.waiting_for or said.open_question):
            self._learner.note(said.tenant, understood, datetime.now(UTC))
        return understood

    async def read(self, said: Utterance) -> Reading:
        """Understand a burst, and tell where its personal data stood."""
        if sum(map(len, said.texts)) > LONGEST:
            # A text of a megabyte takes seconds to redact, and other messages do not wait for it.
            texts, held, spans = await asyncio.to_thread(self._redact, said)
        else:
            texts, held, spans = self._redact(said)
        guessed, screening = await self._judge(said, texts)
        return Reading(self._facts(said, texts, held, guessed, screening), spans)

    def _redact(self, said: Utterance) -> tuple[tuple[str, ...], tuple[PersonalDatum, ...], tuple[Span, ...]]:
        region = shape_of(said.tenant, self._shapes).region or None
        texts, held = [], said.held
        spans: tuple[Span, ...] = ()
        for at, text in enumerate(said.texts):
            redacted = redact(text, held, region)
            held = redacted.held
            texts.append(redacted.text)
            spans = redacted.spans if at == 0 else spans
        return tuple(texts), held, spans

    async def _judge(self, said: Utterance, texts: Sequence[str]) -> tuple[Guessed, Screening]:
        """Embed what may carry an intent and what may carry an attack in one run of the model."""
        wishes: tuple[Piece, ...] = cut_for_intents(texts)
        suspects = self.screen.cut(texts)
        row = {text: at for at, text in enumerate(dict.fromkeys([*(wish.text for wish in wishes), *suspects]))}
        vectors = await self.encoder.batcher.encode(tuple(row))
        guessed = self.recogniser.guesses(
            vectors[[row[wish.text] for wish in wishes]], wishes, said.tenant, said.language or "en"
        )
        return guessed, self.screen.judge(suspects, vectors[[row[text] for text in suspects]], texts)

    def _facts(
        self,
        said: Utterance,
        texts: Sequence[str],
        held: tuple[PersonalDatum, ...],
        guessed: Guessed,
        screening: Screening,
    ) -> Understanding:
        shape = shape_of(said.tenant, self._shapes)
        whole = "\n".join(texts)
        start = whole[:LONGEST]
        # Whoever was asked for an order means one by any code: read it as if the word stood before it.
        asked = "order " if said.waiting_for == "order" else ""
        orders = order_ids(f"{asked}{start}", said.order_ids, shape)
        intents = with_their_orders(guessed.intents, guessed.carried, texts, orders, said.order_ids, shape)
        spoken = language(start, (said.language, *shape.languages) if said.language else shape.languages)
        return Understanding(
            redacted=whole,
            language=spoken,
            intents=intents,
            unsure=guessed.unsure,
            order_ids=orders,
            awbs=awbs(start, said.order_ids, shape),
            skus=skus(start, shape),
            amounts=amounts(start),
            dates=dates(start, said.today, spoken, shape.region) if said.today else (),
            reasons=reasons(start),
            answer=answer_all(said.texts) if said.open_question else None,
            injection=screening.verdict,
            injection_score=round(screening.score, 3),
            risk=riskiest(intents, self.recogniser.sets.of(said.tenant)).value,
            complexity=weigh(start, intents, orders),
            personal=held,
        )
