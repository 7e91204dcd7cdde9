"""Measure intent recognition on JSON Lines sets that strangers wrote: `python -m evals.intents --data FOLDER`."""

import argparse
import json
import math
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from activities.encoder import Encoder
from activities.recognition import Recogniser, read_intents
from policies.facts import IntentGuess
from policies.intents import Intent, Risk, pieces
from policies.slots import mask

SETS = ("hint3_train", "bitext_test", "clinc150_test", "banking77_test")
STRANGERS = ("clinc150_test", "banking77_test")
INTENTS = Path(__file__).parent.parent / "policies" / "intents"
# The sets know fewer intents than we do; what they do not know is "other" to them.
THEIRS = {
    "cancel_order": "cancel_or_change_order",
    "change_order": "cancel_or_change_order",
    "change_address": "cancel_or_change_order",
    **{name: name for name in ("track_order", "delivery_dispute", "refund_request", "return_policy_question")},
    "contact_human": "contact_human",
}


def main() -> None:
    """Print one line for each measure, and how sure the number is."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="a folder with intent/*.jsonl")
    given = options.parse_args()
    encoder, intents = Encoder(), read_intents(INTENTS)
    recogniser = Recogniser(encoder, intents)
    money = {intent.id for intent in intents if intent.risk is Risk.MONEY}
    own = {_plain(exemplar) for intent in intents for exemplar in intent.exemplars}
    print("own exemplars, each left out in turn:", _left_out(encoder, intents))
    for name in SETS:
        path = given.data / "intent" / f"{name}.jsonl"
        if not path.exists():
            print(f"{name}: skipped, {path.name} is not in the folder given")
            continue
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        fresh = [row for row in rows if _plain(row["text"]) not in own]
        started = time.perf_counter()
        guesses = _guess_all(encoder, recogniser, [row["text"] for row in fresh])
        print(f"{name}: {len(fresh)} rows ({len(rows) - len(fresh)} say word for word what an exemplar says)")
        for line in _measures(name, fresh, guesses, money):
            print(f"  {line}")
        print(f"  {1000 * (time.perf_counter() - started) / len(fresh):.1f} ms a row")


def _guess_all(encoder: Encoder, recogniser: Recogniser, texts: Sequence[str]) -> list[tuple[IntentGuess, ...]]:
    """Recognise rows as the activity would; all pieces are embedded in one call, as only the answers matter here."""
    cut = [pieces((text,)) for text in texts]
    vectors = encoder.encode([piece for row in cut for piece in row])
    ends = np.cumsum([len(row) for row in cut])
    return [recogniser.guesses(vectors[end - len(row) : end]) for row, end in zip(cut, ends, strict=True)]


def _measures(
    name: str, rows: Sequence[dict[str, Any]], guesses: Sequence[tuple[IntentGuess, ...]], money: set[str]
) -> Iterable[str]:
    pairs = list(zip(rows, guesses, strict=True))
    known = [(row, found) for row, found in pairs if row["intent"] not in (None, "other")]
    other = [(row, found) for row, found in pairs if row["intent"] == "other"]
    yield _line("in scope, right", [_label(found) in _accepted(row) for row, found in known])
    yield _line("in scope, right one among all named", [
        any(THEIRS.get(guess.id) in _accepted(row) for guess in found) for row, found in known
    ])  # fmt: skip
    yield _line("out of scope, kept out", [_label(found) == "other" for _, found in other])
    yield _line(
        "any row, an accepted answer", [_label(found) in _accepted(row) for row, found in pairs if _accepted(row)]
    )
    if name in STRANGERS:
        yield _line(
            "stranger's row, best guess is about money",
            [found[:1] != () and found[0].id in money for _, found in other],
        )
        yield _line(
            "stranger's row, any guess is about money", [any(g.id in money for g in found) for _, found in other]
        )


def _accepted(row: dict[str, Any]) -> set[str]:
    return set(row.get("accept") or ([row["intent"]] if row["intent"] else []))


def _label(found: tuple[IntentGuess, ...]) -> str:
    return THEIRS.get(found[0].id, "other") if found else "other"


def _left_out(encoder: Encoder, intents: Sequence[Intent]) -> str:
    """Say for our exemplars how often the nearest other exemplar has the same intent."""
    pairs = [(mask(exemplar), intent.id) for intent in intents for exemplar in intent.exemplars]
    vectors = encoder.encode([text for text, _ in pairs])
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    nearest = likeness.argmax(axis=1)
    return _share([pairs[at][1] == pairs[int(near)][1] for at, near in enumerate(nearest)])


def _line(name: str, right: Sequence[bool]) -> str:
    return f"{name}: {_share(right)}" if right else f"{name}: no such rows"


def _share(right: Sequence[bool]) -> str:
    """Write a share with its 95 % Wilson interval."""
    count, hits, z = len(right), sum(right), 1.96
    share = hits / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return f"{share:.1%} ({hits}/{count}, 95 % {centre - half:.1%}–{centre + half:.1%})"


def _plain(text: str) -> str:
    return re.sub(r"[^\w]+", " ", text.casefold()).strip()


if __name__ == "__main__":
    main()
