"""Screen texts for injected instructions: likeness to known attacks, piece by piece, and the marks they leave."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from temporalio import activity

from activities.encoder import Encoder, Vectors
from activities.kept_vectors import encode_kept
from policies.facts import Injection
from policies.frozen import Fact
from policies.gist import essence
from policies.injection import (
    LONGEST_PIECE,
    MOST_PIECES,
    Exemplars,
    Limits,
    Screening,
    cut,
    every_mark,
    judge,
    parse,
)
from policies.injection_marks import CLEAR

# How a head is fitted, and how its distance becomes a score; found on our own exemplars, see `evals/injection.py`.
PENALTY, WIDTH = 3.0, 1.0
MIDDLE, SPREAD = 0.15, 0.2
# Of forty pieces one looks odd by chance sooner than of one: the middle moves up with the logarithm of their number.
CROWD = 0.06
PIECES_OF_A_BURST = 192
# So much of what else is harmless is enough: the time to fit grows with the square of the texts.
MOST_BENIGN, MOST_TOGETHER = 1500, 400
# A shop's own texts speak in orders ("contact the sender"), so a passage has to look worse than a message.
PASSAGES = Limits(plain=0.65)
VERDICTS_KEPT = 2_000


class Screen:
    """Knows attacks and harmless texts, embedded once when it is made; scores pieces by their vectors."""

    def __init__(
        self,
        encoder: Encoder,
        attacks: Sequence[Exemplars],
        benign: Sequence[str],
        limits: Limits | None = None,
        kept: Path | None = None,
    ) -> None:
        """Fit the head: `attacks` are files of either sort, `benign` more harmless texts, such as intent exemplars.

        `kept` is a file where their vectors wait for the next start.
        """
        self._encoder = encoder
        self._limits = limits or Limits()
        evil = [(file.kind, text) for file in attacks if file.attack for text in file.exemplars]
        evil = [(kind, piece) for kind, text in evil for piece in _known(text)]
        good = [text for file in attacks if not file.attack for text in file.exemplars]
        good += [
            text for text in _spread(benign, MOST_BENIGN) if not any(each.weight >= CLEAR for each in every_mark(text))
        ]
        good = [essence(text) for text in good]
        self._kinds = [kind for kind, _ in evil]
        rows = encode_kept(encoder, [*(piece for _, piece in evil), *good, *_together(good)], kept)
        self._attacks = rows[: len(evil)]
        self._head = Head(self._attacks, rows[len(evil) :])

    def cut(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Give the pieces to embed for `judge`, each once: at most 64 of a message and about 192 of a burst."""
        most = max(2, min(MOST_PIECES, PIECES_OF_A_BURST // max(len(texts), 1)))
        return tuple(dict.fromkeys(piece for text in texts for piece in cut(text, most)))

    def judge(
        self, pieces: Sequence[str], vectors: Vectors, texts: Sequence[str], limits: Limits | None = None
    ) -> Screening:
        """Judge texts by the vectors of their pieces, one row each; the worst piece counts for the whole."""
        score, kind = 0.0, ""
        if len(pieces):
            scores = self._head.scores(vectors)
            worst = int(scores.argmax())
            score, kind = float(scores[worst]), self._kinds[int((self._attacks @ vectors[worst]).argmax())]
        found = [each for text in texts for each in every_mark(text)]
        return judge(score, kind, found, limits or self._limits)

    async def screen(self, texts: Sequence[str], limits: Limits = PASSAGES) -> tuple[Screening, ...]:
        """Judge retrieved passages or tool results, each for itself."""
        distinct = self.cut(texts)
        return self._judge_each(texts, distinct, await self._encoder.batcher.encode(distinct), limits)

    def passages(self, texts: Sequence[str]) -> tuple[Screening, ...]:
        """Judge passages while they are loaded, before anybody can retrieve them."""
        distinct = tuple(dict.fromkeys(piece for text in texts for piece in cut(text)))
        return self._judge_each(texts, distinct, self._encoder.encode(distinct), PASSAGES)

    def _judge_each(
        self, texts: Sequence[str], distinct: Sequence[str], vectors: Vectors, limits: Limits
    ) -> tuple[Screening, ...]:
        row = {piece: at for at, piece in enumerate(distinct)}
        cuts = [[piece for piece in cut(text) if piece in row] for text in texts]
        return tuple(
            self.judge(pieces, vectors[[row[piece] for piece in pieces]], (text,), limits)
            for pieces, text in zip(cuts, texts, strict=True)
        )


class ScreenTexts(Fact):
    """Texts that somebody outside wrote: scans, titles, notes. None of them is a customer's own message."""

    texts: tuple[str, ...]


class Screened(Fact):
    """Whether each text may be told or shown to a model, in the order asked."""

    allowed: tuple[bool, ...]


class Screener:
    """Screens what tools brought back; carriers and clauses say the same to many customers, so verdicts are kept."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._allowed: dict[str, bool] = {}

    @activity.defn
    async def screen_texts(self, ask: ScreenTexts) -> Screened:
        """Report which texts carry no instructions."""
        allowed = {text: self._allowed[text] for text in ask.texts if text in self._allowed}
        fresh = tuple(text for text in dict.fromkeys(ask.texts) if text not in allowed)
        if fresh:
            found = await self._screen.screen(fresh)
            allowed |= {text: each.verdict is Injection.ALLOW for text, each in zip(fresh, found, strict=True)}
            self._allowed = dict([*self._allowed.items(), *allowed.items()][-VERDICTS_KEPT:])
        return Screened(allowed=tuple(allowed[text] for text in ask.texts))


class Head:
    """A support vector machine over embeddings, reduced to the arrays it decides by."""

    def __init__(self, attacks: Vectors, benign: Vectors) -> None:
        # scikit-learn takes a second to import, and workflows import this room's contracts.
        from sklearn.svm import SVC  # type: ignore[import-untyped]  # it ships no types

        machine = SVC(C=PENALTY, gamma=WIDTH, class_weight="balanced")
        machine.fit(np.vstack([attacks, benign]), np.r_[np.ones(len(attacks)), np.zeros(len(benign))])
        self._vectors: Vectors = np.ascontiguousarray(machine.support_vectors_.T, dtype=np.float32)
        self._weights = machine.dual_coef_[0].astype(np.float32)
        self._offset = float(machine.intercept_[0])

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Score the pieces of a message, vectors of length 1: in 0..1, where 0.5 is as likely an attack as not."""
        middle = MIDDLE + CROWD * np.log(max(len(vectors), 1))
        distance = np.exp(2 * WIDTH * (vectors @ self._vectors - 1)) @ self._weights + self._offset
        return np.asarray(1 / (1 + np.exp((middle - distance) / SPREAD)), dtype=np.float32)


def read_exemplars(folder: Path) -> tuple[Exemplars, ...]:
    """Read every `*.yaml` of a folder; raises BadFile naming file, line and reason."""
    return tuple(parse(path.read_text(encoding="utf-8"), str(path)) for path in sorted(folder.glob("*.yaml")))


def _known(text: str) -> Iterable[str]:
    """A short attack is learned whole; a long one also in the windows it will be met in."""
    return cut(text) if len(text) > LONGEST_PIECE else (essence(text),)


def _together(texts: Sequence[str]) -> list[str]:
    """Say harmless things three at a time, as customers do: a window of a message is not one sentence."""
    return _spread([" ".join(texts[at : at + 3])[:LONGEST_PIECE] for at in range(0, len(texts) - 2, 2)], MOST_TOGETHER)


def _spread(texts: Sequence[str], most: int) -> list[str]:
    """Take at most so many texts, evenly from beginning to end."""
    count = min(most, len(texts))
    return [texts[at * len(texts) // count] for at in range(count)]
