"""Judge whether a reply in a model's words says only, and all, what the deterministic tier's sentences say."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product

from policies.assents import bounded, wants_something
from policies.claim_values import BLANK, Value
from policies.claim_words import NOT, PROMISES
from policies.claims import IS_VALUE, LETTERS, OWN_VERB, Claim, Clause, Said, read
from policies.courtesy import EQUALS, assents_of
from policies.left_out import kind_of, left_out
from policies.quantities import COUNT
from policies.sentence_ends import sentences_of
from policies.status_words import LANGUAGES
from policies.terms import terms_of
from policies.told_facts import Record, among, record, same
from policies.untrue import Reason, Untrue

# How a claim has to be meant to be a promise where it is not borne out, rather than a wrong status.
PROMISED = frozenset(("coming", "must", "likely"))
# Topics that are things we do: claimed without ground, they are promises.
OURS = frozenset(("inform", "pass", "open", "give", "check", "care", "proceed", "answer", "made", "changed"))
NOTHING = frozenset(("nothing", "nichts"))
EVERY = re.compile(r"\b(?:both|all|each|every|everything|alle[srn]?|beide[srn]?|jede[srn]?)\b", re.IGNORECASE)
# A reply may say back what was asked, in the customer's words.
ECHO = re.compile(
    r"\W*(?:you (?:asked|wanted to know|wrote)|you(?:'re| are) asking|Sie (?:fragen|fragten|schreiben))\b", re.I
)
YET = re.compile(r"\b(?:yet|still|noch|bisher|bislang)\b", re.IGNORECASE)
CARRIER = re.compile(r"\b(?:carrier|zustelldienst)", re.IGNORECASE)


def check(answer: str, told: Sequence[str], language: str, asked: str = "") -> tuple[Untrue, ...]:
    """Compare a reply with `told`, sentence by sentence; nothing found means that it may leave.

    `asked` is the customer's redacted message: its words may be taken up where a reply says back what was asked. Ids
    and amounts that only the customer named bear nothing out. Languages: en and de; any other is refused.
    """
    judge = Judge(told, language, asked)
    return tuple(fault for start, end in sentences_of(answer) for fault in judge.judge(answer[start:end]))


def unsaid(answer: str, told: Sequence[str], language: str) -> tuple[Untrue, ...]:
    """Name what `told` says and a reply leaves out: ids, amounts, dates, links, statuses, names, questions."""
    if (name := _language(language)) not in LANGUAGES:
        return (Untrue(sentence=answer, reason="language", what=language),)
    mine = Record((answer,), name)
    source = Record(told, name)
    return tuple(
        Untrue(sentence=said.plain.strip(), reason=reason, what=what)
        for said, _ in source.sentences
        for reason, what in left_out(said, mine, source)
    )


class Judge:
    """Judges the sentences of one reply in their order: "it" is the order of the sentence before."""

    def __init__(self, told: Sequence[str], language: str, asked: str = "") -> None:
        self.language = _language(language)
        self.known = self.language in LANGUAGES
        self.told = record(tuple(told), self.language) if self.known else Record((), "en")
        self.asked = asked
        self.orders: frozenset[str] = frozenset()
        self.references: frozenset[str] = frozenset()

    def judge(self, sentence: str) -> tuple[Untrue, ...]:
        """Find what is not borne out in the next sentence."""
        if not any(map(str.isalnum, sentence)):
            return ()
        if not self.known:
            return (Untrue(sentence=sentence.strip(), reason="language", what=self.language),)
        said = read(sentence, self.language)
        faults = dict.fromkeys(self._faults(said, sentence))
        return tuple(Untrue(sentence=sentence.strip(), reason=reason, what=what) for reason, what in faults)

    def _faults(self, said: Said, sentence: str) -> Iterator[tuple[Reason, str]]:
        yield from self._assents(sentence)
        if self._is_told(said):
            for clause in said.clauses:
                self._follow(clause)
            return
        yield from (("link", link) for link in said.links if link not in self.told.links)
        yield from (("date", word) for word in sorted(said.relative - self.told.relative))
        yield from self._promises(said)
        yield from self._yes_or_no(said)
        if self._says_back(said):
            return
        if said.asks and not self.told.asks and any(clause.words or clause.topics for clause in said.clauses):
            yield "question", said.plain.strip()
        self.references = frozenset()
        for clause in said.clauses:
            self._follow(clause)
            yield from self._codes(clause)
            yield from self._claims(clause, said)
            yield from self._values(clause)
            yield from self._words(clause)

    def _follow(self, clause: Clause) -> None:
        """See which orders and references a clause is about: those it names, those of its items, else as before."""
        named = frozenset(code.key for code in clause.codes)
        if orders := named & self.told.orders or self.told.ordered(clause.words):
            self.orders = orders
        if references := named & self.told.references:
            self.references = references

    def _codes(self, clause: Clause) -> Iterator[tuple[Reason, str]]:
        for code in clause.codes:
            labels = self.told.codes.get(code.key)
            if labels is None or (code.label and labels - {""} and code.label not in labels):
                yield "id", code.text

    def _claims(self, clause: Clause, said: Said) -> Iterator[tuple[Reason, str]]:
        for claim in sorted(clause.claims):
            if claim.topic == "proceed" and said.asks and self.told.asks:
                continue
            if said.asks and claim.mode == "done" and claim.topic not in self.told.asked_topics:
                yield "question", said.plain.strip()
            if not all(self._bears_out(claim, clause, *scope, said) for scope in self._scopes(clause)):
                yield self._reason(claim), f"{'not ' * claim.denied}{claim.topic} ({claim.mode})"
        # "Has not not been paid": whoever denies twice where nobody did may mean either.
        if clause.denied > max(1, self.told.most_denied):
            yield "negation", clause.text.strip()
        if not clause.claims and not (said.asks and self.told.asks) and not self.told.states(clause):
            yield "negation" if clause.denied else "words", clause.text.replace(BLANK, "").strip()

    def _scopes(self, clause: Clause) -> Iterator[tuple[str, frozenset[str]]]:
        """Give what a claim has to hold of: each order, and each reference where the clause does not say of which."""
        every = bool(EVERY.search(clause.text))
        orders = self.told.orders if every else self.orders or self.told.orders
        references = [self.references]
        if len(self.told.references) > 1 and (every or not self.references):
            fitting = [] if every else [key for key in self.told.references if self.told.has_amounts(key, clause)]
            references = [frozenset((key,)) for key in fitting or self.told.references]
        return product(orders or {""}, references)

    def _bears_out(self, claim: Claim, clause: Clause, order: str, references: frozenset[str], said: Said) -> bool:
        if claim == Claim("made", "done", False) and len(said.plain.split()) <= 2:
            return self.told.finished
        within = self.told.about(order, references)
        bearing = [fact for fact in within if claim in fact.bears]
        carriers = bool(CARRIER.search(clause.text))
        if any(claim._replace(denied=not claim.denied) in fact.bears for fact in within):
            # Both are told, one of them by the carrier: neither may be given the other's words.
            bearing = [fact for fact in bearing if bool(CARRIER.search(fact.clause.text)) == carriers]
        bearing = [fact for fact in bearing if fact.lets(clause.actors, claim.topic)]
        if claim.mode in ("done", "must") and not YET.search(clause.text):
            bearing = [fact for fact in bearing if claim in fact.claims or claim.topic != "approved"]
        if claim.mode in ("if", "open"):
            same = {each.denied for fact in within for each in fact.claims if each[:2] == claim[:2]}
            over = any(Claim(claim.topic, "done", False) in fact.bears for fact in within)
            return claim.denied in same or (
                not same and not over and any(claim.topic in fact.topics for fact in within)
            )
        return any(clause.conditional or not fact.clause.conditional for fact in bearing)

    def _reason(self, claim: Claim) -> Reason:
        if any(claim._replace(denied=not claim.denied) in fact.claims for fact in self.told.facts):
            return "negation"
        return "promise" if claim.mode in PROMISED or claim.topic in OURS else "status"

    def _values(self, clause: Clause) -> Iterator[tuple[Reason, str]]:
        of_all = self._scopes(clause) if EVERY.search(clause.text) else ()
        scopes = list(of_all) or list(product(self.orders or {""}, [self.references]))
        for value in dict.fromkeys(clause.values):
            if not all(self._holds(value, clause, *scope) for scope in scopes):
                yield kind_of(value), value.text

    def _holds(self, value: Value, clause: Clause, order: str, references: frozenset[str]) -> bool:
        if value.unit == COUNT:
            return value.amount in self.told.counts
        if value.unit == "weekday":
            return any(_weekday(each) == value.amount for each in clause.values) or among(value, self.told.values)
        within = self.told.about(order, references)
        holding = [fact for fact in within if among(value, fact.values) and _fits(clause, fact.clause)]
        rivals = any(each.unit == value.unit and not same(value, each) for fact in within for each in fact.values)
        strict = rivals and bool(clause.topics)
        if not clause.claims and OWN_VERB[self.language].search(clause.text) and not IS_VALUE.search(clause.text):
            # "You get $30", "you still have 30 days": nothing that can be compared is said of the value.
            holding = [fact for fact in holding if not fact.claims]
        return any(not strict or not fact.topics or fact.topics & clause.topics for fact in holding)

    def _words(self, clause: Clause) -> Iterator[tuple[Reason, str]]:
        for topic in clause.topics - {claim.topic for claim in clause.claims}:
            if topic not in self.told.topics:
                yield "words", topic
        for word in sorted(clause.words):
            if not self.told.knows(word):
                yield "words", word
        if "signed" not in clause.topics:
            yield from (("words", word) for word in sorted(clause.words & self.told.signers))
        elsewhere = self.told.items_of_others(self.orders)
        for word in sorted(clause.words & elsewhere):
            yield "words", word

    def _says_back(self, said: Said) -> bool:
        """Whether a sentence only takes up what the customer asked: no claim, no number, no code."""
        echo = ECHO.match(said.plain)
        if not echo or any(clause.claims or clause.values or clause.codes for clause in said.clauses):
            return False
        own = frozenset(LETTERS.findall(echo[0].casefold()))
        # Read only here, and only so far: a message may be long and of any shape.
        asked = frozenset(LETTERS.findall(bounded(self.asked).casefold()))
        stems = frozenset(stem for word in asked for stem in terms_of(word, self.language))
        return all(
            word in own | asked
            or self.told.knows(word)
            or EQUALS[self.language].get(word, frozenset()) & asked
            or any(stem in stems for stem in terms_of(word, self.language))
            for clause in said.clauses
            for word in clause.words
        )

    def _is_told(self, said: Said) -> bool:
        """Whether a sentence stands so in what was told, of the order that is spoken of."""
        plain = said.plain.strip(" \n.")
        if plain not in self.told.written or (len(self.told.references) > 1 and not said.codes):
            return False
        own = any(code.key in self.told.orders for code in said.codes)
        return any(
            each.plain.strip(" \n.") == plain and (own or not orders or self.orders <= orders)
            for each, orders in self.told.sentences
        )

    def _assents(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        """Find each "Of course!" that answers a request though what was told says no yes."""
        assents = assents_of(sentence, self.language)
        if assents and not self.told.says_yes and wants_something(self.asked):
            told = self.told.text.casefold()
            yield from (("promise", assent) for assent in assents if assent.casefold() not in told)

    def _promises(self, said: Said) -> Iterator[tuple[Reason, str]]:
        for promise in PROMISES:
            match = promise.search(said.plain)
            if not match or match[0].casefold() in NOTHING or promise.search(self.told.text):
                continue
            if not NOT.search(" ".join(said.plain[: match.start()].split()[-3:])):
                yield "promise", match[0]

    def _yes_or_no(self, said: Said) -> Iterator[tuple[Reason, str]]:
        if said.yes_or_no and said.yes_or_no not in self.told.yes_or_no:
            yield "negation", said.yes_or_no


def _language(name: str) -> str:
    return name.split("-")[0].casefold()


def _fits(clause: Clause, told: Clause) -> bool:
    """The day of a scan on the way is not that of a delivery."""
    return clause.seen == told.seen or (told.seen and not clause.topics)


def _weekday(value: Value) -> int | None:
    return date.fromordinal(int(str(value.amount))).weekday() if value.unit == "date" else None
