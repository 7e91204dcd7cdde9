"""A quoted clause keeps its sentences whole and its conditions with it."""

import pytest

from policies.clauses import Clause
from policies.extracts import extract, sentences
from policies.terms import terms_of

LONG = """Ask here or in your account for a return. You get a label by e-mail. Put it on the parcel.

Gift cards cannot be returned. Unless they arrived faulty, that is. The money goes back to the card until 3. März 2026.

These cannot be returned:

- underwear
- fresh food

Country | Days | Fee
Austria | 3 | 4,90 €
Germany | 5 | 5,90 €"""


def clause(text: str) -> Clause:
    return Clause(clause_id="x", title="t", text=text, document="d", version="1", effective_from="2026-01-01")


def test_a_short_clause_is_quoted_whole() -> None:
    assert extract(clause("One. Two."), terms_of("one")) == "One. Two."


QUOTED = {
    "gift card": "Gift cards cannot be returned. Unless they arrived faulty, that is.",
    "underwear": "These cannot be returned:\n- underwear\n- fresh food",
    "fee for Germany": "Country | Days | Fee\nGermany | 5 | 5,90 €",
    "how do I get a label": "You get a label by e-mail.",
}


@pytest.mark.parametrize(("question", "quoted"), QUOTED.items(), ids=QUOTED.keys())
def test_of_a_long_clause_what_answers_is_quoted_with_its_conditions(question: str, quoted: str) -> None:
    assert quoted in extract(clause(LONG), terms_of(question), longest=16)


def test_a_quote_of_a_long_clause_is_short() -> None:
    assert len(extract(clause(LONG), terms_of("label"), longest=16).split()) <= 20


def test_a_question_that_shares_no_word_gets_the_beginning() -> None:
    assert extract(clause(LONG), ("zebra",), longest=12).startswith("Ask here")


def test_an_abbreviation_or_a_date_ends_no_sentence() -> None:
    said = [each.text for each in sentences("Faults, e.g. Scratches, count. Bis 3. März gilt das. Costs 4.90 then.")]
    assert said == ["Faults, e.g. Scratches, count.", "Bis 3. März gilt das.", "Costs 4.90 then."]


def test_a_row_is_spoken_with_its_header() -> None:
    row = sentences("Country | Working days | Fee\nAustria | 2 | 4,90 €")[0]
    assert row.spoken == "Austria: 2 Working days, Fee 4,90 €"
