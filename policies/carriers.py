"""The numbers carriers print on parcels, each with the check digit its public specification asks for."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from stdnum import ean
from stdnum.iso7064 import mod_37_36

from policies.shapes import Carrier


class Label(NamedTuple):
    """One kind of number: its letters and digits, its check, and whether anything but its check digit tells it.

    A `plain` number is nothing but digits: one in seven or eleven of all numbers of that length passes its check.
    """

    carrier: Carrier
    shape: re.Pattern[str]
    right: Callable[[str], bool]
    plain: bool = False


def label_of(code: str, carriers: Sequence[Carrier]) -> Label | None:
    """Name the kind of number that `code` (capital letters and digits alone) is at one of `carriers`."""
    for label in LABELS:
        if label.carrier in carriers and label.shape.fullmatch(code) and label.right(code):
            return label
    return None


def _gs1(digits: str) -> bool:
    """GS1 mod 10, weights 3 and 1 from the right: SSCC, USPS IMpb (Publication 199), FedEx Ground."""
    return ean.calc_check_digit(digits[:-1]) == digits[-1]


def _s10(code: str) -> bool:
    """UPU S10: weights 8 6 4 2 3 5 9 7, mod 11."""
    total = sum(int(digit) * weight for digit, weight in zip(code[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    return int(code[10]) == {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def _ups(code: str) -> bool:
    """UPS 1Z: every second sign counts double; a letter counts as A 2, B 3 … H 9, I 0 and so on."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in code[2:17]]
    return -(sum(values) + sum(values[1::2])) % 10 == int(code[17])


def _fedex_express(digits: str) -> bool:
    """FedEx Express, 12 digits: weights 3 1 7, mod 11, and 10 is written 0."""
    total = sum(int(digit) * (3, 1, 7)[at % 3] for at, digit in enumerate(digits[:11]))
    return total % 11 % 10 == int(digits[11])


def _dhl_express(digits: str) -> bool:
    """DHL Express air waybill: the first nine digits mod 7."""
    return int(digits[:9]) % 7 == int(digits[9])


def _usps_short(digits: str) -> bool:
    """USPS, 20 digits: counted as they are, or behind the application identifier 91 that they leave out."""
    return _gs1(digits) or _gs1(f"91{digits}")


def _dpd(code: str) -> bool:
    """DPD: 14 digits, then ISO 7064 mod 37,36 over them."""
    return bool(mod_37_36.is_valid(code))


LABELS = (
    Label(Carrier.S10, re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}"), _s10),
    Label(Carrier.UPS, re.compile(r"1Z[A-Z0-9]{15}\d"), _ups),
    Label(Carrier.USPS, re.compile(r"9[1-5]\d{20}"), _gs1),
    Label(Carrier.USPS, re.compile(r"420\d{5}9[1-5]\d{20}"), lambda code: _gs1(code[8:])),
    Label(Carrier.USPS, re.compile(r"\d{20}"), _usps_short, plain=True),
    Label(Carrier.SSCC, re.compile(r"(?:00)?[0-4]\d{17}"), lambda code: _gs1(code[-18:]), plain=True),
    Label(Carrier.FEDEX, re.compile(r"96\d{20}"), lambda code: _gs1(code[7:])),
    Label(Carrier.FEDEX, re.compile(r"\d{15}"), _gs1, plain=True),
    Label(Carrier.FEDEX, re.compile(r"\d{12}"), _fedex_express, plain=True),
    Label(Carrier.DHL_EXPRESS, re.compile(r"\d{10}"), _dhl_express, plain=True),
    Label(Carrier.DPD, re.compile(r"\d{14}[0-9A-Z]"), _dpd),
)
LENGTHS = frozenset({10, 12, 13, 15, 18, 20, 22, 30})
LONGEST_GROUPS = 8
