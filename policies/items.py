"""The articles of a customer's own orders that a text means: "the stand" is the Laptop Stand of one of them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise

from rapidfuzz.distance import OSA

from policies.facts import ItemMention, MentionedLine, OrderBrief
from policies.item_words import GENERIC, LINKS, VERB_BEFORE

WORD = re.compile(r"[^\W\d_]+")
SHORTEST = 3
# A typo is one letter or two swapped ones in a word of five letters; what it begins with is seldom mistyped.
SHORTEST_TYPO = 5
SHORTEST_PART = 5
MOST_WORDS = 3_000
LIMIT = 10
Line = tuple[str, str]


def mentions(text: str, orders: Sequence[OrderBrief]) -> tuple[ItemMention, ...]:
    """Find words that mean an article, with every order line they may mean; more than one line asks for a question."""
    titles = {(order.order_id, title): _telling(title) for order in orders for title in order.titles}
    if not titles:
        return ()
    found: dict[tuple[str, tuple[Line, ...]], ItemMention] = {}
    for words, hits in _groups(text, titles):
        most = max(len(said) for said in hits.values())
        lines = tuple(line for line, said in hits.items() if len(said) == most)
        if most == 1 and VERB_BEFORE.search(text[max(0, words[0].start() - 16) : words[0].start()]):
            continue
        said_text = text[words[0].start() : words[-1].end()]
        mentioned = tuple(MentionedLine(order_id=order_id, title=title) for order_id, title in lines)
        found.setdefault((said_text.casefold(), lines), ItemMention(text=said_text, lines=mentioned))
        if len(found) == LIMIT:
            break
    return tuple(found.values())


def _groups(
    text: str, titles: dict[Line, frozenset[str]]
) -> Iterator[tuple[list[re.Match[str]], dict[Line, set[str]]]]:
    """Neighbouring words that mean parts of one title: "laptop stand", "lampe de bureau"."""
    group: list[re.Match[str]] = []
    hits: dict[Line, set[str]] = {}
    for word in islice(WORD.finditer(text), MOST_WORDS):
        meant = _meant(_plain(word[0]), titles)
        shared = {line: hits[line] | said for line, said in meant.items() if line in hits}
        near = bool(group) and all(each in LINKS for each in text[group[-1].end() : word.start()].casefold().split())
        if group and meant and near and shared:
            group, hits = [*group, word], shared
        elif meant:
            if group:
                yield group, hits
            group, hits = [word], meant
    if group:
        yield group, hits


def _meant(word: str, titles: dict[Line, frozenset[str]]) -> dict[Line, set[str]]:
    if len(word) < SHORTEST or word in GENERIC:
        return {}
    hits = {line: {part for part in parts if _same(word, part)} for line, parts in titles.items()}
    return {line: parts for line, parts in hits.items() if parts}


@lru_cache(maxsize=20_000)
def _same(said: str, part: str) -> bool:
    """Whether a word means a word of a title: itself, its plural, its last part as in German, a typo."""
    one, other = _stem(said), _stem(part.replace(" ", ""))
    if one == other or " " in part:
        return one == other
    if min(len(one), len(other)) >= SHORTEST_PART and (other.endswith(one) or one.endswith(other)):
        return True
    if min(len(said), len(part)) < SHORTEST_TYPO or said[0] != part[0]:
        return False
    return OSA.distance(said, part, score_cutoff=1) <= 1 or OSA.distance(one, other, score_cutoff=1) <= 1


def _telling(title: str) -> frozenset[str]:
    words = [_plain(word) for word in WORD.findall(title)]
    words += [f"{one} {other}" for one, other in pairwise(words)]
    return frozenset(word for word in words if len(word) >= SHORTEST and word not in GENERIC)


def _plain(word: str) -> str:
    """Fold case and accents: "Vélo" is "velo"."""
    if word.isascii():
        return word.casefold()
    return "".join(char for char in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(char))


def _stem(word: str) -> str:
    for ending, left in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + left
    for ending in ("ern", "en", "er", "es", "s", "e", "n"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= SHORTEST:
            return word.removesuffix(ending)
    return word
