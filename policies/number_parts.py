"""Which words of a sentence belong to which of its numbers: "30 days for most", "60 days for gold members"."""

import re
from collections.abc import Sequence
from typing import Literal

from policies.claim_words import BELOW_THAT, CLASSES, MAXIMUM, MINIMUM, NOT, OUTSIDE, REST, content_of
from policies.frozen import Fact
from policies.quantities import Quantity, quantities, without_numbers
from policies.quantity_words import BETWEEN, SPELLED

BORDER = re.compile(
    r"[;:,.()|\n](?=\s|\Z)|\s[-–—]\s|\b(?:and|but|or|while|whereas|otherwise|below that|und|aber|oder|während|sonst"
    r"|darunter)\b",
    re.IGNORECASE,
)
RANGE = re.compile(r"\s*(?:[-–—/]|to|bis(?: zu)?)\s*", re.IGNORECASE)
Bound = Literal["minimum", "maximum"]


class Part(Fact):
    """A piece of a sentence with its quantities; `words` are its content stems, `first` whether it is the first."""

    text: str
    numbers: tuple[Quantity, ...]
    words: frozenset[str]
    first: bool = False

    @property
    def classes(self) -> frozenset[str]:
        """The kinds of customers it names: "gold", "premium"."""
        return classes_of(self.text)

    def holds(self, number: Quantity) -> bool:
        return any(number.equals(each) for each in self.numbers)

    def rivals(self, number: Quantity) -> bool:
        """Whether it gives another value in the same unit."""
        return not self.holds(number) and any(each.unit == number.unit for each in self.numbers)

    def bounds(self, number: Quantity) -> frozenset[Bound]:
        """Whether the number is said to be a minimum or a maximum; a negation turns one into the other."""
        found: set[Bound] = set()
        for each in (each for each in self.numbers if number.equals(each)):
            before = BORDER.split(self.text[: each.start])[-1]
            denied = bool(NOT.search(before))
            if MAXIMUM.search(before):
                found.add("minimum" if denied else "maximum")
            elif MINIMUM.search(before):
                found.add("maximum" if denied else "minimum")
        return frozenset(found)


def classes_of(text: str) -> frozenset[str]:
    return frozenset(match[0].casefold() for match in CLASSES.finditer(text))


def parts_of(sentence: str, language: str, context: Sequence[str] = ()) -> tuple[Part, ...]:
    """Cut a sentence between its quantities; what stands between two borders belongs to both sides.

    `context` are stems that hold for the whole sentence, such as those of its heading. Positions of `numbers` are
    counted from the beginning of their part. A sentence without quantities is one part.
    """
    sentence = _resolved(sentence)
    numbers = quantities(sentence)
    groups: list[list[Quantity]] = []
    borders: list[tuple[int, int]] = []
    for number in numbers:
        last = groups[-1][-1] if groups else None
        cuts = [] if last is None else _borders(sentence, last, number)
        if last is None or cuts:
            groups.append([number])
            borders += [(cuts[-1].start(), cuts[0].end())] if cuts else []
        else:
            groups[-1].append(number)
    starts = [0, *(start for _, start in borders)]
    ends = [*(end for end, _ in borders), len(sentence)]
    parts: list[Part] = []
    for start, end, group in zip(starts, ends, groups or [[]], strict=True):
        part = _part(sentence, start, end, group, language, context)
        parts.append(_continued(parts[-1], part, len(part.words - set(context))) if parts else part)
    return tuple(parts)


def _continued(before: Part, part: Part, own_words: int) -> Part:
    """A part with another unit and no subject speaks of the one before it: "takes a day and costs $9"."""
    if own_words > 1 or {each.unit for each in before.numbers} & {each.unit for each in part.numbers}:
        return part
    return part.model_copy(update={"words": part.words | before.words, "first": before.first})


def _borders(sentence: str, last: Quantity, number: Quantity) -> list[re.Match[str]]:
    """Find what parts two quantities; nothing parts "3 to 5 days" or "30 or 60 days"."""
    between = sentence[last.end : number.start]
    bare = not any(char.isalpha() for char in last.text) or last.text.casefold() in SPELLED
    if RANGE.fullmatch(between) or (bare and BETWEEN.fullmatch(between)):
        return []
    return list(BORDER.finditer(sentence, last.end, max(last.end, number.start)))


def _part(
    sentence: str, start: int, end: int, group: Sequence[Quantity], language: str, context: Sequence[str]
) -> Part:
    text = sentence[start:end]
    moved = tuple(each.model_copy(update={"start": each.start - start, "end": each.end - start}) for each in group)
    words = frozenset((*content_of(without_numbers(text), language), *context))
    return Part(text=text, numbers=moved, words=words, first=start == 0)


def _resolved(sentence: str) -> str:
    """Name what "below that" means: "free from $50; below that" is "free from $50; below $50"."""
    for match in reversed(list(BELOW_THAT.finditer(sentence))):
        before = quantities(sentence[: match.start()])
        if before:
            bound = match["bound"] or ("unter" if match[0].casefold() == "darunter" else "über")
            sentence = f"{sentence[: match.start()]}{bound} {before[-1].text}{sentence[match.end() :]}"
    return sentence


def misplaced(number: Quantity, part: Part, clause_parts: Sequence[Part], sentence: frozenset[str], said: str) -> bool:
    """Whether an answer's number stands in the clauses, but for another case than the answer says.

    `sentence` are the stems of the answer's whole sentence; `said` is all that the answer and the facts given say,
    where a condition may be named.
    """
    holding = [each for each in clause_parts if each.holds(number)]
    rivals = [each for each in clause_parts if each.rivals(number)]
    named = classes_of(said)
    fitting = [each for each in holding if not each.classes or REST.search(each.text) or each.classes & named]
    if not fitting:
        return True
    here = part.classes
    if here and not any(here & each.classes for each in holding) and any(here & each.classes for each in rivals):
        return True
    if not rivals or OUTSIDE.search(part.text):
        return False
    own = frozenset[str]().union(*(each.words for each in holding))
    alien = frozenset[str]().union(*(each.words for each in rivals))
    if part.words & (own - alien):
        return False
    if part.words & (alien - own):
        return True
    together = len(part.numbers) > 1 and any(all(map(each.holds, part.numbers)) for each in holding)
    general = any(each.first or REST.search(each.text) for each in fitting)
    return not (together or general or sentence & (own - alien))


def differently_bound(number: Quantity, part: Part, clause_parts: Sequence[Part]) -> bool:
    """Whether an answer makes a minimum of a maximum, or a price of a border: "costs $50" for "free from $50"."""
    holding = [each for each in clause_parts if each.holds(number)]
    closest = max(len(each.words & part.words) for each in holding)
    bounds = [each.bounds(number) for each in holding if len(each.words & part.words) == closest]
    said = part.bounds(number)
    if said:
        return all(bounds) and not any(said & each for each in bounds)
    return all(bounds) and len(number.unit) == len("USD") and number.unit.isupper()
