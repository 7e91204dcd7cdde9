"""Understanding by keywords, for workflow tests that are about what follows from it."""

import re
from collections.abc import Callable

from temporalio import activity

from activities.understanding import Utterance
from policies.facts import Injection, IntentGuess, PersonalDatum, PersonalKind, Understanding
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
    "person": "contact_human",
    "how long": "return_policy_question",
    "invoice": "invoice",
    "hello": "greeting",
}
DOUBTS = {"money": ("refund_request", "a refund"), "parcel": ("track_order", "where a parcel is")}
NOT_TRUSTED = {"as your developer": Injection.PLAIN_TEXT, "ignore your rules": Injection.REFUSE}
LANGUAGES = {"bitte": "de", "please": "en"}
CLAUSE = re.compile(r"[,.;]\s|\band\b")
MAIL = re.compile(r"[\w.]+@[\w.]+\w")


class KeywordUnderstanding:
    """Names each intent whose keyword occurs, surest first; `asked` keeps what came in, `said` words a guess."""

    def __init__(self) -> None:
        self.asked: list[Utterance] = []
        self.said: Callable[[str], str] = str

    @activity.defn(name="understand")
    async def understand(self, said: Utterance) -> Understanding:
        self.asked.append(said)
        whole = "\n".join(said.texts)
        plain = whole.casefold()
        mails = [mail for mail in MAIL.findall(whole) if mail not in {datum.value for datum in said.held}]
        return Understanding(
            redacted=MAIL.sub("[email_1]", whole),
            language=next((language for word, language in LANGUAGES.items() if word in plain), ""),
            intents=tuple(
                guess.model_copy(update={"said": self.said(guess.said)}) for guess in _guesses(whole, said.order_ids)
            ),
            unsure=tuple(
                IntentGuess(id=intent, confidence=0.3, called=called)
                for word, (intent, called) in DOUBTS.items()
                if word in plain
            ),
            order_ids=order_ids(whole, said.order_ids),
            awbs=awbs(whole),
            injection=next((how for words, how in NOT_TRUSTED.items() if words in plain), Injection.ALLOW),
            personal=(
                *said.held,
                *(PersonalDatum(placeholder="[email_1]", kind=PersonalKind.EMAIL, value=mail) for mail in mails),
            ),
        )


def _guesses(whole: str, own: tuple[str, ...]) -> tuple[IntentGuess, ...]:
    named: dict[str, tuple[str, tuple[str, ...]]] = {}
    for keyword, intent in KEYWORDS.items():
        clauses = [clause for clause in CLAUSE.split(whole) if keyword in clause.casefold()]
        if clauses:
            orders = dict.fromkeys(order for clause in clauses for order in order_ids(clause, own))
            named[intent] = " ".join(map(str.strip, clauses)), tuple(orders)
    return tuple(
        IntentGuess(id=intent, confidence=0.95 - 0.05 * rank, said=said, order_ids=orders)
        for rank, (intent, (said, orders)) in enumerate(named.items())
    )
