"""Measure which orders, amounts and dates are found in texts of strangers: `python -m evals.slots --data FOLDER`."""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from evals.measures import Measure, count, read_rows, table
from policies.amounts import amounts
from policies.awbs import awbs
from policies.codes import canonical
from policies.dates import dates
from policies.order_ids import order_ids

PART = "slots"
SLOTS, BENIGN, PHONES = "slots/dev", "pii/bitext_benign_ids", "pii/phone_regions_composed"
STRANGERS = ("intent/clinc150_test", "intent/banking77_test", "intent/hint3_train")
LEAST_EXACT = 0.97
SOME_DAY = date(2026, 11, 21)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="a folder with slots/*.jsonl")
    print(table(tuple(measure(options.parse_args().data))))


def measure(data: Path) -> Iterator[Measure]:
    """Count order ids found exactly, amounts found, and what was taken for one of them and is not."""
    rows = read_rows(data / f"{SLOTS}.jsonl")
    named = [row for row in rows if "order_id" in row["slots"]]
    others = [row for row in rows if "order_id" not in row["slots"]]
    asked = [row for row in rows if "refund_amount" in row["slots"]]
    yield from count(PART, SLOTS, "order ids exact", map(_exact, named), LEAST_EXACT)
    yield from count(PART, SLOTS, "order ids exact, letter for letter", map(_to_the_letter, named))
    yield from count(PART, SLOTS, "an invoice or amount taken for an order", map(_any_order, others), None, "at most")
    yield from count(PART, SLOTS, "amounts found", map(_amount_found, asked))
    yield from count(PART, SLOTS, "an order or amount taken for a date", map(_any_date, rows), None, "at most")
    benign = [
        (row["text"], span["value"], span["type"] == "order_id")
        for row in read_rows(data / f"{BENIGN}.jsonl")
        for span in row["benign_spans"]
    ]
    found = (canonical(value) in _keys(text) for text, value, is_order in benign if is_order)
    yield from count(PART, BENIGN, "order ids found", found, LEAST_EXACT)
    taken = (canonical(value) in _keys(text) for text, value, is_order in benign if not is_order)
    yield from count(PART, BENIGN, "something else taken for an order", taken, None, "at most")
    phones = read_rows(data / f"{PHONES}.jsonl")
    yield from count(PART, PHONES, "a phone taken for an order", map(_any_order, phones), None, "at most")
    for name in STRANGERS:
        texts = read_rows(data / f"{name}.jsonl")
        yield from count(PART, name, "an order or parcel where none is", map(_any_code, texts), None, "at most")


def _exact(row: dict[str, Any]) -> bool:
    return {canonical(order_id) for order_id in _wanted(row)} == _keys(row["text"])


def _to_the_letter(row: dict[str, Any]) -> bool:
    return set(_wanted(row)) == set(order_ids(row["text"]))


def _amount_found(row: dict[str, Any]) -> bool:
    wanted = round(float(row["slots"]["refund_amount"].replace(",", "")) * 100)
    return wanted in {asked.minor for asked in amounts(row["text"])}


def _any_order(row: dict[str, Any]) -> bool:
    return bool(order_ids(row["text"]))


def _any_code(row: dict[str, Any]) -> bool:
    return bool(order_ids(row["text"]) or awbs(row["text"]))


def _any_date(row: dict[str, Any]) -> bool:
    return bool(dates(row["text"], SOME_DAY, "en"))


def _keys(text: str) -> set[str]:
    return {canonical(order_id) for order_id in order_ids(text)}


def _wanted(row: dict[str, Any]) -> list[str]:
    order_id: str | list[str] = row["slots"]["order_id"]
    return [order_id] if isinstance(order_id, str) else order_id


if __name__ == "__main__":
    main()
