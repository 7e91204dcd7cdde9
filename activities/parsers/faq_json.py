"""JSON: a FAQ as a list of objects, or one object a line."""

import json
from collections.abc import Iterator
from dataclasses import replace

from activities.parsers.contents import Contents
from activities.parsers.encodings import decode
from activities.parsers.faq import Entry, check_names, contents_of, entry
from policies.documents import Unreadable
from policies.releases import Finding

SHAPE = 'write a list of objects such as {"question": "…", "answer": "…"}, or one object a line'


def read(name: str, data: bytes) -> Contents:
    text, findings = decode(name, data)
    contents = contents_of(name, _entries(name, text))
    return replace(contents, findings=[*findings, *contents.findings])


def _entries(name: str, text: str) -> Iterator[Entry]:
    for place, found in _objects(name, text):
        if not isinstance(found, dict):
            raise _bad(name, place, f"expected an object: {SHAPE}")
        fields = {str(key).strip().casefold(): value for key, value in found.items()}
        check_names(name, fields)
        if missing := {"question", "answer"} - set(fields):
            raise _bad(name, place, f"no {' and no '.join(sorted(missing))}: {SHAPE}")
        if nested := [key for key, value in fields.items() if isinstance(value, dict | list)]:
            raise _bad(name, place, f"{nested[0]} holds a list or an object; only text is read")
        yield entry(place, {key: "" if value is None else str(value) for key, value in fields.items()})


def _objects(name: str, text: str) -> Iterator[tuple[str, object]]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        # A second object after the first: one a line.
        if not error.msg.startswith("Extra data"):
            raise _bad(name, f"line {error.lineno}", f"not JSON: {error.msg}") from None
        yield from _lines(name, text)
        return
    entries = found if isinstance(found, list) else [found]
    yield from ((f"entry {number}", each) for number, each in enumerate(entries, 1))


def _lines(name: str, text: str) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except json.JSONDecodeError as error:
                raise _bad(name, f"line {number}", f"not JSON: {error.msg}") from None


def _bad(name: str, where: str, says: str) -> Unreadable:
    return Unreadable(Finding(kind="unreadable", source=name, where=where, says=f"{where}: {says}"))
