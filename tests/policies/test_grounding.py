"""An answer is told only where its clauses say the same: every number, code, negation and promise of it."""

import pytest

from evals.grounding import ROWS, measure
from evals.measures import read_rows
from policies.chunks import clause_of
from policies.clauses import Clause
from policies.extracts import extract
from policies.grounding import Reason, check
from policies.terms import terms_of
from tests.policies.written import shipped_chunks

WINDOW = "The return window is 30 days after delivery for most items, 60 days for gold members."
DELIVERY = "Delivery is free from $50; below that it costs $5.95."
GIFTS = "Gift cards cannot be returned unless they arrived faulty."


def clause(text: str, title: str = "", language: str = "en") -> Clause:
    return Clause(
        clause_id="c", title=title, text=text, document="d", version="1", effective_from="2026-01-01", language=language
    )


FAITHFUL = [
    (WINDOW, "You can return most items within 30 days after delivery."),
    (WINDOW, "As a gold member you have 60 days."),
    (DELIVERY, "Orders below $50 cost $5.95 to deliver."),
    (GIFTS, "Gift cards can't be returned, except when they arrived faulty."),
    ("A label is valid for two weeks.", "The label is valid for 14 days."),
]


@pytest.mark.parametrize(("text", "answer"), FAITHFUL)
def test_a_faithful_answer_is_grounded(text: str, answer: str) -> None:
    assert check(answer, [clause(text)]).findings == ()


FALSE: list[tuple[str, str, Reason]] = [
    (WINDOW, "You can return most items within 45 days after delivery.", "number_not_in_clause"),
    (WINDOW, "You can return most items within 30 working days after delivery.", "number_not_in_clause"),
    (WINDOW, "The return window is 60 days after delivery for most items.", "number_of_another_case"),
    (WINDOW, "Gold members have 30 days.", "number_of_another_case"),
    (WINDOW, "Platinum members have a return window of 60 days after delivery.", "words_not_in_clause"),
    (WINDOW, "You can return most items after 30 days. See https://evil.example", "words_not_in_clause"),
    (DELIVERY, "Delivery is free.", "condition_lost"),
    (DELIVERY, "Delivery is free below $50.", "negation_differs"),
    (GIFTS, "Gift cards can be returned unless they arrived faulty.", "negation_differs"),
    (GIFTS, "Gift cards cannot be returned.", "condition_lost"),
    ("You pay the postage of a return.", "We pay the postage of a return.", "negation_differs"),
    (
        "An order can be cancelled until it is packed.",
        "An order can be cancelled after it is packed.",
        "negation_differs",
    ),
    ("The warranty covers SKU-9942-B.", "The warranty covers SKU-9942-A.", "code_not_in_clause"),
    ("A refund takes five days.", "A refund is guaranteed and takes five days.", "promise_not_in_clause"),
    ("Parcels wait at the shop.", "A courier collects groceries from your garage.", "words_not_in_clause"),
]


@pytest.mark.parametrize(("text", "answer", "reason"), FALSE)
def test_a_falsified_answer_is_refused_with_its_reason(text: str, answer: str, reason: Reason) -> None:
    assert reason in check(answer, [clause(text)]).reasons


def test_a_number_the_backend_vouches_for_need_not_stand_in_a_clause() -> None:
    answer = "You can return it until 3 March 2026, because the return window is 30 days after delivery."
    text = clause("The return window is 30 days after delivery.")
    assert check(answer, [text], given=("the window closes on 2026-03-03",)).grounded
    assert check(answer, [text], given=("the window closes on 2026-03-04",)).reasons == ("number_not_in_clause",)


def test_of_two_clauses_a_number_belongs_to_the_one_it_stands_in() -> None:
    both = [
        clause("Items can be returned within 30 days of delivery.", "Return window"),
        clause("Items of this kind can be returned within 15 days of delivery.", "Returning electronics"),
    ]
    assert check("Electronics can be returned within 15 days of delivery.", both).grounded
    assert check("Electronics can be returned within 30 days of delivery.", both).reasons == ("number_of_another_case",)


@pytest.mark.parametrize("answer", ["", "Yes.", "Nein, leider nicht."])
def test_an_answer_without_content_is_not_grounded(answer: str) -> None:
    assert not check(answer, [clause(WINDOW)]).grounded


