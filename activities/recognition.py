"""Recognise what a burst is about: the intents we are sure of, and those a question should offer."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from activities.calibration import Calibration
from activities.encoder import Encoder, Vectors
from activities.intent_head import Head
from activities.kept_vectors import encode_kept
from policies.facts import IntentGuess
from policies.frozen import Fact
from policies.gist import gist
from policies.intent_sets import IntentSets
from policies.intents import Intent, Piece, Risk, rank
from policies.slots import mask

MOST_OFFERED = 3
VECTORS = "exemplars.npz"
DOUBTFUL = 0.6
OUT_OF_SCOPE = "out_of_scope"


class Guessed(Fact):
    """`intents` in the order they are to be answered; `unsure`, at most three and surest first, is only to be asked.

    `carried` names the intent of each piece that has one, by the piece's text.
    """

    intents: tuple[IntentGuess, ...] = ()
    unsure: tuple[IntentGuess, ...] = ()
    carried: dict[str, str] = Field(default={})


class Recogniser:
    """One head for all tenants without files of their own, and one for each tenant with some; made at load."""

    def __init__(
        self, encoder: Encoder, sets: IntentSets, *, kept: Path | None = None, calibration: Calibration | None = None
    ) -> None:
        """Embed every exemplar once and fit the heads; `kept` is a folder where both wait for the next start."""
        self.sets = sets
        self._calibration = calibration or Calibration()
        everything = tuple(dict.fromkeys(text for each in _all(sets) for text, _ in exemplars(each)))
        rows = dict(zip(everything, encode_kept(encoder, everything, kept / VECTORS if kept else None), strict=True))
        self._shipped = _Recognition(sets.shipped, rows, self._calibration, kept)
        self._own = {
            tenant: _Recognition(intents, rows, self._calibration, kept) for tenant, intents in sets.tenants.items()
        }

    def guesses(self, vectors: Vectors, pieces: Sequence[Piece], tenant: str = "", language: str = "en") -> Guessed:
        """Name the intents of a burst cut into `pieces`, given one unit row for each."""
        return self._own.get(tenant, self._shipped).guesses(vectors, pieces, language) if len(pieces) else Guessed()

    def confidences(self, vectors: Vectors, texts: Sequence[str], tenant: str = "") -> Vectors:
        """Score texts against the intents of the tenant's set, in its order: texts × intents, 0..1."""
        return self._own.get(tenant, self._shipped).confidences(vectors, texts)


