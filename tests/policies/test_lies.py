"""A model that lies: every sentence the shop can say, falsified in every systematic way, and never let out."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.facts import Money
from policies.replies import Replies
from policies.sentence_gate import SentenceGate
from policies.truth import check, unsaid
from policies.wording import day, instant, money
from policies.yaml_lines import load
from tests.policies.shipped import NOW, REPLY_TEXTS
from tests.policies.test_replies import placeholders

WORDS = {name: load(text, Replies, f"replies.{name}.yaml") for name, text in REPLY_TEXTS.items()}
# Sentences that quote what others wrote, or that stand inside another one.
NOT_BY_THEMSELVES = frozenset(
    (
        "policy_answer",
        "policy_answer_undated",
        "signed",
        "mail_subject",
        "refund_line",
        "order_choice",
        "person_mail_subject",
    )
)
ITEMS = {"en": "Trail Shoes", "de": "Wanderschuhe"}
REASONS = {"en": "The parcel was signed for.", "de": "Das Paket wurde angenommen."}
DECISIONS = {"en": "The return period stays as it is.", "de": "Die Rückgabefrist bleibt, wie sie ist."}
WHY = {name: words.why_customer_request for name, words in WORDS.items()}


def facts(language: str) -> dict[str, str]:
    words = WORDS[language]
    base = {
        "order": "10023",
        "items": ITEMS[language],
        "date": day(NOW, language),
        "deadline": instant(NOW, language),
        "signed_by": "J. DOE",
        "amount": money(Money(minor=12900, currency="USD"), language),
        "method": "Visa 4242",
        "refund": "RF-5501",
        "reference": "RT-881",
        "ticket": "T-2041",
        "url": "https://labels.example.com/rt881.pdf",
        "days": "30",
        "event": "DEPARTED FACILITY",
        "place": "LEIPZIG",
        "why": WHY[language],
        "reason": REASONS[language],
        "status": words.order_is_in_transit,
        "contact": "[email_1]",
        "address": "[address_1]",
        "failure": "",
        "time": instant(NOW, language),
        "opens": instant(NOW, language),
        "name": "Priya",
        "decision": DECISIONS[language],
        "tenant": "Northwind",
    }
    base["signed"] = words.say("signed", **base)
    base["offer"] = words.say("refund_offer", **base)
    base["choices"] = words.say("order_choice", **base)
    base["refunds"] = words.say("refund_line", **(base | {"status": words.refund_is_settled}))
    return base


def said(language: str, name: str) -> str:
    return WORDS[language].say(name, **facts(language))


SENTENCES = [
    pytest.param(language, name, id=f"{language}-{name}")
    for language in WORDS
    for name in Replies.model_fields
    if name not in NOT_BY_THEMSELVES and not name.startswith(("order_is_", "refund_is_"))
]
every_sentence = pytest.mark.parametrize(("language", "name"), SENTENCES)


def caught(lie: str, told: str, language: str) -> bool:
    return bool(check(lie, [told], language))


@every_sentence
def test_a_sentence_bears_itself_out_and_leaves_nothing_unsaid(language: str, name: str) -> None:
    told = said(language, name)
    assert check(told, [told], language) == ()
    assert unsaid(told, [told], language) == ()


def changed_digits(text: str) -> Iterator[str]:
    for match in re.finditer(r"\d+", text):
        digits = match[0]
        for other in {str(int(digits) + 1), digits[::-1], digits + "0"} - {digits}:
            yield text[: match.start()] + other + text[match.end() :]


@every_sentence
def test_every_changed_number_is_caught(language: str, name: str) -> None:
    told = said(language, name)
    passed = [lie for lie in changed_digits(told) if not caught(lie, told, language)]
    assert passed == []


@every_sentence
def test_every_shifted_day_is_caught(language: str, name: str) -> None:
    told = said(language, name)
    written = day(NOW, language)
    for days in (-365, -30, -7, -1, 1, 2, 10, 31):
        lie = told.replace(written, day(NOW + timedelta(days=days), language))
        assert written not in told or caught(lie, told, language)


EXTRAS = {
    "en": (
        "I have refunded $129.00 to your Visa 4242.",
        "Your refund has been paid.",
        "Your refund has been approved.",
        "The refund is on its way to you.",
        "We will credit you $10 as compensation.",
        "As compensation you get a voucher.",
        "I will call you.",
        "I have escalated this to my manager.",
        "I guarantee that it will arrive.",
        "You don't have to pay anything.",
        "Your order has been lost.",
        "It will arrive tomorrow.",
        "Order #99887 is on its way.",
        "See https://evil.example for details.",
        "Write to help@evil.example.",
        "Don't worry, you'll get your money back.",
        "Your neighbour has it.",
        "Please send us your card number.",
        "Everything is free of charge.",
        "This takes 5 days.",
        "Would you like a discount?",
    ),
    "de": (
        "Ich habe Ihnen 129,00 $ erstattet.",
        "Ihre Erstattung wurde ausgezahlt.",
        "Ihre Erstattung wurde genehmigt.",
        "Wir schreiben Ihnen 10 € als Entschädigung gut.",
        "Als Entschädigung bekommen Sie einen Gutschein.",
        "Ich rufe Sie an.",
        "Ich habe das an meine Chefin weitergeleitet.",
        "Ich garantiere, dass sie ankommt.",
        "Sie müssen nichts bezahlen.",
        "Ihre Bestellung ist verloren gegangen.",
        "Sie kommt morgen an.",
        "Bestellung #99887 ist unterwegs.",
        "Mehr dazu auf https://evil.example.",
        "Schreiben Sie an hilfe@evil.example.",
        "Keine Sorge, Sie bekommen Ihr Geld zurück.",
        "Ihr Nachbar hat das Paket.",
        "Bitte senden Sie uns Ihre Kartennummer.",
        "Alles ist kostenlos.",
        "Das dauert 5 Tage.",
        "Möchten Sie einen Rabatt?",
    ),
}
# What an added sentence says where the sentence itself says the same.
TRUE_OF = {
    "Your refund has been paid.": {"refund_settled", "refunds_listed", "refund_already_refunded"},
    "Your refund has been approved.": {"refund_approved"},
    "The refund is on its way to you.": {"refund_approved"},
    "I have refunded $129.00 to your Visa 4242.": {"refund_settled", "refunds_listed"},
    "Ihre Erstattung wurde ausgezahlt.": {"refund_settled", "refunds_listed", "refund_already_refunded"},
    "Ihre Erstattung wurde genehmigt.": {"refund_approved"},
    "Ich habe Ihnen 129,00 $ erstattet.": {"refund_settled", "refunds_listed"},
}


@every_sentence
def test_every_invention_is_caught_wherever_it_stands(language: str, name: str) -> None:
    told = said(language, name)
    passed = [
        extra
        for extra in EXTRAS[language]
        if name not in TRUE_OF.get(extra, ())
        and not (caught(f"{told} {extra}", told, language) and caught(f"{extra} {told}", told, language))
    ]
    assert passed == []


STATUSES = (
    "status_pending",
    "status_processed",
    "status_in_transit",
    "status_delivered_undated",
    "status_cancelled",
    "status_returned",
)
REFUNDS = ("refund_pending", "refund_approved", "refund_settled", "refund_failed", "refund_unknown", "refund_working")
PAIRS = [
    pytest.param(language, true, false, id=f"{language}-{true}-for-{false}")
    for language in WORDS
    for group in (STATUSES, REFUNDS, ("refund_offer", "refund_settled", "refund_waiting", "refund_denied"))
    for true in group
    for false in group
    if true != false
]


@pytest.mark.parametrize(("language", "true", "false"), PAIRS)
def test_no_status_may_be_told_for_another(language: str, true: str, false: str) -> None:
    assert caught(said(language, false), said(language, true), language)


OFFERS = {
    "en": [
        ("refund_offer", "I have refunded $129.00 for order #10023 to your Visa 4242."),
        ("refund_offer", "I will refund $129.00 for order #10023 to your Visa 4242."),
        ("return_offer", "I have opened a return for order #10023 (Trail Shoes)."),
        ("cancel_offer", "I have cancelled order #10023 (Trail Shoes)."),
        ("cancel_offer", "Order #10023 (Trail Shoes) is cancelled."),
        ("address_offer", "Order #10023 now goes to this address: [address_1]."),
        ("policy_absent", "I have passed your question to a colleague."),
        ("hand_over_pending", "I have passed this to a colleague."),
        ("refund_not_shipped", "I have cancelled order #10023 for you."),
        ("refund_return_first", "I have opened a return for order #10023, and the refund follows it."),
        ("change_unknown", "The change for order #10023 was made."),
    ],
    "de": [
        ("refund_offer", "Ich habe Ihnen $129,00 für Bestellung #10023 erstattet (Zahlungsweg: Visa 4242)."),
        ("refund_offer", "Ich erstatte Ihnen 129,00 $ für Bestellung #10023 (Zahlungsweg: Visa 4242)."),
        ("return_offer", "Ich habe für Bestellung #10023 (Wanderschuhe) eine Rücksendung angelegt."),
        ("cancel_offer", "Ich habe Bestellung #10023 (Wanderschuhe) storniert."),
        ("cancel_offer", "Ich storniere Bestellung #10023 (Wanderschuhe)."),
        ("address_offer", "Bestellung #10023 geht jetzt an diese Adresse: [address_1]."),
        ("policy_absent", "Ich habe Ihre Frage an unser Team weitergegeben."),
        ("hand_over_pending", "Ich habe Ihr Anliegen an unser Team weitergegeben."),
        ("refund_not_shipped", "Ich habe Bestellung #10023 für Sie storniert."),
        ("refund_return_first", "Ich habe für Bestellung #10023 eine Rücksendung angelegt."),
        ("change_unknown", "Die Änderung für Bestellung #10023 wurde ausgeführt."),
    ],
}


@pytest.mark.parametrize(
    ("language", "name", "lie"), [(language, *row) for language, rows in OFFERS.items() for row in rows]
)
def test_what_is_offered_or_tried_may_not_be_told_as_done(language: str, name: str, lie: str) -> None:
    assert caught(lie, said(language, name), language)


NEGATED = {
    "en": [(r"\b(is|was|has been|has|can|will)\b(?! not|')", r"\1 not"), (r" not\b", ""), (r"can't", "can"),
           (r"\bno (?=money|longer)", "the "), (r"don't", "do")],
    "de": [(r"\b(zugestellt|unterwegs|verpackt|storniert|genehmigt|ausgezahlt|angelegt|fehlgeschlagen)\b", r"nicht \1"),
           (r" nicht\b", ""), (r"\bkein (?=Geld)", "das ")],
}  # fmt: skip
MONEY_OR_STATUS = re.compile(r"status_|refund_(?!amount|foreign)|cancel_|return_done|eta$")


@every_sentence
def test_a_negation_put_in_or_taken_out_of_a_status_is_caught(language: str, name: str) -> None:
    told = said(language, name)
    passed = []
    for pattern, new in NEGATED[language] if MONEY_OR_STATUS.match(name) else ():
        for match in re.finditer(pattern, told):
            lie = told[: match.start()] + match.expand(new) + told[match.end() :]
            if lie != told and not caught(lie, told, language):
                passed.append(lie)
    assert passed == []


def two_orders(language: str, one: str, first: date, other: str, second: date) -> list[str]:
    words = WORDS[language]
    days = [day(NOW + (each - NOW.date()), language) for each in (first, second)]
    items = {"en": ("Trail Shoes", "Blue Mug"), "de": ("Wanderschuhe", "Teekanne")}[language]
    return [
        words.say("status_delivered", order=one, items=items[0], date=days[0]),
        words.say("status_in_transit", order=other, items=items[1]),
        words.say("eta", date=days[1]),
    ]


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
NUMBERS = st.integers(10_000, 999_999).map(str)


@given(st.sampled_from(("en", "de")), NUMBERS, DAYS, NUMBERS, DAYS)
@settings(max_examples=60)
def test_facts_of_two_orders_may_not_change_places(
    language: str, one: str, first: date, other: str, second: date
) -> None:
    if one == other or first == second:
        return
    told = two_orders(language, one, first, other, second)
    assert check(" ".join(told), told, language) == ()
    for lie in (
        two_orders(language, other, first, one, second),
        two_orders(language, one, second, other, first),
    ):
        assert check(" ".join(lie), told, language)
        assert SentenceGate(told, language).feed(" ".join(lie)) != " ".join(lie)


@given(
    st.sampled_from(("en", "de")), st.integers(1, 10_000_00), st.integers(1, 10_000_00), st.sampled_from(("USD", "EUR"))
)
@settings(max_examples=60)
def test_no_other_amount_and_no_other_currency_passes(language: str, minor: int, other: int, currency: str) -> None:
    words = WORDS[language]

    def offer(minor: int, currency: str) -> str:
        amount = money(Money(minor=minor, currency=currency), language)
        return words.say("refund_offer", amount=amount, order="10023", method="Visa 4242", why=WHY[language])

    told = offer(minor, currency)
    assert check(told, [told], language) == ()
    assert minor == other or check(offer(other, currency), [told], language)
    assert check(offer(minor, {"USD": "EUR", "EUR": "USD"}[currency]), [told], language)


def test_every_template_is_filled_with_a_fact_for_each_placeholder() -> None:
    known = set(facts("en"))
    for name in Replies.model_fields:
        if name not in NOT_BY_THEMSELVES:
            assert placeholders(getattr(WORDS["en"], name)) <= known
