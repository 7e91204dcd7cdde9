"""Everything understanding is measured on, in one table: intents, injection, personal data, slots, speed."""

import json
from collections.abc import Iterator
from pathlib import Path

from activities.understanding import Understander
from evals import injection, intents, personal_data, slots
from evals.measures import Measure, table


def report(data: Path, understander: Understander, written: Path) -> Iterator[str]:
    """Measure on every set found in the folder; yields the table and where its JSON lies. Raises FileNotFoundError."""
    if not any(data.glob("*/*.jsonl")):
        raise FileNotFoundError(f"{data}: no <part>/<set>.jsonl in this folder")
    measures = tuple(_all(data, understander))
    yield table(measures)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps([each.as_json() for each in measures], indent=1) + "\n", encoding="utf-8")
    yield f"{sum(each.reached is False for each in measures)} levels missed; as JSON in {written}"


def _all(data: Path, understander: Understander) -> Iterator[Measure]:
    yield from intents.measure(data, understander.encoder, understander.recogniser)
    yield from injection.measure(data, understander.screen, understander.encoder)
    yield from personal_data.measure(data)
    yield from slots.measure(data)
