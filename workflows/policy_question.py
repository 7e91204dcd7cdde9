"""What a question to the written policy is about: an order of the customer's own, its articles, a category, a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policies import returns, routing
from policies.bundle import Bundle, ReturnWindowRule
from policies.codes import canonical
from policies.facts import CustomerFacts, IntentGuess, ItemMention, OrderBrief, OrderFacts, OrderLine, Understanding
from policies.gist import essence
from policies.intents import LONGEST_PIECE, MOST_PIECES, SENTENCE, clauses
from policies.items import mentions
from policies.routing import Choice
from policies.slots import mask, skus
from policies.terms import terms_of
from workflows.telling import plain
from workflows.toolbox import Refused
from workflows.tracking import read_order
from workflows.turn import Turn

LONGEST_READ = LONGEST_PIECE * MOST_PIECES
END = " .!?;।"


@dataclass(frozen=True)
class Asked:
    """One question; without an order `lines` is empty and `on` is today, `category` None where several are meant.

    `codeless`: the same words without the number of the article they ask about, where it is the customer's own.
    `named`: the order is in these words; else it is the one talked about before, which they may have left behind.
    """

    intent: str
    words: str
    on: date
    category: str | None = None
    order: OrderFacts | None = None
    lines: tuple[OrderLine, ...] = ()
    codeless: str = ""
    named: bool = True

    @property
    def articles(self) -> frozenset[str]:
        """Name the articles the question is about by their codes; empty where it names none."""
        own = {line.sku for line in self.lines} if self.order and self.named else set()
        return frozenset(canonical(sku) for sku in (*skus(self.words), *own))

    def at_large(self, today: date) -> "Asked":
        """Give the same question without an order."""
        return Asked(self.intent, self.words, today)

    def rules(self, region: str, rules: Sequence[ReturnWindowRule]) -> tuple[ReturnWindowRule, ...]:
        """Give the rules of returns that govern what is asked about; without order and category, each that may."""
        categories = {line.category for line in self.lines} or ({self.category} if self.category else set())
        if categories:
            return tuple(returns.governing(each, region, self.on, rules) for each in sorted(categories))
        kinds = sorted({rule.category or "" for rule in rules})
        return tuple(returns.governing(kind, region, self.on, rules) for kind in kinds)


def questions(choice: Choice, understood: Understanding, bundle: Bundle) -> tuple[IntentGuess, ...]:
    """Tell apart the questions of one message that policy answers: routing takes them for one matter."""
    sure = [guess for guess in understood.intents if guess.confidence >= bundle.rules.talk.min_confidence]
    routes = bundle.rules.routes
    policy = tuple(guess for guess in sure if guess.id in routes and routes[guess.id].handler == choice.handler)
    if choice.intent in {guess.id for guess in policy}:
        return policy
    return (IntentGuess(id=choice.intent, confidence=choice.confidence, said=choice.said),)


async def settle(turn: Turn, customer: CustomerFacts, guess: IntentGuess, understood: Understanding) -> Asked:
    """Find out what a question is about, reading the order it means; raises Outage."""
    words = _as_written(guess.said, understood)
    named = understood.model_copy(update={"order_ids": guess.order_ids or understood.order_ids})
    order = await _order_meant(turn, customer, named)
    if order is None:
        today = turn.now.date()
        return Asked(guess.id, words, today, _category_named(words, turn.language, turn.bundle.rules.returns))
    lines = _lines_meant(words, order)
    own_named = bool(named.order_ids or named.awbs or _items(understood, customer))
    categories = {line.category for line in lines}
    category = categories.pop() if own_named and len(categories) == 1 else None
    codeless = mask(words) if len(lines) == 1 and skus(words) == (lines[0].sku,) else ""
    return Asked(guess.id, words, order.placed_at.date(), category, order, lines, codeless, own_named)


def _as_written(said: str, understood: Understanding) -> str:
    """Find the customer's own words for a guess: its `said` has no codes, and policies speak of articles by code."""
    whole = understood.redacted
    if not said:
        return whole
    written = (whole, *SENTENCE.split(whole[:LONGEST_READ]), *(clause for clause, _ in clauses(whole)))
    return next((words for words in written if essence(words).rstrip(END) == said.rstrip(END)), said)


async def _order_meant(turn: Turn, customer: CustomerFacts, understood: Understanding) -> OrderFacts | None:
    """Read the order that is named or talked about; having just one makes no general question one about it."""
    if not (understood.order_ids or understood.awbs or _items(understood, customer) or turn.talk.focus):
        return None
    meant = routing.order_in_question(understood, customer, turn.talk.focus)
    if not isinstance(meant, str):
        return None
    own = {canonical(order.order_id): order.order_id for order in customer.orders}
    asked = turn.talk.question
    try:
        order = await read_order(turn, own.get(canonical(meant), meant))
    except Refused:
        turn.say("order_absent", order=plain(meant))
        turn.talk = turn.talk.with_(focus=None)
        return None
    turn.talk = turn.talk.with_(question=asked)
    return order


def _items(understood: Understanding, customer: CustomerFacts) -> Sequence[ItemMention]:
    return mentions(understood.redacted[: routing.LONGEST_MENTION], customer.orders)


def _lines_meant(words: str, order: OrderFacts) -> tuple[OrderLine, ...]:
    """Give the articles that are named, else all; of those, what has not gone back, if anything."""
    titles = tuple(line.title for line in order.lines)
    brief = OrderBrief(order_id=order.order_id, status=order.status, titles=titles, placed_at=order.placed_at)
    codes = skus(words)
    named = {line.title for item in mentions(words, [brief]) for line in item.lines}
    named |= {line.title for line in order.lines if line.sku in codes}
    meant = tuple(line for line in order.lines if not named or line.title in named)
    left = returns.not_returned(order)
    return tuple(line for line in meant if line in left) or meant


def _category_named(words: str, language: str, rules: Sequence[ReturnWindowRule]) -> str | None:
    said = set(terms_of(words, language))
    known = sorted({rule.category for rule in rules if rule.category})
    named = [category for category in known if said.issuperset(terms_of(category, language))]
    return named[0] if len(named) == 1 else None
