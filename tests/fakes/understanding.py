"""Understanding by keywords, for workflow tests that are about what follows from it."""

from temporalio import activity

from activities.understanding import Utterance
from policies.facts import IntentGuess, Understanding
from policies.slots import awbs, order_ids

KEYWORDS = {
    "never arrived": "delivery_dispute",
    "refund": "refund_request",
    "damaged": "damaged_or_wrong_item",
    "where is": "track_order",
    "refunded yet": "refund_status",
    "send back": "return_request",
    "cancel": "cancel_order",
    "new address": "change_address",
    "how long": "return_policy_question",
    "person": "contact_human",
    "hello": "greeting",
}


class KeywordUnderstanding:
    """Names each intent whose keyword occurs, surest first; `asked` keeps what came in."""

    def __init__(self) -> None:
        self.asked: list[Utterance] = []

    @activity.defn(name="understand")
    async def understand(self, said: Utterance) -> Understanding:
        self.asked.append(said)
        whole = "\n".join(said.texts)
        named = [intent for keyword, intent in KEYWORDS.items() if keyword in whole.casefold()]
        guesses = [IntentGuess(id=intent, confidence=0.95 - 0.05 * rank) for rank, intent in enumerate(named)]
        return Understanding(
            redacted=whole, intents=tuple(guesses), order_ids=order_ids(whole, said.order_ids), awbs=awbs(whole)
        )