class _Recognition:
    """One set of intents and the head fitted to it."""

    def __init__(
        self, intents: Sequence[Intent], rows: dict[str, Vectors], calibration: Calibration, kept: Path | None
    ) -> None:
        self._intents = tuple(intents)
        self._calibration = calibration
        pairs = exemplars(intents)
        texts, owners = [text for text, _ in pairs], [owner for _, owner in pairs]
        self._head = Head(texts, np.stack([rows[text] for text in texts]), owners, len(self._intents), kept)
        risks = np.array([intent.risk.value for intent in intents])
        self._same_risk = (risks[:, None] == risks).astype(np.float32)
        self._background = np.array([intent.background for intent in intents])
        self._moving = np.array([intent.risk is not Risk.LOW for intent in intents])
        self._thresholds = np.array([calibration.threshold[intent.risk] for intent in intents], dtype=np.float32)

    def confidences(self, vectors: Vectors, texts: Sequence[str]) -> Vectors:
        return self._calibration.confidences(self._head.scores(texts, vectors))

    def guesses(self, vectors: Vectors, pieces: Sequence[Piece], language: str) -> Guessed:
        scores = self._head.scores([piece.text for piece in pieces], vectors)
        found = self._calibration.confidences(_in_context(scores, pieces, self._calibration.context))
        # One piece says one thing: a runner-up is a doubt about it, not a second wish.
        first = found == found.max(axis=1, keepdims=True)
        stricter = np.array([self._calibration.clause * (piece.depth == 2) for piece in pieces])[:, None]
        together = found @ self._same_risk
        enough = (found >= self._calibration.named + stricter) & (together >= self._thresholds + stricter)
        sure = np.where(first & enough, found, 0)
        self._hear_out(sure, found, pieces)
        named = np.flatnonzero(sure.max(axis=0))
        places = {self._intents[at].id: _place(np.flatnonzero(sure[:, at]).tolist(), pieces) for at in named}
        said = {int(at): pieces[int(sure[:, at].argmax())].text for at in named}
        intents = rank(self._named(named, sure.max(axis=0), language, said), self._intents, places)
        doubtful = [at for at, piece in enumerate(pieces) if piece.depth < 2 and not sure[at].any()]
        offered = found[doubtful].max(axis=0, initial=0)
        offered[self._background] = 0
        offered[named] = 0
        candidates = [at for at in np.argsort(-offered)[:MOST_OFFERED] if offered[at] >= self._calibration.offered]
        carried = {
            piece.text: self._intents[int(row.argmax())].id
            for piece, row in zip(pieces, sure, strict=True)
            if row.any()
        }
        return Guessed(intents=intents, unsure=tuple(self._named(candidates, offered, language)), carried=carried)

    def _hear_out(self, sure: Vectors, found: Vectors, pieces: Sequence[Piece]) -> None:
        """Settle where a message and its parts contradict each other; `sure` is changed in place.

        A doubtful reading of the whole yields to a surer part. Where the whole is no matter of ours, a part of it moves
        nothing: "cancel it" in a message about a gym. And a "help me" beside a matter not understood is not all of it.
        """
        for whole, end in _messages(pieces):
            parts = sure[whole + 1 : end]
            if sure[whole].max() < min(DOUBTFUL, parts.max(initial=0)):
                sure[whole] = 0
            first = int(found[whole].argmax())
            if self._intents[first].id == OUT_OF_SCOPE and found[whole, first] >= self._calibration.named:
                parts[:, self._moving] = 0
            if not sure[whole].any() and not parts[:, ~self._background].any():
                parts[:] = 0

    def _named(
        self, which: Iterable[int], confidences: Vectors, language: str, said: Mapping[int, str] | None = None
    ) -> Iterable[IntentGuess]:
        for at in which:
            yield IntentGuess(
                id=self._intents[at].id,
                confidence=round(float(confidences[at]), 3),
                called=self._intents[at].called_in(language),
                said=(said or {}).get(at, ""),
            )


def exemplars(intents: Sequence[Intent]) -> tuple[tuple[str, int], ...]:
    """Give every exemplar as a head reads it, without codes and framing, once per intent, with its intent's place."""
    return tuple(dict.fromkeys((gist(mask(said)), at) for at, intent in enumerate(intents) for said in intent.said))


def _place(saying: Sequence[int], pieces: Sequence[Piece]) -> int:
    """Where an intent was written: a whole message says where only if none of its parts does."""
    return next((at for at in saying if pieces[at].depth), saying[0])


def _messages(pieces: Sequence[Piece]) -> Iterable[tuple[int, int]]:
    """Where each whole message lies, and where its parts end."""
    wholes = [at for at, piece in enumerate(pieces) if piece.depth == 0]
    return zip(wholes, [*wholes[1:], len(pieces)], strict=True)


def _in_context(scores: Vectors, pieces: Sequence[Piece], context: float) -> Vectors:
    """Let a message's own scores weigh in those of its parts: what "cancel it" means, its neighbours tell."""
    wholes = np.maximum.accumulate([at if piece.depth == 0 else 0 for at, piece in enumerate(pieces)])
    return np.asarray((1 - context) * scores + context * scores[wholes], dtype=np.float32)


def _all(sets: IntentSets) -> Iterable[tuple[Intent, ...]]:
    yield sets.shipped
    yield from sets.tenants.values()