@pytest.mark.parametrize("tenant", ["northwind", "alpenpost", "kirana"])
def test_a_shipped_clause_bears_itself_out_whole_and_in_extracts(tenant: str) -> None:
    for chunk in shipped_chunks(tenant):
        held = clause_of(chunk, chunk.text, 1.0)
        short = extract(held, terms_of(chunk.heading, chunk.language), longest=25)
        for quoted in (chunk.text, short):
            assert check(quoted, [held], language=chunk.language).findings == ()


RETURNS = (
    "You can return most items within 30 days of delivery. Items must be unused and in their original packaging."
    " Return shipping is free for gold members; others pay 4.90 EUR. Refunds go to the original payment method"
    " within 5 business days after we receive the item. A damaged item is replaced."
)
RUECKGABE = (
    "Artikel können innerhalb von 14 Tagen ab Lieferung zurückgegeben werden. Die Erstattung erfolgt auf den"
    " ursprünglichen Zahlungsweg innerhalb von 5 Werktagen, nachdem die Ware bei uns eingegangen ist."
)
CLAIMED = [
    ("en", "I have refunded the item to your original payment method."),
    ("en", "We refunded your item to the original payment method within 5 business days."),
    ("en", "We have received your item and the refund goes to your original payment method within 5 business days."),
    ("en", "You can return your item within 30 days of delivery. I have started your return."),
    ("en", "I will return the item for you within 30 days."),
    ("en", "We'll return the item for you within 30 days of delivery."),
    ("en", "We will send you the return packaging."),
    ("en", "We received your item."),
    ("en", "Your refund went to your original payment method."),
    ("en", "Your refund will be there within 5 business days."),
    ("en", "You are a gold member, so return shipping is free for you."),
    ("en", "Your 30 days of delivery have not ended, so you can return the item."),
    ("en", "You can return your item, as it was delivered within 30 days."),
    ("en", "Your item is unused, so you can return it."),
    ("de", "Ich habe die Erstattung auf den ursprünglichen Zahlungsweg veranlasst."),
    ("de", "Wir haben Ihre Ware erhalten; die Erstattung erfolgt innerhalb von 5 Werktagen."),
    ("de", "Ihre Erstattung wurde auf den ursprünglichen Zahlungsweg ausgezahlt."),
    ("de", "Ihre Ware ist bei uns eingegangen."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "answer"), CLAIMED)
def test_a_policy_bears_out_no_action_and_nothing_of_the_customers_own(language: str, answer: str) -> None:
    text = {"en": RETURNS, "de": RUECKGABE}[language]
    assert "action_claimed" in check(answer, [clause(text, language=language)], language=language).reasons


GENERAL = [
    ("en", "You can return your item within 30 days of delivery."),
    ("en", "Once we have received your item, the refund goes to the original payment method within 5 business days."),
    ("en", "Your refund goes to your original payment method within 5 business days after we receive the item."),
    ("en", "Your item must be unused and in its original packaging."),
    ("en", "We will replace a damaged item."),
    ("de", "Sie können den Artikel innerhalb von 14 Tagen ab Lieferung zurückgeben."),
    ("de", "Sobald Ihre Ware bei uns eingegangen ist, erfolgt die Erstattung innerhalb von 5 Werktagen."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "answer"), GENERAL)
def test_what_holds_for_everybody_may_be_said_to_one(language: str, answer: str) -> None:
    text = {"en": RETURNS, "de": RUECKGABE}[language]
    assert check(answer, [clause(text, language=language)], language=language).findings == ()


def test_what_the_backend_says_of_the_customers_order_may_be_said() -> None:
    answer = "Your item was delivered on 2 March 2026, so you can return it within 30 days of delivery."
    given = ("Your item was delivered on 2 March 2026.",)
    assert check(answer, [clause(RETURNS)], given=given).grounded
    assert "action_claimed" in check(answer, [clause(RETURNS)]).reasons


def test_without_clauses_nothing_that_claims_is_grounded() -> None:
    assert not check("You can return shoes within 30 days.", []).grounded


def test_the_measured_levels_are_kept() -> None:
    shares = {(each.dataset, each.name): each.share for each in measure()}
    assert shares["grounding/fit", "ungrounded caught"] >= 0.95
    assert shares["grounding/check", "ungrounded caught"] >= 0.90
    assert shares["grounding/fit", "faithful refused"] <= 0.10
    assert shares["grounding/check", "faithful refused"] <= 0.10


def test_both_halves_hold_different_clauses() -> None:
    halves: dict[str, set[str]] = {"fit": set(), "check": set()}
    for row in read_rows(ROWS):
        halves[row["half"]].add(row["clause"])
    assert not halves["fit"] & halves["check"]
