"""Turn what a customer just wrote into facts, in one activity."""

from collections.abc import Sequence

from temporalio import activity

from activities.encoder import Batcher, Encoder
from activities.recognition import Recogniser
from policies.amounts import amounts
from policies.answers import answer_all
from policies.facts import Understanding
from policies.frozen import Fact
from policies.intents import Intent, pieces
from policies.redaction import redact
from policies.slots import awbs, order_ids, skus
from policies.unicode import readable

LONGEST = 20_000


class Utterance(Fact):
    """The raw messages of one burst, the customer's own order ids, and whether a yes/no question is open."""

    tenant: str
    texts: tuple[str, ...]
    order_ids: tuple[str, ...] = ()
    open_question: bool = False


class Understander:
    """Redacts first: slots, intents and every stored fact are taken from the redacted text."""

    def __init__(self, encoder: Encoder, intents: Sequence[Intent]) -> None:
        self._batcher = Batcher(encoder)
        self._recogniser = Recogniser(encoder, intents)

    @activity.defn(name="understand")
    async def understand(self, said: Utterance) -> Understanding:
        """Report what a burst says; `intents` is empty when nothing was understood well enough."""
        texts = tuple(redact(readable(text[:LONGEST])) for text in said.texts)
        vectors = await self._batcher.encode(pieces(texts))
        whole = "\n".join(texts)
        return Understanding(
            redacted=whole,
            intents=self._recogniser.guesses(vectors),
            order_ids=order_ids(whole, said.order_ids),
            awbs=awbs(whole),
            skus=skus(whole),
            amounts=amounts(whole),
            answer=answer_all(said.texts) if said.open_question else None,
        )
