"""What a shop's codes look like, which carriers it uses and where it sells: one YAML file a tenant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from policies.frozen import Written
from policies.yaml_lines import BadFile, load

UNKNOWN_TENANT = "default"
# One letter, digit or class, and how often at most: what is written this way cannot backtrack without end.
ATOM = re.compile(
    r"(?P<what>\\d|\[(?:[A-Za-z0-9](?:-[A-Za-z0-9])?){1,20}\]|[A-Za-z0-9]|(?P<gap>[-_/ .#]))"
    r"(?P<often>\{\d{1,2}(?:,\d{1,2})?\}|\?)?"
)
LONGEST_PATTERN = 80
LONGEST_CODE = 32
SHORTEST_CODE = 3
MOST_WAYS = 400


class Carrier(StrEnum):
    """Who brings parcels and prints numbers with a check digit that is public."""

    S10 = "s10"
    UPS = "ups"
    USPS = "usps"
    FEDEX = "fedex"
    DHL_EXPRESS = "dhl_express"
    DPD = "dpd"
    SSCC = "sscc"


class Spelling:
    """One pattern, made to be compared with the letters and digits of a code alone."""

    def __init__(self, pattern: str) -> None:
        """Read a pattern; raises ValueError saying what in it cannot be used."""
        atoms = list(_atoms(pattern))
        self._gaps = [atom["gap"] for atom in atoms if atom["gap"]]
        self._shouted = not re.search(r"[a-z]", pattern.replace(r"\d", ""))
        parts = ["".join(part) for part in _between_gaps(atoms)]
        try:
            self._regex = re.compile("".join(f"({part})" for part in parts), re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"{pattern!r} cannot be used in a pattern: {error}") from None

    def spell(self, key: str) -> str | None:
        """Write the letters and digits of a code as the shop prints it; None when they are not one."""
        match = self._regex.fullmatch(key)
        if not match:
            return None
        first, *rest = match.groups()
        code = first + "".join(gap + part for gap, part in zip(self._gaps, rest, strict=True))
        return code.upper() if self._shouted else code


def _check(pattern: str) -> str:
    spelling(pattern)
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=LONGEST_PATTERN), AfterValidator(_check)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Shape(Written):
    """What one shop writes. A pattern is made of letters, digits, `\\d`, `[A-Z]`, `{n}`, `{n,m}`, `?` and - _ / # .

    Without `order_ids` any code that looks like a number from a shop may be an order; with them, a code that no word
    stands beside has to fit one. `region` (ISO 3166) says how a phone number or "12/05" is meant.
    """

    order_ids: tuple[Pattern, ...] = Field(default=(), max_length=20)
    awbs: tuple[Pattern, ...] = Field(default=(), max_length=20)
    skus: tuple[Pattern, ...] = Field(default=(), max_length=20)
    carriers: tuple[Carrier, ...] = (Carrier.S10, Carrier.UPS, Carrier.USPS, Carrier.SSCC)
    region: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    languages: tuple[Language, ...] = ("en",)


DEFAULT = Shape()


def parse(text: str, source: str) -> Shape:
    """Read one shop's file; raises BadFile naming file, line and reason."""
    return load(text, Shape, source)


def gather(files: Iterable[tuple[str, str, str]]) -> dict[str, Shape]:
    """Read (tenant, source, text) into the shapes of all tenants; raises BadFile, also where the default is missing."""
    shapes = {tenant: parse(text, source) for tenant, source, text in files}
    if UNKNOWN_TENANT not in shapes:
        raise BadFile(f"{UNKNOWN_TENANT}.yaml", [(1, "file: is missing; it serves the tenants that have none")])
    return shapes


def shape_of(tenant: str, shapes: Mapping[str, Shape]) -> Shape:
    """Give a tenant's shape, or the one that serves unknown tenants."""
    return shapes.get(tenant) or shapes.get(UNKNOWN_TENANT, DEFAULT)


def spell(key: str, patterns: Sequence[str]) -> str | None:
    """Write the letters and digits of a code in the first of a shop's patterns that they fit."""
    return next((code for pattern in patterns if (code := spelling(pattern).spell(key))), None)


@lru_cache(maxsize=1024)
def spelling(pattern: str) -> Spelling:
    """Give the pattern ready for use; raises ValueError."""
    return Spelling(pattern)


def _atoms(pattern: str) -> Iterable[re.Match[str]]:
    at, least, most, ways = 0, 0, 0, 1
    while at < len(pattern):
        atom = ATOM.match(pattern, at)
        if not atom:
            raise ValueError(f"{pattern[at:]!r} cannot be used in a pattern: letters, digits, \\d, [A-Z], {{n}}, ? can")
        low, high = _times(atom["often"])
        if high < max(low, 1) or (atom["gap"] and atom["often"]):
            raise ValueError(f"{atom[0]!r} cannot be used in a pattern: it is never or repeats a separator")
        least, most, ways = least + low, most + high, ways * (high - low + 1)
        at = atom.end()
        yield atom
    if not SHORTEST_CODE <= least <= most <= LONGEST_CODE:
        raise ValueError(f"{pattern!r}: a code has {SHORTEST_CODE} to {LONGEST_CODE} characters, not {least} to {most}")
    if ways > MOST_WAYS:
        raise ValueError(f"{pattern!r} can be read in {ways} ways; write several patterns with fixed lengths")


def _times(often: str | None) -> tuple[int, int]:
    if often is None:
        return 1, 1
    if often == "?":
        return 0, 1
    low, _, high = often.strip("{}").partition(",")
    return int(low), int(high or low)


def _between_gaps(atoms: Iterable[re.Match[str]]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for atom in atoms:
        if atom["gap"]:
            parts.append([])
        else:
            parts[-1].append(atom[0])
    return parts
