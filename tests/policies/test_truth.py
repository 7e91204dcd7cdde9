"""A reply is told only where the deterministic tier's sentences say the same, in better words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.measures import read_rows
from evals.truth import ROWS, measure, passes
from policies.truth import check, unsaid
from policies.untrue import Reason
from tests.policies.test_lies import WORDS, facts

DELIVERED = "Order #10023 (Trail Shoes) was delivered on 3 November 2026 and signed by J. DOE, says the carrier."
COMING = ("Order #10024 (Blue Mug) is on its way.", "It is expected on 24 November 2026.")
OFFER = ("I can refund $129.00 for order #10025 to your Visa ending 4242.", "Shall I go ahead?")
WAITS = (
    "The shop has recorded your refund of $45.50 for order #10026 (reference R-5501).",
    "It still has to be processed.",
)
OPENED = ("The return for order #10030 is open (reference RT-881).", "Your label: https://labels.example.com/rt881.pdf")
KOMMT = ("Bestellung #20024 (Teekanne) ist unterwegs.", "Die Zustellung wird für den 24. November 2026 erwartet.")

TRUE = [
    ((DELIVERED,), "en", "Hello! Order #10023 arrived on November 3, says the carrier. J. DOE signed for it."),
    (COMING, "en", "Your Blue Mug is on its way and should arrive on Tuesday, November 24, 2026."),
    (COMING, "en", "Thanks for asking! Order 10024 is in transit; the expected delivery date is 2026-11-24."),
    (OFFER, "en", "I can refund you 129 dollars for order #10025. Would you like me to proceed?"),
    (WAITS, "en", "It has not been processed yet."),
    (KOMMT, "de", "Ihre Teekanne ist auf dem Weg zu Ihnen und soll am 24.11. ankommen."),
    (KOMMT, "de", "Gerne! Bestellung 20024 ist unterwegs und wird am Dienstag, den 24.11.2026 erwartet."),
    (OPENED, "en", "Done! The return for order #10030 is open."),
]  # fmt: skip


@pytest.mark.parametrize(("told", "language", "answer"), TRUE)
def test_other_words_for_the_same_are_true(told: tuple[str, ...], language: str, answer: str) -> None:
    assert check(answer, told, language) == ()


FALSE: list[tuple[tuple[str, ...], str, str, Reason]] = [
    (OFFER, "en", "I can refund 129 euros for order #10025.", "amount"),
    (OFFER, "en", "I can refund up to $129.00 for order #10025.", "amount"),
    (COMING, "en", "It is expected tomorrow.", "date"),
    (COMING, "en", "It is expected on Monday, 24 November 2026.", "date"),
    (COMING, "en", "It is expected after 24 November 2026.", "date"),
    (COMING, "en", "Order #10024 is expected in four days.", "number"),
    (COMING, "en", "Order #10042 is on its way.", "id"),
    (WAITS, "en", "Order R-5501 still has to be processed.", "id"),
    (OFFER, "en", "I can refund $129.00 for order #10025 to your Visa ending 4224.", "id"),
    (OFFER, "en", "I have refunded $129.00 for order #10025.", "status"),
    (COMING, "en", "Order #10024 was delivered on 24 November 2026.", "status"),
    (COMING, "en", "Order #10024 will arrive on 24 November 2026.", "promise"),
    (OFFER, "en", "I will refund $129.00 for order #10025.", "promise"),
    (OFFER, "en", "I can refund $129.00 for order #10025, and the shipping is free.", "promise"),
    ((DELIVERED,), "en", "Order #10023 was not delivered.", "negation"),
    (WAITS, "en", "It does not have to be processed.", "negation"),
    (WAITS, "en", "Do you want me to hurry?", "question"),
    ((DELIVERED,), "en", "Order #10023 was delivered to your neighbour.", "words"),
    ((DELIVERED,), "en", "You have the parcel already.", "words"),
    (OPENED, "en", "Your label: https://labels.example.org/rt881.pdf", "link"),
    (OPENED, "en", "Write to returns@example.com.", "link"),
    (KOMMT, "de", "Bestellung #20024 kommt garantiert am 24. November 2026.", "promise"),
    (KOMMT, "de", "Bestellung #20024 wurde am 24. November 2026 zugestellt.", "status"),
    (KOMMT, "de", "Bestellung #20024 ist nicht unterwegs.", "negation"),
    (KOMMT, "de", "Your order #20024 is on its way.", "words"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "language", "answer", "reason"), FALSE)
def test_what_was_not_told_is_untrue(told: tuple[str, ...], language: str, answer: str, reason: Reason) -> None:
    assert reason in {each.reason for each in check(answer, told, language)}


def test_what_only_the_customer_named_is_no_fact() -> None:
    asked = "where is order 77777 and the $150 for my birthday cake"
    assert check("Order #77777 is on its way.", COMING, "en", asked)[0].reason == "id"
    assert check("I can refund $150.00 for order #10025.", OFFER, "en", asked)[0].reason == "amount"
    assert check("Your birthday cake is on its way.", COMING, "en", asked)


def test_the_customers_words_may_be_said_back() -> None:
    asked = "when will my birthday present come"
    assert check("You asked about your birthday present. Order #10024 is on its way.", COMING, "en", asked) == ()
    assert check("You asked about your birthday present. Order #10024 is on its way.", COMING, "en") != ()


def test_a_language_without_words_is_refused() -> None:
    (found,) = check("Votre commande est en route.", ["Votre commande est en route."], "fr")
    assert (found.reason, found.what) == ("language", "fr")
    assert unsaid("Votre commande est en route.", ["Votre commande est en route."], "fr")[0].reason == "language"
    assert check("Order #10024 is on its way.", COMING, "en-GB") == ()


def test_courtesy_alone_is_never_untrue() -> None:
    for answer in ("Thank you for your patience!", "I'm sorry for the inconvenience. Is there anything else I can do?"):
        assert check(answer, COMING, "en") == ()
    assert check("Vielen Dank für Ihre Geduld! Kann ich noch etwas für Sie tun?", KOMMT, "de") == ()


GAPS: list[tuple[tuple[str, ...], str, Reason]] = [
    ((DELIVERED,), "Order #10023 was delivered on 3 November 2026.", "status"),
    ((DELIVERED,), "Order #10023 was delivered and signed by J. DOE.", "date"),
    ((DELIVERED,), "Order #10023 was delivered on 3 November 2026 and signed for.", "words"),
    (COMING, "It is on its way and expected on 24 November 2026.", "id"),
    (OFFER, "Shall I refund order #10025 to your Visa ending 4242?", "amount"),
    (OFFER, "I can refund $129.00 for order #10025 to your Visa ending 4242.", "question"),
    (OPENED, "The return for order #10030 is open (reference RT-881).", "link"),
    (WAITS, "The shop has recorded your refund of $45.50 for order #10026 (reference R-5501).", "status"),
]


@pytest.mark.parametrize(("told", "answer", "reason"), GAPS)
def test_what_was_left_out_is_named(told: tuple[str, ...], answer: str, reason: Reason) -> None:
    assert reason in {each.reason for each in unsaid(answer, told, "en")}


def test_the_measured_levels_hold() -> None:
    missed = [
        f"{each.dataset} {each.name}: {each.hits} of {each.rows}" for each in measure(ROWS) if each.reached is False
    ]
    assert missed == []


def test_no_number_status_or_id_of_the_written_lies_is_told() -> None:
    kinds = {"amount", "date", "id", "number", "link"}
    told = [row["answer"] for row in read_rows(ROWS) if row["why"] in kinds and passes(row)]
    assert told == []


CANCELLED = ("Order #10027 (Desk Lamp) is cancelled.",)
RECEIVED = ("Order #10025 (Desk Lamp) has been received and not been packed yet.",)
SIGNED = (DELIVERED, "The carrier took a photo at delivery.")
NONE = ("There is no refund on order #10023.",)
ABSENT = ("I can't find order #99999 in your account. Please check the number; it is in your order confirmation.",)
STORNIERT = ("Bestellung #20027 (Lampe) ist storniert.",)
EINGEGANGEN = ("Bestellung #20025 (Lampe) ist eingegangen und noch nicht verpackt.",)
ZUGESTELLT = (
    "Bestellung #20023 (Schuhe) wurde laut Zustelldienst am 3. November 2026 zugestellt; unterschrieben hat: J. DOE.",
    "Der Zustelldienst hat bei der Zustellung ein Foto gemacht.",
)
KEINE = ("Zu Bestellung #20023 gibt es keine Erstattung.",)

NOBODY_SAID_WHO: list[tuple[tuple[str, ...], str, str]] = [
    (CANCELLED, "en", "I have cancelled order #10027 (Desk Lamp) for you, as you requested."),
    (CANCELLED, "en", "I just cancelled order #10027."),
    (CANCELLED, "en", "We've cancelled order #10027 for you."),
    (CANCELLED, "en", "You cancelled order #10027."),
    (CANCELLED, "en", "The carrier cancelled order #10027."),
    (CANCELLED, "en", "Order #10027 was cancelled by you."),
    (CANCELLED, "en", "Cancelled order #10027 (Desk Lamp)."),
    (CANCELLED, "en", "Order #10027 has been cancelled for you."),
    (CANCELLED, "en", "Done! Order #10027 is cancelled."),
    (STORNIERT, "de", "Wie gewünscht habe ich Bestellung #20027 (Lampe) storniert."),
    (STORNIERT, "de", "Bestellung #20027 wurde für Sie storniert."),
    (STORNIERT, "de", "Wir haben Bestellung #20027 (Lampe) storniert."),
    (STORNIERT, "de", "Bestellung #20027 wurde von Ihnen storniert."),
    (RECEIVED, "en", "You have received order #10025 (Desk Lamp); it has not been packed yet."),
    (RECEIVED, "en", "The carrier has received order #10025."),
    (RECEIVED, "en", "Order #10025 has been received by you."),
    (EINGEGANGEN, "de", "Bestellung #20025 (Lampe) ist bei Ihnen eingegangen und noch nicht verpackt."),
    (EINGEGANGEN, "de", "Bestellung #20025 ist beim Zustelldienst eingegangen."),
    (SIGNED, "en", "Order #10023 was delivered to J. DOE on 3 November 2026."),
    (SIGNED, "en", "Order #10023 was delivered on 3 November 2026, and you signed for it."),
    (SIGNED, "en", "It was delivered by J. DOE."),
    (SIGNED, "en", "J. DOE signed for you."),
    (SIGNED, "en", "The photo is in your email."),
    (SIGNED, "en", "The photo is in your account."),
    (SIGNED, "en", "The photo is at the shop."),
    (SIGNED, "en", "I have the photo."),
    (ZUGESTELLT, "de", "Bestellung #20023 wurde laut Zustelldienst am 3. November 2026 von J. DOE zugestellt."),
    (ZUGESTELLT, "de", "Sie wurde laut Zustelldienst zugestellt und von Ihnen unterschrieben."),
    (ZUGESTELLT, "de", "Das Foto ist in Ihrem Konto."),
]  # fmt: skip
PROMISED: list[tuple[tuple[str, ...], str, str]] = [
    (NONE, "en", "There is no refund on order #10023 yet, but it will come."),
    (NONE, "en", "There is no refund on order #10023 yet, but it should come."),
    (NONE, "en", "There is no refund on order #10023; you should get it."),
    (NONE, "en", "There is no refund on order #10023 now; you can still get one."),
    (NONE, "en", "There will be no refund on order #10023."),
    (NONE, "en", "There can be no refund on order #10023."),
    (NONE, "en", "You cannot get a refund on order #10023."),
    (COMING, "en", "Order #10024 is on its way and it may come."),
    (ABSENT, "en", "You need a new account."),
    (KEINE, "de", "Zu Bestellung #20023 gibt es noch keine Erstattung, sie wird aber kommen."),
    (KEINE, "de", "Zu Bestellung #20023 gibt es keine Erstattung; Sie sollten sie haben."),
]  # fmt: skip


@pytest.mark.parametrize(("told", "language", "answer"), [*NOBODY_SAID_WHO, *PROMISED])
def test_who_did_it_where_it_is_and_what_may_be_must_have_been_told(
    told: tuple[str, ...], language: str, answer: str
) -> None:
    assert check(answer, told, language)


SAID_WHO: list[tuple[tuple[str, ...], str, str]] = [
    (CANCELLED, "en", "Your order #10027 (Desk Lamp) has been cancelled."),
    (RECEIVED, "en", "We have received your order #10025 (Desk Lamp) and it has not been packed yet."),
    (EINGEGANGEN, "de", "Bestellung #20025 (Lampe) ist bei uns eingegangen, aber noch nicht verpackt."),
    (SIGNED, "en", "The carrier delivered order #10023 on 3 November 2026, and J. DOE signed for it."),
    (NONE, "en", "Order #10023 has no refund."),
    (ABSENT, "en", "I couldn't find order #99999 in your account. Please check the number in your order confirmation."),
    (("A colleague takes care of it.",), "en", "A colleague is taking care of it."),
    (WAITS, "en", "The shop has recorded your $45.50 refund for order #10026 (reference R-5501)."),
]  # fmt: skip


@pytest.mark.parametrize(("told", "language", "answer"), SAID_WHO)
def test_who_was_told_to_act_may_act(told: tuple[str, ...], language: str, answer: str) -> None:
    assert check(answer, told, language) == ()


WANTED = {"en": "Can you make sure it arrives today?", "de": "Können Sie dafür sorgen, dass sie heute kommt?"}
ASSENTS = [
    ("en", COMING[0], ("Of course!", "Absolutely.", "Sure!", "No problem,")),
    ("de", KOMMT[0], ("Natürlich!", "Gerne!", "Selbstverständlich,")),
]  # fmt: skip


@pytest.mark.parametrize(("language", "told", "assents"), ASSENTS)
def test_an_assent_is_polite_after_a_question_and_a_promise_after_a_request(
    language: str, told: str, assents: tuple[str, ...]
) -> None:
    question = {"en": "where is my parcel?", "de": "Wo ist mein Paket?"}[language]
    for assent in assents:
        assert check(f"{assent} {told}", [told], language, question) == ()
        assert check(f"{assent} {told}", [told], language, WANTED[language])[0].reason == "promise"
        assert check(f"{assent} {told}", [told], language, question + " " * 5_000 + WANTED[language])


def test_an_assent_may_say_what_was_told() -> None:
    assert check(f"Of course! {OFFER[0]} {OFFER[1]}", OFFER, "en", "refund me please") == ()
    kept = ("All right. I have not changed anything.",)
    assert check(kept[0], kept, "en", "no, leave it please") == ()


def test_as_requested_says_that_it_was_done_on_request() -> None:
    assert check(f"As requested, {CANCELLED[0]}", CANCELLED, "en")
    assert check(f"Wie gewünscht: {STORNIERT[0]}", STORNIERT, "de")


SCANS = (
    "ARRIVED AT SORTING CENTRE LEIPZIG", "OUT FOR DELIVERY BERLIN", "HELD AT CUSTOMS", "Arrived at hub US",
    "Arrived at depot Indianapolis, IN", "IN TRANSIT TO NEXT FACILITY", "Delivery attempted: no one home",
    "Will be delivered tomorrow", "You can pick it up at the shop", "1st attempt failed! Call 030/12345",
    "Ready? Not yet.",
)  # fmt: skip
TITLES = (
    "IT Crowd DVD", "THE NORTH FACE Jacket", "ON Running Shoes", "USB-C to HDMI AND VGA Adapter", "Who Is He? DVD",
    "No. 5 Perfume (50 ml)", "30 Days Planner", "Sure! Gum", "Can You? Will You! Game", "Anna's $10 Gift", "#1 Mug",
    "Cancelled Tee; refunded", "Yes, Chef! Apron",
)  # fmt: skip


@given(st.data(), st.sampled_from(("en", "de")), st.sampled_from(SCANS), st.sampled_from(TITLES))
def test_what_was_told_may_always_be_told_and_is_complete(
    data: st.DataObject, language: str, scan: str, title: str
) -> None:
    words = WORDS[language]
    fields = type(words).model_fields
    named = [
        name for name in fields if {"{items}", "{event}", "{reason}"} & set(re.findall(r"{\w+}", getattr(words, name)))
    ]
    names = data.draw(st.lists(st.sampled_from(named), min_size=1, max_size=3, unique=True))
    told = [words.say(name, **(facts(language) | {"items": title, "event": scan, "reason": scan})) for name in names]
    told += [words.say("eta", **facts(language))]
    answer = "\n".join(told)
    assert check(answer, told, language, WANTED[language]) == ()
    assert unsaid(answer, told, language) == ()
