"""Measure intent recognition on sets that strangers wrote: `python -m evals.intents --data FOLDER`."""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from activities.calibration import Calibration
from activities.encoder import Encoder, Vectors
from activities.intent_files import read_intents
from activities.intent_head import left_out
from activities.recognition import Guessed, Recogniser, exemplars
from evals.measures import Measure, count, read_sets, table
from policies.intents import Intent, Risk, pieces

PART = "intents"
INTENTS = Path(__file__).parent.parent / "policies" / "intents"
# Sets, level of their rows in scope, of those out of scope, of any row; a stranger's row may not name money.
SETS = (
    ("hint3_*", 0.85, 0.96, None),
    ("bitext_*", 0.97, None, 0.97),
    ("clinc150_*", None, None, None),
    ("banking77_*", None, None, None),
)
STRANGERS = ("clinc150_*", "banking77_*")
MONEY_IN_STRANGERS = 0.005
# The sets know fewer intents than we do; what they do not know is "other" to them.
THEIRS = {
    "cancel_order": "cancel_or_change_order",
    "change_order": "cancel_or_change_order",
    "change_address": "cancel_or_change_order",
    **{name: name for name in ("track_order", "delivery_dispute", "refund_request", "return_policy_question")},
    "contact_human": "contact_human",
}
BINS = 10


def main() -> None:
    """Print one table over all sets found in the folder; `--calibrate` fits the confidence on our own exemplars."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, help="a folder with intent/*.jsonl")
    options.add_argument("--calibrate", action="store_true", help="print what Calibration should hold instead")
    given = options.parse_args()
    encoder, sets = Encoder(), read_intents(INTENTS)
    if given.calibrate:
        print(_calibrated(encoder, sets.shipped))
    if given.data:
        recogniser = Recogniser(encoder, sets)
        print(table(tuple(measure(given.data, encoder, recogniser))))


def measure(data: Path, encoder: Encoder, recogniser: Recogniser) -> Iterator[Measure]:
    """Yield what is right on every set in `data`/intent, and on our own exemplars, each left out in turn."""
    intents = read_intents(INTENTS).shipped
    yield from _own(encoder, intents)
    money = {intent.id for intent in intents if intent.risk is Risk.MONEY}
    said = {_plain(exemplar) for intent in intents for exemplar in intent.said}
    for pattern, *levels in SETS:
        for name, rows in read_sets(data, f"intent/{pattern}"):
            # What an exemplar says word for word measures nothing.
            fresh = [row for row in rows if _plain(row["text"]) not in said]
            found = _guess_all(encoder, recogniser, [row["text"] for row in fresh])
            strange = MONEY_IN_STRANGERS if pattern in STRANGERS else None
            yield from _measure(name, list(zip(fresh, found, strict=True)), levels, strange, money)


def _measure(
    name: str,
    pairs: Sequence[tuple[dict[str, Any], Guessed]],
    levels: Sequence[float | None],
    strange: float | None,
    money: set[str],
) -> Iterator[Measure]:
    in_scope, kept_out, any_row = levels
    known = [(row, found) for row, found in pairs if row["intent"] not in (None, "other")]
    other = [found for row, found in pairs if row["intent"] == "other"]
    some = [(row, found) for row, found in pairs if _accepted(row)]
    right = (_label(got) in _accepted(row) for row, got in known)
    yield from count(PART, name, "in scope, first is right", right, in_scope)
    asked = (_names(got) & _accepted(row) != set() for row, got in known)
    yield from count(PART, name, "in scope, right or asked about", asked)
    yield from count(PART, name, "out of scope, kept out", (_label(got) == "other" for got in other), kept_out)
    accepted = (_label(got) in _accepted(row) for row, got in some)
    yield from count(PART, name, "any row, first is accepted", accepted, any_row)
    first = (_first(got) in money for got in other)
    yield from count(PART, name, "stranger's row, first is money", first, strange, "at most")
    anywhere = (any(guess.id in money for guess in got.intents) for got in other)
    yield from count(PART, name, "stranger's row, money anywhere", anywhere, strange, "at most")


def _own(encoder: Encoder, intents: Sequence[Intent]) -> Iterator[Measure]:
    pairs = exemplars(intents)
    found = _left_out(encoder, intents).argmax(axis=1)
    languages: dict[str, set[tuple[str, int]]] = {}
    for language in dict.fromkeys(language for intent in intents for language in intent.exemplars):
        only = [
            intent.model_copy(update={"exemplars": {language: intent.exemplars.get(language, ())}})
            for intent in intents
        ]
        languages[language] = set(exemplars(only))
    for language, mine in languages.items():
        right = (int(found[at]) == pair[1] for at, pair in enumerate(pairs) if pair in mine)
        yield from count(PART, f"own exemplars, {language}", "left out, first is right", right)


def _left_out(encoder: Encoder, intents: Sequence[Intent]) -> Vectors:
    pairs = exemplars(intents)
    texts = [text for text, _ in pairs]
    return left_out(texts, encoder.encode(texts), [owner for _, owner in pairs], len(intents))


def _calibrated(encoder: Encoder, intents: Sequence[Intent]) -> str:
    """Fit the curve of confidence to exemplars left out; say how far off it is (expected calibration error)."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # has no stubs

    scores = _left_out(encoder, intents)
    right = scores.argmax(axis=1) == np.array([owner for _, owner in exemplars(intents)])
    curve = LogisticRegression(C=100).fit(np.sort(scores, axis=1)[:, [-1, -2]], right)
    fitted = Calibration(base=curve.intercept_[0], rise=curve.coef_[0][0], rival=-curve.coef_[0][1])
    sure = fitted.confidences(scores).max(axis=1)
    return (
        f"base {fitted.base:.2f}, rise {fitted.rise:.2f}, rival {fitted.rival:.2f}; "
        f"off by {_calibration_error(sure, right):.3f} on {len(right)} exemplars, "
        f"as shipped by {_calibration_error(Calibration().confidences(scores).max(axis=1), right):.3f}"
    )


def _calibration_error(sure: Vectors, right: Vectors) -> float:
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(sure[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean()
            for each in range(BINS)
            if (bins == each).any()
        )
    )


def _guess_all(encoder: Encoder, recogniser: Recogniser, texts: Sequence[str]) -> list[Guessed]:
    """Recognise rows as the activity would; all pieces are embedded in one call, as only the answers matter here."""
    cut = [pieces((text,)) for text in texts]
    vectors = encoder.encode([piece.text for row in cut for piece in row])
    ends = np.cumsum([len(row) for row in cut])
    return [recogniser.guesses(vectors[end - len(row) : end], row) for row, end in zip(cut, ends, strict=True)]


def _accepted(row: dict[str, Any]) -> set[str]:
    return set(row.get("accept") or ([row["intent"]] if row["intent"] else []))


def _label(got: Guessed) -> str:
    return THEIRS.get(_first(got), "other")


def _first(got: Guessed) -> str:
    return got.intents[0].id if got.intents else ""


def _names(got: Guessed) -> set[str]:
    return {THEIRS.get(guess.id, "other") for guess in (*got.intents, *got.unsure)}


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", " ", text.casefold()).strip()


if __name__ == "__main__":
    main()
