"""Personal data goes, numbers of the shop stay, and a conversation can say a customer's own values back."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from policies.amounts import amounts
from policies.cards import luhn
from policies.facts import PersonalDatum, PersonalKind
from policies.redaction import Redaction, redact, restore
from policies.slots import awbs, order_ids, skus
from policies.unicode import readable

SHOP_WORDS = st.sampled_from(
    ["order {}", "my order number is {}", "where is #{}?", "invoice no. {}", "tracking: {}", "Bestellung {}"]
)
PHONE_WORDS = (
    "call me on {}",
    "my phone number is {}",
    "Tel: {}",
    "bitte rufen Sie mich unter {} an",
    "whatsapp {} pls",
)
ANN = PersonalDatum(placeholder="[email_1]", kind=PersonalKind.EMAIL, value="ann@example.com")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to ann.lee+shop@mail.example.com please", "write to [email_1] please"),
        ("<ann@example.com>", "<[email_1]>"),
        ("o'brien@example.ie, ok?", "[email_1], ok?"),
        ("jürgen@müller.de", "[email_1]"),
        ("ann (at) example (dot) com", "[email_1]"),
        ("it is ann at example dot com", "it is [email_1]"),
        ("my card is 4111 1111 1111 1111", "my card is [card_1]"),
        ("4111-1111-1111-1111.", "[card_1]."),
        ("4111, 1111, 1111, 1111", "[card_1]"),
        ("4111\n1111\n1111\n1111", "[card_1]"),
        ("card 378282246310005 expires", "card [card_1] expires"),
        ("3782 822463 10005", "[card_1]"),
        ("I paid with 5555555555554444", "I paid with [card_1]"),
        ("VISA4111111111111111", "VISA[card_1]"),
        ("my card number is 060412345674", "my card number is [card_1]"),
        ("card number 4111 1111 1111 1112, mistyped", "card number [card_1], mistyped"),
        ("order 4111 1111 1111 1111", "order [card_1]"),
        ("order 12345678 4111 1111 1111 1111", "order 12345678 [card_1]"),
        ("card #4111111111111111", "card #[card_1]"),
        ("4111 1111 1111 1111 12/27 123", "[card_1] 12/27 123"),
        ("call me at +49 170 1234567", "call me at [phone_1]"),
        ("+1 (415) 555-0132", "[phone_1]"),
        ("(415) 555-0132", "[phone_1]"),
        ("415-555-0132", "[phone_1]"),
        ("415-555-0132 ext. 12", "[phone_1]"),
        ("415-555-0132x4587", "[phone_1]"),
        ("my mobile is 98765 43210", "my mobile is [phone_1]"),
        ("06 12 34 56 78", "[phone_1]"),
        ("whatsapp 9876543210", "whatsapp [phone_1]"),
        ("467 3395 office", "[phone_1] office"),
        ("Phone:\n467 3395", "Phone:\n[phone_1]"),
        ("IBAN GB29 NWBK 6016 1331 9268 19 please", "IBAN [iban_1] please"),
        ("de89370400440532013000", "[iban_1]"),
        ("my iban is DE88 3704 0044 0532 0130 00", "my iban is [iban_1]"),
        ("my ssn is 536-22-1234", "my ssn is [national_id_1]"),
        ("social security number 536221234", "social security number [national_id_1]"),
        ("aadhaar 2341 2341 2346", "aadhaar [national_id_1]"),
        ("PAN: ABCPE1234F", "PAN: [national_id_1]"),
        ("mi DNI 12345678Z", "mi DNI [national_id_1]"),
        ("X-1234567-L", "[national_id_1]"),
        ("529.982.247-25", "[national_id_1]"),
        ("RSSMRA85T10A562S", "[national_id_1]"),
        ("AB 12 34 56 C", "[national_id_1]"),
        ("passport number C01X00T47", "passport number [national_id_1]"),
        ("BSN 111222333", "BSN [national_id_1]"),
        ("Steuer-ID: 36 574 261 809", "Steuer-ID: [national_id_1]"),
        ("2 94 03 75 120 005 91", "[national_id_1]"),
    ],
)
def test_personal_data_is_replaced(text: str, redacted: str) -> None:
    assert redact(text).text == redacted


@pytest.mark.parametrize(
    "text",
    [
        "order 12345",
        "order number 113542617735902",
        "#W2611340",
        "order #4155550132",
        "awb 9876543210",
        "tracking number is 1234567890",
        "purchase 732201349959",
        "370795561790",
        "113-5426177-3590214",
        "9400 1000 0000 0000 0000 00",
        "123-45678901",
        "98765432, 12345678 and 87654321",
        "please call me about order 12345678",
        "contact me regarding 00123842",
        "550e8400-e29b-41d4-a716-446655440000",
        "SKU-1001-A costs $1,234.56",
        "1 234 567,89 €",
        "on 2026-11-21 at 10:30",
        "2026-11-21 10:30",
        "21.11.2026",
        "call me on 20.12.2026",
        "12345-6789",
        "size 38 40 42 44",
        "1 200 000 yen",
        "192.168.100.200",
        "3610 114 Hill Street",
        "1234 5678 9012 3456",
        "Visa ending 4242",
        "**** **** **** 4242",
        "xxxx-4242 12/27",
        "2 pieces @ 5.99",
        "pan 28 cm, 12345",
        "",
    ],
)
def test_numbers_of_the_shop_stay(text: str) -> None:
    assert redact(text) == Redaction(text=text)


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("4111\u200b 1111 1111\u00ad 1111 ok", ["4111\u200b 1111 1111\u00ad 1111"]),
        ("\u202email a\u200bnn@exam\ufeffple.com", ["a\u200bnn@exam\ufeffple.com"]),
        ("４１１１ １１１１ １１１１ １１１１", ["４１１１ １１１１ １１１１ １１１１"]),
        ("٤١١١ ١١١١ ١١١١ ١١١١!", ["٤١١١ ١١١١ ١١١١ ١١١١"]),
        ("फ़ोन ९८७६५ ४३२१०", ["९८७६५ ४३२१०"]),
        ("ann＠example．com", ["ann＠example．com"]),
    ],
)
def test_no_disguise_hides_personal_data(text: str, removed: list[str]) -> None:
    assert [text[span.start : span.end] for span in redact(text).spans] == removed


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_numbers_of_every_region_are_found(region: str) -> None:
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
        number = phonenumbers.example_number_for_type(region, kind)
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL):
            written = phonenumbers.format_number(number, form) if number else ""
            for words in PHONE_WORDS if written else ():
                assert written not in redact(words.format(written), region=region).text


def _with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if luhn(digits + last))


@given(
    st.sampled_from(
        [("4", 16), ("51", 16), ("2300", 16), ("37", 15), ("36", 14), ("6011", 16), ("3528", 16), ("62", 19)]
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(["", " ", "-", ".", "  ", " - "]),
    st.sampled_from([1, 2, 3, 4, 5, 6, 8]),
)
def test_cards_are_found_in_every_grouping(network: tuple[str, int], chance: object, gap: str, size: int) -> None:
    prefix, length = network
    drawn = "".join(chance.choice("0123456789") for _ in range(length - 1 - len(prefix)))  # type: ignore[attr-defined]
    card = _with_check_digit(prefix + drawn)
    written = gap.join(card[at : at + size] for at in range(0, length, size))
    assert redact(f"I paid with {written} yesterday").text == "I paid with [card_1] yesterday"


@given(SHOP_WORDS, st.from_regex(r"(?:[A-Z]{1,4}-?)?[0-9]{4,12}(?:-[A-Z0-9]{1,4})?", fullmatch=True))
def test_order_numbers_of_many_shapes_stay(words: str, number: str) -> None:
    assert redact(words.format(number)).text == words.format(number)


@given(st.text(st.sampled_from("ab@.c0123456789 +-()[]_\n\u200b"), max_size=80) | st.text(max_size=200))
def test_nothing_is_lost_and_nothing_changes_twice(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text
    assert all(0 <= span.start < span.end <= len(text) for span in once.spans)
    values = [datum.value for datum in once.held if datum.value != datum.placeholder]
    if len(values) == len(once.spans):
        assert restore(once.text, once.held) == readable(text)


@pytest.mark.parametrize(
    "text",
    [
        "mail ann@example.com, call +49 170 1234567, card 4111 1111 1111 1111",
        "[email_1] is not ann@example.com",
        "my ssn 536-22-1234, [phone_1], iban GB29 NWBK 6016 1331 9268 19",
    ],
)
def test_own_values_are_put_back_and_are_in_nothing_that_is_stored(text: str) -> None:
    done = redact(text)
    assert restore(done.text, done.held) == text
    assert not [span for span in done.spans if text[span.start : span.end] in done.text]


def test_one_value_has_one_placeholder_in_a_conversation() -> None:
    first = redact("ann@example.com or +49 170 1234567", region="DE")
    assert first.text == "[email_1] or [phone_1]"
    second = redact("no: bob@example.com. ANN@example.com, call 0170 1234567", first.held, region="DE")
    assert second.text == "no: [email_2]. [email_1], call [phone_1]"
    assert second.held == (
        *first.held,
        PersonalDatum(placeholder="[email_2]", kind=PersonalKind.EMAIL, value="bob@example.com"),
    )


def test_a_placeholder_that_a_customer_types_is_nobodys_value() -> None:
    typed = redact("send it to [email_1]", (ANN,))
    assert typed.text == "send it to [email_2]"
    assert restore(typed.text, typed.held) == "send it to [email_1]"
    later = redact("I am ann@example.com", redact("hi [email_1]").held)
    assert later.text == "I am [email_2]"
    assert restore("[email_1] [email_2] [email_3]", later.held) == "[email_1] ann@example.com [email_3]"


def test_a_flood_of_values_is_bounded() -> None:
    done = redact(" ".join(f"u{count}@example.com" for count in range(300)))
    assert len(done.held) == 99
    assert done.text.endswith("[email_99]" + " [email]" * 201)


def test_placeholders_are_no_slots() -> None:
    text = "order [phone_1], awb [card_1], [email_12] refund [iban_1] SKU [national_id_1]"
    assert (order_ids(text), awbs(text), skus(text), amounts(text)) == ((), (), (), ())


def test_what_is_held_is_not_shown_by_accident() -> None:
    assert "ann@example.com" not in repr(redact("ann@example.com"))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a." * 50_000 + "@",
        "1 " * 50_000,
        "+" * 100_000,
        "@" * 100_000,
        "DE89 " * 20_000,
        "4111 " * 20_000,
        "0170 1234567, " * 7_000,
        "call me on " * 9_000 + "1",
        "[email_1]" * 11_000,
        "\u200b1" * 50_000,
        "(1" * 50_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(30)
def test_a_huge_text_is_redacted_in_time(text: str) -> None:
    assert redact(text).text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("order KI20417 refund to DE89370400440532013000", "order KI20417 refund to [iban_1]"),
        ("NW10023 refund to GB82WEST12345698765432", "NW10023 refund to [iban_1]"),
        ("order NW10023 iban DE89 3704 0044 0532 0130 00", "order NW10023 iban [iban_1]"),
    ],
)
def test_an_order_number_does_not_hide_the_account_behind_it(text: str, redacted: str) -> None:
    assert redact(text).text == redacted
