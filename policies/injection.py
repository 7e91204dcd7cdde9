"""How a text is cut for injection screening, and what its score means."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from policies.disguises import decoded
from policies.facts import Injection
from policies.frozen import Fact, Written
from policies.gist import essence
from policies.injection_marks import Mark, marks
from policies.look_alikes import JOINED, unveil
from policies.yaml_lines import load

MOST_PIECES = 64
LONGEST_PIECE = 300
SENTENCES_OF_A_WINDOW, WINDOW_STEP = 3, 2
WORDS_OF_A_RUN, RUN_STEP = 30, 20
WORDS_OF_A_SENTENCE = 3
# Of a text longer than FULLY its ends are read, and what stands around its marks.
FULLY, END, AROUND, SPOTS = 20_000, 5_000, 300, 12
SENTENCE = re.compile(r"(?<=[.!?;।])\s+|(?<=[。！？])|[\r\n]+")
ENCODED = Mark("encoded", 0.6, 0)


class Limits(Fact):
    """From which score on a text gets words only, and from which it is refused."""

    plain: float = Field(default=0.5, gt=0, lt=1)
    refuse: float = Field(default=0.9, gt=0, lt=1)


class Screening(Fact):
    """What screening found: `worst` names the mark or the kind of attack that weighed most, "" for an allowed text."""

    verdict: Injection
    score: float = Field(ge=0, le=1)
    worst: str = ""


class Exemplars(Written):
    """One file of own examples: a kind of attack, or of harmless texts that resemble one."""

    kind: str = Field(pattern=r"^[a-z]+(_[a-z]+)*$")
    description: str = Field(min_length=1)
    attack: bool
    exemplars: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)], ...] = (
        Field(min_length=5)
    )


def parse(text: str, source: str) -> Exemplars:
    """Read one file of exemplars; raises BadFile naming file, line and reason."""
    return load(text, Exemplars, source)


def judge(suspicion: float, kind: str, found: Sequence[Mark], limits: Limits) -> Screening:
    """Weigh the likeness to attacks of `kind` (0..1) and the marks found as independent evidence."""
    evidence = {kind: suspicion}
    for mark_ in found:
        evidence[mark_.name] = max(evidence.get(mark_.name, 0.0), mark_.weight)
    doubt = 1.0
    for weight in evidence.values():
        doubt *= 1 - weight
    score = round(1 - doubt, 3)
    if score < limits.plain:
        return Screening(verdict=Injection.ALLOW, score=score)
    verdict = Injection.REFUSE if score >= limits.refuse else Injection.PLAIN_TEXT
    return Screening(verdict=verdict, score=score, worst=max(evidence, key=lambda name: evidence[name]))


def every_mark(text: str) -> tuple[Mark, ...]:
    """Find the marks of a text, of what it looks like, and of what its encoded parts say."""
    plain = unveil(text)
    hidden = decoded(plain)
    inner = (mark_ for said in hidden for mark_ in marks(said))
    return (*marks(plain), *inner, *([ENCODED] if hidden else ()))


def cut(text: str, most: int = MOST_PIECES) -> tuple[str, ...]:
    """Cut a text into what is scored: its beginning, sentences, overlapping windows, decoded parts; `most` in all.

    Of more, those with an attack's words come first, and the others are taken evenly from beginning to end.
    """
    plain = _gist(unveil(text))
    first = [*_clean([plain]), *(piece for said in decoded(plain) for piece in _clean([said]))]
    rest = [piece for piece in _clean(_parts(plain)) if piece not in first]
    room = most - len(first)
    if len(rest) > room:
        rest = _choose(rest, max(room, 0))
    return tuple([*first, *rest][:most])


def _gist(text: str) -> str:
    """Shorten a very long text to its ends and to the places around its marks."""
    if len(text) <= FULLY:
        return text
    inside = [mark_ for mark_ in marks(text) if END < mark_.start < len(text) - END]
    spots: list[int] = []
    for mark_ in sorted(inside, key=lambda each: (-each.weight, each.start)):
        if len(spots) < SPOTS and all(abs(mark_.start - spot) > AROUND for spot in spots):
            spots.append(mark_.start)
    around = [text[spot - AROUND : spot + AROUND] for spot in sorted(spots)]
    return "\n".join([text[:END], *around, text[-END:]])


def _parts(text: str) -> Iterator[str]:
    sentences = [part for sentence in SENTENCE.split(text) if sentence.strip() for part in _runs(sentence)]
    for sentence in sentences:
        if len(sentence.split()) >= WORDS_OF_A_SENTENCE or not sentence.isascii():
            yield sentence
    if len(sentences) > SENTENCES_OF_A_WINDOW:
        for at in range(0, len(sentences) - 1, WINDOW_STEP):
            yield " ".join(sentences[at : at + SENTENCES_OF_A_WINDOW])


def _runs(sentence: str) -> Iterator[str]:
    """Cut a sentence that goes on and on into overlapping runs of words, one without spaces into runs of letters."""
    words = sentence.split()
    if len(words) <= WORDS_OF_A_RUN + RUN_STEP and len(sentence) <= LONGEST_PIECE:
        yield sentence
        return
    for at in range(0, max(1, len(words) - RUN_STEP // 2), RUN_STEP):
        run = " ".join(words[at : at + WORDS_OF_A_RUN])
        yield from (run[start : start + LONGEST_PIECE] for start in range(0, len(run), LONGEST_PIECE))


def _clean(parts: Iterator[str] | list[str]) -> list[str]:
    """Leave codes and framing out as intent pieces do, so that screen and recogniser share most embeddings."""
    cleaned = dict.fromkeys(essence(part) for part in parts)
    return [piece for piece in cleaned if any(char.isalpha() for char in piece)]


def _choose(parts: list[str], room: int) -> list[str]:
    told = [len(set(JOINED.findall(part.casefold()))) for part in parts]
    order = sorted(range(len(parts)), key=lambda at: (-told[at], at))
    chosen = set(order[: room // 2])
    others = [at for at in range(len(parts)) if at not in chosen]
    left = room - len(chosen)
    chosen |= {others[round(step * (len(others) - 1) / max(left - 1, 1))] for step in range(left)}
    return [parts[at] for at in sorted(chosen)]
