"""Late interaction: a question's tokens, each beside the token of a passage that says most nearly the same.

After Khattab and Zaharia, ColBERT, SIGIR 2020, over the token vectors of the sentence model itself; a rare word piece
weighs more, as in BM25. Passages keep their tokens in few dimensions and eight bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from activities.encoder import Encoder, Vectors
from activities.kept_vectors import solve_kept
from policies.intents import Intent
from policies.terms import STOPS

Tokens = NDArray[np.int8]
# On 75 questions of ours: MRR .85 and .89 beside the cosine at 96, .87 and .91 at 128, .88 and .88 at all 384.
DIMENSIONS = 128
STEPS = 127
# What was packed by a lens of another layout has to be packed anew.
LAYOUT = "lens-2"
# The axes are fitted to such sentences, of every eighth word of the model's vocabulary: the words alone gave .84.
SENTENCES = (
    "can I return the {} if it is {}, or exchange it for the {}?",
    "how long does the {} take, and who pays for the {} when my {} is late?",
    "The {} is {} within 30 days after {}; then we pay it back.",
)
EVERY = 8
FRAME = 7
# Exemplars of what no policy answers, as a rule, and of what may go with anything.
IDLE = ("out_of_scope", "product_question")
EITHER = ("greeting", "feedback", "contact_human", "complaint")
RIDGE = 10.0


@dataclass(frozen=True)
class Lens:
    """What is fitted to a model once: few dimensions for its tokens, how telling each is, and what policies speak of.

    `axes`: dimensions × small, orthonormal; `mean` is what all tokens have in common. For each id, `rarity` is its
    weight in a question, and `kept` whether a passage keeps it: stop words and punctuation, four in nine, told nothing.
    `matters` (dimensions + 1) tells a matter of an order from a wish for advice or talk.
    """

    mean: Vectors
    axes: Vectors
    rarity: Vectors
    kept: NDArray[np.bool_]
    matters: Vectors

    def see(self, states: Vectors) -> Vectors:
        """Give tokens × small dimensions, rows of length 1."""
        seen = (states - self.mean) @ self.axes
        return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def pack(self, states: Vectors, pieces: NDArray[np.int64]) -> Tokens:
        """Give what `see` gives of the tokens that a passage keeps, in eight bits."""
        return np.asarray(np.rint(self.see(states[self.kept[pieces]]) * STEPS), dtype=np.int8)


def fit(encoder: Encoder, intents: Sequence[Intent], kept: Path | None = None) -> Lens:
    """Fit a lens to a model and to the shipped intents, which belong to no tenant; `kept` is a folder.

    The axes are the model's alone, so that what an index holds outlives a change of the intents.
    """
    solved = solve_kept(lambda: _axes(encoder), f"{LAYOUT} {DIMENSIONS} {encoder.weights}".encode(), kept)
    said = [exemplar for intent in intents for exemplar in intent.said]
    told = [(exemplar, intent.id in IDLE) for intent in intents if intent.id not in EITHER for exemplar in intent.said]
    given = f"{encoder.weights} {RIDGE} {sorted(told)}".encode()
    kept_words = [word.strip("#▁").casefold() for word in encoder.vocabulary]
    return Lens(
        mean=solved[0],
        axes=solved[1:].T.copy(),
        rarity=_rarity(encoder, said),
        kept=np.array([word.isalnum() and word not in STOPS for word in kept_words]),
        matters=solve_kept(lambda: _matters(encoder, told), given, kept),
    )


def likeness(asked: Vectors, weights: Vectors, passages: Sequence[Tokens]) -> Vectors:
    """Say of each passage how much of a question it speaks of: about 0 to 1, the weighted mean of best cosines.

    `asked`: tokens × small dimensions, as a lens sees them, with their weights.
    """
    sizes = np.array([len(passage) for passage in passages])
    found = np.zeros(len(passages), dtype=np.float32)
    total = weights.sum()
    if not sizes.any() or total <= 0:
        return found
    filled = sizes > 0
    cosines = asked @ np.concatenate([each for each in passages if len(each)]).T.astype(np.float32) / STEPS
    best = np.maximum.reduceat(cosines, np.concatenate([[0], np.cumsum(sizes[filled])[:-1]]), axis=1)
    found[filled] = (weights / total) @ best
    return found


def _axes(encoder: Encoder) -> Vectors:
    """Find the directions in which the tokens of a model differ most: their mean, then one row for each axis.

    Directions of nearly equal weight mix and turn with the rounding of the machine that finds them, and an index may be
    read by several: so the axes are those of the same space that lie nearest to a frame everybody has (Procrustes).
    """
    words = [word for word in encoder.vocabulary if word.isalpha() and len(word) > 2][::EVERY]
    three = zip(words[::3], words[1::3], words[2::3], strict=False)
    texts = [SENTENCES[at % len(SENTENCES)].format(*each) for at, each in enumerate(three)]
    states = np.concatenate(encoder.read(texts).states)
    _, directions = np.linalg.eigh(np.cov(states, rowvar=False))
    space = directions[:, -DIMENSIONS:]
    frame = np.random.RandomState(FRAME).standard_normal(space.shape)  # its numbers never change
    left, _, right = np.linalg.svd(space @ (space.T @ frame), full_matrices=False)
    return np.vstack([states.mean(axis=0), (left @ right).T]).astype(np.float32)


def _matters(encoder: Encoder, told: Sequence[tuple[str, bool]]) -> Vectors:
    """Solve ridge regression for 1 where a sentence is a matter of an order, and -1 where it is idle; the bias last."""
    rows = np.column_stack([encoder.encode([text for text, _ in told]), np.ones(len(told))])
    wanted = np.array([-1.0 if idle else 1.0 for _, idle in told])
    return np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ wanted).astype(np.float32)


def _rarity(encoder: Encoder, said: Sequence[str]) -> Vectors:
    """Weigh word pieces by how few of the sentences hold them, as BM25 does."""
    held = np.zeros(len(encoder.vocabulary), dtype=np.float32)
    for pieces in encoder.pieces(said):
        held[list(set(pieces))] += 1
    return np.log1p((len(said) - held + 0.5) / (held + 0.5)).astype(np.float32)
