"""Parcel numbers with the check digits of carriers, and those that only a word tells."""

import pytest

from policies.awbs import awbs
from policies.carriers import label_of
from policies.shapes import DEFAULT, Carrier, Shape

ALL = tuple(Carrier)
EVERY_CARRIER = Shape(carriers=ALL)
EXAMPLES = {
    "RR123456785DE": Carrier.S10,
    "RA473124829DE": Carrier.S10,
    "1Z999AA10123456784": Carrier.UPS,
    "1Z12345E6605272234": Carrier.UPS,
    "9405511899223197428490": Carrier.USPS,
    "03071790000523483741": Carrier.USPS,
    "420221539101026837331000039521": Carrier.USPS,
    "986578788855": Carrier.FEDEX,
    "041441760228964": Carrier.FEDEX,
    "9611020987654312345672": Carrier.FEDEX,
    "3318810025": Carrier.DHL_EXPRESS,
    "340434161094022115": Carrier.SSCC,
    "09980525000123Q": Carrier.DPD,
}


@pytest.mark.parametrize(("code", "carrier"), EXAMPLES.items())
def test_a_carrier_knows_its_number(code: str, carrier: Carrier) -> None:
    label = label_of(code, (carrier,))
    assert label is not None
    assert label_of(code, ()) is None


@pytest.mark.parametrize("code", [code for code in EXAMPLES if len(code) != 20])
def test_another_check_digit_is_no_number_of_that_carrier(code: str) -> None:
    others = [code[:-1] + digit for digit in "0123456789" if digit != code[-1]]
    if code.endswith("DE"):
        others = [code[:10] + digit + "DE" for digit in "0123456789" if digit != code[10]]
    assert [other for other in others if label_of(other, (EXAMPLES[code],))] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1Z999AA10123456784 where is it", ("1Z999AA10123456784",)),
        ("my order 1z999aa10123456784", ("1Z999AA10123456784",)),
        ("1Z 999 AA1 01 2345 6784", ("1Z999AA10123456784",)),
        ("rr 123 456 785 de", ("RR123456785DE",)),
        ("9405 5118 9922 3197 4284 90", ("9405511899223197428490",)),
        ("986578788855 has not moved", ("986578788855",)),
        ("order 986578788855", ()),
        ("phone 3318810025", ()),
        ("331 881 0025", ()),
        ("invoice 986578788855", ()),
        ("986578788856", ()),
        ("fedex 986578788856", ("986578788856",)),
        ("my DHL number is 3318810026", ("3318810026",)),
        ("parcel 67890", ("67890",)),
        ("AP-AWB-1001", ("AP-AWB-1001",)),
        ("Sendung AP–AWB–1001 bitte", ("AP–AWB–1001",)),
        ("colis 12345678", ("12345678",)),
        ("seguimiento del paquete 445566778", ("445566778",)),
        ("mera parcel 556677 kahan hai", ("556677",)),
        ("nothing here", ()),
    ],
)
def test_a_check_digit_or_a_word_tells_a_parcel(text: str, found: tuple[str, ...]) -> None:
    assert awbs(text, (), EVERY_CARRIER) == found


def test_a_customers_own_order_is_no_parcel_without_a_word() -> None:
    assert awbs("986578788855", ("986578788855",), EVERY_CARRIER) == ()
    assert awbs("awb 986578788855", ("986578788855",), EVERY_CARRIER) == ("986578788855",)


def test_digits_alone_are_a_carriers_only_where_the_shop_uses_it() -> None:
    assert awbs("986578788855", (), DEFAULT) == ()
    assert awbs("986578788855", (), Shape(carriers=(Carrier.FEDEX,))) == ("986578788855",)


def test_a_shop_may_print_numbers_of_its_own() -> None:
    shape = Shape(awbs=(r"AWB-\d{5}",))
    assert awbs("where is awb-20001", (), shape) == ("AWB-20001",)
    assert awbs("AWB 67890", (), shape) == ("67890",)
