"""Measure which orders, amounts and dates are found in texts of strangers: `python -m evals.slots --data FOLDER`."""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from evals.measures import Measure, count, read_sets, table
from policies.amounts import amounts
from policies.awbs import awbs
from policies.codes import canonical
from policies.dates import dates
from policies.order_ids import order_ids

PART = "slots"
STRANGERS = ("intent/clinc150_*", "intent/banking77_*", "intent/hint3_*")
LEAST_EXACT = 0.97
SOME_DAY = date(2026, 11, 21)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="a folder with slots/*.jsonl")
    print(table(tuple(measure(options.parse_args().data))))


def measure(data: Path) -> Iterator[Measure]:
    """Count order ids found exactly, amounts found, and what was taken for one of them and is not."""
    for name, rows in read_sets(data, "slots/*"):
        named = [row for row in rows if "order_id" in row["slots"]]
        others = [row for row in rows if "order_id" not in row["slots"]]
        asked = [row for row in rows if "refund_amount" in row["slots"]]
        yield from count(PART, name, "order ids exact", map(_exact, named), LEAST_EXACT)
        yield from count(PART, name, "order ids exact, letter for letter", map(_to_the_letter, named))
        yield from count(PART, name, "invoice or amount taken for an order", map(_any_order, others), None, "at most")
        yield from count(PART, name, "amounts found", map(_amount_found, asked))
        yield from count(PART, name, "order or amount taken for a date", map(_any_date, rows), None, "at most")
    for name, rows in read_sets(data, "pii/*benign*"):
        spans = [(row["text"], span) for row in rows for span in row["benign_spans"]]
        marks = [(canonical(span["value"]) in _keys(text), span["type"] == "order_id") for text, span in spans]
        yield from count(PART, name, "order ids found", (hit for hit, is_order in marks if is_order), LEAST_EXACT)
        taken = (hit for hit, is_order in marks if not is_order)
        yield from count(PART, name, "something else taken for an order", taken, None, "at most")
    for name, rows in read_sets(data, "pii/phone_*"):
        yield from count(PART, name, "a phone taken for an order", map(_any_order, rows), None, "at most")
    for pattern in STRANGERS:
        for name, rows in read_sets(data, pattern):
            yield from count(PART, name, "order or parcel where none is", map(_any_code, rows), None, "at most")


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
