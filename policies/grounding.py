"""Judge whether an answer says only what its clauses say: numbers, codes, actions, negations, promises and words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal

from policies.claim_words import NOT, PROMISES, content_of
from policies.clauses import Clause
from policies.extracts import sentences
from policies.frozen import Fact
from policies.negations import Polarity, adds_limit, clashes, loses_limit, opposites, other_payer, polarity, turned
from policies.number_parts import Part, classes_of, differently_bound, misplaced, parts_of
from policies.policy_actions import claimed_actions
from policies.quantities import quantities, without_numbers
from policies.terms import codes_of

# Looked at on the fit half of evals/grounding.jsonl alone.
SENTENCE_COVERED = 0.65
PIECE_COVERED = 0.34
CLASHING = 0.34
NEAR_BEST = 0.5
# So many words that no other sentence of the clauses has show that an answer speaks of this one.
OWN_WORDS = 2
Reason = Literal[
    "number_not_in_clause",
    "number_of_another_case",
    "code_not_in_clause",
    "negation_differs",
    "condition_lost",
    "promise_not_in_clause",
    "words_not_in_clause",
    "action_claimed",
]
# The shortest word that is looked for inside longer ones.
COMPOUND = 5
STATEMENT = re.compile(r";\s")
LINK = re.compile(r"https?://[^\s)]+|www\.[^\s)]+|[^\s@]{1,64}@[^\s@]{1,253}")
PIECE = re.compile(r"[,;:()]\s|\s[-–—]\s|\b(?:and|but|und|aber)\b", re.IGNORECASE)
FREE = PROMISES[0]
GIVEN_IF = re.compile(
    r"\b(?:for|if|when|from|with|above|over|within|on|ab|für|wenn|bei|mit|über|innerhalb|falls|unless)\b", re.I
)


class Ungrounded(Fact):
    """A sentence of an answer that its clauses do not bear out; `what` is the number, code or words at fault."""

    sentence: str
    reason: Reason
    what: str


class Grounding(Fact):
    """Whether an answer may be told, and if not, why."""

    findings: tuple[Ungrounded, ...] = ()

    @property
    def grounded(self) -> bool:
        return not self.findings

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(dict.fromkeys(each.reason for each in self.findings))


def check(answer: str, clauses: Sequence[Clause], given: Sequence[str] = (), language: str = "en") -> Grounding:
    """Compare each sentence of an answer with the clauses it cites and with what else is known.

    `given` are facts in words that the backend vouches for, such as the day a window closes. A sentence quoted whole is
    borne out; an answer that says nothing but yes or no can be compared with nothing, so it is not.
    """
    if not content_of(answer, language) and not quantities(answer):
        return Grounding(findings=(Ungrounded(sentence=answer, reason="words_not_in_clause", what=""),))
    source = _Source(clauses, given, answer, language)
    if source.shares_nothing():
        return Grounding(findings=(Ungrounded(sentence=answer, reason="words_not_in_clause", what=""),))
    return Grounding(
        findings=tuple(
            Ungrounded(sentence=each.text, reason=reason, what=what)
            for each in sentences(answer)
            if each.text not in source.quotable
            for reason, what in source.faults(each.text)
        )
    )


class _Source:
    """What an answer may draw on, read once."""

    def __init__(self, clauses: Sequence[Clause], given: Sequence[str], answer: str, language: str) -> None:
        self.language = language
        self.answer = answer
        self.said = " ".join((answer, *given))
        self.facts = list(given)
        self.given = [number for fact in given for number in quantities(fact)]
        self.text = "\n".join(chain((f"{clause.title}\n{clause.text}" for clause in clauses), given))
        self.words = frozenset(content_of(self.text, language))
        self.codes = frozenset(codes_of(self.text))
        self.quotable: set[str] = set()
        self.lines: list[str] = []
        self.parts: list[Part] = []
        for clause in clauses:
            for each in sentences(clause.text):
                self.quotable |= {each.text, each.header}
                self.lines += STATEMENT.split(each.spoken)
                self.parts += parts_of(each.spoken, language, content_of(f"{clause.title} {each.subject}", language))
        self.polarities = [polarity(line, language) for line in self.lines]
        spread = Counter(word for each in self.polarities for word in each.words)
        self.own = [frozenset(word for word in each.words if spread[word] == 1) for each in self.polarities]

    def shares_nothing(self) -> bool:
        """Whether the answer has words, and not one of them, nor a number, is the clauses' own."""
        words = content_of(without_numbers(self.answer), self.language)
        return bool(words) and not quantities(self.answer) and not any(map(self._knows, words))

    def faults(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        yield from self._numbers(sentence)
        for code in codes_of(sentence):
            if code not in self.codes and not quantities(code):
                yield "code_not_in_clause", code
        for link in LINK.findall(sentence):
            if link.casefold() not in self.text.casefold():
                yield "words_not_in_clause", link
        sources = [*self.lines, *self.facts]
        yield from (("action_claimed", what) for what in claimed_actions(sentence, sources, self.language))
        yield from self._promises(sentence)
        yield from self._negations(sentence)
        yield from self._coverage(sentence)

    def _numbers(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        words = frozenset(content_of(without_numbers(sentence), self.language))
        for part in parts_of(sentence, self.language):
            for number in part.numbers:
                # What was said already may be said again, but not of a case for which the clause has another number.
                if not any(each.holds(number) for each in self.parts):
                    if not any(map(number.equals, self.given)):
                        yield "number_not_in_clause", number.text
                elif misplaced(number, part, self.parts, words, self.said):
                    yield "number_of_another_case", number.text
                elif differently_bound(number, part, self.parts):
                    yield "negation_differs", number.text

    def _promises(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        for promise in PROMISES:
            match = promise.search(sentence)
            if (
                match
                and not NOT.search(" ".join(sentence[: match.start()].split()[-3:]))
                and not promise.search(self.text)
            ):
                yield "promise_not_in_clause", match[0]
        if FREE.search(sentence) and not self._keeps_condition():
            yield "condition_lost", "free"

    def _keeps_condition(self) -> bool:
        """Whether something free is free under a condition that the answer names too, wherever all are conditional."""
        said = frozenset(content_of(self.said, self.language))
        numbers = quantities(self.said)
        for line in self.lines:
            if not (free := FREE.search(line)):
                continue
            condition = GIVEN_IF.search(line, free.end())
            text = line[condition.end() :] if condition else ""
            named = frozenset(content_of(text, self.language)) & said
            same = any(each.equals(number) for each in quantities(text) for number in numbers)
            if named or same or (not text and classes_of(line) <= classes_of(self.said)):
                return True
        return not any(FREE.search(line) for line in self.lines)

    def _negations(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        mine = polarity(sentence, self.language)
        shared = [len(mine.words & theirs.words) for theirs in self.polarities]
        if not (most := max(shared, default=0)):
            return
        closest = [at for at, count in enumerate(shared) if count == most]
        near = [self.lines[at] for at, count in enumerate(shared) if count >= NEAR_BEST * most]
        clashing = [self._clashing(mine, self.polarities[at]) for at in closest]
        if all(clashing):
            yield "negation_differs", " ".join(sorted(clashing[0]))
        if words := turned(sentence, " | ".join(near), self.language):
            yield "negation_differs", " ".join(sorted(words))
        if words := opposites(sentence, " ".join(near)):
            yield "negation_differs", " ".join(sorted(words))
        if other_payer(sentence, " ".join(near)):
            yield "negation_differs", sentence
        unlimited = [at for at in range(len(shared)) if loses_limit(self.answer, self.lines[at], self.language)]
        lost = [
            at
            for at in unlimited
            if (at in closest and set(closest) <= set(unlimited)) or len(mine.words & self.own[at]) >= OWN_WORDS
        ]
        if lost:
            yield "condition_lost", self.lines[lost[0]]
        if adds_limit(sentence, " ".join(near), self.language):
            yield "negation_differs", sentence

    @staticmethod
    def _clashing(mine: Polarity, theirs: Polarity) -> frozenset[str]:
        """Give the words one side denies, unless they are few of those that both have."""
        words = clashes(mine, theirs)
        clear = (mine.affirmed ^ mine.denied) & (theirs.affirmed ^ theirs.denied)
        return words if len(words) > CLASHING * len(clear) else frozenset()

    def _coverage(self, sentence: str) -> Iterator[tuple[Reason, str]]:
        unknown = classes_of(sentence) - classes_of(self.text)
        foreign, share = self._foreign(sentence)
        if unknown or share > 1 - SENTENCE_COVERED:
            yield "words_not_in_clause", " ".join(sorted(unknown) or foreign)
            return
        for piece in PIECE.split(sentence):
            foreign, share = self._foreign(piece)
            if share > 1 - PIECE_COVERED:
                yield "words_not_in_clause", " ".join(foreign)

    def _foreign(self, text: str) -> tuple[list[str], float]:
        """Give the words of a text that no clause has, and their share; one word alone shows nothing."""
        words = content_of(without_numbers(text), self.language)
        foreign = [word for word in words if not self._knows(word)]
        return foreign, len(foreign) / len(words) if len(words) > 1 else 0.0

    def _knows(self, word: str) -> bool:
        # German writes "Frist der Rückgabe" as one word.
        return word in self.words or (len(word) >= COMPOUND and any(word in known for known in self.words))
