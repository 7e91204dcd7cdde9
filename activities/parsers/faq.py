"""Questions with their answers: each question is a heading, so that it is found and cited together with its answer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from activities.parsers import html, plain
from activities.parsers.contents import Contents, heading, tidy
from policies.documents import About, Block, Unreadable
from policies.releases import Finding

# A shop's FAQ tool exports its answers as HTML.
TAG = re.compile(r"</?(?:p|br|div|ul|ol|li|a|b|i|strong|em|span|table|h[1-6])\b[^<>]*>", re.IGNORECASE)
OF_THE_FILE = frozenset(About.model_fields) - {"title", "category"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One question; `place` says where it stands in its file."""

    place: str
    question: str
    answer: str
    anchor: str = ""
    category: str = ""


def entry(place: str, fields: Mapping[str, str]) -> Entry:
    """Make an entry of fields named in small letters; fields of other names are left out."""
    known = {name: fields.get(name, "").strip() for name in ("question", "answer", "anchor", "category")}
    return Entry(place=place, **known)


def check_names(name: str, fields: Iterable[str]) -> None:
    """Refuse metadata given per entry: left out, it would make a clause hold where it does not."""
    if refused := sorted(OF_THE_FILE.intersection(fields)):
        says = f"{', '.join(refused)} cannot differ between entries: give each its own file, with {name}.about.yaml"
        raise Unreadable(Finding(kind="bad_metadata", source=name, where=refused[0], says=says))


def contents_of(name: str, entries: Iterable[Entry]) -> Contents:
    """Write entries as sections, those of one category together."""
    groups: dict[str, list[Block]] = {}
    findings: list[Finding] = []
    for each in entries:
        if each.question:
            blocks = groups.setdefault(tidy(each.category), [])
            blocks.append(heading(each.question, 3 if each.category else 2, each.anchor))
            blocks += html.blocks_of(each.answer) if TAG.search(each.answer) else plain.blocks_of(each.answer)
        elif each.answer:
            says = "an answer without a question: left out, give it one"
            findings.append(Finding(kind="empty_section", source=name, where=each.place, says=says))
    # Entries without a category come first, or they would seem to belong to the one before.
    ordered = sorted(groups.items(), key=lambda group: bool(group[0]))
    blocks = [block for category, own in ordered for block in ([heading(category, 2)] if category else []) + own]
    return Contents(blocks, findings=findings)
