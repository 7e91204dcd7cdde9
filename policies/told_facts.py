"""What the deterministic tier told, read once: which order it is about, what it claims, in which words and numbers."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from policies.actors import actors_of, may_do, named_in
from policies.claim_values import Value
from policies.claims import IS_VALUE, LETTERS, OWN_VERB, Claim, Clause, Said, read
from policies.courtesy import EQUALS
from policies.modals import modals_of, places_of
from policies.quantities import COUNT
from policies.sentence_ends import sentences_of
from policies.terms import terms_of

DATES = frozenset(("date", "month_day", "clock", "weekday"))
# What else is true of an order or a refund for which something was told.
IMPLIED: dict[tuple[str, str, bool], tuple[Claim, ...]] = {
    ("transit", "done", False): (Claim("delivered", "done", True),),
}


class Told(NamedTuple):
    """One clause of what was told, with the orders and references its sentence is about."""

    orders: frozenset[str]
    references: frozenset[str]
    claims: frozenset[Claim]
    bears: frozenset[Claim]
    topics: frozenset[str]
    values: tuple[Value, ...]
    clause: Clause
    sentence: str
    named: frozenset[str]
    acting: frozenset[str]

    def lets(self, actors: frozenset[str], topic: str) -> bool:
        """Whether those who are said to do something are told to."""
        return all(may_do(actor, topic, self.acting, self.named, self.sentence) for actor in actors)


class Record:
    """What was told, read once."""

    def __init__(self, told: Sequence[str], language: str) -> None:
        self.language = language
        self.text = "\n".join(told)
        self.sentences: list[tuple[Said, frozenset[str]]] = []
        self.codes: dict[str, set[str]] = {}
        self.facts: list[Told] = []
        orders: frozenset[str] = frozenset()
        for text in told:
            for start, end in sentences_of(text):
                if not any(map(str.isalnum, text[start:end])):
                    continue
                said = read(text[start:end], language)
                orders = frozenset(code.key for code in said.codes if code.label == "order") or orders
                self._take(said, orders)
        self.orders = frozenset(key for key, labels in self.codes.items() if "order" in labels)
        self.references = frozenset(key for key, labels in self.codes.items() if "reference" in labels)
        self.links = frozenset(link for said, _ in self.sentences for link in said.links)
        self.relative = frozenset(word for said, _ in self.sentences for word in said.relative)
        self.topics = frozenset(topic for fact in self.facts for topic in fact.topics)
        self.values = tuple(value for fact in self.facts for value in fact.values)
        self.counts = {value.amount for value in self.values if value.unit == COUNT}
        self.counts |= {len(keys) for keys in (self.orders, self.references) if len(keys) > 1}
        self.asked_topics = frozenset(
            topic for said, _ in self.sentences if said.asks for clause in said.clauses for topic in clause.topics
        )
        self.asks = any(said.asks for said, _ in self.sentences)
        # "Is cancelled" may have been so for long: it is no answer to a request.
        self.finished = not self.asks and any(
            claim[1:] == ("done", False) and claim.topic in ("open", "changed", "goes")
            for fact in self.facts
            for claim in fact.claims
        )
        self.yes_or_no = frozenset(said.yes_or_no for said, _ in self.sentences)
        self.most_denied = max((fact.clause.denied for fact in self.facts), default=0)
        self.says_yes = bool(self.yes_or_no & {"yes", "ja"}) or self.finished or self._does_all()
        self.written = frozenset(said.plain.strip(" \n.") for said, _ in self.sentences) - {""}
        self.places = places_of(self.text)
        self.spoken = frozenset(LETTERS.findall(self.text.casefold()))
        # Who signed is told of nothing else.
        self.signers = frozenset(
            word
            for fact in self.facts
            if fact.topics == {"signed"}
            for word in fact.clause.words - fact.clause.aside
            if len(word) > 1
        )
        self.words = frozenset(word for fact in self.facts for word in fact.clause.words)
        self.stems = frozenset(stem for word in self.words for stem in terms_of(word, language))
        self.items: dict[str, frozenset[str]] = {}
        for fact in self.facts:
            for order in fact.orders & frozenset(code.key for code in fact.clause.codes):
                self.items[order] = self.items.get(order, frozenset()) | items_of(fact.clause)

    def _take(self, said: Said, orders: frozenset[str]) -> None:
        self.sentences.append((said, orders))
        for code in said.codes:
            self.codes.setdefault(code.key, set()).add(code.label)
        references = frozenset(code.key for code in said.codes if code.label == "reference")
        named = named_in(said.plain)
        acting = actors_of(said.plain).union(*(clause.actors for clause in said.clauses))
        for clause in said.clauses:
            bears = frozenset(borne_out_by(clause.claims))
            self.facts.append(
                Told(
                    orders,
                    references,
                    clause.claims,
                    bears,
                    clause.topics,
                    clause.values,
                    clause,
                    said.plain,
                    named,
                    acting,
                )
            )

    def _does_all(self) -> bool:
        """Whether I do, did or offer something, and nothing is denied."""
        mine = any("i" in fact.acting and claim.topic != "inform" for fact in self.facts for claim in fact.claims)
        return mine and not self.most_denied

    def about(self, order: str, references: frozenset[str]) -> list[Told]:
        """Give what was told of an order, or of none in particular; "" is any order."""
        return [
            fact
            for fact in self.facts
            if (not order or not fact.orders or order in fact.orders)
            and (not references or not fact.references or references & fact.references)
        ]

    def has_amounts(self, reference: str, clause: Clause) -> bool:
        """Whether all amounts and dates of a clause were told of a reference."""
        values = [value for fact in self.facts if reference in fact.references for value in fact.values]
        return bool(clause.values) and all(among(value, values) for value in clause.values)

    def knows(self, word: str) -> bool:
        if word in self.words or EQUALS[self.language].get(word, frozenset()) & self.words:
            return True
        return any(stem in self.stems for stem in terms_of(word, self.language))

    def states(self, clause: Clause) -> bool:
        """Whether a clause without a claim asserts nothing, or what such a clause of these asserts or denies too.

        "You have it already", "it is with you": nothing in them can be compared, so they are not borne out.
        """
        if not places_of(clause.text) <= self.places:
            return False
        modals = modals_of(clause.text, self.language)
        asserts = OWN_VERB[self.language].search(clause.text) and LETTERS.search(clause.text)
        if (
            not clause.denied
            and not modals
            and not clause.actors
            and (not asserts or (clause.about and IS_VALUE.search(clause.text)))
        ):
            return True
        return any(
            not fact.claims
            and bool(fact.clause.denied) == bool(clause.denied)
            and clause.about & fact.clause.about
            and modals == modals_of(fact.clause.text, self.language)
            and clause.actors <= fact.acting | fact.named
            for fact in self.facts
        )

    def ordered(self, words: frozenset[str]) -> frozenset[str]:
        """Give the orders whose items, and no other order's, a clause names."""
        owners = {order for order, items in self.items.items() if items & words - self.items_of_others({order})}
        return frozenset(owners) if len(owners) == 1 else frozenset()

    def items_of_others(self, orders: frozenset[str] | set[str]) -> frozenset[str]:
        """Give the words that are items of other orders alone."""
        own = frozenset[str]().union(*(self.items.get(order, frozenset()) for order in orders))
        others = frozenset[str]().union(*(items for order, items in self.items.items() if order not in orders))
        return others - own if orders else frozenset()


