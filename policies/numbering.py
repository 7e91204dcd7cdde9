"""The numbering plans of all regions: whether digits are a number somewhere, and are grouped as people do there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber, PhoneNumberFormat
from phonenumbers.phonemetadata import NumberFormat


@dataclass(frozen=True)
class Format:
    """One way in which a country groups its numbers."""

    leading: re.Pattern[str]
    digits: re.Pattern[str]
    template: str

    def groups(self, number: str) -> list[str] | None:
        """Group a national number, without its trunk prefix."""
        found = self.digits.fullmatch(number) if self.leading.match(number) else None
        return re.findall(r"\d+", found.expand(self.template)) if found else None


@dataclass(frozen=True)
class Plan:
    """The national numbers of one country code; `lengths` are theirs, `prefix` is the trunk prefix."""

    valid: tuple[re.Pattern[str], ...]
    lengths: frozenset[int]
    prefix: str
    formats: tuple[Format, ...]

    def national(self, digits: str) -> Iterator[tuple[str, str]]:
        """Give the trunk prefix and the national number that digits may be."""
        for prefix in ("", self.prefix) if self.prefix and digits.startswith(self.prefix) else ("",):
            number = digits[len(prefix) :]
            if len(number) in self.lengths and any(pattern.fullmatch(number) for pattern in self.valid):
                yield prefix, number

    def grouped(self, groups: Sequence[str]) -> bool:
        """Say whether this is how the country writes such a number."""
        for prefix, number in self.national("".join(groups)):
            found = next((each for each in (way.groups(number) for way in self.formats) if each), None)
            if found and list(groups) in (found, [prefix + found[0], *found[1:]], [prefix, *found]):
                return True
        return False


def international(written: str) -> str | None:
    """Give the E.164 form of a valid number written with "+" or an international prefix."""
    return _e164(written, None)


@lru_cache(maxsize=4096)
def national(written: str, region: str | None) -> str | None:
    """Give the E.164 form of a number that is valid in this region."""
    return _e164(written, region.upper()) if region and region.upper() in phonenumbers.SUPPORTED_REGIONS else None


@lru_cache(maxsize=4096)
def known_somewhere(digits: str) -> bool:
    """Say whether digits are a national number of any country."""
    return any(True for plan in PLANS for _ in plan.national(digits))


@lru_cache(maxsize=4096)
def grouped_somewhere(groups: tuple[str, ...]) -> bool:
    """Say whether any country writes one of its numbers in these groups."""
    return any(plan.grouped(groups) for plan in PLANS)


def _e164(written: str, region: str | None) -> str | None:
    try:
        number: PhoneNumber = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    number.extension = None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else None


def _plans() -> Iterator[Plan]:
    PhoneMetadata.load_all()
    for regions in COUNTRY_CODE_TO_REGION_CODE.values():
        known = [each for each in map(PhoneMetadata.metadata_for_region, regions) if each]
        described = [each.general_desc for each in known if each.general_desc]
        if known:
            yield Plan(
                valid=tuple(
                    re.compile(each.national_number_pattern) for each in described if each.national_number_pattern
                ),
                lengths=frozenset(length for each in described for length in each.possible_length),
                prefix=known[0].national_prefix or "",
                formats=tuple(map(_format, known[0].number_format)),
            )


def _format(way: NumberFormat) -> Format:
    leading = way.leading_digits_pattern[-1] if way.leading_digits_pattern else ""
    return Format(re.compile(leading), re.compile(way.pattern or ""), way.format or "")


# Compiled once, when this is imported: libphonenumber itself would be asked region by region.
PLANS = tuple(_plans())
