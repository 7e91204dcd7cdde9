"""Quote a clause: whole when it is short, else the sentences that answer, with every condition that follows them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import Literal

from policies.clauses import Clause
from policies.frozen import Fact
from policies.terms import terms_of

LONGEST = 60
ENOUGH = 0.6
CELL = " | "
END = re.compile(r"[.!?।][\"”’)]*\s+(?![a-zäöüß])")
# A full stop after these ends no sentence, nor does one between a day and its month: "bis 3. März".
SHORT = re.compile(
    r"\b(?:e\.g|i\.e|etc|approx|no|nr|ca|bzw|z\. ?b|d\. ?h|rs|mr|mrs|dr|st|inkl|zzgl)\.\Z", re.IGNORECASE
)
DAY = re.compile(r"(?<!\d)\d{1,2}\.\Z")
MONTH = re.compile(r"jan|jän|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez", re.IGNORECASE)
LINE = re.compile(r"[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+")
RULER = re.compile(r"[ \t|:-]+\Z")
# A sentence that begins so takes back, limits or completes what the one before it says.
CONDITION = re.compile(
    r"(?:unless|except|only|but|however|otherwise|provided|if|in that case|then|this|that|these|those|it|they"
    r"|afterwards"
    r"|(?:the|an) exceptions?|the items?|conditions?|the condition|exceptions?|außer|ausgenommen|ausnahmen?|nur|aber"
    r"|jedoch|sonst"
    r"|andernfalls|sofern|wenn|falls|es sei denn|dies|diese|das|davon|danach|er|sie|es|bedingung|voraussetzung"
    r"|der artikel"
    r"|die artikel|die ware)\b",
    re.IGNORECASE,
)
Kind = Literal["sentence", "line", "row"]


class Sentence(Fact):
    """A sentence, a line of a list, or a row of a table with the table's `header`."""

    text: str
    kind: Kind = "sentence"
    header: str = ""

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def subject(self) -> str:
        """What a row is about: its first cell."""
        return self.text.split(CELL)[0] if self.kind == "row" else ""

    @property
    def spoken(self) -> str:
        """The text with a row put as a sentence: "Austria: 2 Working days, Fee 4,90 €"."""
        if self.kind != "row":
            return self.text
        heads, (subject, *cells) = self.header.split(CELL), self.text.split(CELL)
        said = [
            f"{cell} {head}" if cell.isdigit() else f"{head} {cell}"
            for head, cell in zip_longest(heads[1:], cells, fillvalue="")
        ]
        return f"{subject}: {', '.join(said)}"


def extract(clause: Clause, question_terms: Sequence[str], longest: int = LONGEST) -> str:
    """Quote what of a clause answers a question, in its own order; `question_terms` as `terms_of` cuts them.

    A clause of at most `longest` words is quoted whole. What belongs to a sentence is never cut off it, even beyond.
    """
    if len(clause.text.split()) <= longest:
        return clause.text
    said = sentences(clause.text)
    chosen: set[int] = set()
    for at in _ranked(said, frozenset(question_terms), clause.language):
        group = _belonging(said, at)
        if chosen and sum(said[each].words for each in chosen | group) > longest:
            break
        chosen |= group
    return _joined([said[at] for at in sorted(chosen)])


def sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a text at the ends of its sentences, a list at its lines, a table at its rows."""
    found: list[Sentence] = []
    lines = [line.rstrip() for line in text.split("\n")]
    for kind, block in groupby(lines, _kind):
        rows = [line for line in block if line]
        if kind == "row":
            header, *rest = [row.strip("| ") for row in rows if not RULER.match(row)] or [""]
            found += [Sentence(text=row, kind="row", header=header) for row in rest or [header]]
        elif kind == "line":
            found += [Sentence(text=row.strip(), kind="line") for row in rows]
        else:
            found += [Sentence(text=each) for each in _cut(" ".join(" ".join(rows).split())) if each]
    return tuple(found)


def _kind(line: str) -> Kind | Literal[""]:
    if not line.strip():
        return ""
    if CELL in line or line.startswith("|"):
        return "row"
    return "line" if LINE.match(line) else "sentence"


def _cut(text: str) -> Iterator[str]:
    start = 0
    for match in END.finditer(text):
        before = text[start : match.start() + 1]
        if not SHORT.search(before) and not (DAY.search(before) and MONTH.match(text, match.end())):
            yield text[start : match.end()].rstrip()
            start = match.end()
    yield text[start:].strip()


def _ranked(said: Sequence[Sentence], asked: frozenset[str], language: str) -> list[int]:
    """Order sentences by the terms they share with the question, rare ones first, and leave out the far worse ones."""
    terms = [frozenset(terms_of(each.text, language)) & asked for each in said]
    spread = Counter(term for each in terms for term in each)
    scores = [sum(1 / spread[term] for term in each) for each in terms]
    best = max(scores)
    ranked = sorted(range(len(said)), key=lambda at: (-scores[at], at))
    return [at for at in ranked if scores[at] >= ENOUGH * best]


def _belonging(said: Sequence[Sentence], at: int) -> set[int]:
    """Give a sentence with what it continues, the conditions after it, and the whole list it introduces."""
    first = last = at
    while first > 0 and (
        (said[first].kind == "line" and _introduced(said[first - 1]))
        or (said[first].kind == "sentence" == said[first - 1].kind and CONDITION.match(said[first].text))
    ):
        first -= 1
    while last + 1 < len(said) and (
        (said[last + 1].kind == "line" and _introduced(said[last]))
        or (said[last + 1].kind == "sentence" and CONDITION.match(said[last + 1].text))
    ):
        last += 1
    return set(range(first, last + 1))


def _introduced(before: Sentence) -> bool:
    return before.kind == "line" or before.text.endswith(":")


def _joined(said: Sequence[Sentence]) -> str:
    pieces: list[str] = []
    header = ""
    for each in said:
        if each.kind == "row" and each.header not in (header, each.text):
            pieces += ["\n", each.header]
        header = each.header
        pieces += ["\n" if each.kind != "sentence" else " ", each.text]
    return "".join(pieces).strip()