@lru_cache(maxsize=256)
def record(told: tuple[str, ...], language: str) -> Record:
    return Record(told, language)


def items_of(clause: Clause) -> frozenset[str]:
    """The items of an order stand in parentheses behind its number, or behind a colon in a list of orders."""
    return clause.aside or (clause.words if ":" in clause.text else frozenset())


def borne_out_by(claims: frozenset[Claim]) -> Iterator[Claim]:
    """What still has to be done is not done yet, and the other way round."""
    for claim in claims:
        yield claim
        yield from IMPLIED.get(claim, ())
        if claim[1:] == ("must", False):
            yield Claim(claim.topic, "done", True)
        if claim[1:] == ("done", True):
            yield Claim(claim.topic, "must", False)


def same(one: Value, other: Value) -> bool:
    if one.unit == "month_day" and other.unit == "date":
        day = date.fromordinal(int(str(other.amount)))
        return one.amount == 100 * day.month + day.day
    return one[:2] == other[:2]


def among(value: Value, values: Sequence[Value]) -> bool:
    for each in values:
        # "30 days" may be said as "within 30 days"; "$30" never as "up to $30".
        duration = value.unit not in DATES and value.unit.islower()
        limited = value.bound == each.bound or (duration and not each.bound and value.bound == "maximum")
        if same(value, each) and limited:
            return True
    return False
