"""What a document says of itself: its front matter or the YAML file beside it, over what its name and text give."""

import re
import unicodedata
from hashlib import blake2b
from pathlib import PurePosixPath

from pydantic import RootModel, ValidationError

from activities.parsers.contents import Contents
from activities.parsers.encodings import decode
from policies.chunks import SINCE_EVER
from policies.documents import About, BlockKind, Unreadable
from policies.releases import Finding
from policies.yaml_lines import BadFile, faults_of, load, locate_each

LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]{2,4})?(?![A-Za-z])")
LONGEST_TITLE, LONGEST_NAME = 300, 80
# Of what is written and of what is wrong with it; a dozen fields fit many times.
LARGEST_STATED, MOST_FAULTS = 50_000, 20


class Stated(RootModel[dict[str, object]]):
    """Whatever a person wrote about a document, before it is checked."""


def about(name: str, contents: Contents, beside: bytes | None, release: str) -> tuple[About, tuple[Finding, ...]]:
    """Give a document's metadata, and a finding where no date is given; raises Unreadable(bad_metadata)."""
    written, place = contents.front or "", name
    findings: tuple[Finding, ...] = ()
    if beside is not None:
        if contents.front is not None:
            says = f"metadata stands both in the file and in {name}.about.yaml: keep one of them"
            raise Unreadable(Finding(kind="bad_metadata", source=name, says=says))
        place = f"{name}.about.yaml"
        written, findings = decode(place, beside)
    stated = _stated(written, place)
    defaults = {
        "document": _document(name),
        "title": _title(name, contents),
        "version": release,
        "effective_from": SINCE_EVER,
    } | _language(contents.language)
    try:
        known = About.model_validate(defaults | stated)
    except ValidationError as error:
        paths, reasons = zip(*faults_of(error), strict=True)
        lines = locate_each(written, paths) if stated else [1] * len(paths)
        raise _bad(place, list(zip(lines, reasons, strict=True))) from None
    if "effective_from" not in stated:
        says = f"no date: taken as in force since ever; give effective_from in the front matter or in {name}.about.yaml"
        findings = (*findings, Finding(kind="no_date", source=name, says=says))
    return known, findings


def _stated(written: str, place: str) -> dict[str, object]:
    if not written.strip():
        return {}
    if len(written) > LARGEST_STATED:
        raise _bad(place, [(1, f"metadata of more than {LARGEST_STATED:,} letters: only a few lines are expected")])
    try:
        return load(written, Stated, place).root
    except BadFile as bad:
        raise _bad(place, bad.faults) from None


def _bad(place: str, faults: list[tuple[int, str]]) -> Unreadable:
    says = "; ".join(f"line {line}: {reason}" for line, reason in faults[:MOST_FAULTS])
    if len(faults) > MOST_FAULTS:
        says = f"{len(faults):,} faults, the first are {says}"
    return Unreadable(Finding(kind="bad_metadata", source=place, where=f"line {faults[0][0]}", says=says))


def _document(name: str) -> str:
    """Name a document after its file in plain letters; in other scripts after a hash of the name."""
    stem = PurePosixPath(name).with_suffix("").as_posix()
    plain = unicodedata.normalize("NFKD", stem.casefold()).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")
    lost = sum(char.isalpha() for char in stem) > 2 * sum(char.isalpha() for char in letters)
    return letters if letters and not lost else f"document-{blake2b(stem.encode(), digest_size=6).hexdigest()}"


def _title(name: str, contents: Contents) -> str:
    first = (block.text for block in contents.blocks if block.kind is BlockKind.HEADING and block.level == 1)
    return (next(first, "") or contents.title or PurePosixPath(name).stem)[:LONGEST_TITLE]


def _language(given: str) -> dict[str, object]:
    found = LANGUAGE.match(given)
    return {"language": found[0]} if found else {}
