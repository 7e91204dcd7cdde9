"""CSV: a FAQ where it has columns for question and answer, else a table."""

import csv
import io
from dataclasses import replace

from activities.parsers.contents import Contents, table, tidy
from activities.parsers.encodings import decode
from activities.parsers.faq import check_names, contents_of, entry
from policies.documents import Unreadable
from policies.releases import Finding

SEPARATORS = ",;\t|"


def read(name: str, data: bytes) -> Contents:
    text, findings = decode(name, data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        rows = [(f"line {reader.line_num}", row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        says = f"not CSV, {error}: close every quote, and write a quote inside a cell twice"
        raise Unreadable(Finding(kind="unreadable", source=name, where=f"line {reader.line_num}", says=says)) from None
    columns = [tidy(cell).casefold() for cell in rows[0][1]] if rows else []
    if not {"question", "answer"} <= set(columns):
        return Contents([table(row for _, row in rows)] if rows else [], findings=findings)
    check_names(name, columns)
    entries = (entry(place, dict(zip(columns, row, strict=False))) for place, row in rows[1:])
    contents = contents_of(name, entries)
    return replace(contents, findings=[*findings, *contents.findings])


def _separator(text: str) -> str:
    """Choose what the header is separated by; Excel writes ";" in half of Europe."""
    header = text.lstrip().partition("\n")[0]
    return max(SEPARATORS, key=header.count)
