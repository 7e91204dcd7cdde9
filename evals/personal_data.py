"""Measure what redaction finds and wrongly takes, on strangers' sets: `python -m evals.personal_data --data F`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.measures import Measure, count, read_sets, table
from policies.redaction import Redaction, redact

PART = "personal"
# What the synthetic set calls a kind, our name for it, and the share of it that has to be found.
KINDS = {
    "CREDIT_CARD": ("cards found", 1.0),
    "EMAIL_ADDRESS": ("e-mails found", 1.0),
    "PHONE_NUMBER": ("phones found", 0.95),
    "IBAN_CODE": ("IBANs found", None),
    "US_SSN": ("national ids found (US SSN)", None),
    "US_DRIVER_LICENSE": ("driver's licences found", None),
}
# A stranger's text may hold these where a shop number would stand; what is taken of them is over-redaction.
HARMLESS = ("DATE_TIME", "AGE", "ZIP_CODE", "STREET_ADDRESS", "IP_ADDRESS", "DOMAIN_NAME")
LEAST_PHONES, MOST_SCRUBBED = 0.95, 0.01


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="a folder with pii/*.jsonl and slots/*.jsonl")
    print(table(list(measure(options.parse_args().data))))


def measure(data: Path) -> Iterator[Measure]:
    """Count over every set that is there; something is found when its whole span is covered."""
    for name, rows in read_sets(data, "pii/presidio_*"):
        yield from _synthetic(name, rows)
    for name, rows in read_sets(data, "pii/phone_*"):
        yield from _phones(name, "phones of all regions found", rows, hinted=False)
        yield from _phones(name, "with the region as a hint", rows, hinted=True)
        national = [row for row in rows if row["format"] == "NATIONAL"]
        yield from _phones(name, "in national format", national, hinted=False)
    for name, rows in read_sets(data, "pii/*benign*"):
        yield from _benign(name, rows)
    for name, rows in read_sets(data, "slots/*"):
        done = [(row, redact(row["text"]).text) for row in rows]
        lost = [order_id not in text for row, text in done for order_id in _orders(row)]
        yield from count(PART, name, "order_id scrubbed", lost, MOST_SCRUBBED, "at most")


def _synthetic(name: str, rows: list[dict[str, Any]]) -> Iterator[Measure]:
    done = [(row, redact(row["text"])) for row in rows]
    for label, (says, level) in KINDS.items():
        found = [_covered(one, span) for row, one in done for span in row["spans"] if span["type"] == label]
        yield from count(PART, name, says, found, level)
    for label in HARMLESS:
        taken = [_touched(one, span) for row, one in done for span in row["spans"] if span["type"] == label]
        yield from count(PART, name, f"{label.casefold()} touched", taken)


def _phones(name: str, says: str, rows: list[dict[str, Any]], hinted: bool) -> Iterator[Measure]:
    done = [redact(row["text"], region=row["region"] if hinted else None) for row in rows]
    found = [_covered(one, span) for row, one in zip(rows, done, strict=True) for span in row["spans"]]
    yield from count(PART, name, says, found, LEAST_PHONES)


def _benign(name: str, rows: list[dict[str, Any]]) -> Iterator[Measure]:
    """Numbers of shops that must stay: orders, invoices, amounts."""
    done = [(row, redact(row["text"])) for row in rows]
    for label in sorted({span["type"] for row, _ in done for span in row["benign_spans"]}):
        taken = [_touched(one, span) for row, one in done for span in row["benign_spans"] if span["type"] == label]
        yield from count(PART, name, f"{label} scrubbed", taken, MOST_SCRUBBED, "at most")


def _orders(row: dict[str, Any]) -> list[str]:
    orders = row["slots"].get("order_id", [])
    return [order for order in ([orders] if isinstance(orders, str) else orders) if order in row["text"]]


def _covered(done: Redaction, span: dict[str, Any]) -> bool:
    return any(found.start <= span["start"] and span["end"] <= found.end for found in done.spans)


def _touched(done: Redaction, span: dict[str, Any]) -> bool:
    return any(found.start < span["end"] and span["start"] < found.end for found in done.spans)


if __name__ == "__main__":
    main()
