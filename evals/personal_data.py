"""Measure what redaction finds and wrongly takes, on strangers' sets: `python -m evals.personal_data --data F`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.measures import Measure, count, read_rows, table
from policies.redaction import Redaction, redact

PART = "personal"
COMPOSED = "phone_regions_composed"
SYNTHETIC = "presidio_synth_v2"
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
    rows = [(row, redact(row["text"])) for row in read_rows(data / "pii" / f"{SYNTHETIC}.jsonl")]
    for label, (name, level) in KINDS.items():
        found = [_covered(done, span) for row, done in rows for span in row["spans"] if span["type"] == label]
        yield from count(PART, SYNTHETIC, name, found, level)
    for label in HARMLESS:
        taken = [_touched(done, span) for row, done in rows for span in row["spans"] if span["type"] == label]
        yield from count(PART, SYNTHETIC, f"{label.casefold()} touched", taken)
    phones = read_rows(data / "pii" / f"{COMPOSED}.jsonl")
    yield from _phones("phones of all regions found", phones, hinted=False)
    yield from _phones("with the region as a hint", phones, hinted=True)
    national = [row for row in phones if row["format"] == "NATIONAL"]
    yield from _phones("in national format", national, hinted=False)
    yield from _benign(data)


def _phones(name: str, rows: list[dict[str, Any]], hinted: bool) -> Iterator[Measure]:
    done = [redact(row["text"], region=row["region"] if hinted else None) for row in rows]
    found = [_covered(one, span) for row, one in zip(rows, done, strict=True) for span in row["spans"]]
    yield from count(PART, COMPOSED, name, found, LEAST_PHONES)


def _benign(data: Path) -> Iterator[Measure]:
    """Numbers of shops that must stay: orders, invoices, amounts."""
    name = "bitext_benign_ids"
    rows = [(row, redact(row["text"])) for row in read_rows(data / "pii" / f"{name}.jsonl")]
    for label in sorted({span["type"] for row, _ in rows for span in row["benign_spans"]}):
        taken = [_touched(done, span) for row, done in rows for span in row["benign_spans"] if span["type"] == label]
        yield from count(PART, name, f"{label} scrubbed", taken, MOST_SCRUBBED, "at most")
    slots = [(row, redact(row["text"])) for row in read_rows(data / "slots" / "dev.jsonl")]
    lost = [order_id not in done.text for row, done in slots for order_id in _orders(row)]
    yield from count(PART, "slots/dev", "order_id scrubbed", lost, MOST_SCRUBBED, "at most")


def _orders(row: dict[str, Any]) -> list[str]:
    orders = row["slots"].get("order_id", [])
    return [order for order in ([orders] if isinstance(orders, str) else orders) if order in row["text"]]


def _covered(done: Redaction, span: dict[str, Any]) -> bool:
    return any(found.start <= span["start"] and span["end"] <= found.end for found in done.spans)


def _touched(done: Redaction, span: dict[str, Any]) -> bool:
    return any(found.start < span["end"] and span["start"] < found.end for found in done.spans)


if __name__ == "__main__":
    main()
