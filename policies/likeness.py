"""Which lessons say nearly the same, so that a person judges them once."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from policies.lessons import Lesson
from policies.slots import mask

# Of 100, words in any order.
ALIKE = 85
COMPARED = 300


def alike(lessons: Sequence[Lesson]) -> list[list[Lesson]]:
    """Put near-duplicates together, groups and members in the order given; codes and word order do not count."""
    groups: dict[str, list[Lesson]] = {}
    for lesson in lessons:
        plain = likeness(lesson.text)
        found = process.extractOne(plain, list(groups), scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
        groups.setdefault(found[0] if found else plain, []).append(lesson)
    return list(groups.values())


def likeness(text: str) -> str:
    """The form in which two texts that teach the same are equal: without case, codes and closing marks."""
    return (mask(text[:COMPARED]) or text[:COMPARED]).casefold().strip(" .!?")
